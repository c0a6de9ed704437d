"""Near-duplicates: texts by shared runs of characters, pictures by their PDQ hash.

Nobody compares all with all. Texts that may be alike fall into one bucket by MinHash (Broder 1997;
Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, §3), and are then compared exactly, so
that chance decides what is compared and never what counts as alike. Pictures that differ in few
bits agree in a part of them, up to one bit.

Each function returns links that join what is alike, directly or over others, and none that joins
what is joined already: less than one link a text or picture.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.kernels import compiled

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

SHINGLE = 5  # characters
BANDS, ROWS = 30, 4
LEAST_SHINGLES = 100  # in a shorter text one other word, such as a name, is another message
NEIGHBOURS = 16  # in a crowded bucket, each is compared with so many that stand before it
_FEW_BITS = 64  # PDQ sets about half of its 256 bits, unless the picture is empty
_SEED = 20
_LINKS = {"left": pl.Int64, "right": pl.Int64, "strength": pl.Float64}


def chance(likeness: float, *, bands: int = BANDS, rows: int = ROWS) -> float:
    """Return how likely two texts of a Jaccard likeness are compared: 1 - (1 - s^r)^b.

    >>> [round(chance(s, bands=20, rows=5), 5) for s in (0.4, 0.8)]
    [0.18605, 0.99964]
    >>> [round(chance(s), 4) for s in (0.2, 0.6, 0.8)]
    [0.0469, 0.9845, 1.0]
    """
    return float(1 - (1 - likeness**rows) ** bands)


def alike_texts(
    texts: pl.DataFrame, *, jaccard: tuple[float, ...], within: tuple[str, ...]
) -> list[pl.DataFrame]:
    """Return what joins texts that are nearly the same.

    Parameters
    ----------
    texts
        One row per text: ``words``, and columns of integers that tell which may be compared. The
        earlier text stands above the later.
    jaccard, within
        At least this share of the distinct shingles of two texts must be in both, and the column
        of this name must be the same: one result for each threshold and column. What is the same
        in any of the columns must be the same in the last.

    Returns
    -------
    list of DataFrame
        For each threshold, one row per link: ``left`` and ``right`` (numbers of rows) and
        ``strength`` (the exact Jaccard likeness). A text of fewer than 100 distinct shingles is
        in none.

    Examples
    --------
    >>> said = "the pump at the end of our street has given no water since the first of may "
    >>> said += "and nobody who could mend it has come to look at it"
    >>> texts = pl.DataFrame({"appeal": [0, 0, 1], "words": [said, said + " again", said]})
    >>> (links,) = alike_texts(texts, jaccard=(0.8,), within=("appeal",))
    >>> links.select("left", "right", pl.col("strength").round(2)).rows()
    [(0, 1, 0.95)]
    """
    if texts.is_empty():
        return [_Joined(0).links() for _ in jaccard]
    shingles, bounds = shingle_sets(texts["words"])
    told = np.diff(bounds) >= LEAST_SHINGLES
    groups = [texts[column].to_numpy() for column in within]
    alike = [_Joined(texts.height) for _ in jaccard]
    bands = _bands(shingles, bounds, groups[-1], BANDS, ROWS)
    for band, key in enumerate(bands):
        order = np.lexsort((bands[band - 1], key))  # what agrees in two bands stands together
        order = order[told[order]]
        for least, group, joined in zip(jaccard, groups, alike, strict=True):
            joined.add_texts(order, key, shingles, bounds, group=group, least=least)
    return [joined.links() for joined in alike]


def distinct_shingles(words: pl.Series) -> pl.Series:
    """Count the distinct runs of five characters of each text.

    >>> distinct_shingles(pl.Series(["abcdef", "aaaaaaaaa", "abc"])).to_list()
    [2, 1, 0]
    """
    return pl.Series(np.diff(shingle_sets(words)[1]))


def shingle_sets(words: pl.Series) -> tuple[npt.NDArray[np.uint32], Ints]:
    """Return the sorted hashes of each text's shingles, text after text, and their bounds."""
    codes = np.frombuffer("".join(words.to_list()).encode("utf-32-le"), np.uint32)
    ends = np.cumsum(words.str.len_chars().to_numpy(), dtype=np.int64)
    kernel = compiled(_shingle_sets)
    shingles, bounds = kernel(codes, np.concatenate([[0], ends]).astype(np.int64), SHINGLE)
    return shingles, bounds


