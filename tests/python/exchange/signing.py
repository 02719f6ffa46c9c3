"""What members sign, and what that proves of a room's log (section 13): digests, chains and commitments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .ending import broken
from .messages import BODY, Message
from .secure import Identity

Key = TypeVar("Key")
Value = TypeVar("Value")

Author = tuple[str, str]
"""A peer and its producer."""

HALF = 16
"""So much of a digest or a chain goes into a commitment."""
MOST_SIGNED = 128
NOTED = ("join", "leave", "knock", "rename")
"""What hosts log themselves (section 9)."""
REMEMBERED = 512
"""Of so many places it is remembered how the chain was at them."""
MAX_AUTHORS, MAX_COMMITTED = 65536, 4096


def digest_of(body: Message) -> bytes:
    match body:
        case {"kind": "invite" | "unban" | "unmute", "payload": who}:
            body = {**body, "payload": {**who, "nick": "x"}}
        case {"payload": {"who": who, **details}}:
            body = {**body, "payload": {**details, "who": {**who, "nick": "x"}}}
    return hashlib.sha256(BODY.write(body)).digest()


def chain_begun(epoch: str) -> bytes:
    """The chain of a log in which nothing is yet."""
    return hashlib.sha256(b"exchange log 1" + bytes.fromhex(epoch)).digest()


def chain_after(chain: bytes, author: Author, cmid: int, at: int, digest: bytes) -> bytes:
    """The chain of a log with one entry more."""
    numbers = cmid.to_bytes(8, "big") + at.to_bytes(8, "big")
    return hashlib.sha256(chain + b"".join(map(bytes.fromhex, author)) + numbers + digest).digest()


class Place(NamedTuple):
    """Where something is said, and by which program of its author's."""

    room: str
    epoch: str
    producer: str


def statement(place: Place, commitment: Message) -> bytes:
    """The bytes that are signed."""
    digests = [bytes.fromhex(digest) for digest in commitment["digests"]]
    return b"".join(
        [
            b"exchange commitment 1",
            bytes.fromhex(place.epoch),
            bytes.fromhex(place.producer),
            commitment["first"].to_bytes(8, "big"),
            commitment["seen"].to_bytes(8, "big"),
            bytes.fromhex(commitment["chain"]),
            len(digests).to_bytes(2, "big"),
            *digests,
            place.room.encode(),
        ]
    )


def sign(identity: Identity, place: Place, commitment: Message) -> Message:
    """The commitment with a signature for it."""
    return {**commitment, "signature": identity.sign(statement(place, commitment)).hex()}


def is_signed(identity: str, place: Place, commitment: Message) -> bool:
    """Whether the peer of these public keys has signed it; one of none or of too many messages is none."""
    if not 1 <= len(commitment["digests"]) <= MOST_SIGNED:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(identity)[32:])
        key.verify(bytes.fromhex(commitment["signature"]), statement(place, commitment))
    except (InvalidSignature, ValueError):
        return False
    return True


class Word(Enum):
    """Whether an entry is what its author said."""

    PROVEN = auto()
    UNPROVEN = auto()
    """It may be, and we cannot tell (EX-SGN-007), or it need not be signed."""
    FORGED = auto()


def certainty(word: Word | None) -> dict[str, bool]:
    """What events say of it: nothing in the clear."""
    return {} if word is None else {"proven": word is Word.PROVEN}


class Finding(NamedTuple):
    """What an entry amounts to."""

    word: Word
    forked: int | None = None
    """The place up to which its author was certainly shown another log."""


class Chain:
    """The chain of a log at the last places of which it is known."""

    def __init__(self, epoch: str) -> None:
        self.place = 0
        self.now: bytes | None = None
        """What it is at that place."""
        self._begun = chain_begun(epoch)
        self._known: dict[int, bytes] = {}

    def at(self, place: int) -> bytes | None:
        return self._begun if place == 0 else self._known.get(place)

    def contradicts(self, place: int, chain: bytes) -> bool:
        """Whether it is known to be another there; half of one is enough to tell."""
        known = self.at(place)
        return known is not None and known[: len(chain)] != chain

    def goes_to(self, place: int, chain: bytes | None) -> None:
        self.place, self.now = place, chain
        if chain is not None:
            _put(self._known, place, chain, REMEMBERED)

    def append(self, entry: Message, author: Author) -> None:
        assert self.now is not None
        digest = _digest(entry)
        self.goes_to(self.place + 1, chain_after(self.now, author, entry["cmid"], entry["at"], digest))


