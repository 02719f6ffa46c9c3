"""Who somebody is, and links that only their two ends can read (section 3), with dissononce for Noise and cryptography
for everything else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dissononce.cipher.aesgcm import AESGCMCipher
from dissononce.cipher.chachapoly import ChaChaPolyCipher
from dissononce.cipher.cipher import Cipher
from dissononce.dh.dh import DH
from dissononce.dh.keypair import KeyPair
from dissononce.dh.x25519.private import PrivateKey
from dissononce.dh.x25519.x25519 import X25519DH
from dissononce.exceptions.decrypt import DecryptFailedException
from dissononce.hash.blake2s import Blake2sHash
from dissononce.processing.handshakepatterns.interactive.XX import XXHandshakePattern
from dissononce.processing.impl.cipherstate import CipherState
from dissononce.processing.impl.handshakestate import HandshakeState
from dissononce.processing.impl.symmetricstate import SymmetricState
from dissononce.processing.modifiers.psk import PSKPatternModifier

from .secret import PAKE, Pake, Secret
from .wire import AES_GCM, BY_SECRET, NOISE, Broken, Offer, Stream

MESSAGES = 32, 128, 96
"""The lengths of the messages of a handshake; with a secret the first has a tag more."""
TAG = 16
MAX_RECORD, RECORDS_OF_A_KEY = 65519, 65536


class Identity:
    """The two key pairs of a peer, out of its seed."""

    def __init__(self, seed: bytes) -> None:
        self.agreement: KeyPair = X25519DH().generate_keypair(PrivateKey(_derive(seed, b"exchange agreement 1")))
        self._signing = Ed25519PrivateKey.from_private_bytes(_derive(seed, b"exchange signing 1"))
        self.signing_key = self._signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.agreement_key: bytes = self.agreement.public.data
        self.peer = peer_id(self.agreement_key, self.signing_key)

    @property
    def public(self) -> str:
        """What everybody may know of it, as rosters tell it."""
        return (self.agreement_key + self.signing_key).hex()

    def sign(self, statement: bytes) -> bytes:
        return self._signing.sign(statement)


def peer_id(agreement_key: bytes, signing_key: bytes) -> str:
    return hashlib.sha256(b"exchange peer 1" + agreement_key + signing_key).digest()[:16].hex()


def is_of(identity: str, peer: str) -> bool:
    """Whether these public keys are that peer's (EX-SGN-005)."""
    keys = bytes.fromhex(identity)
    return peer_id(keys[:32], keys[32:]) == peer


def safety_number(one: str, other: str) -> str:
    """What two peers compare (section 20)."""
    data = b"exchange safety number 1" + b"".join(sorted(bytes.fromhex(peer) for peer in (one, other)))
    for _ in range(65536):
        data = hashlib.sha256(data).digest()
    digits = f"{int.from_bytes(data, 'big') % 10**30:030}"
    return " ".join(digits[start : start + 5] for start in range(0, 30, 5))


def _derive(seed: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=info).derive(seed)


class Keys(NamedTuple):
    """What one end of a link is secured with."""

    identity: Identity
    expected: str | None = None
    """Who has to be at the other end."""
    dh: DH = X25519DH()
    """Where its ephemeral key is from."""
    secret: Secret | None = None
    """What a client comes by, and a host asks newcomers for."""
    entropy: Callable[[int], bytes] | None = None
    """Where the scalar is from that goes with it."""
    has_aes: bool = False
    """Whether this machine has instructions for AES."""


class Secured(Stream):
    """One end of a byte stream that only its two ends can read: a preamble, a handshake, then frames in records."""

    def __init__(self, ours: Offer, keys: Keys, is_client: bool = True) -> None:
        protections = (BY_SECRET if is_client else NOISE | BY_SECRET) if keys.secret else NOISE
        features = AES_GCM if keys.has_aes else 0
        super().__init__(ours._replace(protections=protections, features=features), is_client)
        self._keys = keys
        self._pake: Pake | None = None
        self._prologue = b""
        self._handshake: Handshake | None = None
        self._records: Records | None = None

    @property
    def is_open(self) -> bool:
        return self._records is not None

    def seal(self, frames: bytes) -> bytes:
        return self._records.seal(frames) if self._records else b""

    def _unseal(self, data: bytes) -> Iterator[bytes]:
        return self._records.open(data) if self._records else iter(())

    def _begin(self) -> None:
        if self.choice is None:
            heard = bytes(self._heard)
            super()._begin()
            if self.choice is None:
                return
            heard = heard[: len(heard) - len(self._heard)]
            self._prologue = self._ours.to_bytes() + heard if self._is_client else heard + bytes(self._said)
            if self._keys.secret and self.choice.protection == BY_SECRET:
                self._pake = Pake(self._keys.secret, self._is_client, self._keys.entropy)
                if self._is_client:
                    self._said += self._pake.message
        if self._handshake is None:
            if not self._pake:
                self._shake(None)
            elif len(self._heard) >= PAKE:
                theirs, ours = self._take(PAKE), self._pake.message
                key = self._pake.hear(theirs)
                self._prologue += ours + theirs if self._is_client else theirs + ours
                if not self._is_client:
                    self._said += ours
                self._shake(key)
            else:
                return
        assert self._handshake
        while not self._records and len(self._heard) >= self._handshake.awaits:
            try:
                self._handshake.hear(self._take(self._handshake.awaits))
            except Broken as broken:
                if broken.violation == "wrong_secret" and not self._is_client:
                    self._said += bytes(MESSAGES[1])
                raise
            if not self._handshake.ciphers:
                self._said += self._handshake.say()
            if self._handshake.ciphers:
                to_host, to_client = self._handshake.ciphers
                sealing, opening = (to_host, to_client) if self._is_client else (to_client, to_host)
                self._records, self.peer = Records(sealing, opening), self._handshake.peer


    def _shake(self, key: bytes | None) -> None:
        assert self.choice
        cipher = AesGcm() if self.choice.features & AES_GCM else ChaChaPoly()
        self._handshake = Handshake(self._keys, self._is_client, cipher, self._prologue, key)
        if self._is_client:
            self._said += self._handshake.say()


