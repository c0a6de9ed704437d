"""Pairs of shares of one object within a window, without writing them all down.

A *sweep* looks at rows in the order of object and time: ``bounds`` says where each object's rows
begin, ``at`` is their time, ``account`` their account's number. Two rows of an object make a pair
if they are at most ``window`` apart and of different accounts. How many pairs a row is in needs no
pair to be looked at: the rows within reach of it are counted while the window slides, in all and
by account, so that a million shares in one minute cost as much as a million in a year.

What is worth writing down is only what can come again. ``standing`` says of a row whether its
account has no other row (``ONCE``), others under other objects (``ELSEWHERE``) or under the same
(``AGAIN``). Two accounts that meet a second time both have a second row, or one of them has two
under one object: all other pairs of a sweep are alone, whoever else shared what.

Two kinds of chance: accounts are dealt anew to the rows of each object (:func:`deal`), which leaves
bursts and everybody's participation as they are; or accounts trade objects too (:func:`trade`, the
curveball of Strona et al. 2014), which leaves how many objects each account shares and how many
accounts each object has. Random numbers are those of SplitMix64 (Steele, Lea & Flood 2014), one
stream for each draw.

Everything here is compiled, works on arrays and needs numba: import this module where it is used,
not at the top. It is one module because compiled code is kept on disk by the file it comes from.
"""

import numpy as np
from numba import njit

ONCE, ELSEWHERE, AGAIN = 0, 1, 2

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)

_compiled = njit(cache=True, nogil=True)
_inlined = njit(cache=True, nogil=True, inline="always")


@_compiled
def count_partners(bounds, at, account, counted, window, accounts, out):
    """Write of each row how many pairs it makes with the ``counted`` rows."""
    seen = np.zeros(accounts, np.int64)
    for o in range(len(bounds) - 1):
        last = bounds[o + 1]
        low = high = bounds[o]
        held = 0
        for i in range(bounds[o], last):
            while high < last and at[high] - at[i] <= window:
                if counted[high]:
                    seen[account[high]] += 1
                    held += 1
                high += 1
            while at[i] - at[low] > window:
                if counted[low]:
                    seen[account[low]] -= 1
                    held -= 1
                low += 1
            out[i] = held - seen[account[i]]
        for i in range(low, high):
            if counted[i]:
                seen[account[i]] -= 1


@_compiled
def count_places(bounds, at, window, out):
    """Write of each object how many pairs its rows would make if all accounts were different."""
    for o in range(len(bounds) - 1):
        low = bounds[o]
        out[o] = 0
        for i in range(bounds[o], bounds[o + 1]):
            while at[i] - at[low] > window:
                low += 1
            out[o] += i - low


@_compiled
def tell_standing(bounds, account, accounts, out):
    """Write the standing of each row."""
    rows = np.zeros(accounts, np.int64)
    here = np.zeros(accounts, np.int64)
    for i in range(len(account)):
        rows[account[i]] += 1
    for o in range(len(bounds) - 1):
        for i in range(bounds[o], bounds[o + 1]):
            here[account[i]] += 1
        for i in range(bounds[o], bounds[o + 1]):
            out[i] = (
                AGAIN if here[account[i]] > 1 else (ELSEWHERE if rows[account[i]] > 1 else ONCE)
            )
        for i in range(bounds[o], bounds[o + 1]):
            here[account[i]] = 0


@_compiled
def write_pairs(bounds, at, account, content, window, loops, older, newer):
    """Write the rows of all pairs; return how many there are, more than written where many.

    With ``loops``, two rows of one account or of one content are a pair too.
    """
    found = 0
    for o in range(len(bounds) - 1):
        low = bounds[o]
        for j in range(bounds[o], bounds[o + 1]):
            while at[j] - at[low] > window:
                low += 1
            for i in range(low, j):
                if loops or (account[i] != account[j] and content[i] != content[j]):
                    if found < len(older):
                        older[found] = i
                        newer[found] = j
                    found += 1
    return found


@_compiled
def write_repeatable(bounds, at, own, account, standing, passes, window, accounts, keys):
    """Write the key of each pair that can come again; return how many there are.

    Of a pair, one row at least ``passes``, and none is the object's ``own``. The key is twice the
    number of the two accounts (``smaller * accounts + larger``), and one more for the first pair
    that they make under an object.
    """
    found = 0
    places = np.empty(_longest(bounds), np.int64)
    for o in range(len(bounds) - 1):
        many, again = _gather(bounds[o], bounds[o + 1], own, standing, places)
        low = 0
        before = found
        for b in range(many):
            j = places[b]
            while at[j] - at[places[low]] > window:
                low += 1
            for a in range(low, b):
                i = places[a]
                met = standing[i] + standing[j] >= AGAIN  # once and once is 0, once and more is 1
                if met and account[i] != account[j] and (passes[i] or passes[j]):
                    if found < len(keys):
                        small, large = min(account[i], account[j]), max(account[i], account[j])
                        keys[found] = 2 * (np.int64(small) * accounts + large) + 1
                    found += 1
        if again and found <= len(keys):
            _mark_first(keys[before:found])
    return found


