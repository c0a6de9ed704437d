"""Communities of a graph: finding them, comparing two partitions, and graphs drawn by chance.

The graph is undirected and kept by rows, see :mod:`analytics.adjacency`. It may hold nodes that
stand for several: ``inside`` is the weight of the arcs within each, both directions counted.

Communities are found by the Leiden algorithm (Traag, Waltman and van Eck 2019) for modularity.
Random numbers are those of SplitMix64 (Steele, Lea and Flood 2014), one stream a run: a partition
is the same on any number of cores.

Everything here is compiled, works on arrays and needs numba: import this module where it is used,
not at the top.
"""

import numpy as np
from numba import njit

RANDOMNESS = 0.01  # of refinement, in units of weight; as in the paper
MOST = 38.0  # that randomness can add, see _gumbel
LEAST = 1e-10  # a gain below this share of all weight is rounding

_compiled = njit(cache=True, nogil=True)

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


@_compiled
def _number(stream):
    """Return a number drawn from [0, 1), and move the stream on."""
    stream[0] += _STEP
    z = stream[0]
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    return float((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


@_compiled
def _shuffled(count, stream):
    order = np.arange(count).astype(np.int32)
    for last in range(count - 1, 0, -1):
        other = int(_number(stream) * (last + 1))
        order[last], order[other] = order[other], order[last]
    return order


@_compiled
def modularity(start, other, weight, inside, label):
    """Return the modularity of a partition; labels begin at 0."""
    nodes = start.size - 1
    total, within = np.zeros(label.max() + 1), 0.0
    for node in range(nodes):
        total[label[node]] += inside[node]
        within += inside[node]
        for arc in range(start[node], start[node + 1]):
            total[label[node]] += weight[arc]
            if label[other[arc]] == label[node]:
                within += weight[arc]
    every = total.sum()
    return within / every - ((total / every) ** 2).sum()


@_compiled
def leiden(start, other, weight, inside, seed, rounds):
    """Return a partition, its communities numbered from 0 in the order of their first nodes.

    Whole runs of the algorithm follow each other, each from what the last one found, until one
    finds nothing better, at most ``rounds``.
    """
    stream = np.array([seed], np.uint64)
    label = np.arange(start.size - 1).astype(np.int32)
    best = modularity(start, other, weight, inside, label)
    for _ in range(rounds):
        found = _one_round(start, other, weight, inside, label, stream)
        value = modularity(start, other, weight, inside, found)
        if value <= best + LEAST:
            break
        label, best = found, value
    return label


@_compiled
def _one_round(start, other, weight, inside, label, stream):
    """Move, refine and aggregate until nothing is left to aggregate; return labels of all nodes."""
    of_node = np.arange(start.size - 1).astype(np.int32)
    label = label.copy()
    while True:
        strength = _strengths(start, weight, inside)
        _move(start, other, weight, strength, label, stream)
        label = _renumbered(label)
        fine = _refined(start, other, weight, strength, label, stream)
        parts = fine.max() + 1
        if parts == start.size - 1 or label.max() + 1 == parts:
            return _renumbered(label[of_node])
        start, other, weight, inside, label = _aggregated(
            start, other, weight, inside, fine, parts, label
        )
        of_node = fine[of_node]


@_compiled
def _strengths(start, weight, inside):
    strength = inside.copy()
    for node in range(strength.size):
        for arc in range(start[node], start[node + 1]):
            strength[node] += weight[arc]
    return strength


@_compiled
def _renumbered(label):
    number, count = np.full(label.max() + 1, -1, np.int32), 0
    out = np.empty_like(label)
    for node in range(label.size):
        if number[label[node]] < 0:
            number[label[node]] = count
            count += 1
        out[node] = number[label[node]]
    return out


@_compiled
def _move(start, other, weight, strength, label, stream):
    """Move single nodes while that gains, looking again only where a neighbour has moved."""
    nodes = label.size
    total, members = np.zeros(nodes), np.zeros(nodes, np.int32)
    for node in range(nodes):
        total[label[node]] += strength[node]
        members[label[node]] += 1
    empty, spare = np.empty(nodes, np.int32), 0
    for community in range(nodes):
        if members[community] == 0:
            empty[spare] = community
            spare += 1
    every = strength.sum()
    least = LEAST * every
    link, near = np.zeros(nodes), np.empty(nodes, np.int32)
    queue, waits = _shuffled(nodes, stream), np.ones(nodes, np.bool_)
    head, waiting = 0, nodes
    while waiting > 0:
        node = queue[head]
        head = head + 1 if head + 1 < nodes else 0
        waiting -= 1
        waits[node] = False
        own, found = label[node], 0
        for arc in range(start[node], start[node + 1]):
            community = label[other[arc]]
            if link[community] == 0.0:
                near[found] = community
                found += 1
            link[community] += weight[arc]
        total[own] -= strength[node]
        rate = strength[node] / every
        best, gain = own, link[own] - rate * total[own]
        for k in range(found):
            value = link[near[k]] - rate * total[near[k]]
            if value > gain + least:
                best, gain = near[k], value
        if gain < -least and members[own] > 1:
            best = empty[spare - 1]
        for k in range(found):
            link[near[k]] = 0.0
        total[best] += strength[node]
        if best == own:
            continue
        if members[best] == 0:
            spare -= 1
        members[best] += 1
        members[own] -= 1
        if members[own] == 0:
            empty[spare] = own
            spare += 1
        label[node] = best
        for arc in range(start[node], start[node + 1]):
            neighbour = other[arc]
            if label[neighbour] != best and not waits[neighbour]:
                waits[neighbour] = True
                queue[(head + waiting) % nodes] = neighbour
                waiting += 1


@_compiled
def _refined(start, other, weight, strength, label, stream):
    """Return, within each community, the parts that are well connected, numbered from 0."""
    nodes = label.size
    whole, every = np.zeros(nodes), strength.sum()
    outward = np.zeros(nodes)  # of each part: weight to the rest of its community
    for node in range(nodes):
        whole[label[node]] += strength[node]
        for arc in range(start[node], start[node + 1]):
            if label[other[arc]] == label[node]:
                outward[node] += weight[arc]
    part, total = np.arange(nodes).astype(np.int32), strength.copy()
    alone = np.ones(nodes, np.bool_)
    link, near = np.zeros(nodes), np.empty(nodes, np.int32)
    for node in _shuffled(nodes, stream):
        rest = whole[label[node]] - strength[node]
        if not alone[node] or outward[node] < strength[node] * rest / every:
            continue
        found = 0
        for arc in range(start[node], start[node + 1]):
            if label[other[arc]] == label[node]:
                into = part[other[arc]]
                if link[into] == 0.0:
                    near[found] = into
                    found += 1
                link[into] += weight[arc]
        best, chance = node, _gumbel(stream)
        for k in range(found):
            into = near[k]
            gain = link[into] - strength[node] * total[into] / every
            rest = whole[label[node]] - total[into]
            if gain >= 0.0 and outward[into] >= total[into] * rest / every:
                value = gain / RANDOMNESS
                if value + MOST > chance:
                    value += _gumbel(stream)
                    if value > chance:
                        best, chance = into, value
        if best != node:
            outward[best] += outward[node] - 2.0 * link[best]
            total[best] += strength[node]
            part[node] = best
            alone[best] = False
        for k in range(found):
            link[near[k]] = 0.0
    return _renumbered(part)


@_compiled
def _gumbel(stream):
    """Return what makes the largest of several values one drawn by their exponentials."""
    return -np.log(-np.log(_number(stream) + 2.0**-54))


@_compiled
def _aggregated(start, other, weight, inside, part, parts, label):
    """Return the graph of the parts, and to which community each belongs."""
    begin = np.zeros(parts + 1, np.int64)
    for node in range(part.size):
        begin[part[node] + 1] += 1
    for k in range(parts):
        begin[k + 1] += begin[k]
    place, order = begin[:-1].copy(), np.empty(part.size, np.int32)
    for node in range(part.size):
        order[place[part[node]]] = node
        place[part[node]] += 1
    new_start, new_inside = np.zeros(parts + 1, np.int64), np.zeros(parts)
    new_other, new_weight = np.empty_like(other), np.empty_like(weight)
    new_label = np.empty(parts, np.int32)
    link, kept = np.zeros(parts), 0
    for k in range(parts):
        first = kept
        for node in order[begin[k] : begin[k + 1]]:
            new_label[k] = label[node]
            new_inside[k] += inside[node]
            for arc in range(start[node], start[node + 1]):
                near = part[other[arc]]
                if near == k:
                    new_inside[k] += weight[arc]
                    continue
                if link[near] == 0.0:
                    new_other[kept] = near
                    kept += 1
                link[near] += weight[arc]
        for arc in range(first, kept):
            new_weight[arc] = link[new_other[arc]]
            link[new_other[arc]] = 0.0
        new_start[k + 1] = kept
    return new_start, new_other[:kept].copy(), new_weight[:kept].copy(), new_inside, new_label


@_compiled
def rewired(one, two, nodes, tries, seed):
    """Swap the far ends of random pairs of edges, ``tries`` times; no degree changes.

    ``one`` and ``two`` hold each edge once and are changed in place. A swap that would make an edge
    from a node to itself, or a second one between two nodes, is not made.
    """
    stream = np.array([seed], np.uint64)
    bits = 4
    while 1 << bits < 2 * one.size:
        bits += 1
    shift, mask = np.uint64(64 - bits), (1 << bits) - 1
    held = np.full(1 << bits, -1, np.int64)
    for edge in range(one.size):
        _insert(held, shift, mask, _key(one[edge], two[edge], nodes))
    for _ in range(tries):
        first, second = int(_number(stream) * one.size), int(_number(stream) * one.size)
        a, b = one[first], two[first]
        c, d = one[second], two[second]
        if _number(stream) < 0.5:  # noqa: PLR2004 - either way round
            c, d = d, c
        if a in (c, d) or b in (c, d):
            continue
        new, other = _key(a, d, nodes), _key(c, b, nodes)
        if _find(held, shift, mask, new) >= 0 or _find(held, shift, mask, other) >= 0:
            continue
        _remove(held, shift, mask, _key(a, b, nodes))
        _remove(held, shift, mask, _key(c, d, nodes))
        _insert(held, shift, mask, new)
        _insert(held, shift, mask, other)
        one[first], two[first] = a, d
        one[second], two[second] = c, b


@_compiled
def _key(one, two, nodes):
    return np.int64(min(one, two)) * nodes + max(one, two)


@_compiled
def _home(key, shift):
    return np.int64((np.uint64(key) * _STEP) >> shift)


@_compiled
def _find(held, shift, mask, key):
    place = _home(key, shift)
    while held[place] != -1:
        if held[place] == key:
            return place
        place = (place + 1) & mask
    return -1


@_compiled
def _insert(held, shift, mask, key):
    place = _home(key, shift)
    while held[place] != -1:
        place = (place + 1) & mask
    held[place] = key


@_compiled
def _remove(held, shift, mask, key):
    """Take a key out, and close the gap that it leaves in its run."""
    gap = _find(held, shift, mask, key)
    place = gap
    while True:
        place = (place + 1) & mask
        if held[place] == -1:
            break
        if ((place - _home(held[place], shift)) & mask) >= ((place - gap) & mask):
            held[gap] = held[place]
            gap = place
    held[gap] = -1


@_compiled
def ami(one, two, logs):
    """Return the adjusted mutual information of two partitions (Vinh, Epps and Bailey 2010).

    1 where they are the same, about 0 where they agree as chance would. ``logs`` holds ln n! for n
    up to the number of nodes; entropies are averaged by their mean.
    """
    nodes = one.size
    a, b = np.bincount(one), np.bincount(two)
    own, others = _entropy(a, nodes), _entropy(b, nodes)
    shared = own + others - _joint_entropy(one, two, a, b.size)
    by_chance = _expected(a, b, nodes, logs)
    most = (own + others) / 2 - by_chance
    if abs(most) < LEAST:
        return 1.0
    return (shared - by_chance) / most


@_compiled
def _entropy(sizes, nodes):
    value = 0.0
    for size in sizes:
        if size:
            value -= size / nodes * np.log(size / nodes)
    return value


@_compiled
def _joint_entropy(one, two, sizes, columns):
    begin = np.zeros(sizes.size + 1, np.int64)
    begin[1:] = np.cumsum(sizes)
    place, sorted_two = begin[:-1].copy(), np.empty_like(two)
    for node in range(one.size):
        sorted_two[place[one[node]]] = two[node]
        place[one[node]] += 1
    count, value = np.zeros(columns, np.int64), 0.0
    for row in range(sizes.size):
        for k in range(begin[row], begin[row + 1]):
            count[sorted_two[k]] += 1
        for k in range(begin[row], begin[row + 1]):
            both = count[sorted_two[k]]
            if both:
                value -= both / one.size * np.log(both / one.size)
                count[sorted_two[k]] = 0
    return value


@_compiled
def _distinct(sizes):
    ordered = np.sort(sizes[sizes > 0])
    value, times, kept = np.empty_like(ordered), np.zeros_like(ordered), 0
    for size in ordered:
        if kept == 0 or value[kept - 1] != size:
            value[kept] = size
            kept += 1
        times[kept - 1] += 1
    return value[:kept], times[:kept]


@_compiled
def _expected(a, b, nodes, logs):
    """Return the mutual information expected by chance, once for each pair of distinct sizes."""
    sizes, times = _distinct(a)
    others, each = _distinct(b)
    value = 0.0
    for i in range(sizes.size):
        for j in range(others.size):
            value += times[i] * each[j] * _expected_cell(sizes[i], others[j], nodes, logs)
    return value


@_compiled
def _expected_cell(a, b, nodes, logs):
    """Add up one cell over all counts it can have, from the likeliest until none matters."""
    mode = max(min((a + 1) * (b + 1) // (nodes + 2), a, b), 1, a + b - nodes)
    scale = np.log(nodes) - np.log(a) - np.log(b)
    top = np.exp(
        logs[a] + logs[b] + logs[nodes - a] + logs[nodes - b] - logs[nodes] - logs[mode]
        - logs[a - mode] - logs[b - mode] - logs[nodes - a - b + mode]
    )  # fmt: skip
    value, chance = 0.0, top
    for n in range(mode, min(a, b) + 1):
        value += n / nodes * (np.log(n) + scale) * chance
        chance *= (a - n) / (n + 1) * (b - n) / (nodes - a - b + n + 1)
        if chance < 1e-18:  # noqa: PLR2004 - the rest is less than rounding
            break
    chance = top
    for n in range(mode - 1, max(1, a + b - nodes) - 1, -1):
        chance *= (n + 1) / (a - n) * (nodes - a - b + n + 1) / (b - n)
        if chance < 1e-18:  # noqa: PLR2004
            break
        value += n / nodes * (np.log(n) + scale) * chance
    return value


@_compiled
def collapsed(start, other, weight):
    """Merge each node that has one neighbour with it; return the graph and each node's new number.

    Nothing is lost: in a partition of highest modularity such a node is always with its neighbour
    (Brandes et al. 2008), and the modularity of every such partition stays what it was.
    """
    nodes = start.size - 1
    label = np.arange(nodes).astype(np.int32)
    for node in range(nodes):
        if start[node + 1] - start[node] == 1 and label[other[start[node]]] == other[start[node]]:
            label[node] = other[start[node]]
    part = _renumbered(label)
    found = _aggregated(start, other, weight, np.zeros(nodes), part, part.max() + 1, label)
    return found[0], found[1], found[2], found[3], part
