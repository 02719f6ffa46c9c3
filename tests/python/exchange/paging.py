"""Pages of rooms' logs, as the client asks for them and takes them in (section 12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .ending import broken
from .messages import Message
from .names import canonical
from .page import MOST, Fetch
from .room import Room
from .signing import Excerpt, Log, Word, certainty

LONGEST_PAUSE = 60.0


class Paging:
    """The part of a client that is about pages."""

    rooms: dict[str, Room]
    roster: dict[int, Message]
    _joined_room: Callable[[int], Iterator[tuple[str, Room]]]
    _tell: Callable[..., None]
    _talk: Callable[[], None]
    _forked: Callable[[str, int, int], None]
    _quiet_until: float | None
    _page: tuple[int, int, str | None] | None = None
    """The number of a room, how many entries of a page have to follow, and of which room that we are in."""

    def fetch(self, name: str, from_: Message, count: int = 50) -> None:
        """Asks for a page of a room, now or when it can be. An event tells it, or that it cannot be had."""
        name = canonical(name)
        room = self.rooms.get(name)
        if room is None or not room.is_wanted:
            raise ValueError(f"not in {name}")
        if room.fetch:
            raise ValueError("one page at a time")
        room.fetch = Fetch(from_, min(max(count, 1), MOST))
        self._talk()

    def _page_begins(self, page: Message) -> None:
        name = None
        for name, room in self._joined_room(page["room"]):
            if room.fetch is None or not room.fetch.is_asked:
                raise broken("unexpected")
            if room.log and page["chain"] is None:
                raise broken("unsigned")
            room.fetch.begins(page)
            if room.log:
                self._page_stands(name, room.log, room.fetch, page)
        self._page_goes_on(page["room"], page["entries"], name)

    def _page_stands(self, name: str, log: Log, fetch: Fetch, page: Message) -> None:
        """A page begins or goes on; whether it is of the log that we know is looked at wherever that is known."""
        if fetch.excerpt is None:
            fetch.excerpt = Excerpt(log, page["after"], page["chain"])
        elif not fetch.excerpt.is_at(page["chain"]):
            self._forked(name, 0, page["after"])
        if not fetch.excerpt.is_same:
            self._forked(name, 0, page["after"])

    def _page_entry(self, page: tuple[int, int, str | None], entry: Message) -> None:
        """What follows a page moves no cursor (EX-PAG-004)."""
        number, left, name = page
        if entry["room"] != number:
            raise broken("unexpected")
        if entry["author"] not in self.roster and name:
            raise broken("unknown_member")
        if name and (fetch := self.rooms[name].fetch):
            fetch.takes(entry)
            if fetch.excerpt:
                self._judge_of_page(name, fetch, fetch.excerpt, entry)
        self._page_goes_on(number, left - 1, name)

    def _judge_of_page(self, name: str, fetch: Fetch, excerpt: Excerpt, entry: Message) -> None:
        record = self.roster[entry["author"]]
        word, forked = excerpt.hears(entry, record)
        fetch.words[entry["seq"]] = word
        if forked is not None:
            self._forked(name, entry["author"], forked)
        if not excerpt.is_same:
            self._forked(name, 0, entry["seq"])
        if word is Word.FORGED:
            self._tell("forged", room=name, nick=record["nick"], seq=entry["seq"])

    def _page_goes_on(self, number: int, left: int, name: str | None) -> None:
        self._page = (number, left, name) if left else None
        fetch = name and self.rooms[name].fetch
        if not name or not fetch or not fetch.is_whole or not fetch.span:
            return
        after, to = fetch.span
        self.rooms[name].fetch = None
        if fetch.excerpt:
            fetch.excerpt.ends()
        messages = []
        for entry in fetch.entries:
            word = fetch.words.get(entry["seq"])
            if word is not Word.FORGED:
                message = {"seq": entry["seq"], "nick": self.roster[entry["author"]]["nick"], **entry["body"]}
                messages.append({**message, **certainty(word)})
        self._tell("page", room=name, after=after, to=to, start=fetch.start, entries=messages)

    def _fetch_refused(self, name: str, room: Room, refusal: Any, now: float) -> None:
        if room.fetch is None or not room.fetch.is_asked or room.fetch.span is not None:
            raise broken("unexpected")
        match refusal:
            case {"rate_limited": {"retry_after_ms": millis}}:
                room.fetch.forget()
                self._quiet_until = now + min(millis / 1000, LONGEST_PAUSE)
            case _:
                self._no_page(name, refusal)

    def _no_page(self, name: str, refusal: Any) -> None:
        """Whoever waits for a page of that room waits in vain."""
        if self.rooms[name].fetch:
            self.rooms[name].fetch = None
            self._tell("no_page", room=name, refusal=refusal)
