"""The client reads and writes what the vectors say."""

from __future__ import annotations

import json
import unittest
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from dissononce.dh.x25519.private import PrivateKey
from dissononce.dh.x25519.x25519 import X25519DH
from dissononce.extras.dh.dangerous.dh_nogen import NoGenDH
from exchange import names, signing, wire
from exchange.client import Client
from exchange.discovery import NoSession, read_txt
from exchange.messages import BODY, COMMITMENT, TO_CLIENT, TO_HOST
from exchange.names import BadName, canonical, parse_name
from exchange.schema import Malformed, from_json, to_json, whole
from exchange.secret import NoSecret, Secret
from exchange.secure import Identity, Keys, Secured, safety_number
from exchange.signing import Place, chain_after, chain_begun, digest_of
from exchange.wire import Broken, Choice, Frames, Offer, Stream

Vector = dict[str, Any]

SHAPES = {"to_host": TO_HOST, "to_client": TO_CLIENT}
ENCODINGS = {"postcard": wire.POSTCARD, "json": wire.JSON}
PIECES = [1, 2, 3, 7, 64, 1 << 20]


class Vectors(unittest.TestCase):
    def each(self, file: str, check: Callable[[Vector, bytes], None]) -> None:
        vectors = vectors_of(file)
        self.assertTrue(vectors)
        for vector, data in vectors:
            with self.subTest(file, name=vector["name"], encoding=vector.get("encoding")):
                check(vector, data)

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
            ours = Offer(oldest, newest, encodings_of(vector), wire.CLEAR)
            for length in PIECES:
                stream = Stream(ours, vector["reader"] == "client")
                self.assertEqual(stream.take_output(), ours.to_bytes() if vector["reader"] == "client" else b"")
                self.check(vector, partial(self.settled, stream, data, length))
                self.assertEqual(stream.take_output().hex(), vector.get("answer", ""))

        self.each("preamble.json", preamble)

    def settled(self, stream: Stream, data: bytes, length: int) -> Any:
        for piece in pieces(data, length):
            self.assertEqual(list(stream.feed(piece)), [])
        assert stream.choice is not None, "the preamble is whole"
        return {"version": stream.choice.version, "encoding": name_of(stream.choice.encoding)}

    def test_identities(self) -> None:
        def identity(vector: Vector, data: bytes) -> None:
            made = Identity(data)
            meaning = {"agreement": made.agreement_key.hex(), "signing": made.signing_key.hex(), "peer": made.peer}
            self.check(vector, lambda: meaning)

        self.each("identities.json", identity)

    def test_safety(self) -> None:
        def number(vector: Vector, data: bytes) -> None:
            self.check(vector, lambda: safety_number(data[:16].hex(), data[16:].hex()))

        self.each("safety.json", number)

    def test_signatures(self) -> None:
        def digest(vector: Vector, data: bytes) -> None:
            self.assertEqual(digest_of(whole(BODY, data)).hex(), vector["meaning"])

        def chain(vector: Vector, data: bytes) -> None:
            links = [chain_begun(data.hex())]
            for entry in vector["entries"]:
                author, digest = (entry["peer"], entry["producer"]), bytes.fromhex(entry["digest"])
                links.append(chain_after(links[-1], author, entry["cmid"], entry["at"], digest))
            self.assertEqual([link.hex() for link in links], vector["meaning"])

        def commitment(vector: Vector, data: bytes) -> None:
            read = whole(COMMITMENT, data)
            self.assertEqual((read, COMMITMENT.write(read)), (vector["meaning"], data))
            author, place = Identity(bytes.fromhex(vector["seed"])), Place(*(vector[name] for name in Place._fields))
            self.assertEqual(signing.is_signed(author.public, place, read), vector["signed"])
            # Whoever has signed it does so again with the same bytes, and nobody else does.
            self.assertEqual(signing.sign(author, place, read) == read, vector["signed"])

        kinds = {"digest": digest, "chain": chain, "commitment": commitment}
        self.each("signatures.json", lambda vector, data: kinds[vector["name"].split(".")[0]](vector, data))

    def test_secrets(self) -> None:
        def secret(vector: Vector, data: bytes) -> None:
            try:
                made = Secret(data.decode())
            except NoSecret as error:
                self.assertEqual(str(error), vector.get("error"))
                return
            # Without the list of words there is no telling which are in it.
            if vector.get("error") != "word":
                meaning = {"code": made.code, "password": made.password.hex()}
                self.check(vector, lambda: meaning)

        self.each("secrets.json", secret)

    def test_secured(self) -> None:
        rekeyed: dict[str, tuple[Secured, bytes, int]] = {}

        def secured(vector: Vector, data: bytes) -> None:
            for length in PIECES:
                stream, error, frames = secured_stream(vector), None, []
                said = stream.take_output()
                try:
                    for piece in pieces(data, length):
                        for body in stream.feed(piece):
                            frames.append(body.hex())
                except Broken as broken:
                    error = broken.violation
                said += stream.take_output()
                self.assertEqual((error, frames), (vector.get("error"), vector.get("frames", [])))
                self.assertEqual(stream.peer, vector.get("peer"))
                if "encoding" in vector:
                    assert stream.choice is not None
                    self.assertEqual(name_of(stream.choice.encoding), vector["encoding"])
                holds = [bytes.fromhex(held) for held in vector.get("holds", [])]
                if "times" not in vector:
                    said += b"".join(map(stream.seal, holds))
                elif length == PIECES[-1]:
                    records = b"".join(map(stream.seal, holds * vector["times"]))
                    self.assertTrue(records.hex().endswith(vector["last"]))
                    rekeyed[vector["reader"]] = stream, records, vector["times"]
                self.assertEqual(said.hex(), vector["says"])

        self.each("secured.json", secured)
        for reader, writer in [("client", "host"), ("host", "client")]:
            _, records, times = rekeyed[writer]
            self.assertEqual(sum(1 for _ in rekeyed[reader][0].feed(records)), times)

    def test_frames(self) -> None:
        def stream(vector: Vector, data: bytes) -> None:
            first = wire.MAX_FIRST_FRAME if vector["direction"] == "to_host" else wire.MAX_FRAME
            for length in PIECES:
                frames = Frames(first)
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
            ours = Offer(encodings=ENCODINGS[encoding], protections=wire.CLEAR)
            read = from_json if encoding == "json" else whole
            for length in PIECES:
                stream = Stream(ours, vector["direction"] == "to_client")
                bodies = [body for piece in pieces(data, length) for body in stream.feed(piece)]
                self.assertEqual([read(shape, body) for body in bodies], vector["messages"])

        self.each("conversations.json", conversation)

    def test_endings(self) -> None:
        def ending(vector: Vector, data: bytes) -> None:
            if vector["reader"] != "client":
                return
            for length in PIECES:
                client = Client("bo", is_secured=False)
                client.dialling(0)
                client.take_output()
                ours, choice = Offer(protections=wire.CLEAR), Choice(1, wire.JSON, wire.CLEAR, 0)
                client.received(ours.to_bytes() + choice.to_bytes(), 0)
                for piece in pieces(data, length):
                    client.received(piece, 0)
                said = [from_json(TO_HOST, body) for body in Frames().feed(client.take_output())]
                byes = [message["bye"]["reason"] for message in said if "bye" in message]
                self.assertEqual(byes, [vector["error"]] if "error" in vector else [])
                self.assertEqual(client.link is None, "error" in vector)

        self.each("endings.json", ending)


