"""The client finds out what nobody has said (section 13), with a host that says whatever a test wants."""

from __future__ import annotations

import unittest
from typing import Any

from exchange import signing, wire
from exchange.client import Client
from exchange.messages import TO_HOST, Message
from exchange.schema import from_json, to_json
from exchange.secure import Identity, Keys, Secured
from exchange.signing import HALF, Place, chain_after, chain_begun, digest_of
from exchange.wire import Offer

EPOCH, LIFE = "f6" * 16, "e5" * 16
HOST, ANA, BEN, NOBODY = 0, 1, 2, 3
PEOPLE = {member: Identity(bytes([member + 1]) * 32) for member in (HOST, ANA, BEN, NOBODY)}


class Host:
    """A host with a log, of which a client has joined what follows `after`, and which claims what it is told to."""

    def __init__(self, after: int = 0, head: int | None = None, since: int = 0) -> None:
        self.seq, self.head, self.since = after, after if head is None else head, since
        self.chain = chain_begun(EPOCH) if after == 0 else bytes(32)
        self.chains = {after: self.chain}
        self.client = Client("bo")
        self.heard: list[Message] = []
        self.links()

    def links(self, **changes: Any) -> None:
        """The client comes, or comes again."""
        self.client.lost(0)
        self.stream = Secured(Offer(), Keys(PEOPLE[HOST]), is_client=False)
        self.client.dialling(0)
        self.listen()
        members = [self.record(member) for member in PEOPLE]
        ids = {"session": "d4" * 16, "life": LIFE, "token": "c3" * 16}
        limits = {"heartbeat_ms": 5000, "max_text": 8192, "durability": "memory"}
        self.say({"welcome": {**ids, **limits, "name": "Lab 3", "you": 7, "roster": 1}})
        self.say({"roster": {"rev": 1, "members": members}})
        self.joins(**changes)

    def record(self, member: int, **changes: Any) -> Message:
        who = PEOPLE[member]
        record = {"member": member, "peer": who.peer, "producer": producer(member), "nick": f"member {member}"}
        # One has come in a session in the clear, and not since.
        is_known = member != NOBODY
        record |= {"status": "online" if is_known else "offline", "identity": who.public if is_known else None}
        return {**record, "role": "member", "note": None, **changes}

    def joins(self, **changes: Any) -> None:
        rules = {"history": "all", "private": False, "fixed_topic": False, "locked": False, "slow": 0}
        places = {"epoch": EPOCH, "after": self.seq, "head": max(self.head, self.seq)}
        joined = {"name": "lobby", "room": 1, **places, "known": True, "members": [HOST, ANA, BEN], "rules": rules}
        chained = {"chain": self.chain.hex(), "since": self.since}
        self.say({"joined": {**joined, "founder": None, "topic": None, "chained": chained, **changes}})

    def say(self, message: Message) -> None:
        self.client.received(self.stream.seal(wire.frame(to_json(message))), 0)
        self.listen()

    def listen(self) -> None:
        while output := self.client.take_output():
            self.heard += [from_json(TO_HOST, body) for body in self.stream.feed(output)]
            if answer := self.stream.take_output():
                self.client.received(answer, 0)

    def commit(self, author: int, first: int, *texts: str, **changes: Any) -> Message:
        """What an author says of messages, who has all of the log."""
        half = self.chain[:HALF].hex()
        digests = [digest_of(text(each))[:HALF].hex() for each in texts]
        place = Place("lobby", EPOCH, producer(author))
        commitment = {"first": first, "digests": digests, "seen": self.seq, "chain": half}
        return signing.sign(PEOPLE[author], place, {**commitment, **changes})

    def make(self, author: int, cmid: int, body: Message | str, **more: Any) -> Message:
        """The log's next entry."""
        body = text(body) if isinstance(body, str) else body
        record = self.client.roster.get(author) or self.record(author)
        self.seq += 1
        entry: Message = {"room": 1, "seq": self.seq, "author": author, "cmid": cmid, "at": self.seq, "body": body}
        entry |= {"commitment": None, "blanked": None, **more}
        digest = bytes.fromhex(entry["blanked"]) if entry["blanked"] else digest_of(body)
        self.chain = chain_after(self.chain, (record["peer"], record["producer"]), cmid, self.seq, digest)
        self.chains[self.seq] = self.chain
        return {"entry": entry}

    def logs(self, author: int, cmid: int, body: Message | str, **more: Any) -> list[Any]:
        """Tells the log's next entry; what the client tells of it."""
        self.tells()
        self.say(self.make(author, cmid, body, **more))
        return self.tells()

    def signs(self, author: int, cmid: int, body: str) -> list[Any]:
        return self.logs(author, cmid, body, commitment=self.commit(author, cmid, body))

    def gap(self, to: int, chain: bytes | None = bytes(32)) -> None:
        self.seq, self.chain = to, chain or bytes(32)
        self.say({"gap": {"room": 1, "to": to, "reason": "retention", "chain": chain and chain.hex()}})

    def tells(self) -> list[Any]:
        """What the client has told of entries: whether messages are proven, and what is wrong."""
        events, self.client.events = self.client.events, []
        kinds = {"message": "proven", "forged": "event", "forked": "event"}
        return [event[kinds[event["event"]]] for event in events if event["event"] in kinds]

    @property
    def bye(self) -> Any:
        """Why the client has ended the link."""
        self.listen()
        return next((message["bye"]["reason"] for message in self.heard if "bye" in message), None)


