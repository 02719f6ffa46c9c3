"""What a session announces in its TXT record (section 18)."""

from __future__ import annotations

import re
from typing import Any

from . import names
from .names import BadName, parse_name
from .schema import ID16, Malformed

LIMIT, METADATA_LIMIT = 512, 196


class NoSession(ValueError):
    """A service is no session; `prop` is the property that is missing or malformed."""

    def __init__(self, prop: str) -> None:
        super().__init__(prop)
        self.prop = prop


def read_txt(record: bytes, instance: str) -> dict[str, Any]:
    """What the service of that instance name announces, its record's strings each led by their length."""
    found: dict[str, bytes] = {}
    metadata: dict[str, str] = {}
    size = room = 0
    while record:
        item, record = record[1 : 1 + record[0]], record[1 + record[0] :]
        raw_key, _, value = item.partition(b"=")
        if not raw_key:
            continue
        # The `=` counts also where there is none.
        size += len(raw_key) + len(value) + 2
        if size > LIMIT:
            raise NoSession("too_large")
        key = raw_key.decode("ascii", errors="replace").lower()
        found.setdefault(key, value)
        if (own := re.fullmatch(r"x-([a-z0-9._-]+)", key)) and own[1] not in metadata:
            cost = len(raw_key) + len(value) + 2
            try:
                text = value.decode()
            except UnicodeDecodeError:
                continue
            if room + cost <= METADATA_LIMIT:
                metadata[own[1]] = text
                room += cost
    session = _property(found, "id", lambda text: str(ID16.check(text)))
    read = {
        "session": session,
        "name": _property(found, "n", lambda text: parse_name(text, names.SESSION)),
        "host": _property(found, "h", lambda text: parse_name(text, names.NICK)),
        "versions": _property(found, "v", _versions),
        "people": _property(found, "p", lambda text: _decimal(text, 32)),
        "peer": _property(found, "k", lambda text: str(ID16.check(text))) if "k" in found else None,
        "locked": found.get("c") == b"1",
        "metadata": metadata,
    }
    if instance.lower() != session:
        raise NoSession("instance")
    return read


def _property(found: dict[str, bytes], key: str, parse: Any) -> Any:
    try:
        return parse(found[key].decode())
    except (KeyError, ValueError, BadName, Malformed) as error:
        raise NoSession(key) from error


def _versions(text: str) -> list[int]:
    oldest, dash, newest = text.partition("-")
    versions = [_decimal(oldest, 16), _decimal(newest if dash else oldest, 16)]
    if not 1 <= versions[0] <= versions[1]:
        raise ValueError(text)
    return versions


def _decimal(text: str, bits: int) -> int:
    if not re.fullmatch("[0-9]+", text) or int(text) >> bits:
        raise ValueError(text)
    return int(text)
