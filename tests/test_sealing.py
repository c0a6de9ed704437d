"""What is sealed opens with its own key, at its own place, unchanged; and only so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import ProtectionError
from analytics.sealing import Sealer

SEALER = Sealer(b"k" * 32)


@given(st.binary(), st.binary(max_size=40))
def test_what_is_sealed_comes_back(plain: bytes, place: bytes) -> None:
    assert SEALER.opened(SEALER.seal(plain, place), place) == plain


def test_the_same_text_is_never_sealed_alike() -> None:
    assert SEALER.seal(b"a", b"p") != SEALER.seal(b"a", b"p")


@given(st.integers(min_value=0, max_value=200))
def test_any_damage_is_seen(place: int) -> None:
    sealed = bytearray(SEALER.seal(b"a" * 300, b"page"))
    sealed[place % len(sealed)] ^= 1
    with pytest.raises(ProtectionError, match="page cannot be opened"):
        SEALER.opened(bytes(sealed), b"page")


@pytest.mark.parametrize(
    "sealed",
    [b"", b"short", SEALER.seal(b"a", b"another place")],
    ids=["nothing", "too short", "of another place"],
)
def test_what_does_not_belong_here_is_refused(sealed: bytes) -> None:
    with pytest.raises(ProtectionError):
        SEALER.opened(sealed, b"page")


def test_another_key_opens_nothing_and_names_nothing_alike() -> None:
    other = Sealer(b"l" * 32)
    with pytest.raises(ProtectionError):
        other.opened(SEALER.seal(b"a", b"p"), b"p")
    assert other.name("a") != SEALER.name("a")
