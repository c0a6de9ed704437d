"""Compiling loops that no table operation replaces; importing numba takes a quarter of a second."""

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a loop compiled on first use, and kept on disk; it runs without Python's lock."""
    from numba import njit  # noqa: PLC0415

    found: Callable[..., Any] = njit(cache=True, nogil=True)(kernel)
    return found