@_compiled
def _mark_first(keys):
    """Leave 1 added to one of several equal keys."""
    keys.sort()
    for n in range(len(keys) - 1, 0, -1):
        if keys[n] == keys[n - 1]:
            keys[n] -= 1


@_inlined
def _longest(bounds):
    longest = 0
    for o in range(len(bounds) - 1):
        longest = max(longest, bounds[o + 1] - bounds[o])
    return longest


@_inlined
def _gather(first, last, own, standing, places):
    """Write the rows that can be in a repeated pair: all, if an account comes again; tell if so."""
    again = False
    for i in range(first, last):
        again = again or standing[i] == AGAIN
    many = 0
    for i in range(first, last):
        if (again or standing[i] != ONCE) and not own[i]:
            places[many] = i
            many += 1
    return many, again


@_compiled
def tally(keys, repeated, pairs, objects):
    """Write of sorted keys those of two accounts that come again, their pairs and objects.

    Return how many there are.
    """
    found = 0
    i = 0
    while i < len(keys):
        j, first = i, 0
        while j < len(keys) and keys[j] >> 1 == keys[i] >> 1:
            first += keys[j] & 1
            j += 1
        if j - i > 1:
            repeated[found] = keys[i] >> 1
            pairs[found] = j - i
            objects[found] = first
            found += 1
        i = j
    return found


@_compiled
def expect(keys, accounts, starts, objects, shares, chance, out):
    """Write under how many objects two accounts make a pair in the mean, when dealt anew.

    An account's objects stand in order from ``starts``, with how many ``shares`` of each it has;
    ``chance`` is an object's share of all its pairs of rows that are within the window.
    """
    for n in range(len(keys)):
        a, b = keys[n] // accounts, keys[n] % accounts
        i, j = starts[a], starts[b]
        mean = 0.0
        while i < starts[a + 1] and j < starts[b + 1]:
            if objects[i] < objects[j]:
                i += 1
            elif objects[i] > objects[j]:
                j += 1
            else:
                mean += 1.0 - (1.0 - chance[objects[i]]) ** (shares[i] * shares[j])
                i += 1
                j += 1
        out[n] = mean


@_inlined
def _random(state):
    state[0] += _STEP
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@_compiled
def deal(bounds, account, standing, seed):
    """Deal the accounts of each object anew to its rows, in place; standing goes with them."""
    state = np.array([seed], np.uint64)
    for o in range(len(bounds) - 1):
        first = bounds[o]
        for many in range(bounds[o + 1] - first, 1, -1):
            i, j = first + many - 1, first + int(_random(state) * many)
            account[i], account[j] = account[j], account[i]
            standing[i], standing[j] = standing[j], standing[i]


@_compiled
def trade(bounds, account, accounts, trades, seed):
    """Let two objects, drawn anew each time, exchange accounts that only one of them has.

    In place, for rows in which an account stands under an object once. Each keeps its number of
    accounts, each account its number of objects. At last the accounts are dealt to the rows.
    """
    state = np.array([seed], np.uint64)
    many = len(bounds) - 1
    mark = np.zeros(accounts, np.int64)
    mine = np.empty(_longest(bounds), np.int64)
    yours = np.empty(_longest(bounds), np.int64)
    for _ in range(trades if many > 1 else 0):
        o = int(_random(state) * many)
        p = int(_random(state) * (many - 1))
        p += p >= o
        _exchange(
            bounds[o], bounds[o + 1], bounds[p], bounds[p + 1], account, mark, mine, yours, state
        )
    for o in range(many):
        for left in range(bounds[o + 1] - bounds[o], 1, -1):
            i, j = bounds[o] + left - 1, bounds[o] + int(_random(state) * left)
            account[i], account[j] = account[j], account[i]


@_compiled
def _exchange(first, last, start, end, account, mark, mine, yours, state):
    for i in range(first, last):
        mark[account[i]] = 1
    given = 0
    for i in range(start, end):
        if mark[account[i]] == 1:
            mark[account[i]] = 2
        else:
            yours[given] = i
            given += 1
    taken = 0
    for i in range(first, last):
        if mark[account[i]] == 1:
            mine[taken] = i
            taken += 1
        mark[account[i]] = 0
    for left in range(taken + given, 1, -1):
        a, b = left - 1, int(_random(state) * left)
        i = mine[a] if a < taken else yours[a - taken]
        j = mine[b] if b < taken else yours[b - taken]
        account[i], account[j] = account[j], account[i]
