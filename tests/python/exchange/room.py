"""A room as its member keeps it (sections 12 and 13): where it is in the log, and what waits to get there."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from .page import Fetch
from .signing import Log

MAX_PRODUCERS = 4096
MAX_UNSETTLED = 128


class Phase(Enum):
    """A room on the present link (the diagram of a membership)."""

    IDLE = auto()
    ASKED = auto()
    JOINED = auto()
    LEAVING = auto()


@dataclass
class Pending:
    """A message that has no outcome yet, or waits for one before it to have it."""

    text: str
    is_settled: bool = False


@dataclass
class Room:
    name: str
    """As it is shown: as the host told it, once it has."""
    start: Any
    phase: Phase = Phase.IDLE
    is_wanted: bool = True
    again: Any = None
    """Where to begin when it is joined anew, once it has been left."""
    was_asked: bool = False
    """Whether the host may hold us for a member, in this life."""
    number: int | None = None
    cursor: tuple[str, int] | None = None
    log: Log | None = None
    """What is known of its log; nothing in the clear."""
    members: set[int] = field(default_factory=set)
    members_at: int = 0
    founder: str | None = None
    """The peer that opened it, and moderates it."""
    pending: dict[int, Pending] = field(default_factory=dict)
    on_link: int = 0
    took_back: bool = False
    """Whether messages that were on this link are to be sent again on it."""
    numbered: int = 0
    sent: int = 0
    fetch: Fetch | None = None
    """A page that is wanted."""
    shown: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    """The newest messages shown of each peer's producer, to tell a copy in another log from the original."""
    after: int = 0
    """The place before the first entry that we have without a hole up to the cursor."""
    said: int = 0
    """The last place at which somebody else said something, and up to where the host knows that we have it."""
    told: int = 0
    has_signals: bool = True
    signals: dict[int, dict[str, Any]] = field(default_factory=dict)
    """How far the other members are, and who types."""

    def want(self, start: Any) -> None:
        self.start, self.again, self.is_wanted, self.cursor = start, None, True, None

    def enter(self, number: int, cursor: tuple[str, int], resumed: bool) -> None:
        self.phase, self.number, self.cursor = Phase.JOINED, number, cursor
        self.told, self.has_signals = 0, True
        if not resumed:
            self.after, self.said = cursor[1], 0

    @property
    def has_news(self) -> bool:
        """Whether the host has to be told how far we are (EX-SIG-001)."""
        is_past = 0 < self.told < self.after
        return self.phase is Phase.JOINED and self.has_signals and (self.said > self.told or is_past)

    def is_sound(self, signal: dict[str, Any]) -> bool:
        """Whether a signal names no place that we have not come to (EX-SIG-005)."""
        place = self.cursor[1] if self.cursor else 0
        delivered, read = signal["delivered"], signal["read"] or 0
        return max(signal["after"], read) <= delivered <= place

    def is_first(self, author: tuple[str, str], cmid: int) -> bool:
        if cmid == 0:
            return True
        shown = self.shown.pop(author, set())
        # What was refused in one log may be in the next; nobody sends more than so many again.
        oldest = max(shown, default=0) - MAX_UNSETTLED
        is_first = cmid not in shown and cmid >= oldest
        self.shown[author] = {number for number in shown | {cmid} if number >= oldest}
        if len(self.shown) > MAX_PRODUCERS:
            del self.shown[next(iter(self.shown))]
        return is_first

    @property
    def settled(self) -> int:
        return min(next(iter(self.pending), self.numbered + 1) - 1, self.sent)

    def settle(self, cmid: int) -> bool:
        """Notes that a message has its outcome; whether that is news."""
        message = self.pending.get(cmid)
        if message is None or message.is_settled:
            return False
        message.is_settled = True
        # Numbers are given up in order: a host of another epoch has to get all above `settled` (EX-SND-005).
        while self.pending and next(iter(self.pending.values())).is_settled:
            del self.pending[next(iter(self.pending))]
            self.on_link = max(0, self.on_link - 1)
        return True