class Handshake:
    """One end of a handshake; it says and hears its messages in turn, and then there are `ciphers`."""

    def __init__(self, keys: Keys, is_client: bool, cipher: Cipher, prologue: bytes, key: bytes | None) -> None:
        self.peer: str | None = None
        self.ciphers: tuple[CipherState, CipherState] | None = None
        """For what goes to the host, and to the client."""
        self._keys = keys
        self._gone = 0
        self._noise = HandshakeState(SymmetricState(CipherState(cipher), Blake2sHash()), keys.dh)
        self._is_by_secret = key is not None
        pattern = PSKPatternModifier(0).modify(XXHandshakePattern()) if key else XXHandshakePattern()
        psks = (key,) if key else None
        self._noise.initialize(pattern, is_client, prologue, s=keys.identity.agreement, psks=psks)

    @property
    def awaits(self) -> int:
        """The length of the next message."""
        return MESSAGES[self._gone] + (TAG if self._is_by_secret and self._gone == 0 else 0)

    def say(self) -> bytes:
        message = bytearray()
        # The first message proves nothing yet, and has no payload.
        self.ciphers = self._noise.write_message(self._keys.identity.signing_key if self._gone else b"", message)
        self._gone += 1
        return bytes(message)

    def hear(self, message: bytes) -> None:
        payload = bytearray()
        try:
            self.ciphers = self._noise.read_message(message, payload)
        except (DecryptFailedException, ValueError):
            # The latter is for an X25519 key with which nobody can agree on anything.
            is_secret_wrong = self._is_by_secret and self._gone < 2
            raise Broken("wrong_secret" if is_secret_wrong else "forged") from None
        self._gone += 1
        if self._noise.rs:
            self.peer = peer_id(self._noise.rs.data, bytes(payload))
            if self._keys.expected not in (None, self.peer):
                raise Broken("stranger")


class Records:
    """Both directions after a handshake (EX-REC-001 to EX-REC-003)."""

    def __init__(self, sealing: CipherState, opening: CipherState) -> None:
        self._sealing, self._opening = Direction(sealing), Direction(opening)
        self._sealed = 0
        """How many records have gone with the present key."""
        self._heard = bytearray()
        self._length: int | None = None
        """Of what the record holds whose first half has come."""

    def seal(self, data: bytes) -> bytes:
        """Records that hold these bytes."""
        sealed = bytearray()
        for start in range(0, len(data), MAX_RECORD):
            if self._sealed == RECORDS_OF_A_KEY:
                sealed += self._sealing.encrypt(bytes(2))
                self._sealing.rekey()
                self._sealed = 0
            piece = data[start : start + MAX_RECORD]
            sealed += self._sealing.encrypt(len(piece).to_bytes(2, "big")) + self._sealing.encrypt(piece)
            self._sealed += 1
        return bytes(sealed)

    def open(self, data: bytes) -> Iterator[bytes]:
        """What those records hold that are whole now."""
        self._heard += data
        while len(self._heard) >= (end := TAG + (2 if self._length is None else self._length)):
            opened = self._opening.decrypt(bytes(self._heard[:end]))
            del self._heard[:end]
            if self._length is not None:
                self._length = None
                yield opened
            elif length := int.from_bytes(opened, "big"):
                self._length = length
            else:
                self._opening.rekey()


class Direction:
    """What goes one way: each message has the next number."""

    def __init__(self, cipher: CipherState) -> None:
        self._cipher, self._number = cipher, 0

    def encrypt(self, data: bytes) -> bytes:
        self._number += 1
        return self._cipher.encrypt_with_ad(b"", data)

    def decrypt(self, data: bytes) -> bytes:
        self._number += 1
        try:
            return self._cipher.decrypt_with_ad(b"", data)
        except DecryptFailedException:
            raise Broken("forged") from None

    def rekey(self) -> None:
        self._cipher.rekey()
        # Noise goes on counting, dissononce begins anew.
        self._cipher.set_nonce(self._number)


class KeyWithoutTag(Cipher):
    def rekey(self, key: bytes) -> bytes:
        # The first 32 bytes are the key; dissononce leaves the tag behind them.
        return super().rekey(key)[:32]


class ChaChaPoly(KeyWithoutTag, ChaChaPolyCipher):
    pass


class AesGcm(KeyWithoutTag, AESGCMCipher):
    pass
