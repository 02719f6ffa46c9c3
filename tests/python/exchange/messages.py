"""The tables of sections 7 to 9 and 17: what is said."""

from __future__ import annotations

from typing import Any

from . import names
from .schema import (
    BOOL,
    BYTES,
    ID8,
    ID16,
    ID32,
    ID64,
    TEXT,
    U16,
    U32,
    U64,
    Enum,
    List,
    Name,
    Option,
    Payload,
    Struct,
)

Message = dict[str, Any]

NICK, NOTE, ROOM_NAME, SESSION_NAME = Name(names.NICK), Name(names.NOTE), Name(names.ROOM), Name(names.SESSION)
REACTION, CONTENT_TYPE, REMARK = Name(names.REACTION), Name(names.CONTENT_TYPE), Name(names.REMARK)
PERSON = Struct({"id": ID16, "nick": NICK})

NAME_ERROR = Enum(
    {
        "empty": None,
        "too_long": Struct({"limit": U16}),
        "unshowable": None,
        "reserved": None,
        "mixed_scripts": None,
        "confusable": None,
    }
)

VIOLATION = Enum(
    dict.fromkeys(
        [
            "oversize",
            "malformed",
            "unexpected",
            "preamble",
            "out_of_order",
            "too_much",
            "unknown_member",
            "forged",
            "impostor",
            "unsigned",
        ]
    )
)

CLOSE_REASON = Enum(
    {
        "left": None,
        "host_closed": None,
        "replaced": None,
        "full": None,
        "silent": None,
        "handshake_timeout": None,
        "overrun": None,
        "wrong_token": None,
        "name": NAME_ERROR,
        "violation": VIOLATION,
        "kicked": None,
        "banned": Struct({"retry_after_ms": Option(U64)}),
        "flood": None,
        "store_failed": None,
        "locked": None,
        "knocking": None,
        "turned_away": None,
    }
)

REFUSAL = Enum(
    {
        "empty": None,
        "too_long": Struct({"limit": U32}),
        "not_member": None,
        "too_many_rooms": None,
        "room_full": None,
        "lobby": None,
        "kind": None,
        "send_gap": None,
        "outbox_full": None,
        "log_exhausted": None,
        "closed": None,
        "no_message": None,
        "not_yours": None,
        "nothing_to_change": None,
        "too_many": Struct({"limit": U32}),
        "name": NAME_ERROR,
        "private": None,
        "taken": None,
        "kicked": None,
        "banned": Struct({"retry_after_ms": Option(U64)}),
        "room_closed": None,
        "not_allowed": None,
        "no_such_peer": None,
        "muted": Struct({"retry_after_ms": Option(U64)}),
        "locked": None,
        "slow_mode": Struct({"retry_after_ms": U64}),
        "rate_limited": Struct({"retry_after_ms": U64}),
        "history_lost": None,
    }
)

LEAVE_REASON = Enum({"left": None, "timed_out": None, "removed": None})

HISTORY = Enum({"all": None, "last": U32, "since_join": None})

RULE = Enum({"history": HISTORY, "private": BOOL, "fixed_topic": BOOL, "locked": BOOL, "slow": U32})

RULES = Struct({"history": HISTORY, "private": BOOL, "fixed_topic": BOOL, "locked": BOOL, "slow": U32})

ROLE = Enum({"member": None, "moderator": None, "owner": None})

ACTS = {
    "topic": (8, Option(REMARK)),
    "rule": (9, RULE),
    "invite": (10, PERSON),
    "knock": (11, Struct({})),
    "kick": (12, Struct({"who": PERSON, "reason": Option(REMARK)})),
    "ban": (13, Struct({"who": PERSON, "seconds": Option(U32), "reason": Option(REMARK)})),
    "unban": (14, PERSON),
    "mute": (15, Struct({"who": PERSON, "seconds": Option(U32)})),
    "unmute": (16, PERSON),
    "role": (17, Struct({"who": PERSON, "role": ROLE})),
    "close": (18, Struct({})),
}
"""What is done in rooms."""

MENTIONS = List(ID16, most=16)

BODY = Payload(
    {
        "text": (0, TEXT),
        "join": (1, Struct({"peer": ID16, "producer": ID8, "nick": NICK})),
        "leave": (2, Struct({"reason": LEAVE_REASON})),
        "post": (3, Struct({"reply_to": Option(U64), "mentions": MENTIONS, "text": TEXT})),
        "edit": (4, Struct({"of": U64, "mentions": MENTIONS, "text": TEXT})),
        "delete": (5, Struct({"of": U64})),
        "react": (6, Struct({"to": U64, "reaction": REACTION, "add": BOOL})),
        "data": (7, Struct({"content_type": CONTENT_TYPE, "payload": BYTES})),
        "rename": (20, Struct({"before": NICK, "nick": NICK})),
        **ACTS,
    }
)

COMMITMENT = Struct({"first": U64, "digests": List(ID16), "seen": U64, "chain": ID16, "signature": ID64})
"""What an author signs of messages that it is about to send."""

