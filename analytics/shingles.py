"""Near-duplicate texts: sets of five letters, MinHash to find candidates, exact overlap to confirm.

Compiled; import it where it is used. A text is a sorted array of the hashes of its shingles, texts
lie one after the other, cut by ``ends``.
"""

import numpy as np

from analytics.parents import _compiled, scramble  # an algorithm that never changes

BANDS, ROWS = 25, 4
LOOKED_BACK = 10  # texts of the same bucket that each is compared with
SHINGLE = 5


@_compiled
def shingle_hashes(letters, ends, out):
    """Write the hash of every run of five letters; return where each text's sorted set ends.

    ``letters`` holds code points, ``ends`` where each text ends; ``out`` is as long as ``letters``.
    """
    found = np.empty(len(ends), np.int64)
    filled = 0
    begin = 0
    for text in range(len(ends)):
        start = filled
        for i in range(begin, ends[text] - SHINGLE + 1):
            value = np.uint64(0)
            for k in range(SHINGLE):
                value = scramble(value ^ np.uint64(letters[i + k]))
            out[filled] = value
            filled += 1
        part = np.unique(out[start:filled])
        out[start : start + len(part)] = part
        filled = start + len(part)
        found[text] = filled
        begin = ends[text]
    return found


@_compiled
def band_hashes(hashes, ends, out):
    """Write a hash of each band of each text's MinHash signature (Broder 1997; bands by Indyk)."""
    begin = 0
    for text in range(len(ends)):
        for band in range(BANDS):
            value = np.uint64(band + 1)
            for row in range(ROWS):
                salt = scramble(np.uint64(band * ROWS + row + 1))
                least = np.uint64(0xFFFFFFFFFFFFFFFF)
                for i in range(begin, ends[text]):
                    least = min(least, scramble(hashes[i] ^ salt))
                value = scramble(value ^ least)
            out[text, band] = value
        begin = ends[text]


@_compiled
def overlaps(first, second, hashes, ends, out):
    """Write the Jaccard overlap of pairs of texts."""
    for pair in range(len(first)):
        a = ends[first[pair] - 1] if first[pair] > 0 else 0
        b = ends[second[pair] - 1] if second[pair] > 0 else 0
        a_end, b_end = ends[first[pair]], ends[second[pair]]
        size = a_end - a + b_end - b
        both = 0
        while a < a_end and b < b_end:
            if hashes[a] == hashes[b]:
                both += 1
                a += 1
                b += 1
            elif hashes[a] < hashes[b]:
                a += 1
            else:
                b += 1
        out[pair] = both / (size - both) if size > both else 0.0