class Proven(unittest.TestCase):
    """What the vectors do not say, because it takes a link and what is said on it together (EX-HSK-004)."""

    def test_a_host_that_says_it_is_somebody_else(self) -> None:
        client, host = Client("bo"), Secured(Offer(), Keys(Identity(bytes(32))), is_client=False)
        client.dialling(0)
        said: list[Any] = []
        while output := client.take_output():
            said += [from_json(TO_HOST, body) for body in host.feed(output)]
            client.received(host.take_output(), 0)
        [hello] = [message["hello"] for message in said]
        self.assertEqual((hello["peer"], host.peer), (client.identity.peer, client.identity.peer))
        # A welcome, and a roster in which member 0 has some PeerId.
        [_, data] = next(each for each in vectors_of("endings.json") if each[0]["name"] == "client.entries")
        client.received(host.seal(data), 0)
        [*_, bye] = [from_json(TO_HOST, body) for body in host.feed(client.take_output())]
        self.assertEqual(bye, {"bye": {"reason": {"violation": "impostor"}}})


def vectors_of(file: str) -> list[tuple[Vector, bytes]]:
    vectors = json.loads((Path(__file__).parents[1] / "vectors" / file).read_text("utf-8"))
    return [(vector, bytes.fromhex(vector["bytes"])) for vector in vectors]


def encodings_of(vector: Vector) -> int:
    return sum(ENCODINGS[name] for name in vector["own"]["encodings"])


def name_of(encoding: int) -> str:
    [name] = [name for name, bit in ENCODINGS.items() if bit == encoding]
    return name


def secured_stream(vector: Vector) -> Secured:
    own = {name: bytes.fromhex(vector["own"][name]) for name in ("seed", "ephemeral")}
    dh = NoGenDH(X25519DH(), PrivateKey(own["ephemeral"]))
    secret = Secret(vector["own"]["secret"]) if "secret" in vector["own"] else None
    # The library reads what it draws as a big-endian number.
    scalar = bytes.fromhex(vector["own"].get("scalar", ""))[::-1]
    keys = Keys(
        Identity(own["seed"]),
        vector["own"].get("expects"),
        dh,
        secret,
        lambda length: scalar[:length],
        "has_aes" in vector["own"],
    )
    return Secured(Offer(encodings=encodings_of(vector)), keys, vector["reader"] == "client")


def pieces(data: bytes, length: int) -> Iterator[bytes]:
    for start in range(0, len(data), length):
        yield data[start : start + length]


if __name__ == "__main__":
    unittest.main()
