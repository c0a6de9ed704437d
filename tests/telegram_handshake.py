"""How a client and a data centre of Telegram agree on a key, as the centre does it.

The centre's own key is a product of Mersenne primes: it is there at once, and no secret lies in the
tests. Anybody could break it, and on loopback nobody needs to.
"""

import math
import os
import time
from hashlib import sha1
from typing import Any, TypeAlias

import rsa
from telethon import functions as f
from telethon import helpers, password
from telethon.crypto import AES, AuthKey
from telethon.crypto import rsa as known_keys
from telethon.extensions import BinaryReader
from telethon.tl import types as t

TL: TypeAlias = Any  # Telethon has no types

PRIME = next(  # the one that Telegram uses, and clients know as good
    bytes(each)
    for each in password.check_prime_and_good.__code__.co_consts
    if isinstance(each, tuple)
)
_MODULUS = int.from_bytes(PRIME, "big")
_BASE = 3
_FACTORS = [2**31 - 1, 2**127 - 1, 2**607 - 1, 2**1279 - 1]
_PUBLIC = rsa.PublicKey(math.prod(_FACTORS), 65537)
_PRIVATE = pow(_PUBLIC.e, -1, math.prod(each - 1 for each in _FACTORS))
_SMALL, _LARGE = 2**17 - 1, 2**31 - 1  # a product of these is what the client has to take apart
_HASH = 20  # bytes


def make_known() -> None:
    """Let Telethon know the centre's own key, besides Telegram's."""
    known_keys.add_key(_PUBLIC.save_pkcs1(), old=False)


class Handshake:
    """One agreement; ``key`` is what it came to.

    Parameters
    ----------
    nonce
        What the client began it with.
    """

    def __init__(self, nonce: int) -> None:
        self.key: AuthKey | None = None
        self._nonce = nonce
        self._own = int.from_bytes(os.urandom(16), "big", signed=True)
        self._secret = int.from_bytes(os.urandom(256), "big")
        self._new = 0

    def answer(self, request: TL) -> TL:
        """Return the answer to the next step of a client."""
        if isinstance(request, f.ReqPqMultiRequest):
            fingerprint = known_keys._compute_fingerprint(_PUBLIC)
            riddle = (_SMALL * _LARGE).to_bytes(8, "big")
            return t.ResPQ(self._nonce, self._own, riddle, [fingerprint])
        assert (request.nonce, request.server_nonce) == (self._nonce, self._own)
        if isinstance(request, f.ReqDHParamsRequest):
            return self._shown(request)
        assert isinstance(request, f.SetClientDHParamsRequest)
        return self._agreed(request)

    def _shown(self, request: TL) -> TL:
        sealed = int.from_bytes(request.encrypted_data, "big")
        told = _hashed(pow(sealed, _PRIVATE, _PUBLIC.n).to_bytes(255, "big"))
        assert (told.p, told.q) == (_as_bytes(_SMALL), _as_bytes(_LARGE))
        self._new = told.new_nonce
        shown = _as_bytes(pow(_BASE, self._secret, _MODULUS))
        now = int(time.time())
        inner = t.ServerDHInnerData(self._nonce, self._own, _BASE, PRIME, shown, now)
        plain = sha1(bytes(inner)).digest() + bytes(inner)  # noqa: S324 - by the protocol
        plain += os.urandom(-len(plain) % 16)
        return t.ServerDHParamsOk(self._nonce, self._own, AES.encrypt_ige(plain, *self._between()))

    def _agreed(self, request: TL) -> TL:
        told = _hashed(AES.decrypt_ige(request.encrypted_data, *self._between()))
        shared = pow(int.from_bytes(told.g_b, "big"), self._secret, _MODULUS)
        self.key = AuthKey(_as_bytes(shared))
        return t.DhGenOk(self._nonce, self._own, self.key.calc_new_nonce_hash(self._new, 1))

    def _between(self) -> tuple[bytes, bytes]:
        """Return the key and the vector that hold until the agreement is made."""
        return helpers.generate_key_data_from_nonce(self._own, self._new)  # type: ignore[no-any-return]


def _hashed(plain: bytes) -> TL:
    """Return what stands behind its own hash."""
    told = BinaryReader(plain[_HASH:]).tgread_object()
    assert sha1(bytes(told)).digest() == plain[:_HASH]  # noqa: S324 - by the protocol
    return told


def _as_bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
