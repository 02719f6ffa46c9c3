"""What newcomers have to know, and how two ends find out that both do without saying it (section 3), with spake2 and argon2."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from argon2.low_level import Type, hash_secret_raw
from spake2 import SPAKE2_A, SPAKE2_B, SPAKEError

from .names import WHITE_SPACE
from .wire import Broken

BLANKS = "".join(WHITE_SPACE)
PAKE = 33
"""The length of either message."""
NO_GUESS = bytes(PAKE)
SHORTEST = 10


class NoSecret(ValueError):
    """What somebody types is neither a code nor a passphrase."""


class Secret:
    def __init__(self, text: str) -> None:
        self.code: str | None = None
        text = text.strip(BLANKS)
        parts = [part for part in re.split(f"[{BLANKS}-]+", text.lower()) if part]
        if len(parts) == 3 and parts[0].isascii() and parts[0].isdigit():
            number = int(parts[0])
            if not 1 <= number <= 99:
                raise NoSecret("number")
            # Whether there are such words only whoever has the list can say.
            self.code = "-".join([str(number), *parts[1:]])
            self.password = self.code.encode()
            return
        text = unicodedata.normalize("NFC", text)
        if len(text) < SHORTEST:
            raise NoSecret("too_short")
        salt = b"exchange passphrase 1"
        self.password = hash_secret_raw(text.encode(), salt, 2, 19456, 1, 32, Type.ID, 19)


class Pake:
    """One end, before a handshake: it says a message, hears the other's, and then there is the `key`."""

    def __init__(self, secret: Secret, is_client: bool, entropy: Callable[[int], bytes] | None = None) -> None:
        side = SPAKE2_A if is_client else SPAKE2_B
        more = {"entropy_f": entropy} if entropy else {}
        self._spake = side(secret.password, idA=b"exchange client", idB=b"exchange host", **more)
        self.message: bytes = self._spake.start()

    def hear(self, message: bytes) -> bytes:
        if message == NO_GUESS:
            raise Broken("no_guess")
        try:
            key: bytes = self._spake.finish(message)
        except (SPAKEError, ValueError, AssertionError):
            raise Broken("forged") from None
        return key