class Judging(unittest.TestCase):
    def test_who_has_signed_something_has_said_it(self) -> None:
        host = Host()
        batch = host.commit(ANA, 1, "one", "two", "three")
        # The first was refused, so that the commitment comes with the second.
        self.assertEqual(host.logs(ANA, 2, "two", commitment=batch), [True])
        self.assertEqual(host.logs(ANA, 3, "three"), [True])
        self.assertEqual(host.signs(BEN, 1, "hé"), [True])
        self.assertEqual(host.logs(HOST, 1, "the host's own"), [True])
        # It is the host that says what somebody is called to whom something is done.
        ben, called = ({"id": PEOPLE[BEN].peer, "nick": nick} for nick in ("ben", "Benjamin"))
        acts = [("unmute", ben, called), ("kick", {"who": ben, "reason": None}, {"who": called, "reason": None})]
        for cmid, (kind, sent, logged) in enumerate(acts, 4):
            digest = digest_of({"kind": kind, "payload": sent})[:HALF].hex()
            commitment = host.commit(ANA, cmid, digests=[digest])
            self.assertEqual(host.logs(ANA, cmid, {"kind": kind, "payload": logged}, commitment=commitment), [])
        self.assertEqual(host.client.rooms["lobby"].members, {HOST, ANA})
        self.assertEqual((host.bye, host.client.rooms["lobby"].cursor), (None, (EPOCH, 6)))

    def test_what_nobody_has_signed_is_forged(self) -> None:
        host = Host()
        self.assertEqual(host.logs(ANA, 1, "no", commitment=host.commit(ANA, 1, "yes")), ["forged"])
        self.assertEqual(host.logs(ANA, 1, "yes"), [True])
        self.assertEqual(host.logs(ANA, 2, "of none"), ["forged"])
        self.assertEqual(host.logs(BEN, 1, "hi", commitment=host.commit(ANA, 1, "hi")), ["forged"])
        elsewhere = signing.sign(PEOPLE[BEN], Place("den", EPOCH, producer(BEN)), host.commit(BEN, 1, "hi"))
        self.assertEqual(host.logs(BEN, 1, "hi", commitment=elsewhere), ["forged"])
        self.assertEqual(host.logs(BEN, 1, "hi", commitment=host.commit(BEN, 1, chain="17" * 16)), ["forged"])
        self.assertEqual(host.logs(NOBODY, 1, "hi", commitment=host.commit(NOBODY, 1, "hi")), ["forged"])
        self.assertEqual(host.logs(ANA, 0, "by the host"), ["forged"])
        self.assertEqual(host.logs(BEN, 0, {"kind": "leave", "payload": {"reason": "left"}}), [])
        # It goes on.
        self.assertEqual((host.signs(BEN, 1, "hi"), host.bye), ([True], None))

    def test_what_is_said_again_is_forged(self) -> None:
        host = Host()
        batch = host.commit(ANA, 1, "one", "two", "three")
        self.assertEqual(host.logs(ANA, 1, "one", commitment=batch), [True])
        self.assertEqual(host.logs(ANA, 1, "one", commitment=batch), ["forged"])
        self.assertEqual(host.logs(ANA, 3, "three"), [True])
        self.assertEqual(host.logs(ANA, 2, "two", commitment=batch), ["forged"])
        host.head = 9
        host.joins()
        host.gap(8)
        self.assertEqual(host.logs(ANA, 3, "three", commitment=batch), ["forged"])

    def test_it_cannot_tell_what_may_have_been_signed_before(self) -> None:
        host = Host(after=4, head=8)
        self.assertEqual(host.logs(ANA, 3, "of a batch"), [False])
        self.assertEqual(host.logs(NOBODY, 3, "of somebody without keys"), ["forged"])
        self.assertEqual(host.signs(ANA, 4, "of another"), [True])
        self.assertEqual(host.logs(ANA, 5, "of none"), ["forged"])
        self.assertEqual(host.logs(BEN, 1, "after what there was"), ["forged"])
        # After a gap it cannot again, up to where the log was then.
        host.head = 22
        host.joins()
        host.gap(20)
        self.assertEqual(host.logs(BEN, 8, "of a batch"), [False])
        self.assertEqual(host.logs(ANA, 8, "of a batch"), [False])
        self.assertEqual(host.logs(ANA, 9, "after what there was"), ["forged"])

    def test_what_need_not_be_signed_is_not_forged(self) -> None:
        host = Host(head=2, since=2)
        self.assertEqual(host.logs(NOBODY, 3, "of another session"), [False])
        self.assertEqual(host.logs(ANA, 0, "by the host"), ["forged"])
        self.assertEqual(host.logs(NOBODY, 4, "of this one"), ["forged"])
        # Not more than there was.
        self.assertEqual(Host(since=9).logs(ANA, 3, "of this session"), ["forged"])

    def test_what_was_taken_out_is_as_it_was(self) -> None:
        host = Host()
        gone: Message = {"commitment": host.commit(ANA, 1, "gone"), "blanked": digest_of(text("gone")).hex()}
        self.assertEqual(host.logs(ANA, 1, "", **gone), [True])
        edit = {"kind": "edit", "payload": {"of": 1, "mentions": [], "text": "gone, too"}}
        blank = {"kind": "edit", "payload": {"of": 1, "mentions": [], "text": ""}}
        was = digest_of(edit)
        commitment = host.commit(ANA, 2, digests=[was[:HALF].hex()])
        self.assertEqual(host.logs(ANA, 2, blank, commitment=commitment, blanked=was.hex()), [True])
        still: Message = {"commitment": host.commit(ANA, 3, "there"), "blanked": digest_of(text("there")).hex()}
        self.assertEqual(host.logs(ANA, 3, "there", **still), ["forged"])
        self.assertEqual(host.logs(HOST, 3, "there", blanked=was.hex()), ["forged"])
        self.assertEqual(host.logs(ANA, 3, "", commitment=host.commit(ANA, 3, "there")), ["forged"])

    def test_who_was_shown_another_log_is_found_out_once(self) -> None:
        others: list[Message] = [{"chain": "17" * 16}, {"seen": 3, "chain": "17" * 16}, {"seen": 0}]
        for changes in others:
            with self.subTest(**changes):
                host = Host()
                host.signs(ANA, 1, "one")
                host.signs(ANA, 2, "two")
                another = host.commit(BEN, 1, "elsewhere", **changes)
                self.assertEqual(host.logs(BEN, 1, "elsewhere", commitment=another), ["forked", True])
                another = host.commit(BEN, 2, "elsewhere", **changes)
                self.assertEqual(host.logs(BEN, 2, "elsewhere", commitment=another), [True])
        host = Host(after=4)
        host.signs(ANA, 1, "one")
        # Of what was before it came, it knows nothing.
        self.assertEqual(host.logs(BEN, 1, "b", commitment=host.commit(BEN, 1, "b", seen=2)), [True])
        self.assertEqual(host.logs(BEN, 2, "b", commitment=host.commit(BEN, 2, "b", seen=4)), ["forked", True])

    def test_a_host_that_goes_on_from_another_log_is_found_out(self) -> None:
        host = Host()
        host.signs(ANA, 1, "one")
        host.links()
        self.assertEqual(host.tells(), [])
        host.chain = bytes(32)
        host.links()
        self.assertEqual(host.tells(), ["forked"])
        self.assertEqual((host.signs(ANA, 2, "two"), host.bye), ([True], None))


