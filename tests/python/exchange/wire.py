"""Bytes to frames (sections 3 and 4), in whatever pieces they come."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

MAGIC = b"EXCHANGE"
POSTCARD, JSON = 1, 2
CLEAR = 1
MAX_FRAME, MAX_FIRST_FRAME = 65536, 1024


class Broken(Exception):
    """What came is not this protocol; `violation` is as in section 17."""

    def __init__(self, violation: str) -> None:
        super().__init__(violation)
        self.violation = violation


class Choice(NamedTuple):
    """What two sides settle on."""

    version: int
    encoding: int
    protection: int
    features: int

    def to_bytes(self) -> bytes:
        return struct.pack(">HBBI", *self)


class Offer(NamedTuple):
    """What one side speaks."""

    oldest: int = 1
    newest: int = 1
    encodings: int = JSON
    protections: int = CLEAR
    features: int = 0

    def to_bytes(self) -> bytes:
        return MAGIC + struct.pack(">HHHBBI", 10, *self)

    def choose(self, theirs: Offer) -> Choice | None:
        """What a host of this offer says to a client's, if there is anything in common."""
        version = min(self.newest, theirs.newest)
        encodings = self.encodings & theirs.encodings & (POSTCARD | JSON)
        protections = self.protections & theirs.protections & CLEAR
        if version < max(self.oldest, theirs.oldest) or not encodings or not protections:
            return None
        # The lowest bit is postcard's.
        return Choice(version, encodings & -encodings, protections, self.features & theirs.features)

    def allows(self, choice: Choice) -> bool:
        return (
            self.oldest <= choice.version <= self.newest
            and choice.encoding & self.encodings != 0
            and choice.protection & self.protections != 0
            and choice.features & ~self.features == 0
        )

    def loss(self, theirs: Offer) -> str:
        """What is not in common."""
        disjoint = min(self.newest, theirs.newest) < max(self.oldest, theirs.oldest)
        return "versions" if disjoint else "nothing_in_common"


def read_offer(data: bytes) -> tuple[Offer, int] | None:
    """The offer at the front, and where it ends, once it is whole (EX-PRE-002, EX-PRE-003)."""
    if not MAGIC.startswith(data[:8]):
        raise Broken("preamble")
    if len(data) < 10:
        return None
    length = int.from_bytes(data[8:10], "big")
    if length > 512:
        raise Broken("oversize")
    if length < 10:
        raise Broken("preamble")
    if len(data) < 10 + length:
        return None
    offer = Offer(*struct.unpack_from(">HHBBI", data, 10))
    if not 1 <= offer.oldest <= offer.newest:
        raise Broken("preamble")
    return offer, 10 + length


def read_answer(ours: Offer, data: bytes) -> tuple[Choice, int] | None:
    """A host's choice, and where it ends, once it is whole (EX-PRE-006)."""
    if (offered := read_offer(data)) is None:
        return None
    theirs, end = offered
    if len(data) < end + 8:
        return None
    choice = Choice(*struct.unpack_from(">HBBI", data, end))
    if choice.version == 0:
        raise Broken(ours.loss(theirs))
    if choice.encoding not in (POSTCARD, JSON) or choice.protection != CLEAR:
        raise Broken("preamble")
    if not ours.allows(choice) or not theirs.allows(choice):
        raise Broken("preamble")
    return choice, end + 8


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


class Frames:
    """Cuts a stream into frames, after what `preamble` reads off its front."""

    def __init__(self, preamble: Callable[[bytes], tuple[object, int] | None] | None, first: int = MAX_FRAME) -> None:
        self._preamble = preamble
        self._limit = first
        self._buffer = bytearray()

    @property
    def is_in_preamble(self) -> bool:
        return self._preamble is not None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that are whole now, each without its length."""
        self._buffer += data
        if self._preamble:
            if (read := self._preamble(bytes(self._buffer))) is None:
                return
            del self._buffer[: read[1]]
            self._preamble = None
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if length == 0:
                raise Broken("malformed")
            if length > self._limit:
                raise Broken("oversize")
            if len(self._buffer) < 4 + length:
                return
            body = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            self._limit = MAX_FRAME
            yield body
