"""The shapes of values (sections 5 and 6), and how each is read and written in both encodings.

A value is what its JSON is: ids are strings in hex, bytes are strings in base64, a structure is a dict, an enum is a
name or a dict of one. So a message in either encoding becomes the same value.
"""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from .names import BadName, parse_name


class Malformed(ValueError):
    """What came is no value of that shape."""


class Source:
    """Bytes in postcard, read from the front."""

    def __init__(self, data: bytes) -> None:
        self.rest = memoryview(data)

    def take(self, count: int) -> bytes:
        if count > len(self.rest):
            raise Malformed("cut short")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return bytes(taken)

    def varint(self, bits: int) -> int:
        value = 0
        for shift in range(0, bits, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> bits:
                    raise Malformed("a number that is too large")
                return value
        raise Malformed("a number without end")


def varint(value: int) -> bytes:
    """The shortest varint of a number (EX-ENC-001)."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


class Shape(ABC):
    """What a value looks like."""

    @abstractmethod
    def check(self, value: Any) -> Any:
        """The value that something parsed from JSON is."""

    @abstractmethod
    def read(self, source: Source) -> Any:
        """The value at the front of bytes in postcard."""

    @abstractmethod
    def write(self, value: Any) -> bytes:
        """A value in postcard."""


@dataclass(frozen=True)
class Unsigned(Shape):
    bits: int

    def check(self, value: Any) -> int:
        # A bool is an int in Python, but not in JSON.
        if type(value) is not int or not 0 <= value < 1 << self.bits:
            raise Malformed(f"not a u{self.bits}")
        return value

    def read(self, source: Source) -> int:
        return source.varint(self.bits)

    def write(self, value: int) -> bytes:
        return varint(value)


class Bool(Shape):
    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise Malformed("not a bool")
        return value

    def read(self, source: Source) -> bool:
        match source.take(1)[0]:
            case 0 | 1 as value:
                return value == 1
        raise Malformed("neither true nor false")

    def write(self, value: bool) -> bytes:
        return bytes([value])


@dataclass(frozen=True)
class Id(Shape):
    size: int

    def check(self, value: Any) -> str:
        # `fromhex` alone would pass over white space.
        if not isinstance(value, str) or len(value) != 2 * self.size:
            raise Malformed("no id")
        try:
            data = bytes.fromhex(value)
        except ValueError as error:
            raise Malformed("not hex") from error
        if len(data) != self.size:
            raise Malformed("not hex")
        return data.hex()

    def read(self, source: Source) -> str:
        return source.take(self.size).hex()

    def write(self, value: str) -> bytes:
        return bytes.fromhex(value)


class Text(Shape):
    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Malformed("no text")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Malformed("half of a surrogate pair") from error
        return value

    def read(self, source: Source) -> str:
        return as_text(source.take(source.varint(64)))

    def write(self, value: str) -> bytes:
        data = value.encode()
        return varint(len(data)) + data


def as_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error


class Bytes(Shape):
    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Malformed("no bytes")
        try:
            data = base64.b64decode(value, validate=True)
        except ValueError as error:
            raise Malformed("not base64") from error
        return base64.b64encode(data).decode()

    def read(self, source: Source) -> str:
        return base64.b64encode(source.take(source.varint(64))).decode()

    def write(self, value: str) -> bytes:
        data = base64.b64decode(value)
        return varint(len(data)) + data


@dataclass(frozen=True)
class Name(Text):
    limit: int

    def check(self, value: Any) -> str:
        try:
            return parse_name(super().check(value), self.limit)
        except BadName as error:
            raise Malformed("no name") from error

    def read(self, source: Source) -> str:
        return self.check(super().read(source))


@dataclass(frozen=True)
class Option(Shape):
    of: Shape

    def check(self, value: Any) -> Any:
        return None if value is None else self.of.check(value)

    def read(self, source: Source) -> Any:
        return self.of.read(source) if Bool().read(source) else None

    def write(self, value: Any) -> bytes:
        return b"\0" if value is None else b"\1" + self.of.write(value)


@dataclass(frozen=True)
class List(Shape):
    of: Shape
    most: int | None = None

    def check(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Malformed("no list")
        return self._bounded([self.of.check(item) for item in value])

    def read(self, source: Source) -> list[Any]:
        return self._bounded([self.of.read(source) for _ in range(source.varint(64))])

    def _bounded(self, items: list[Any]) -> list[Any]:
        if self.most is not None and len(items) > self.most:
            raise Malformed("too many")
        return items

    def write(self, value: list[Any]) -> bytes:
        return varint(len(value)) + b"".join(map(self.of.write, value))


@dataclass(frozen=True)
class Struct(Shape):
    fields: dict[str, Shape]

    def check(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Malformed("no structure")
        for name, shape in self.fields.items():
            if name not in value and not isinstance(shape, Option):
                raise Malformed(f"without {name}")
        return {name: shape.check(value.get(name)) for name, shape in self.fields.items()}

    def read(self, source: Source) -> dict[str, Any]:
        return {name: shape.read(source) for name, shape in self.fields.items()}

    def write(self, value: dict[str, Any]) -> bytes:
        return b"".join(shape.write(value.get(name)) for name, shape in self.fields.items())


@dataclass(frozen=True)
class Enum(Shape):
    """Variants by their names, in the order of their numbers; those without a value have no shape."""

    variants: dict[str, Shape | None]

    def check(self, value: Any) -> Any:
        match value:
            case str() if value in self.variants and self.variants[value] is None:
                return value
            case dict() if len(value) == 1:
                [(name, inner)] = value.items()
                if shape := self.variants.get(name):
                    return {name: shape.check(inner)}
        raise Malformed("no such variant")

    def read(self, source: Source) -> Any:
        number = source.varint(32)
        if number >= len(self.variants):
            raise Malformed("no such variant")
        name, shape = list(self.variants.items())[number]
        return name if shape is None else {name: shape.read(source)}

    def write(self, value: Any) -> bytes:
        name, inner = (value, None) if isinstance(value, str) else next(iter(value.items()))
        shape = self.variants[name]
        return varint(list(self.variants).index(name)) + (shape.write(inner) if shape else b"")


@dataclass(frozen=True)
class Payload(Shape):
    """What an entry says (section 9): its kind, and a payload that those can step over who do not know the kind."""

    kinds: dict[str, tuple[int, Shape]]

    def check(self, value: Any) -> dict[str, Any]:
        match value:
            case {"kind": str(kind), "payload": payload} if kind in self.kinds:
                return {"kind": kind, "payload": self.kinds[kind][1].check(payload)}
            case {"kind": int(kind), "payload": payload}:
                return {"kind": U16.check(kind), "payload": BYTES.check(payload)}
        raise Malformed("no body")

    def read(self, source: Source) -> dict[str, Any]:
        number = source.varint(16)
        payload = source.take(source.varint(64))
        for kind, (known, shape) in self.kinds.items():
            if number == known:
                return {"kind": kind, "payload": as_text(payload) if isinstance(shape, Text) else whole(shape, payload)}
        return {"kind": number, "payload": base64.b64encode(payload).decode()}

    def write(self, value: dict[str, Any]) -> bytes:
        kind, payload = value["kind"], value["payload"]
        if isinstance(kind, int):
            return varint(kind) + BYTES.write(payload)
        number, shape = self.kinds[kind]
        data = payload.encode() if isinstance(shape, Text) else shape.write(payload)
        return varint(number) + varint(len(data)) + data


U16, U32, U64 = Unsigned(16), Unsigned(32), Unsigned(64)
ID8, ID16, ID32, ID64 = Id(8), Id(16), Id(32), Id(64)
BOOL, TEXT, BYTES = Bool(), Text(), Bytes()


def whole(shape: Shape, data: bytes) -> Any:
    """The one value that all of these bytes in postcard are."""
    source = Source(data)
    value = shape.read(source)
    if source.rest:
        raise Malformed("bytes left over")
    return value


def from_json(shape: Shape, data: bytes) -> Any:
    """The one value that these bytes in JSON are."""

    def no_number(name: str) -> None:
        raise Malformed(name)

    try:
        return shape.check(json.loads(data.decode(), parse_constant=no_number))
    except (ValueError, RecursionError) as error:
        raise Malformed("no JSON of that shape") from error


def to_json(value: Any) -> bytes:
    """A value in JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
