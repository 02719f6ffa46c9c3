"""The client as a state machine (sections 10 to 15): bytes and time go in; bytes and events come out.

What a driver has to do is little: dial whenever `wants_link`, hand in what comes, send `take_output()`, close the link
once `link` is gone, and call `tick` at the `deadline`.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import names, secure, wire
from .ending import Ending, broken
from .messages import ACTS, TO_CLIENT, Message
from .names import canonical, parse_name
from .page import NotAsked
from .paging import LONGEST_PAUSE, Paging
from .room import Pending, Phase, Room
from .schema import Malformed, from_json, to_json
from .secret import Secret
from .signing import Log, Word, certainty

HANDSHAKE, HEALTHY, SEEN_AFTER = 10.0, 30.0, 0.25
FIRST_BACKOFF, LONGEST_BACKOFF = 0.25, 8.0
WINDOW, SESSION_WINDOW, ASKED_AT_ONCE = 32, 128, 8
MAX_WAITING, MAX_MEMBERS = 512, 65536
LINKED = ("online", "away", "busy")
"""How members are that have a link."""

Event = dict[str, Any]


@dataclass
class Link:
    stream: wire.Stream
    deadline: float
    heartbeat: float = 0.0
    ping_at: float = 0.0
    healthy_at: float = 0.0
    nonce: int = 0
    is_live: bool = False


class Client(Paging):
    def __init__(
        self, nick: str, lobby_from: Any = None, is_secured: bool = True, secret: Secret | None = None
    ) -> None:
        self.nick = parse_name(nick, names.NICK)
        self.presence: Message = {"availability": "online", "note": None}
        self.identity = secure.Identity(secrets.token_bytes(32))
        self.is_secured = is_secured
        self._secret = secret
        self._is_locked_out = False
        """Whether the host that let us in asks for the secret again."""
        self.producer = secrets.token_hex(8)
        self.events: list[Event] = []
        # By their names in canonical form.
        self.rooms = {"lobby": Room("lobby", lobby_from or {"last": 50})}
        self.roster: dict[int, Message] = {}
        self.link: Link | None = None
        self.is_over = False
        self._welcome: Message | None = None
        self._host: str | None = None
        """Who hosts the session, once that is proven (EX-HSK-003)."""
        self._unconfirmed: set[int] | None = None
        self._attempt = 0
        self._failures = 0
        self._dial_at = 0.0
        self._frames, self._output = bytearray(), bytearray()
        """What there is to say, and what of it is ready for the link."""
        self._removed_from: set[int] = set()
        """The numbers of rooms that we were removed from on this link."""
        self._quiet_until: float | None = None
        """Until when the host wants to hear no messages."""
        self._seen_at: float | None = None
        """When the host is told how far we are."""

    # What the application wants.

    def rename(self, nick: str) -> None:
        self.nick = parse_name(nick, names.NICK)
        if self.link and self.link.is_live:
            self._say({"rename": {"nick": self.nick}})

    def set_presence(self, availability: str, note: str | None = None) -> None:
        self.presence = {"availability": availability, "note": note and parse_name(note, names.NOTE)}
        if self.link and self.link.is_live:
            self._say({"presence": self.presence})

    def join(self, name: str, start: Any = "head") -> None:
        name = parse_name(name, names.ROOM)
        room = self.rooms.setdefault(canonical(name), Room(name, start))
        if not room.is_wanted and room.was_asked:
            room.again = start
        elif not room.is_wanted:
            room.want(start)
        self._talk()

    def leave(self, name: str) -> None:
        """Leaves a room; an event tells when that is so. Its messages count on if it is joined again (EX-SND-007)."""
        name = canonical(name)
        room = self.rooms[name]
        if name == "lobby":
            raise ValueError("nobody leaves the lobby")
        room.is_wanted, room.again = False, None
        self._no_page(name, "not_member")
        for cmid in list(room.pending):
            self._outcome(name, cmid, "unknown" if cmid <= room.sent else "not_member")
        room.sent = room.numbered
        if not room.was_asked:
            self._parted(name, room)
        self._talk()

    def send(self, name: str, text: str) -> int:
        """Sends a message, now or when it can be; gives its number. An event tells what becomes of it."""
        name = canonical(name)
        room = self.rooms.get(name)
        if room is None or not (room.is_wanted or room.again):
            raise ValueError(f"not in {name}")
        if names.is_blank(text):
            raise ValueError("there is nothing to send")
        if self._welcome and len(text.encode()) > self._welcome["max_text"]:
            raise ValueError("too long")
        if sum(len(room.pending) for room in self.rooms.values()) >= MAX_WAITING:
            raise ValueError("too many messages are waiting")
        room.numbered += 1
        room.pending[room.numbered] = Pending(text)
        self._talk()
        return room.numbered

    def typing(self, name: str, is_typing: bool = True) -> None:
        """Somebody is typing, or not any more; to be called when they begin, and every few seconds as they go on."""
        room = self.rooms[canonical(name)]
        if room.phase is Phase.JOINED and room.has_signals:
            self._say({"typing": {"room": room.number, "typing": is_typing}})

    def close(self) -> None:
        """Leaves the session."""
        if self.link:
            self._end_link("left")
        self._finish("left")

    # What happens.

    def wants_link(self, now: float) -> bool:
        return not self.is_over and self.link is None and now >= self._dial_at

    def deadline(self) -> float | None:
        """When `tick` is due at the latest."""
        if self.is_over:
            return None
        if self.link is None:
            return self._dial_at
        if not self.link.is_live:
            return self.link.deadline
        others = [at for at in (self._quiet_until, self._seen_at) if at is not None]
        return min(self.link.deadline, self.link.ping_at, *others)

    def dialling(self, now: float) -> None:
        """A link is being made; what there is to say is for it."""
        self._attempt += 1
        stream: wire.Stream
        if self.is_secured:
            secret = self._secret if self._welcome is None or self._is_locked_out else None
            stream = secure.Secured(wire.Offer(), secure.Keys(self.identity, self._host, secret=secret, has_aes=True))
        else:
            stream = wire.Stream(wire.Offer(protections=wire.CLEAR))
        self.link = Link(stream, deadline=now + HANDSHAKE)
        self._unsay()

    def received(self, data: bytes, now: float) -> None:
        if self.link is None:
            return
        # Every byte is a sign of life (EX-TIM-002).
        if self.link.is_live:
            self.link.deadline = now + 3 * self.link.heartbeat
        try:
            for body in self.link.stream.feed(data, self._opened):
                try:
                    message = from_json(TO_CLIENT, body)
                except Malformed:
                    raise broken("malformed") from None
                self._hear(message, now)
                if self.link is None:
                    return
                self._talk()
            if self._seen_at is None and any(room.has_news for room in self.rooms.values()):
                self._seen_at = now + SEEN_AFTER
        except wire.Broken as fault:
            self._fault(fault.violation, now)
        except NotAsked as fault:
            self._fault(fault.violation, now)
        except Ending as ending:
            self._give_up(ending.reason, now)

    def lost(self, now: float) -> None:
        """The link is gone, or could not be had."""
        if self.link:
            self._unsay()
            self._back_off("lost", now)

    def tick(self, now: float) -> None:
        link = self.link
        if link is None:
            return
        if link.is_live and now >= link.healthy_at:
            self._failures = 0
        if now >= link.deadline:
            self._give_up("silent" if link.is_live else "handshake_timeout", now)
        elif link.is_live and now >= link.ping_at:
            self._ping(link, now)
        if self._quiet_until is not None and now >= self._quiet_until:
            self._quiet_until = None
            self._talk()
        if self._seen_at is not None and now >= self._seen_at:
            self._seen_at = None
            self._say_seen()

    def take_output(self) -> bytes:
        self._seal()
        output, self._output = bytes(self._output), bytearray()
        return output

    # The link.

    def _opened(self) -> None:
        token = self._welcome and self._welcome["token"]
        ids = {"peer": self.identity.peer, "producer": self.producer, "token": token, "attempt": self._attempt}
        self._say({"hello": {**ids, "nick": self.nick, "presence": self.presence}})

    def _say(self, message: Message) -> None:
        self._frames += wire.frame(to_json(message))

    def _seal(self) -> None:
        """Gets ready what there is to say, all of it at once (EX-REC-001)."""
        if self.link:
            self._output += self.link.stream.take_output() + self.link.stream.seal(bytes(self._frames))
            self._frames.clear()

    def _ping(self, link: Link, now: float) -> None:
        link.nonce += 1
        link.ping_at = now + link.heartbeat
        self._say({"ping": {"nonce": link.nonce}})

    def _fault(self, violation: str, now: float) -> None:
        is_told = violation in ("versions", "nothing_in_common") and not (self._host and self._welcome)
        if is_told or violation == "wrong_secret":
            # To try again would change nothing (EX-PRE-007), or tell somebody in between more (EX-COD-003).
            self.link = None
            self._finish(violation)
        elif violation == "preamble" or self.link is None or not self.link.stream.is_open:
            # Without a word (EX-HSK-001).
            self._back_off(violation, now)
        else:
            self._give_up({"violation": violation}, now)

    def _give_up(self, reason: Any, now: float) -> None:
        self._end_link(reason)
        self._back_off(reason, now)

    def _end_link(self, reason: Any) -> None:
        """Says goodbye, if frames can go (EX-STA-002)."""
        if self.link and self.link.stream.is_open:
            self._say({"bye": {"reason": reason}})
            self._seal()
        self.link = None

    def _unsay(self) -> None:
        self._frames.clear()
        self._output.clear()

    def _told_bye(self, reason: Any, now: float) -> None:
        self._unsay()
        if reason == "locked" and self._secret and self._welcome and not self._is_locked_out:
            self._is_locked_out = True
            self._back_off(reason, now)
            return
        is_final = reason in ("left", "replaced", "wrong_token", "kicked", "locked", "turned_away")
        if is_final or (isinstance(reason, dict) and not reason.keys().isdisjoint(("name", "banned"))):
            self.link = None
            self._finish(reason)
        else:
            self._back_off(reason, now)

    def _back_off(self, reason: Any, now: float) -> None:
        self.link = None
        for room in self.rooms.values():
            room.phase, room.on_link, room.took_back = Phase.IDLE, 0, False
            if room.fetch:
                room.fetch.forget()
        self._page = None
        self._removed_from.clear()
        self._quiet_until = self._seen_at = None
        longest = min(FIRST_BACKOFF * 2 ** min(self._failures, 16), LONGEST_BACKOFF)
        self._failures += 1
        self._dial_at = now + random.uniform(0, longest)
        self._tell("disconnected", reason=reason)

    def _finish(self, reason: Any) -> None:
        self.is_over = True
        for name, room in self.rooms.items():
            self._no_page(name, "closed")
            for cmid in list(room.pending):
                self._outcome(name, cmid, "unknown" if cmid <= room.sent else "closed")
        self._tell("closed", reason=reason)

    # What the host says.

    def _hear(self, message: Message, now: float) -> None:
        assert self.link is not None
        match message:
            case {"bye": {"reason": reason}}:
                self._told_bye(reason, now)
            case {"welcome": welcome} if not self.link.is_live:
                self._enter(self.link, welcome, now)
            case _ if not self.link.is_live:
                raise broken("unexpected")
            case {"entry": entry} if self._page:
                self._page_entry(self._page, entry)
            case _ if self._page:
                raise broken("unexpected")
            case {"ping": {"nonce": nonce}}:
                self._say({"pong": {"nonce": nonce}})
            case {"pong": _}:
                pass
            case {"roster": {"rev": rev, "members": members}}:
                self._update_roster(rev, members)
            case {"joined": joined}:
                self._joined(joined)
            case {"join_refused": {"room": name, "refusal": refusal}}:
                self._join_refused(name, refusal)
            case {"parted": {"room": number}}:
                self._parted(*self._left(number))
            case {"leave_refused": {"room": number}}:
                self._parted(*self._left(number))
            case {"entry": entry}:
                for name, room in self._joined_room(entry["room"]):
                    self._entry(name, room, entry)
            case {"gap": {"room": number, "to": to, "chain": chain}}:
                for name, room in self._joined_room(number):
                    self._gap(name, room, to, chain)
            case {"signals": {"room": number, "signals": signals}}:
                for name, room in self._joined_room(number):
                    self._signals(name, room, signals)
            case {"no_signals": {"room": number}}:
                for _, room in self._joined_room(number):
                    room.has_signals = False
                    room.signals.clear()
            case {"invited": {"room": name, "by": by}}:
                self.events.append({"event": "invited", "room": name, "nick": by["nick"]})
            case {"removed": {"room": number, "refusal": refusal, "reason": reason}}:
                for name, room in self._joined_room(number):
                    self._removed(name, room, refusal, reason)
            case {"page": page}:
                self._page_begins(page)
            case {"fetch_refused": {"room": number, "refusal": refusal}}:
                for name, room in self._joined_room(number):
                    self._fetch_refused(name, room, refusal, now)
            case {"ack": {"room": number, "cmid": cmid, "seq": seq}}:
                for name, _ in self._joined_room(number):
                    self._outcome(name, cmid, "logged", seq)
            case {"reject": {"room": number, "cmid": cmid, "refusal": refusal}}:
                for name, room in self._joined_room(number):
                    self._rejected(name, room, cmid, refusal, now)
            case {"rename_refused": {"nick": nick, "kept": kept, "refusal": refusal}}:
                # A later wish goes on (EX-WHO-010).
                self.nick = kept if nick == self.nick else self.nick
                self._tell("rename_refused", nick=nick, refusal=refusal)
            case _:
                raise broken("unexpected")

    def _enter(self, link: Link, welcome: Message, now: float) -> None:
        before, self._welcome = self._welcome, welcome
        self._is_locked_out = False
        same_life = before is not None and before["life"] == welcome["life"]
        if same_life:
            # Of whom the host does not tell by the welcome's revision, it has forgotten (EX-ROS-003).
            self._unconfirmed = set(self.roster)
        else:
            self.roster.clear()
            self._unconfirmed = set()
            for name, room in self.rooms.items():
                if room.was_asked and not room.is_wanted:
                    self._parted(name, room)
                room.number, room.was_asked = None, False
        link.is_live = True
        self._host = link.stream.peer
        link.heartbeat = max(welcome["heartbeat_ms"] / 1000, 0.1)
        link.deadline = now + 3 * link.heartbeat
        link.healthy_at = now + HEALTHY
        self._tell("connected", session=welcome["name"], resumed=same_life)
        self._ping(link, now)

    def _update_roster(self, rev: int, members: list[Message]) -> None:
        assert self._welcome is not None
        proven = self.link and self.link.stream.peer
        for record in members:
            member = record["member"]
            if proven:
                self._check_identity(record, proven)
            known = self.roster.get(member)
            self.roster[member] = record
            if self._unconfirmed is not None:
                self._unconfirmed.discard(member)
            how = {"status": record["status"], "note": record["note"]}
            if known and how.items() - known.items():
                self._tell("presence", nick=record["nick"], **how)
        if self._unconfirmed is not None and rev >= self._welcome["roster"]:
            for member in self._unconfirmed:
                del self.roster[member]
            self._unconfirmed = None
        if len(self.roster) > MAX_MEMBERS:
            raise broken("too_much")

    def _check_identity(self, record: Message, host: str) -> None:
        """Whether it is said of everybody whose keys are theirs (EX-HSK-004, EX-SGN-005)."""
        identity = record["identity"]
        if record["member"] == 0 and record["peer"] != host:
            raise broken("impostor")
        if identity is None and record["status"] in LINKED:
            raise broken("unsigned")
        if identity is not None and not secure.is_of(identity, record["peer"]):
            raise broken("impostor")

    def _joined_room(self, number: int) -> Iterator[tuple[str, Room]]:
        """The room of that number, or none if it is being left (EX-ROM-009) or we were removed from it (EX-ROM-020)."""
        if number in self._removed_from:
            return
        for name, room in self.rooms.items():
            if room.number == number and room.phase in (Phase.JOINED, Phase.LEAVING):
                if room.phase is Phase.JOINED:
                    yield name, room
                return
        raise broken("unexpected")

    def _left(self, number: int) -> tuple[str, Room]:
        """The room of that number, which is being left."""
        for name, room in self.rooms.items():
            if room.number == number and room.phase is Phase.LEAVING:
                return name, room
        raise broken("unexpected")

    def _joined(self, joined: Message) -> None:
        name, place = canonical(joined["name"]), (joined["epoch"], joined["after"])
        room = self.rooms.get(name)
        if room and room.phase is Phase.LEAVING:
            return
        if any(member not in self.roster for member in joined["members"]):
            raise broken("unknown_member")
        if room is None or joined["after"] > joined["head"]:
            raise broken("unexpected")
        again = room.phase is Phase.JOINED and (room.number, room.cursor) == (joined["room"], place)
        if not again and room.phase is not Phase.ASKED:
            raise broken("unexpected")
        room.members, room.members_at = set(joined["members"]), joined["head"]
        room.signals.clear()
        room.founder = joined["founder"]
        if again:
            self._log_stands(name, room, joined, goes_on=True)
            # Members may have come and gone in the gap that follows (EX-ROM-012).
            return
        resumed = False
        if room.cursor is not None and room.is_wanted:
            resumed = room.cursor[0] == joined["epoch"]
            if not resumed:
                self._no_page(name, "history_lost")
                self._tell("history_lost", room=name)
            elif room.cursor != place:
                raise broken("out_of_order")
        self._log_stands(name, room, joined, goes_on=resumed)
        room.enter(joined["room"], place, resumed)
        self._removed_from.discard(joined["room"])
        room.name = joined["name"]
        if not joined["known"]:
            for cmid in [cmid for cmid in room.pending if cmid <= room.sent]:
                self._outcome(name, cmid, "unknown")
        if not room.is_wanted:
            self._talk()
        else:
            members = sorted(self.roster[member]["nick"] for member in room.members)
            self._tell("joined", room=name, members=members, resumed=resumed)

    def _log_stands(self, name: str, room: Room, joined: Message, goes_on: bool) -> None:
        """Takes in what proves the log, where that has to be."""
        host = self.link and self.link.stream.peer
        if not host:
            room.log = None
            return
        if joined["chained"] is None:
            raise broken("unsigned")
        if room.log is None or not goes_on:
            room.log = Log(joined, host)
        if not room.log.stands(joined):
            self._forked(name, 0, joined["after"])

    def _forked(self, name: str, by: int, seq: int) -> None:
        """Somebody was not shown the log that we were, up to that place."""
        log = self.rooms[name].log
        if log and not log.is_forked:
            log.is_forked = True
            self._tell("forked", room=name, nick=self.roster[by]["nick"] if by in self.roster else None, seq=seq)

    def _removed(self, name: str, room: Room, refusal: Any, reason: str | None) -> None:
        """We are no member any more; answers that were on their way mean nothing (EX-ROM-020)."""
        if name == "lobby" or room.number is None:
            raise broken("unexpected")
        self._removed_from.add(room.number)
        self._no_page(name, "not_member")
        self._tell("removed", room=name, refusal=refusal, reason=reason)
        for cmid in list(room.pending):
            self._outcome(name, cmid, "unknown" if cmid <= room.sent else "not_member")
        room.sent, room.on_link, room.is_wanted = room.numbered, 0, False
        room.phase, room.number, room.was_asked = Phase.IDLE, None, False

    def _rejected(self, name: str, room: Room, cmid: int, refusal: Any, now: float) -> None:
        """A message was turned down, for good or for now (EX-ACT-005)."""
        match refusal:
            case {"rate_limited": {"retry_after_ms": millis}}:
                room.on_link = sum(1 for pending in room.pending if pending < cmid)
                room.took_back, self._quiet_until = True, now + min(millis / 1000, LONGEST_PAUSE)
            case "send_gap" if room.took_back:
                pass
            case _:
                self._outcome(name, cmid, refusal)

    def _join_refused(self, name: str, refusal: Any) -> None:
        name = canonical(name)
        room = self.rooms.get(name)
        if room is None or room.phase is not Phase.ASKED or name == "lobby":
            raise broken("unexpected")
        if room.is_wanted:
            self._no_page(name, refusal)
            self._tell("join_refused", room=name, refusal=refusal)
            for cmid in list(room.pending):
                self._outcome(name, cmid, "unknown" if cmid <= room.sent else refusal)
            room.is_wanted = False
        self._parted(name, room)

    def _parted(self, name: str, room: Room) -> None:
        room.phase, room.number, room.was_asked = Phase.IDLE, None, False
        if not room.is_wanted:
            self._tell("left", room=name)
        if room.again:
            room.want(room.again)

    def _entry(self, name: str, room: Room, entry: Message) -> None:
        seq, author, body = entry["seq"], entry["author"], entry["body"]
        if author not in self.roster:
            raise broken("unknown_member")
        assert room.cursor is not None
        if seq != room.cursor[1] + 1:
            raise broken("out_of_order")
        word = self._judge(name, room, entry)
        room.cursor = (room.cursor[0], seq)
        nick, client = self.roster[author]["nick"], (self.roster[author]["peer"], self.roster[author]["producer"])
        # Anybody may say that their client has our producer.
        is_mine = client == (self.identity.peer, self.producer)
        if word is Word.FORGED:
            # What was said there is as good as missing.
            room.after = seq
            if is_mine:
                self._outcome(name, entry["cmid"], "unknown")
            self._tell("forged", room=name, seq=seq, nick=nick)
            return
        if entry["cmid"] != 0 and not is_mine:
            room.said = seq
        match body:
            case {"kind": "join"}:
                if seq > room.members_at:
                    room.members.add(author)
                self._tell("came", room=name, seq=seq, nick=nick)
            case {"kind": "leave", "payload": {"reason": reason}}:
                if seq > room.members_at:
                    room.members.discard(author)
                room.signals.pop(author, None)
                self._tell("went", room=name, seq=seq, nick=nick, reason=reason)
            case {"kind": "rename", "payload": {"before": before, "nick": nick}}:
                self._tell("renamed", room=name, seq=seq, nick=nick, before=before)
            case {"kind": kind, "payload": details} if kind in ACTS:
                if is_mine:
                    self._outcome(name, entry["cmid"], "logged", seq)
                if kind in ("kick", "ban") and seq > room.members_at:
                    gone = details["who"]["id"]
                    room.members = {member for member in room.members if self.roster[member]["peer"] != gone}
                    room.signals = {member: room.signals[member] for member in room.signals if member in room.members}
                self._tell("act", room=name, seq=seq, nick=nick, kind=kind, details=details, **certainty(word))
            case _:
                if is_mine:
                    self._outcome(name, entry["cmid"], "logged", seq)
                # A copy of it may have been shown from another log (EX-ROM-007).
                if room.is_first(client, entry["cmid"]):
                    self._tell("message", room=name, seq=seq, nick=nick, mine=is_mine, **body, **certainty(word))

    def _judge(self, name: str, room: Room, entry: Message) -> Word | None:
        """Whether the room's next entry is what its author said; nothing in the clear."""
        if room.log is None:
            return None
        word, forked = room.log.hears(entry, self.roster[entry["author"]])
        if forked is not None:
            self._forked(name, entry["author"], forked)
        return word

    def _gap(self, name: str, room: Room, to: int, chain: str | None) -> None:
        assert room.cursor is not None
        epoch, last = room.cursor
        if to <= last:
            raise broken("out_of_order")
        room.cursor, room.after = (epoch, to), to
        if room.log:
            room.log.skips(to, chain)
        self._tell("gap", room=name, first=last + 1, last=to)

    def _signals(self, name: str, room: Room, signals: list[Message]) -> None:
        room.has_signals = True
        for signal in signals:
            member = signal["member"]
            if member not in room.members:
                raise broken("unknown_member")
            if not room.is_sound(signal):
                raise broken("unexpected")
            if room.signals.get(member) != signal:
                room.signals[member] = signal
                details = {key: signal[key] for key in ("delivered", "read", "typing_ms")}
                self._tell("signal", room=name, nick=self.roster[member]["nick"], **details)

    def _say_seen(self) -> None:
        for room in self.rooms.values():
            if room.has_news and room.cursor:
                room.told = room.cursor[1]
                seen = {"after": room.after, "delivered": room.told, "read": None}
                self._say({"seen": {"room": room.number, **seen}})

    def _outcome(self, name: str, cmid: int, outcome: Any, seq: int | None = None) -> None:
        if self.rooms[name].settle(cmid):
            self._tell("outcome", room=name, cmid=cmid, outcome=outcome, seq=seq)

    def _tell(self, event: str, **details: Any) -> None:
        if name := details.get("room"):
            details["room"] = self.rooms[name].name
        self.events.append({"event": event, **details})

    # What there is to say to the host.

    def _talk(self) -> None:
        if self.link is None or not self.link.is_live:
            return
        asked = sum(room.phase is Phase.ASKED for room in self.rooms.values())
        # The lobby is the first of them.
        for name, room in self.rooms.items():
            if room.phase in (Phase.IDLE, Phase.JOINED) and not room.is_wanted and room.number is not None:
                self._say({"leave": {"room": room.number}})
                room.phase = Phase.LEAVING
            elif room.phase is Phase.IDLE and (room.is_wanted or room.was_asked) and asked < ASKED_AT_ONCE:
                # A room whose answer was lost has to be joined to be left: its number is not known.
                numbers = {"settled": room.settled, "sent": room.sent}
                self._say({"join": {"room": room.name, "from": self._start(room), **numbers}})
                room.phase, room.was_asked = Phase.ASKED, True
                asked += 1
        on_link = sum(room.on_link for room in self.rooms.values())
        for room in self.rooms.values():
            if room.phase is not Phase.JOINED or self._quiet_until is not None:
                continue
            if room.fetch and not room.fetch.is_asked and room.cursor:
                self._say({"fetch": {"room": room.number, **room.fetch.ask(room.cursor[1])}})
            waiting = list(room.pending.items())[room.on_link : min(WINDOW, room.on_link + SESSION_WINDOW - on_link)]
            bodies = [{"kind": "text", "payload": message.text} for _, message in waiting]
            commitment = self._commit(room, waiting[0][0], bodies) if waiting else None
            for (cmid, _), body in zip(waiting, bodies, strict=True):
                self._say({"send": {"room": room.number, "cmid": cmid, "body": body, "commitment": commitment}})
                # It is of those after it as well (EX-SGN-001).
                commitment = None
                room.sent = max(room.sent, cmid)
            room.on_link += len(waiting)
            on_link += len(waiting)

    def _commit(self, room: Room, first: int, bodies: list[Message]) -> Message | None:
        """Signs what goes on the link at once, where that has to be (EX-SGN-002)."""
        return room.log.commit(self.identity, self.producer, first, bodies) if room.log else None

    def _start(self, room: Room) -> Any:
        if not room.is_wanted:
            return "head"
        if room.cursor is None:
            return room.start
        epoch, seq = room.cursor
        return {"after": {"epoch": epoch, "seq": seq}}
