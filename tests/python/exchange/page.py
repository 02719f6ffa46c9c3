"""A page of a room's log, from when it is wanted until it is told (section 12)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .messages import Message
from .signing import Excerpt, Word

MOST, MOST_BYTES = 200, 262144


class NotAsked(Exception):
    """The host tells other than was asked for."""

    def __init__(self, violation: str) -> None:
        super().__init__(violation)
        self.violation = violation


@dataclass
class Fetch:
    from_: Message
    """`before` or `after`, and a place."""
    count: int
    is_asked: bool = False
    known: int = 0
    """Where the cursor was when the host was asked."""
    span: tuple[int, int] | None = None
    entries: list[Message] = field(default_factory=list)
    excerpt: Excerpt | None = None
    """What is known of them; nothing in the clear."""
    words: dict[int, Word] = field(default_factory=dict)
    """What each amounts to, by its place."""
    told: int = 0
    """Entries in all, those that then went from the log included."""
    left: int = 0
    """Entries that have to follow now."""
    more: bool = True
    start: int = 0
    head: int = 0

    def ask(self, known: int) -> Message:
        self.forget()
        self.is_asked, self.known = True, known
        return {"from": self.from_, "count": self.count}

    def forget(self) -> None:
        """With the link, what was not told whole is gone (EX-PAG-006)."""
        self.is_asked, self.span, self.entries, self.told, self.left, self.more = False, None, [], 0, 0, True
        self.start = self.head = 0
        self.excerpt, self.words = None, {}

    @property
    def is_whole(self) -> bool:
        return not self.more and self.left == 0

    def begins(self, page: Message) -> None:
        """Takes the head of a page (EX-PAG-007)."""
        after, count, start, head = page["after"], page["entries"], page["start"], page["head"]
        self.told += count
        if self.told > self.count:
            raise NotAsked("too_much")
        if page["more"] and count == 0:
            raise NotAsked("unexpected")
        if self.span is not None:
            fits = after == self.span[1] or (after > self.span[1] and after == start)
        elif "after" in self.from_:
            place = self.from_["after"]
            fits = after == max(place, start) or (after < place and after >= self.known)
        else:
            fits = True
        if "before" in self.from_ and count > 0 and after + count >= self.from_["before"]:
            fits = False
        if not fits or not self.start <= start <= after or after + count > head or head < max(self.known, self.head):
            raise NotAsked("out_of_order")
        if self.span is None or self.span[1] != after:
            # What came before it has gone from the log meanwhile (EX-PAG-004).
            self.span, self.entries, self.excerpt, self.words = (after, after), [], None, {}
        self.start, self.head, self.left, self.more = start, head, count, page["more"]
        self._check_end()

    def takes(self, entry: Message) -> None:
        assert self.span is not None
        after, to = self.span
        if entry["seq"] != to + 1:
            raise NotAsked("out_of_order")
        self.span, self.left = (after, to + 1), self.left - 1
        self.entries.append(entry)
        texts = (entry["body"].get("payload") for entry in self.entries)
        if self.told > 1 and sum(len(text.encode()) for text in texts if isinstance(text, str)) > MOST_BYTES:
            raise NotAsked("too_much")
        self._check_end()

    def _check_end(self) -> None:
        """Whether an answer that is whole is what was asked for."""
        if not self.is_whole:
            return
        assert self.span is not None
        after, to = self.span
        if self.told > 0 and after == to:
            fits = after == self.start
        elif "before" in self.from_:
            before = self.from_["before"]
            is_there = to + 1 >= before or to >= self.known
            fits = is_there and (self.told > 0 or after == self.start)
        else:
            fits = self.told > 0 or after == self.head
        if not fits:
            raise NotAsked("out_of_order")