class Authors:
    """What authors have committed to, of entries that come in a row."""

    def __init__(self) -> None:
        self._commitments: dict[Author, tuple[Message, int]] = {}
        """The last of each, and in which row it came last."""
        self._row = 0
        self._last: dict[Author, int] = {}
        """The numbers of the last entries that are proven."""
        self._lacking: dict[Author, int] = {}
        """How many entries came in this row of whoever has not committed to any in it."""

    def begins_anew(self) -> None:
        """Another row begins. What was committed to before holds, but there may be more that we were not told."""
        self._row += 1
        self._lacking.clear()

    def may_lack(self, author: Author) -> bool:
        """Whether one more of the author's may have been committed to before this row: nobody commits to more at once."""
        lacking = self._lacking.get(author, 0) + 1
        _put(self._lacking, author, lacking, MAX_AUTHORS)
        return lacking < MOST_SIGNED

    def last(self, author: Author) -> int:
        return self._last.get(author, 0)

    def is_told(self, author: Author) -> bool:
        """Whether a commitment of that author has come in this row."""
        return author in self._commitments and self._commitments[author][1] == self._row

    def takes(self, identity: str | None, place: Place, author: Author, commitment: Message) -> bool:
        """Takes a commitment in, if it is the author's."""
        known, _ = self._commitments.get(author, (None, 0))
        if known != commitment and not (identity and is_signed(identity, place, commitment)):
            return False
        _put(self._commitments, author, (commitment, self._row), MAX_COMMITTED)
        return True

    def proves(self, author: Author, cmid: int, digest: bytes) -> bool:
        """Whether the author has committed to that; nothing before it is proven any more."""
        if author not in self._commitments:
            return False
        commitment, _ = self._commitments[author]
        digests, place = commitment["digests"], cmid - commitment["first"]
        if not 0 <= place < len(digests) or digests[place] != digest[:HALF].hex():
            return False
        _put(self._last, author, cmid, MAX_AUTHORS)
        return True


