"""The client reads and writes what the vectors say."""

from __future__ import annotations

import json
import unittest
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from exchange import names, wire
from exchange.client import Client
from exchange.discovery import NoSession, read_txt
from exchange.messages import TO_CLIENT, TO_HOST
from exchange.names import BadName, canonical, parse_name
from exchange.schema import Malformed, from_json, to_json, whole
from exchange.wire import Broken, Choice, Frames, Offer, read_answer, read_offer

Vector = dict[str, Any]

SHAPES = {"to_host": TO_HOST, "to_client": TO_CLIENT}
ENCODINGS = {"postcard": wire.POSTCARD, "json": wire.JSON}
PIECES = [1, 2, 3, 7, 64, 1 << 20]


class Vectors(unittest.TestCase):
    def each(self, file: str, check: Callable[[Vector, bytes], None]) -> None:
        vectors = json.loads((Path(__file__).parents[1] / "vectors" / file).read_text("utf-8"))
        self.assertTrue(vectors)
        for vector in vectors:
            with self.subTest(file, name=vector["name"], encoding=vector.get("encoding")):
                check(vector, bytes.fromhex(vector["bytes"]))

    def check(self, vector: Vector, read: Callable[[], Any]) -> None:
        """That what is read is the vector's meaning, or refused for its error."""
        try:
            meaning = read()
        except Malformed:
            self.assertEqual("malformed", vector.get("error"))
        except Broken as broken:
            self.assertEqual(broken.violation, vector.get("error"))
        except BadName as bad:
            self.assertEqual(bad.error, vector.get("error"))
        except NoSession as none:
            self.assertEqual(none.prop, vector.get("error"))
        else:
            self.assertIn("meaning", vector, f"read as {meaning}")
            self.assertEqual(meaning, vector["meaning"])

    def test_messages(self) -> None:
        def message(vector: Vector, data: bytes) -> None:
            shape, is_json = SHAPES[vector["direction"]], vector["encoding"] == "json"
            self.check(vector, lambda: from_json(shape, data) if is_json else whole(shape, data))
            if "meaning" not in vector or vector.get("written") is False:
                return
            if is_json:
                self.assertEqual(json.loads(to_json(vector["meaning"])), json.loads(data))
            else:
                self.assertEqual(shape.write(vector["meaning"]), data)

        self.each("to_host.json", message)
        self.each("to_client.json", message)

    def test_names(self) -> None:
        limits = {"nick": names.NICK, "room": names.ROOM, "session": names.SESSION}

        def name(vector: Vector, data: bytes) -> None:
            self.check(vector, lambda: parse_name(data.decode(), limits[vector["kind"]]))
            if same := vector.get("canonical"):
                self.assertEqual(canonical(vector["meaning"]), same)

        self.each("names.json", name)

    def test_announcements(self) -> None:
        def announcement(vector: Vector, data: bytes) -> None:
            self.check(vector, lambda: read_txt(data, vector["instance"]))

        self.each("txt.json", announcement)

    def test_preambles(self) -> None:
        def preamble(vector: Vector, data: bytes) -> None:
            oldest, newest = vector["own"]["versions"]
            ours = Offer(oldest, newest, sum(ENCODINGS[name] for name in vector["own"]["encodings"]))
            read = partial(self.at_host, vector) if vector["reader"] == "host" else self.at_client
            self.check(vector, lambda: read(ours, data))

        self.each("preamble.json", preamble)

    def at_host(self, vector: Vector, ours: Offer, data: bytes) -> Any:
        offered = read_offer(data)
        assert offered is not None, "the offer is whole"
        choice = ours.choose(offered[0])
        answer = ours.to_bytes() + (choice.to_bytes() if choice else bytes(8))
        self.assertEqual(answer.hex(), vector["answer"])
        if choice is None:
            raise Broken(ours.loss(offered[0]))
        return meaning_of(choice)

    def at_client(self, ours: Offer, data: bytes) -> Any:
        answer = read_answer(ours, data)
        assert answer is not None, "the answer is whole"
        self.assertEqual(answer[1], len(data))
        return meaning_of(answer[0])

    def test_frames(self) -> None:
        def stream(vector: Vector, data: bytes) -> None:
            first = wire.MAX_FIRST_FRAME if vector["direction"] == "to_host" else wire.MAX_FRAME
            for length in PIECES:
                frames = Frames(None, first)
                try:
                    got = [body.hex() for piece in pieces(data, length) for body in frames.feed(piece)]
                except Broken as broken:
                    self.assertEqual(broken.violation, vector.get("error"))
                else:
                    self.assertEqual(got, vector.get("frames"))

        self.each("frames.json", stream)

    def test_conversations(self) -> None:
        def conversation(vector: Vector, data: bytes) -> None:
            encoding, shape = vector["encoding"], SHAPES[vector["direction"]]
            ours = Offer(encodings=ENCODINGS[encoding])
            preamble = read_offer if vector["direction"] == "to_host" else partial(read_answer, ours)
            read = from_json if encoding == "json" else whole
            for length in PIECES:
                frames = Frames(preamble)
                bodies = [body for piece in pieces(data, length) for body in frames.feed(piece)]
                self.assertEqual([read(shape, body) for body in bodies], vector["messages"])

        self.each("conversations.json", conversation)

    def test_endings(self) -> None:
        def ending(vector: Vector, data: bytes) -> None:
            if vector["reader"] != "client":
                return
            for length in PIECES:
                client = Client("bo")
                client.dialling(0)
                client.take_output()
                client.received(Offer().to_bytes() + Choice(1, wire.JSON, wire.CLEAR, 0).to_bytes(), 0)
                for piece in pieces(data, length):
                    client.received(piece, 0)
                said = [from_json(TO_HOST, body) for body in Frames(None).feed(client.take_output())]
                byes = [message["bye"]["reason"] for message in said if "bye" in message]
                self.assertEqual(byes, [vector["error"]] if "error" in vector else [])
                self.assertEqual(client.link is None, "error" in vector)

        self.each("endings.json", ending)


def meaning_of(choice: Choice) -> Any:
    [encoding] = [name for name, bit in ENCODINGS.items() if bit == choice.encoding]
    return {"version": choice.version, "encoding": encoding}


def pieces(data: bytes, length: int) -> Iterator[bytes]:
    for start in range(0, len(data), length):
        yield data[start : start + length]


if __name__ == "__main__":
    unittest.main()
