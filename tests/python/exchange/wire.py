"""Bytes to frames (sections 3 and 4), in whatever pieces they come; `secure` keeps others from reading them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

MAGIC = b"EXCHANGE"
POSTCARD, JSON = 1, 2
CLEAR, NOISE, BY_SECRET = 1, 2, 4
AES_GCM = 1
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
        protections = self.protections & theirs.protections & (CLEAR | NOISE | BY_SECRET)
        if version < max(self.oldest, theirs.oldest) or not encodings or not protections:
            return None
        # The lowest bit is postcard's; of the others, the highest is that by a secret.
        protection = 1 << protections.bit_length() - 1
        return Choice(version, encodings & -encodings, protection, self.features & theirs.features)

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
    if choice.encoding not in (POSTCARD, JSON) or choice.protection not in (CLEAR, NOISE, BY_SECRET):
        raise Broken("preamble")
    if not ours.allows(choice) or not theirs.allows(choice):
        raise Broken("preamble")
    return choice, end + 8


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


class Frames:
    """Cuts a stream into frames."""

    def __init__(self, first: int = MAX_FRAME) -> None:
        self._limit = first
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that are whole now, each without its length."""
        self._buffer += data
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


class Stream:
    """One end of a byte stream in the clear: a preamble, then frames."""

    def __init__(self, ours: Offer, is_client: bool = True) -> None:
        self.choice: Choice | None = None
        self.peer: str | None = None
        """Who is at the other end, if that is proven."""
        self._ours, self._is_client = ours, is_client
        self._frames = Frames(MAX_FRAME if is_client else MAX_FIRST_FRAME)
        self._heard, self._said = bytearray(), bytearray()
        if is_client:
            self._said += ours.to_bytes()

    @property
    def is_open(self) -> bool:
        """Whether frames can go."""
        return self.choice is not None

    def take_output(self) -> bytes:
        """What goes to the other side by itself, before there are frames."""
        said, self._said = bytes(self._said), bytearray()
        return said

    def feed(self, data: bytes, opened: Callable[[], None] = lambda: None) -> Iterator[bytes]:
        """The frames that are whole now, each without its length; before the first of all it is `opened`."""
        self._heard += data
        if not self.is_open:
            self._begin()
            if not self.is_open:
                return
            opened()
        for piece in self._unseal(self._take(len(self._heard))):
            yield from self._frames.feed(piece)

    def seal(self, frames: bytes) -> bytes:
        """What is sent so that the other side receives these frames."""
        return frames

    def _unseal(self, data: bytes) -> Iterator[bytes]:
        yield data

    def _begin(self) -> None:
        """What comes before frames, as far as it is whole."""
        read = self._read_answer() if self._is_client else self._read_offer()
        if read:
            self.choice, end = read
            self._take(end)

    def _take(self, length: int) -> bytes:
        taken = bytes(self._heard[:length])
        del self._heard[:length]
        return taken

    def _read_answer(self) -> tuple[Choice, int] | None:
        return read_answer(self._ours, bytes(self._heard))

    def _read_offer(self) -> tuple[Choice, int] | None:
        if (offered := read_offer(bytes(self._heard))) is None:
            return None
        theirs, end = offered
        choice = self._ours.choose(theirs)
        self._said += self._ours.to_bytes() + (choice.to_bytes() if choice else bytes(8))
        if choice is None:
            raise Broken(self._ours.loss(theirs))
        return choice, end