JOIN_FROM = Enum({"head": None, "last": U32, "start": None, "after": Struct({"epoch": ID16, "seq": U64})})

PAGE_FROM = Enum({"before": U64, "after": U64})

PRESENCE = Struct({"availability": Enum(dict.fromkeys(["online", "away", "busy"])), "note": Option(NOTE)})

HELLO = Struct(
    {"peer": ID16, "producer": ID8, "token": Option(ID16), "attempt": U32, "nick": TEXT, "presence": PRESENCE}
)

TO_HOST = Enum(
    {
        "hello": HELLO,
        "join": Struct({"room": TEXT, "from": JOIN_FROM, "settled": U64, "sent": U64}),
        "leave": Struct({"room": U32}),
        "send": Struct({"room": U32, "cmid": U64, "body": BODY, "commitment": Option(COMMITMENT)}),
        "ping": Struct({"nonce": U64}),
        "pong": Struct({"nonce": U64}),
        "bye": Struct({"reason": CLOSE_REASON}),
        "presence": PRESENCE,
        "rename": Struct({"nick": TEXT}),
        "open": Struct({"room": TEXT, "settled": U64, "sent": U64}),
        "list": Struct({"after": Option(TEXT)}),
        "seen": Struct({"room": U32, "after": U64, "delivered": U64, "read": Option(U64)}),
        "typing": Struct({"room": U32, "typing": BOOL}),
        "fetch": Struct({"room": U32, "from": PAGE_FROM, "count": U32}),
    }
)

STATUS = Enum(dict.fromkeys(["online", "offline", "away", "busy", "unreachable"]))

MEMBER = Struct(
    {
        "member": U32,
        "peer": ID16,
        "producer": ID8,
        "nick": NICK,
        "role": ROLE,
        "status": STATUS,
        "note": Option(NOTE),
        "identity": Option(ID64),
    }
)

DURABILITY = Enum(dict.fromkeys(["memory", "os_buffered", "fsynced"]))

WELCOME = Struct(
    {
        "session": ID16,
        "name": SESSION_NAME,
        "life": ID16,
        "you": U32,
        "token": ID16,
        "roster": U64,
        "heartbeat_ms": U32,
        "max_text": U32,
        "durability": DURABILITY,
    }
)

CHAINED = Struct({"chain": Option(ID32), "since": U64})

JOINED = Struct(
    {
        "name": ROOM_NAME,
        "room": U32,
        "epoch": ID16,
        "after": U64,
        "head": U64,
        "known": BOOL,
        "members": List(U32),
        "founder": Option(ID16),
        "topic": Option(REMARK),
        "rules": RULES,
        "chained": Option(CHAINED),
    }
)

ENTRY = Struct(
    {
        "room": U32,
        "seq": U64,
        "author": U32,
        "cmid": U64,
        "at": U64,
        "body": BODY,
        "commitment": Option(COMMITMENT),
        "blanked": Option(ID32),
    }
)

PAGE = Struct(
    {
        "room": U32,
        "after": U64,
        "entries": U32,
        "more": BOOL,
        "start": U64,
        "head": U64,
        "chain": Option(ID32),
    }
)

ROOM_SUMMARY = Struct({"name": ROOM_NAME, "topic": Option(REMARK), "members": U32, "private": BOOL})

GAP_REASON = Enum({"retention": None, "policy": None})

SIGNAL = Struct({"member": U32, "after": U64, "delivered": U64, "read": Option(U64), "typing_ms": U16})

TO_CLIENT = Enum(
    {
        "entry": ENTRY,
        "welcome": WELCOME,
        "roster": Struct({"rev": U64, "members": List(MEMBER)}),
        "joined": JOINED,
        "join_refused": Struct({"room": ROOM_NAME, "refusal": REFUSAL}),
        "parted": Struct({"room": U32}),
        "leave_refused": Struct({"room": U32, "refusal": REFUSAL}),
        "gap": Struct({"room": U32, "to": U64, "reason": GAP_REASON, "chain": Option(ID32)}),
        "ack": Struct({"room": U32, "cmid": U64, "seq": Option(U64)}),
        "reject": Struct({"room": U32, "cmid": U64, "refusal": REFUSAL}),
        "ping": Struct({"nonce": U64}),
        "pong": Struct({"nonce": U64}),
        "bye": Struct({"reason": CLOSE_REASON}),
        "rename_refused": Struct({"nick": NICK, "kept": NICK, "refusal": REFUSAL}),
        "rooms": Struct({"rooms": List(ROOM_SUMMARY), "more": BOOL}),
        "list_refused": Struct({"refusal": REFUSAL}),
        "invited": Struct({"room": ROOM_NAME, "by": PERSON}),
        "removed": Struct({"room": U32, "refusal": REFUSAL, "reason": Option(REMARK)}),
        "signals": Struct({"room": U32, "signals": List(SIGNAL)}),
        "no_signals": Struct({"room": U32}),
        "page": PAGE,
        "fetch_refused": Struct({"room": U32, "refusal": REFUSAL}),
    }
)