def alike_pictures(pictures: pl.DataFrame, *, bits: int) -> pl.DataFrame:
    """Return what joins pictures whose PDQ hashes differ in few bits.

    Parameters
    ----------
    pictures
        One row per picture: ``group`` (pictures of two groups are never compared) and ``pdq``, 64
        hexadecimal digits. A hash with fewer than 64 bits of either kind is that of an empty
        picture and is like none.
    bits
        At most so many of the 256 bits may differ; up to 31, which is usual for PDQ but has not
        been checked against published error rates.

    Returns
    -------
    DataFrame
        One row per link: ``left``, ``right`` (numbers of rows) and ``strength``, the share of bits
        that are the same.

    Examples
    --------
    >>> hashes = ["f0" * 32, "f0" * 31 + "f1", "0f" * 32]
    >>> alike_pictures(pl.DataFrame({"group": [0, 0, 0], "pdq": hashes}), bits=31).rows()
    [(0, 1, 0.99609375)]
    """
    joined = _Joined(pictures.height)
    if pictures.height:
        raw = np.frombuffer(bytes.fromhex("".join(pictures["pdq"].to_list())), np.uint8)
        joined.add_pictures(raw.reshape(-1, 32), pictures["group"].to_numpy(), bits)
    return joined.links()


class _Joined:
    """What is joined so far: a head for each, and the links that did it."""

    def __init__(self, size: int) -> None:
        self._head = np.arange(size)
        self._left, self._right = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self._strength = np.zeros(size)
        self._count = 0

    def add_texts(
        self, order: Ints, key: Words, shingles: npt.NDArray[np.uint32], bounds: Ints, *,
        group: Ints, least: float,
    ) -> None:  # fmt: skip
        self._count = compiled(_compare_texts)(
            order, key, group, shingles, bounds, least, NEIGHBOURS, *self._found()
        )

    def add_pictures(self, raw: npt.NDArray[np.uint8], group: Ints, bits: int) -> None:
        self._count = compiled(_compare_pictures)(
            raw.view(">u2").astype(np.uint16), group, bits, _FEW_BITS, NEIGHBOURS, *self._found()
        )

    def links(self) -> pl.DataFrame:
        found = (self._left, self._right, self._strength)
        return pl.DataFrame(
            dict(zip(_LINKS, (column[: self._count] for column in found), strict=True)),
            schema=_LINKS,
        )

    def _found(self) -> tuple[Ints, Ints, Ints, npt.NDArray[np.float64], int]:
        return self._head, self._left, self._right, self._strength, self._count


def _bands(
    shingles: npt.NDArray[np.uint32], bounds: Ints, group: Ints, bands: int, rows: int
) -> Words:
    """Return the key of each text in each band; texts that agree in one key may be alike."""
    drawn = np.random.default_rng(_SEED).integers(
        1, 2**63, (2, bands * rows), np.uint64, endpoint=True
    )
    kernel = compiled(_band_keys)
    keys: Words = kernel(shingles, bounds, group.astype(np.uint64), drawn[0] | 1, drawn[1], rows)
    return keys


# Loops to be compiled.


def _shingle_sets(
    codes: npt.NDArray[np.uint32], ends: Ints, size: int
) -> tuple[npt.NDArray[np.uint32], Ints]:
    found = np.empty(len(codes), np.uint32)
    bounds = np.zeros(len(ends), np.int64)
    for text in range(len(ends) - 1):
        first = bounds[text]
        last = first
        for start in range(ends[text], ends[text + 1] - size + 1):
            mixed = np.uint64(14695981039346656037)
            for place in range(size):
                mixed = (mixed ^ np.uint64(codes[start + place])) * np.uint64(1099511628211)
            mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
            found[last] = np.uint32(mixed >> np.uint64(32))
            last += 1
        found[first:last] = np.sort(found[first:last])
        end = first
        for place in range(first, last):
            if place == first or found[place] != found[end - 1]:
                found[end] = found[place]
                end += 1
        bounds[text + 1] = end
    return found[: bounds[-1]].copy(), bounds


