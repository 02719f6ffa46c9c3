"""Chats from a terminal or for a program: lines on standard input are messages, or `/join ROOM`, `/leave ROOM`,
`/before SEQ`, `/after SEQ` and `/quit`; what happens is on standard output, an object of JSON a line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from functools import partial

from .client import Client
from .secret import Secret

Act = Callable[[float], None]

CLOSING = 2.0
"""How long a host may take to close a link that this side has ended."""


class Chat:
    """Brings a client a socket, a clock and lines: whatever happens is put into one queue and done one by one."""

    def __init__(self, client: Client, host: str, port: int) -> None:
        self.client, self.host, self.port = client, host, port
        self.room = "lobby"
        # Nothing is read from a host that does not read what it is told (EX-LIM-001).
        self.happened: asyncio.Queue[Act] = asyncio.Queue(maxsize=1)
        self.writer: asyncio.StreamWriter | None = None
        self.readings: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        lines = asyncio.create_task(self.read_lines())
        while not self.client.is_over:
            if self.client.wants_link(self.now()):
                await self.dial()
            await self.do_next()
            await self.flush()
        lines.cancel()
        if self.readings:
            await asyncio.wait(self.readings, timeout=CLOSING)

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def do_next(self) -> None:
        """Waits for something to happen, or for the client's deadline."""
        try:
            async with asyncio.timeout_at(self.client.deadline()):
                act = await self.happened.get()
            act(self.now())
        except TimeoutError:
            self.client.tick(self.now())

    async def dial(self) -> None:
        self.client.dialling(self.now())
        try:
            async with asyncio.timeout_at(self.client.deadline()):
                reader, self.writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            self.client.lost(self.now())
        else:
            reading = asyncio.create_task(self.read_link(reader, self.writer, self.client.link))
            self.readings.add(reading)
            reading.add_done_callback(self.readings.discard)
        await self.flush()

    async def read_link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: object) -> None:
        """Reads until the host closes. What comes on a link that this side has ended means nothing."""
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self.client.link is link:
                    await self.happened.put(partial(self.heard, link, data))
        writer.close()
        if self.client.link is link:
            await self.happened.put(partial(self.heard, link, b""))

    def heard(self, link: object, data: bytes, now: float) -> None:
        if self.client.link is not link:
            return
        if data:
            self.client.received(data, now)
        else:
            self.client.lost(now)

    async def flush(self) -> None:
        """Passes on what the client has to say, ends the link if it has, and tells what happened."""
        output, writer = self.client.take_output(), self.writer
        if writer:
            with contextlib.suppress(OSError):
                writer.write(output)
                async with asyncio.timeout_at(self.client.deadline() or self.now() + CLOSING):
                    await writer.drain()
            if self.client.link is None:
                self.end_link(writer)
        for event in self.client.events:
            print(json.dumps(event), flush=True)
        self.client.events.clear()

    def end_link(self, writer: asyncio.StreamWriter) -> None:
        """Says that no more comes, and leaves it to the host to close: what was said last is not to be lost
        (EX-TRN-003).
        """
        self.writer = None
        with contextlib.suppress(OSError):
            writer.write_eof()
        asyncio.get_running_loop().call_later(CLOSING, writer.transport.abort)

    async def read_lines(self) -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        while line := await reader.readline():
            await self.happened.put(partial(self.typed, line.decode(errors="replace").rstrip("\n")))
        await self.happened.put(lambda now: self.client.close())

    def typed(self, line: str, now: float) -> None:
        command, _, room = line.partition(" ")
        try:
            if command == "/quit":
                self.client.close()
            elif command == "/join":
                self.client.join(room, "start")
                self.room = room
            elif command == "/leave":
                self.client.leave(room)
                self.room = "lobby"
            elif command == "/typing":
                self.client.typing(self.room)
            elif command in ("/before", "/after"):
                self.client.fetch(self.room, {command[1:]: int(room)})
            else:
                self.client.send(self.room, line)
        except (KeyError, ValueError) as error:
            self.client.events.append({"event": "error", "what": str(error)})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m exchange", description=__doc__)
    parser.add_argument("host", help="the address of the host")
    parser.add_argument("port", type=int, nargs="?", default=27027)
    parser.add_argument("--nick", default="python")
    parser.add_argument("--insecure", action="store_true", help="in the clear, for everybody on the network to read")
    arguments = parser.parse_args()
    # Not an argument: everybody on the machine sees those.
    secret = Secret(code) if (code := os.environ.get("EXCHANGE_CODE")) else None
    client = Client(arguments.nick, is_secured=not arguments.insecure, secret=secret)
    asyncio.run(Chat(client, arguments.host, arguments.port).run())


if __name__ == "__main__":
    main()
