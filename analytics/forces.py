"""Places for the nodes of a graph, so that those with many ties come to lie together.

Ties pull by the logarithm of their length (Noack 2007: dense groups then lie apart from each
other), nodes push each other away in proportion to their ties, and all of them are drawn to the
middle. Every step moves a node less far than the step before, so that the places settle. Nodes that
are far away push as one with all that lie in their square of a grid. Nothing is random.
"""

import numpy as np
import numpy.typing as npt

from analytics.kernels import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STEPS = 160
REACH = 0.1  # of the width of all, that a first step may move a node
GRAVITY = 0.6


def settled(
    x: Floats, y: Floats, source: Ints, target: Ints, pull: Floats
) -> tuple[Floats, Floats]:
    """Return where nodes come to rest.

    Parameters
    ----------
    x, y
        Where they are to begin with; no two at the same place.
    source, target, pull
        Ties between them, by their number, and how strong each is.

    Examples
    --------
    >>> start = np.array([0.0, 4.0, 8.0]), np.array([0.0, 1.0, 0.0])
    >>> x, y = settled(*start, np.array([0]), np.array([2]), np.array([1.0]))
    >>> bool(np.hypot(x[0] - x[2], y[0] - y[2]) < np.hypot(x[0] - x[1], y[0] - y[1]))
    True
    """
    found: tuple[Floats, Floats] = compiled(_settle)(
        x.astype(np.float64), y.astype(np.float64), source, target, pull
    )
    return found


def _settle(
    x: Floats, y: Floats, source: Ints, target: Ints, pull: Floats
) -> tuple[Floats, Floats]:
    """Move all nodes ``STEPS`` times."""
    nodes = len(x)
    side = max(1, int(np.sqrt(nodes) / 3))
    mass = np.ones(nodes)
    for tie in range(len(source)):
        mass[source[tie]] += pull[tie]
        mass[target[tie]] += pull[tie]
    cell = np.zeros(nodes, np.int64)
    force_x, force_y = np.zeros(nodes), np.zeros(nodes)
    for step in range(STEPS):
        # Squares of the grid, the mass and the middle of each, and who is in it.
        low_x, low_y = x.min(), y.min()
        width = max(x.max() - low_x, y.max() - low_y) + 1e-9
        start = np.zeros(side * side + 1, np.int64)
        weight = np.zeros(side * side)
        middle_x, middle_y = np.zeros(side * side), np.zeros(side * side)
        for node in range(nodes):
            column = min(int((x[node] - low_x) / width * side), side - 1)
            row = min(int((y[node] - low_y) / width * side), side - 1)
            cell[node] = row * side + column
            start[cell[node] + 1] += 1
            weight[cell[node]] += mass[node]
            middle_x[cell[node]] += mass[node] * x[node]
            middle_y[cell[node]] += mass[node] * y[node]
        for square in range(side * side):
            start[square + 1] += start[square]
            if weight[square] > 0:
                middle_x[square] /= weight[square]
                middle_y[square] /= weight[square]
        held = np.flatnonzero(weight)
        inside, place = np.empty(nodes, np.int64), start[:-1].copy()
        for node in range(nodes):
            inside[place[cell[node]]] = node
            place[cell[node]] += 1
        # What pushes: squares that are far away as a whole, near ones node by node.
        for node in range(nodes):
            above, beside = cell[node] // side, cell[node] % side
            push_x, push_y = -GRAVITY * x[node], -GRAVITY * y[node]
            for far in held:
                down = far // side
                if abs(down - above) > 1 or abs(far - down * side - beside) > 1:
                    dx, dy = x[node] - middle_x[far], y[node] - middle_y[far]
                    part = weight[far] / (dx * dx + dy * dy)
                    push_x += dx * part
                    push_y += dy * part
                    continue
                for index in range(start[far], start[far + 1]):
                    other = inside[index]
                    if other != node:
                        dx, dy = x[node] - x[other], y[node] - y[other]
                        part = mass[other] / (dx * dx + dy * dy + 1e-3)
                        push_x += dx * part
                        push_y += dy * part
            force_x[node], force_y[node] = push_x * mass[node], push_y * mass[node]
        # What pulls.
        for tie in range(len(source)):
            one, two = source[tie], target[tie]
            dx, dy = x[two] - x[one], y[two] - y[one]
            long = np.sqrt(dx * dx + dy * dy) + 1e-9
            part = pull[tie] * np.log1p(long) / long * np.sqrt(nodes)
            force_x[one] += dx * part
            force_y[one] += dy * part
            force_x[two] -= dx * part
            force_y[two] -= dy * part
        most = REACH * width * (1 - step / STEPS) ** 1.5
        for node in range(nodes):
            force = np.sqrt(force_x[node] ** 2 + force_y[node] ** 2) / mass[node]
            part = min(most / (force + 1e-9), 0.1) / mass[node]
            x[node] += force_x[node] * part
            y[node] += force_y[node] * part
    return x, y