def _band_keys(  # noqa: PLR0917 - compiled
    shingles: npt.NDArray[np.uint32], bounds: Ints, group: Words, factor: Words, shift: Words,
    rows: int,
) -> Words:  # fmt: skip
    hashes = len(factor)
    keys = np.empty((hashes // rows, len(bounds) - 1), np.uint64)
    least = np.empty(hashes, np.uint32)
    for text in range(len(bounds) - 1):
        least[:] = np.uint32(0xFFFFFFFF)
        for place in range(bounds[text], bounds[text + 1]):
            shingle = np.uint64(shingles[place])
            for n in range(hashes):
                value = np.uint32((factor[n] * shingle + shift[n]) >> np.uint64(32))
                least[n] = min(least[n], value)
        for band in range(hashes // rows):
            mixed = group[text] + np.uint64(14695981039346656037)
            for row in range(rows):
                mixed = (mixed ^ np.uint64(least[band * rows + row])) * np.uint64(1099511628211)
                mixed ^= mixed >> np.uint64(29)
            keys[band, text] = mixed
    return keys


def _compare_texts(  # noqa: C901, PLR0917 - compiled, in one piece
    order: Ints, key: Words, group: Ints, shingles: npt.NDArray[np.uint32], bounds: Ints,
    least: float, neighbours: int, head: Ints, left: Ints, right: Ints,
    strength: npt.NDArray[np.float64], count: int,
) -> int:  # fmt: skip
    start = 0  # of the bucket
    for here in range(len(order)):
        later = order[here]
        if key[later] != key[order[start]]:
            start = here
        for there in range(max(start, here - neighbours), here):
            earlier = order[there]
            a, b = later, earlier
            while head[a] != a:
                head[a] = head[head[a]]
                a = head[a]
            while head[b] != b:
                head[b] = head[head[b]]
                b = head[b]
            if a == b or group[later] != group[earlier]:
                continue
            i, i_end, j, j_end = (
                bounds[later],
                bounds[later + 1],
                bounds[earlier],
                bounds[earlier + 1],
            )
            both = (i_end - i) + (j_end - j)
            common = 0
            while i < i_end and j < j_end:
                if shingles[i] == shingles[j]:
                    common += 1
                    i += 1
                    j += 1
                elif shingles[i] < shingles[j]:
                    i += 1
                else:
                    j += 1
                rest = common + min(i_end - i, j_end - j)
                if rest < (least - 1e-9) * (both - rest):
                    break
            if common / (both - common) < least:
                continue
            head[max(a, b)] = min(a, b)
            left[count], right[count] = min(later, earlier), max(later, earlier)
            strength[count] = common / (both - common)
            count += 1
    return count


def _compare_pictures(  # noqa: C901, PLR0912, PLR0917 - compiled, in one piece
    words: npt.NDArray[np.uint16], group: Ints, bits: int, few: int, neighbours: int, head: Ints,
    left: Ints, right: Ints, strength: npt.NDArray[np.float64], count: int,
) -> int:  # fmt: skip
    parts = words.shape[1]
    ones = np.zeros(1 << 16, np.int64)
    for value in range(1 << 16):
        ones[value] = ones[value >> 1] + (value & 1)
    newest = np.full((parts, 1 << 16), -1, np.int64)  # the last picture with this part
    before = np.full((parts, len(words)), -1, np.int64)  # and the one before it
    for later in range(len(words)):
        full = 0
        for part in range(parts):
            full += ones[words[later, part]]
        if min(full, 16 * parts - full) < few:
            continue
        for part in range(parts):
            for flip in range(17):  # each of 16 bits, and none
                probe = words[later, part] ^ np.uint16((1 << flip) & 0xFFFF)
                earlier = newest[part, probe]
                for _ in range(neighbours):
                    if earlier < 0:
                        break
                    a, b = later, earlier
                    while head[a] != a:
                        head[a] = head[head[a]]
                        a = head[a]
                    while head[b] != b:
                        head[b] = head[head[b]]
                        b = head[b]
                    if a != b and group[later] == group[earlier]:
                        apart = 0
                        for n in range(parts):
                            apart += ones[words[later, n] ^ words[earlier, n]]
                        if apart <= bits:
                            head[max(a, b)] = min(a, b)
                            left[count], right[count] = earlier, later
                            strength[count] = 1 - apart / 256
                            count += 1
                    earlier = before[part, earlier]
            before[part, later] = newest[part, words[later, part]]
            newest[part, words[later, part]] = later
    return count