class Paging(unittest.TestCase):
    def page(self, *entries: Message, chain: bytes) -> tuple[Any, list[Message]]:
        """What a client tells of a page, that has the log from 4 to 6, and what the page has."""
        self.host.tells()
        self.host.client.fetch("lobby", {"before": entries[-1]["entry"]["seq"] + 1})
        self.answer(*entries, chain=chain)
        [told] = [event for event in self.host.client.events if event["event"] == "page"]
        return self.host.tells(), told["entries"]

    def answer(self, *entries: Message, chain: bytes, more: bool = False) -> None:
        self.host.listen()
        page = {"room": 1, "after": entries[0]["entry"]["seq"] - 1, "entries": len(entries), "more": more, "start": 0}
        self.host.say({"page": {**page, "head": 9, "chain": chain.hex()}})
        for entry in entries:
            self.host.say(entry)

    def setUp(self) -> None:
        log = Host()
        two = log.commit(ANA, 1, "one", "two")
        self.old = [log.make(ANA, 1, "one", commitment=two), log.make(ANA, 2, "two"), log.make(BEN, 5, "of a batch")]
        self.host = Host(after=3)
        self.host.chain, self.host.chains = log.chain, log.chains
        self.chains = log.chains
        self.host.client.lost(0)
        self.host.client.rooms["lobby"].cursor = None
        self.host.links()
        self.host.signs(ANA, 3, "three")
        self.host.signs(ANA, 4, "four")
        self.host.signs(ANA, 5, "five")

    def test_a_page_is_judged_by_itself(self) -> None:
        told, entries = self.page(*self.old, chain=self.chains[0])
        self.assertEqual((told, [entry["proven"] for entry in entries]), ([], [True, True, False]))
        # Where it begins within a batch, it cannot tell.
        told, entries = self.page(*self.old[1:], chain=self.chains[1])
        self.assertEqual((told, [entry["proven"] for entry in entries]), ([], [False, False]))

    def test_what_is_forged_in_a_page_is_not_shown(self) -> None:
        self.old[1]["entry"]["body"] = text("too")
        told, entries = self.page(*self.old, chain=self.chains[0])
        self.assertEqual((told, [entry["seq"] for entry in entries]), (["forged", "forked"], [1, 3]))

    def test_a_page_of_another_log_is_found_out(self) -> None:
        told, entries = self.page(*self.old[1:], chain=bytes(32))
        self.assertEqual((told, len(entries)), (["forked"], 2))

    def test_a_page_that_leads_up_to_another_is_of_the_same_log(self) -> None:
        self.assertEqual(self.page(self.old[2], chain=self.chains[2])[0], [])
        self.assertEqual(self.page(self.old[1], chain=self.chains[1])[0], [])
        self.old[0]["entry"]["at"] += 1
        self.assertEqual(self.page(self.old[0], chain=self.chains[0])[0], ["forked"])

    def test_a_page_of_what_is_new_goes_on_from_what_there_is(self) -> None:
        for wrong in (0, 6, 7):
            with self.subTest(wrong=wrong):
                self.setUp()
                new = [self.host.make(HOST, cmid, "new") for cmid in (1, 2)]
                chains, told = {**self.chains, wrong: bytes(32)}, []
                self.host.client.fetch("lobby", {"after": 6}, count=2)
                for entry, after, more in zip(new, (6, 7), (True, False), strict=True):
                    self.host.tells()
                    self.answer(entry, chain=chains[after], more=more)
                    told += [after for event in self.host.tells() if event == "forked"]
                self.assertEqual((told, self.host.bye), ([wrong] if wrong else [], None))

    def test_a_page_without_a_chain_ends_the_link(self) -> None:
        self.host.client.fetch("lobby", {"before": 4})
        page = {"room": 1, "after": 0, "entries": 3, "more": False, "start": 0, "head": 6}
        self.host.say({"page": {**page, "chain": None}})
        self.assertEqual(self.host.bye, {"violation": "unsigned"})


