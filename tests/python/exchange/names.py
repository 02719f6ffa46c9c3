"""What is a name (section 6)."""

from __future__ import annotations

import unicodedata
from typing import Any

NICK, NOTE, ROOM, SESSION, REMARK, REACTION, CONTENT_TYPE = 32, 128, 64, 64, 256, 32, 64
"""How many bytes each kind of name has at most (section 16)."""


class BadName(ValueError):
    """A text is no name; `error` says why, as a `name_error` of section 17."""

    def __init__(self, error: Any) -> None:
        super().__init__(error)
        self.error = error


def _set(ranges: str) -> frozenset[str]:
    """The characters of `2028 202A-202E …`."""
    bounds = [[int(end, 16) for end in part.split("-")] for part in ranges.split()]
    return frozenset(chr(code) for first, *last in bounds for code in range(first, (last or [first])[0] + 1))


WHITE_SPACE = _set("9-D 20 85 A0 1680 2000-200A 2028 2029 202F 205F 3000")
_FORMAT = _set("AD 61C 180E 200B 200E 200F 202A-202E 2060-206F FEFF 1D173-1D17A")
_UNSHOWABLE = _FORMAT | _set("0-1F 7F-9F 2028 2029 FFF9-FFFB E0000-E0FFF")
_INVISIBLE = WHITE_SPACE | _FORMAT | _set("200C 200D 34F 115F 1160 17B4 17B5 2800 3164 FFA0 FE00-FE0F E0000-E0FFF")


def parse_name(text: str, limit: int) -> str:
    """The name that a text is."""
    name = text.strip("".join(WHITE_SPACE))
    if len(name.encode()) > limit:
        raise BadName({"too_long": {"limit": limit}})
    if _INVISIBLE.issuperset(name):
        raise BadName("empty")
    if not _UNSHOWABLE.isdisjoint(name):
        raise BadName("unshowable")
    return name


def canonical(room: str) -> str:
    """The form in which names of rooms are compared (EX-VAL-007)."""
    seen = "".join(c for c in room if c in WHITE_SPACE or c not in _INVISIBLE)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", seen).casefold())


def is_blank(text: str) -> bool:
    """Whether there is nothing but white space (EX-ENT-004)."""
    return WHITE_SPACE.issuperset(text)


def showable(text: str) -> str:
    """A text in which nothing can act on a terminal (EX-VAL-006)."""
    return "".join("\N{REPLACEMENT CHARACTER}" if c in _UNSHOWABLE and c != "\n" else c for c in text)
