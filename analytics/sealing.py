r"""Sealing: what must be kept as it came, but may not lie in a store in clear.

Pages that platforms gave and the questions still open name private accounts. They are packed and
encrypted (AES-256-GCM) under a key derived from the store's, which never lies in the store.

>>> sealer = Sealer(b"k" * 32)
>>> sealed = sealer.seal(b"posted by @anna", b"page 7")
>>> b"anna" in sealed, sealer.opened(sealed, b"page 7")
(False, b'posted by @anna')
>>> sealer.opened(sealed[:-1] + b"\0", b"page 7")
Traceback (most recent call last):
analytics.errors.ProtectionError: page 7 cannot be opened: it was damaged, or ...
"""

import hmac
import secrets

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from analytics.errors import ProtectionError

_NONCE_BYTES = 12
_LABEL = b"groundswell sealing 1"


class Sealer:
    """Packs and encrypts under one store's key.

    Parameters
    ----------
    key
        The store's secret; the key of sealing is derived from it.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, _LABEL, "sha256")
        self._cipher = AESGCM(self._key)

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """Return the bytes packed and encrypted; ``place`` says where they belong, in clear."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, zstandard.compress(plain, 3), place)

    def opened(self, sealed: bytes, place: bytes) -> bytes:
        """Return what was sealed for this place.

        Raises
        ------
        ProtectionError
            It was damaged, put into another place, or sealed under another key.
        """
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return zstandard.decompress(self._cipher.decrypt(nonce, rest, place))
        except (InvalidTag, ValueError):
            msg = (
                f"{place.decode(errors='replace')} cannot be opened: it was damaged, "
                "or sealed with another key"
            )
            raise ProtectionError(msg) from None

    def name(self, text: str) -> bytes:
        """Return a short name by which a text is found again, but not read.

        >>> Sealer(b"k" * 32).name("search #park") == Sealer(b"k" * 32).name("search #park")
        True
        """
        return hmac.digest(self._key, text.encode(), "sha256")[:16]