class Signing(unittest.TestCase):
    def sends(self, host: Host) -> list[Message]:
        host.listen()
        sends = [message["send"] for message in host.heard if "send" in message]
        host.heard.clear()
        return sends

    def check(self, host: Host, commitment: Message, first: int, seen: int, *texts: str) -> None:
        client = host.client
        digests = [digest_of(text(each))[:HALF].hex() for each in texts]
        expected = (first, digests, seen, host.chains[seen][:HALF].hex())
        self.assertEqual(tuple(commitment[name] for name in ("first", "digests", "seen", "chain")), expected)
        place = Place("lobby", EPOCH, client.producer)
        self.assertTrue(signing.is_signed(client.identity.public, place, commitment))

    def test_it_signs_at_once_what_it_sends_at_once_and_again_on_every_link(self) -> None:
        host = Host()
        host.signs(ANA, 1, "one")
        host.client.send("lobby", "a")
        [sent] = self.sends(host)
        self.check(host, sent["commitment"], 1, 1, "a")
        host.client.lost(0)
        host.client.send("lobby", "b")
        host.links()
        a, b = self.sends(host)
        self.check(host, a["commitment"], 1, 1, "a", "b")
        self.assertIsNone(b["commitment"])
        # What is wanted later is sent again, and signed again.
        host.say({"reject": {"room": 1, "cmid": 2, "refusal": {"rate_limited": {"retry_after_ms": 100}}}})
        host.signs(ANA, 2, "two")
        host.client.tick(0.2)
        [b] = self.sends(host)
        self.check(host, b["commitment"], 2, 2, "b")

    def test_it_signs_for_no_log_that_it_does_not_know(self) -> None:
        host = Host(after=4, head=9)
        host.joins(chained={"chain": None, "since": 0})
        host.client.send("lobby", "a")
        [sent] = self.sends(host)
        host.chains[0] = chain_begun(EPOCH)
        self.check(host, sent["commitment"], 1, 0, "a")
        host.gap(7)
        self.assertEqual((host.logs(ANA, 1, "of a batch"), host.bye), ([False], None))

    def test_what_is_forged_of_its_own_has_no_known_outcome(self) -> None:
        host = Host()
        host.client.send("lobby", "a")
        [sent] = self.sends(host)
        me = {"peer": host.client.identity.peer, "producer": host.client.producer}
        host.say({"roster": {"rev": 2, "members": [host.record(ANA, identity=host.client.identity.public, **me)]}})
        host.client.events.clear()
        host.say(host.make(ANA, 1, "b", commitment=sent["commitment"]))
        told = [(event["event"], event.get("outcome")) for event in host.client.events]
        self.assertEqual(told, [("outcome", "unknown"), ("forged", None)])

    def test_a_link_without_what_proves_it_ends(self) -> None:
        def nothing_chained(host: Host) -> None:
            host.client.lost(0)
            host.links(chained=None)

        def no_gap(host: Host) -> None:
            host.joins(chained={"chain": None, "since": 0})
            host.signs(ANA, 1, "one")

        def no_second_gap(host: Host) -> None:
            host.gap(7, None)
            host.signs(ANA, 1, "one")

        def no_identity(host: Host) -> None:
            host.say({"roster": {"rev": 2, "members": [host.record(BEN, identity=None)]}})

        def another_identity(host: Host) -> None:
            host.say({"roster": {"rev": 2, "members": [host.record(BEN, identity=PEOPLE[ANA].public)]}})

        for case in (nothing_chained, no_gap, no_second_gap, no_identity, another_identity):
            with self.subTest(case.__name__):
                host = Host(head=9)
                case(host)
                self.assertEqual(host.bye, {"violation": "impostor" if case is another_identity else "unsigned"})
                self.assertIn(host.client.rooms["lobby"].cursor, [(EPOCH, 0), (EPOCH, 7)])


def text(payload: str) -> Message:
    return {"kind": "text", "payload": payload}


def producer(member: int) -> str:
    return f"{member:016x}"


if __name__ == "__main__":
    unittest.main()
