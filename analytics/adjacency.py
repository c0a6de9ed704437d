"""Graphs as arrays, and the loops over them that tell where an account stands.

A graph is kept by rows: the arcs of node ``v`` are ``start[v] … start[v + 1] - 1``; each has the
node ``other`` it leads to and a ``weight``. An undirected edge is two arcs; nothing leads to
itself, and no two arcs have the same ends.

Everything here is compiled, works on arrays and needs numba: import this module where it is used,
not at the top.
"""

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True)


@_compiled
def rows(source, target, weight, nodes):
    """Return the graph by rows, ``start``, ``other``, ``weight``; arcs of one pair are one."""
    start, other, heavy = _sorted_by(target, source, weight, nodes)
    start, other, heavy = _transposed(start, other, heavy, nodes)
    kept = 0
    first = 0
    for node in range(nodes):
        last, here = start[node + 1], kept
        for arc in range(first, last):
            if kept > here and other[kept - 1] == other[arc]:
                heavy[kept - 1] += heavy[arc]
            else:
                other[kept], heavy[kept] = other[arc], heavy[arc]
                kept += 1
        start[node + 1] = kept
        first = last
    return start, other[:kept].copy(), heavy[:kept].copy()


@_compiled
def _sorted_by(row, column, weight, nodes):
    start = np.zeros(nodes + 1, np.int64)
    for arc in range(row.size):
        start[row[arc] + 1] += 1
    for node in range(nodes):
        start[node + 1] += start[node]
    place = start[:-1].copy()
    other, heavy = np.empty(row.size, np.int32), np.empty(row.size)
    for arc in range(row.size):
        to = place[row[arc]]
        place[row[arc]] += 1
        other[to], heavy[to] = column[arc], weight[arc]
    return start, other, heavy


@_compiled
def _transposed(start, other, weight, nodes):
    """Return the same arcs from their other end; the arcs of each node come out in order."""
    row = np.empty(other.size, np.int32)
    for node in range(nodes):
        row[start[node] : start[node + 1]] = node
    return _sorted_by(other, row, weight, nodes)


@_compiled
def pagerank(start, other, weight, damping, tolerance):
    """Return the PageRank of every node of a graph whose rows hold the arcs that lead to it.

    What nodes without leaving arcs hold is spread evenly over all, as the rank that everybody has
    to begin with is: it only scales, so that it is left out, and ranks are scaled to one in the
    end. What a step has found is used at once (Gauss and Seidel); the last step moves no more than
    ``tolerance`` of all rank.
    """
    nodes = start.size - 1
    share = np.zeros(nodes)
    for arc in range(other.size):
        share[other[arc]] += weight[arc]
    for node in range(nodes):
        share[node] = damping / share[node] if share[node] > 0.0 else 0.0
    rank, given = np.ones(nodes), share.copy()
    moved, whole = 1.0, 0.0
    while moved > tolerance * whole:
        moved = whole = 0.0
        for node in range(nodes):
            got = 1.0
            for arc in range(start[node], start[node + 1]):
                got += given[other[arc]] * weight[arc]
            moved += abs(got - rank[node])
            whole += got
            rank[node], given[node] = got, got * share[node]
    return rank / rank.sum()


@_compiled
def cores(start, other):
    """Return the largest k for which each node is in the k-core (Batagelj and Zaversnik 2003)."""
    nodes = start.size - 1
    core = np.empty(nodes, np.int64)
    for node in range(nodes):
        core[node] = start[node + 1] - start[node]
    bucket = np.zeros(nodes + 2, np.int64)
    for node in range(nodes):
        bucket[core[node] + 1] += 1
    for degree in range(nodes + 1):
        bucket[degree + 1] += bucket[degree]
    order, place, fill = np.empty(nodes, np.int64), np.empty(nodes, np.int64), bucket.copy()
    for node in range(nodes):
        place[node] = fill[core[node]]
        order[place[node]] = node
        fill[core[node]] += 1
    for step in range(nodes):
        node = order[step]
        for arc in range(start[node], start[node + 1]):
            near = other[arc]
            if core[near] > core[node]:
                swap = order[bucket[core[near]]]
                to, back = place[swap], place[near]
                order[to], order[back] = near, swap
                place[near], place[swap] = to, back
                bucket[core[near]] += 1
                core[near] -= 1
    return core


@_compiled
def components(source, target, nodes):
    """Give weakly connected components a number, 0 for the largest, of equals by first node."""
    above = np.arange(nodes)
    for arc in range(source.size):
        one, two = _top(above, source[arc]), _top(above, target[arc])
        above[max(one, two)] = min(one, two)
    size = np.zeros(nodes, np.int64)
    for node in range(nodes):
        above[node] = above[above[node]]
        size[above[node]] += 1
    number = np.empty(nodes, np.int64)
    for rank, top in enumerate(np.argsort(-size, kind="mergesort")):
        number[top] = rank
    return number[above]