class Log:
    """What is known of a room's log."""

    def __init__(self, joined: Message, host: str) -> None:
        self.room, self.epoch, self.host = joined["name"], joined["epoch"], host
        self.chain, self.authors = Chain(self.epoch), Authors()
        self.is_forked = False
        """Whether it is certain that not everybody is shown this log."""
        self._since = min(joined["chained"]["since"], joined["head"])
        self._cut = self._head = joined["head"]
        """Up to where entries may have been committed to before those that we have; and the last head that we know."""
        self._page: tuple[int, bytes] | None = None
        """Where the earliest page begins that leads up to what we have, and the chain there."""

    def stands(self, joined: Message) -> bool:
        """The log goes on where we are; whether it is the same as before."""
        self._head = joined["head"]
        place, chain = joined["after"], _unhex(joined["chained"]["chain"])
        is_same = chain is None or not self.chain.contradicts(place, chain)
        # If it is not, there is nothing to go on from but what the host shows now.
        self.chain.goes_to(place, chain)
        return is_same

    def skips(self, to: int, chain: str | None) -> None:
        self.chain.goes_to(to, _unhex(chain))
        self.authors.begins_anew()
        self._cut = self._head

    def hears(self, entry: Message, record: Message) -> Finding:
        """Judges the next entry."""
        if self.chain.now is None:
            # There had to be a gap first (EX-SGN-005).
            raise broken("unsigned")
        finding = self.judge(self.authors, [self.chain], entry, record, entry["seq"] <= self._cut)
        self.chain.append(entry, _author(record))
        return finding

    def commit(self, identity: Identity, producer: str, first: int, bodies: Iterable[Message]) -> Message:
        """Signs what is about to be sent."""
        seen, chain = self.chain.place, self.chain.now
        if chain is None:
            seen, chain = 0, chain_begun(self.epoch)
        digests = [digest_of(body)[:HALF].hex() for body in bodies]
        commitment = {"first": first, "digests": digests, "seen": seen, "chain": chain[:HALF].hex()}
        return sign(identity, Place(self.room, self.epoch, producer), commitment)

    def judge(self, authors: Authors, chains: list[Chain], entry: Message, record: Message, is_cut: bool) -> Finding:
        """What an entry amounts to by what its author has committed to, and by the chains that are known (EX-SGN-006).
        It `is_cut` if there may be a commitment before those that we have.
        """
        author, identity = _author(record), record["identity"]
        seq, cmid, commitment = entry["seq"], entry["cmid"], entry["commitment"]
        if entry["blanked"] is not None and not _is_blank(entry["body"]):
            return Finding(Word.FORGED)
        if record["peer"] == self.host:
            return Finding(Word.PROVEN)
        if cmid == 0:
            return Finding(Word.PROVEN if entry["body"]["kind"] in NOTED else Word.FORGED)
        place, forked = Place(self.room, self.epoch, record["producer"]), None
        if commitment is not None and authors.takes(identity, place, author, commitment):
            seen, chain = commitment["seen"], bytes.fromhex(commitment["chain"])
            if seen >= seq or any(known.contradicts(seen, chain) for known in chains):
                forked = seen
        # A commitment that is not the author's own says nothing of an earlier one.
        may_be_before = is_cut and identity is not None and commitment is None and not authors.is_told(author)
        if cmid <= authors.last(author):
            return Finding(Word.FORGED, forked)
        if authors.proves(author, cmid, _digest(entry)):
            return Finding(Word.PROVEN, forked)
        may_be_before = may_be_before and authors.may_lack(author)
        return Finding(Word.UNPROVEN if seq <= self._since or may_be_before else Word.FORGED, forked)

    def at(self, place: int) -> bytes | None:
        """The chain at a place, as far as it is known also of pages."""
        if self._page and self._page[0] == place:
            return self._page[1]
        return self.chain.at(place)

    def takes_page(self, after: tuple[int, bytes], to: tuple[int, bytes]) -> None:
        """There is a page between these places. If it leads up to what we have, so will one that leads up to it."""
        if self.at(to[0]) == to[1] and (self._page is None or after[0] < self._page[0]):
            self._page = after


class Excerpt:
    """What is known of a page: its authors may have committed to it before it begins."""

    def __init__(self, log: Log, after: int, chain: str) -> None:
        self._log, self._base = log, (after, bytes.fromhex(chain))
        self._chain, self._authors = Chain(log.epoch), Authors()
        self._chain.goes_to(*self._base)

    @property
    def place(self) -> int:
        return self._chain.place

    def is_at(self, chain: str) -> bool:
        """Whether the chain is that, where the page is now."""
        return self._chain.now == bytes.fromhex(chain)

    @property
    def is_same(self) -> bool:
        """Whether the chain is the log's, as far as that is known where the page is now."""
        return self._log.at(self._chain.place) in (None, self._chain.now)

    def hears(self, entry: Message, record: Message) -> Finding:
        finding = self._log.judge(self._authors, [self._log.chain, self._chain], entry, record, is_cut=True)
        self._chain.append(entry, _author(record))
        return finding

    def ends(self) -> None:
        """The page is whole."""
        assert self._chain.now is not None
        self._log.takes_page(self._base, (self._chain.place, self._chain.now))


def _author(record: Message) -> Author:
    return record["peer"], record["producer"]


def _digest(entry: Message) -> bytes:
    """Of what an entry said when it was made."""
    return _unhex(entry["blanked"]) or digest_of(entry["body"])


def _is_blank(body: Message) -> bool:
    """Whether it can be what is left of something that was taken out (EX-ENT-007)."""
    match body:
        case {"kind": "text", "payload": ""}:
            return True
        case {"kind": "edit", "payload": {"mentions": [], "text": ""}}:
            return True
    return False


def _unhex(data: str | None) -> bytes | None:
    return None if data is None else bytes.fromhex(data)


def _put(known: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    known.pop(key, None)
    known[key] = value
    if len(known) > most:
        del known[next(iter(known))]