@_compiled
def _top(above, node):
    while above[node] != node:
        above[node] = above[above[node]]
        node = above[node]
    return node


@_compiled
def betweenness(start, other, sources):
    """Return by node the sum over ``sources`` of dependencies on it (Brandes 2001)."""
    nodes = start.size - 1
    total, depends = np.zeros(nodes), np.zeros(nodes)
    far, paths = np.full(nodes, -1, np.int32), np.zeros(nodes)
    queue = np.empty(nodes, np.int32)
    for source in sources:
        queue[0], far[source], paths[source] = source, 0, 1.0
        reached, step = 1, 0
        while step < reached:
            node = queue[step]
            step += 1
            for arc in range(start[node], start[node + 1]):
                near = other[arc]
                if far[near] < 0:
                    far[near] = far[node] + 1
                    queue[reached] = near
                    reached += 1
                if far[near] == far[node] + 1:
                    paths[near] += paths[node]
        for back in range(reached - 1, 0, -1):
            node = queue[back]
            each = (1.0 + depends[node]) / paths[node]
            for arc in range(start[node], start[node + 1]):
                near = other[arc]
                if far[near] == far[node] - 1:
                    depends[near] += paths[near] * each
            total[node] += depends[node]
        for step in range(reached):
            node = queue[step]
            far[node], paths[node], depends[node] = -1, 0.0, 0.0
    return total


@_compiled
def holes(start, other, weight):
    """Return Burt's constraint and effective size of every node of an undirected graph.

    Only triangles make contacts redundant. Each is visited once, from its two nodes with fewest
    contacts, and counts for all six ways to walk it.
    """
    nodes = start.size - 1
    total, most = np.zeros(nodes), np.zeros(nodes)
    for node in range(nodes):
        for arc in range(start[node], start[node + 1]):
            total[node] += weight[arc]
            most[node] = max(most[node], weight[arc])
    back, (begin, later) = _reverse(start, other), _later(start, other)
    indirect, redundant = np.zeros(other.size), np.zeros(nodes)
    seen = np.full(nodes, -1, np.int64)
    side = np.empty(3, np.int64)  # arcs from the first to the second, third; second to third
    for first in range(nodes):
        for arc in later[begin[first] : begin[first + 1]]:
            seen[other[arc]] = arc
        for arc in later[begin[first] : begin[first + 1]]:
            for last in later[begin[other[arc]] : begin[other[arc] + 1]]:
                if seen[other[last]] >= 0:
                    side[0], side[1], side[2] = arc, seen[other[last]], last
                    _count_triangle(side, back, other, weight, total, most, indirect, redundant)
        for arc in later[begin[first] : begin[first + 1]]:
            seen[other[arc]] = -1
    constraint, size = np.zeros(nodes), np.zeros(nodes)
    for node in range(nodes):
        for arc in range(start[node], start[node + 1]):
            constraint[node] += (weight[arc] / total[node] + indirect[arc]) ** 2
        size[node] = start[node + 1] - start[node] - redundant[node]
    return constraint, size


@_compiled
def _later(start, other):
    """Return by node the arcs to those that have more contacts: few, even at a hub."""
    begin, later, kept = np.zeros_like(start), np.empty(other.size // 2, np.int64), 0
    for node in range(start.size - 1):
        for arc in range(start[node], start[node + 1]):
            if _before(start, node, other[arc]):
                later[kept] = arc
                kept += 1
        begin[node + 1] = kept
    return begin, later


@_compiled
def _before(start, one, two):
    few, many = start[one + 1] - start[one], start[two + 1] - start[two]
    return few < many or (few == many and one < two)


@_compiled
def _reverse(start, other):
    """Return by arc the arc that leads back; the arcs of every node are in order."""
    place, back = start[:-1].copy(), np.empty(other.size, np.int64)
    for node in range(start.size - 1):
        for arc in range(start[node], start[node + 1]):
            back[place[other[arc]]] = arc
            place[other[arc]] += 1
    return back


@_compiled
def _count_triangle(side, back, other, weight, total, most, indirect, redundant):
    """Add the walks i → q → j of one triangle: to what ties i to j, and to i's redundancy."""
    for which in range(3):
        one, two, three = side[0], side[1], side[2]
        if which == 0:  # i → j along the first side, over the third node
            to_j, to_q, q_j = one, two, back[three]
        elif which == 1:
            to_j, to_q, q_j = two, one, three
        else:
            to_j, to_q, q_j = three, back[one], two
        for _ in range(2):
            i, j, q = other[back[to_j]], other[to_j], other[to_q]
            indirect[to_j] += weight[to_q] / total[i] * weight[q_j] / total[q]
            redundant[i] += weight[to_q] / total[i] * weight[q_j] / most[j]
            to_j, to_q, q_j = back[to_j], back[q_j], back[to_q]
