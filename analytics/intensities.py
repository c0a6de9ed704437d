"""Self-exciting processes, compiled: intensities, likelihoods and what is still to come.

An *event* raises the chance of more events. With a unit kernel ``g`` (its integral is 1), weights
``w`` of events and branching ``b``, the intensity is

    λ(t) = μ·(1 + p·cos ωt + q·sin ωt) + b·Σ w_i·g(t - t_i)

Kernels: ``EXPONENTIAL`` g = θe^(-θτ), by Ogata's recursion, and ``POWER`` g = θc^θ(τ + c)^-(1+θ).
The power law is the mixture of exponentials ∫ s^θ e^(-s(τ+c)) ds / Γ(1+θ), added up at rates each
twice the one before: by the trapezoid rule in log s the error is below 2e-4 of the kernel where
θ < 1, and about 1e-3 at θ = 3; time grows with the number of events, not with its square.

SEISMIC's memory kernel is flat: constant up to ``s0``, a power law beyond (Zhao et al., KDD 2015).
What it needs has closed forms.

All of it is one module because compiled code is kept on disk by the file it comes from.
"""

import math

import numpy as np
from numba import njit

EXPONENTIAL, POWER = 0, 1
RATES = 96  # of the mixture at most
NEAREST = 1e-5  # the slowest rate of the mixture, per observed time
FASTEST = 40.0  # the fastest, per c: beyond, nothing is left of the kernel
LOST = 1e-150  # what is left of an excitation and counts as nothing
NEAR_ONE = 1e-9

_compiled = njit(cache=True, nogil=True)


@_compiled
def mixture(kind, theta, c, span, rates, heights):
    """Write a unit kernel as a sum of exponentials; return how many there are."""
    if kind == EXPONENTIAL:
        rates[0] = theta
        heights[0] = theta
        return 1
    slowest = NEAREST / (span + c)
    count = min(int(math.log(FASTEST / c / slowest) / math.log(2.0)) + 2, RATES)
    scale = math.log(theta) + theta * math.log(c) - math.lgamma(1.0 + theta)
    step = math.log(2.0)
    for k in range(count):
        s = slowest * 2.0**k
        rates[k] = s
        heights[k] = math.exp(scale + (1.0 + theta) * math.log(s) - s * c) * step
    return count


@_compiled
def excite(kind, times, weight, end, theta, c, rate, mass):
    """Write what earlier events add to the intensity at each event, and its integral up to there.

    ``rate[i]`` is just before event i; ``mass[i]`` is the integral from event i - 1 to i, and the
    last of ``mass``, one longer than ``times``, that from the last event to ``end``.
    """
    n = len(times)
    rates = np.empty(RATES)
    heights = np.empty(RATES)
    count = mixture(kind, theta, c, max(end - times[0], 1e-300), rates, heights)
    weights = heights[:count] / rates[:count]
    state = np.zeros(count)
    last = times[0]
    for i in range(n + 1):
        now = times[i] if i < n else end
        gap = now - last
        left = math.exp(-rates[0] * gap)
        added = 0.0
        gone = 0.0
        for k in range(count):
            after = state[k] * left
            gone += (state[k] - after) * weights[k]
            added += after * heights[k]
            state[k] = after
            left *= left
            if left < LOST:
                left = 0.0
        mass[i] = gone
        if i < n:
            rate[i] = added
            for k in range(count):
                state[k] += weight[i]
        last = now


@_compiled
def background(times, end, mu, p, q, omega, rate, mass):
    """Add a background, watched since time 0, that may rise and fall with the day."""
    n = len(times)
    last = 0.0
    for i in range(n + 1):
        now = times[i] if i < n else end
        mass[i] += mu * (
            now
            - last
            + p / omega * (math.sin(omega * now) - math.sin(omega * last))
            - q / omega * (math.cos(omega * now) - math.cos(omega * last))
        )
        if i < n:
            rate[i] += mu * (1.0 + p * math.cos(omega * now) + q * math.sin(omega * now))
        last = now


@_compiled
def lay_out(kind, times, log_mark, end, figures, omega, weight, rate, mass):
    """Write the whole intensity at each event and its integral between events.

    ``figures`` are b, θ, c, β, μ, p, q and the root's own weight.
    """
    b, theta, c, beta, mu, p, q, root = figures
    for i in range(len(times)):
        weight[i] = math.exp(beta * log_mark[i])
    weight[0] *= root
    if b > 0.0:
        excite(kind, times, weight, end, theta, c, rate, mass)
        rate *= b
        mass *= b
    else:
        rate[:] = 0.0
        mass[:] = 0.0
    if mu > 0.0:
        background(times, end, mu, p, q, omega, rate, mass)


@_compiled
def log_likelihood(kind, starts, times, log_mark, ends, figures, omega, first, weight, rate, mass):
    """Return Σ log λ(t_i) - ∫ λ over all runs, each from its event number ``first`` on.

    Run x holds the events ``starts[x]`` to ``starts[x + 1]`` and was watched until ``ends[x]``.
    """
    total = 0.0
    for x in range(len(starts) - 1):
        low = starts[x]
        high = starts[x + 1]
        n = high - low
        lay_out(
            kind,
            times[low:high],
            log_mark[low:high],
            ends[x],
            figures,
            omega,
            weight[:n],
            rate[:n],
            mass[: n + 1],
        )
        for i in range(first, n):
            if not rate[i] > 0.0:
                return -np.inf
            total += math.log(rate[i])
        total -= mass[: n + 1].sum()
    return total


@_compiled
def flat_mass(x, c, s0, theta):
    """Return the integral of SEISMIC's memory kernel from 0 to x."""
    if x <= s0:
        return c * x
    return c * s0 * (1.0 + (1.0 - (s0 / x) ** theta) / theta)


@_compiled
def flat_left(x, c, s0, theta):
    """Return the integral of that kernel from x on; it has to be 1 from 0 on."""
    return 1.0 - c * x if x <= s0 else c * s0 / theta * (s0 / x) ** theta


@_compiled
def flat_moment(x, c, s0, theta):
    """Return the integral of lag times that kernel from 0 to x."""
    if x <= s0:
        return c * x * x / 2.0
    beyond = (
        math.log(x / s0)
        if abs(theta - 1.0) < NEAR_ONE
        else ((x / s0) ** (1.0 - theta) - 1.0) / (1.0 - theta)
    )
    return c * s0 * s0 * (0.5 + beyond)


@_compiled
def flat_height(x, c, s0, theta):
    """Return that kernel at lag x."""
    return c if x <= s0 else c * (x / s0) ** -(1.0 + theta)


@_compiled
def infectiousness(times, weight, age, c, s0, theta, shortest, longest, fewest, out):
    """Write p at an age: shares near the end over what could have brought them.

    Both are weighted by a triangle over the last half of the age, no shorter than ``shortest`` and
    no longer than ``longest``; with fewer than ``fewest`` shares in it, it reaches back to that
    many. ``out`` takes p, Λ/p (what is still to come from what is there), and the shares by then.
    Times are in order, the root's is the first.
    """
    held = np.searchsorted(times, age, side="right")
    before = np.searchsorted(times, age, side="left")
    window = min(max(age / 2.0, shortest), longest)
    low = np.searchsorted(times, age - window, side="left")
    if before - low < fewest:
        low = max(before - fewest, 0)
        window = age - times[low]
    out[2] = held - 1
    out[0] = np.nan
    coming = 0.0
    for i in range(held):
        coming += weight[i] * flat_left(age - times[i], c, s0, theta)
    out[1] = coming
    if window <= 0.0:
        return
    found = 0.0
    for i in range(max(low, 1), before):
        found += 1.0 - (age - times[i]) / window
    exposed = 0.0
    for i in range(before):
        b = age - times[i]
        a = max(b - window, 0.0)
        part = (1.0 - b / window) * (flat_mass(b, c, s0, theta) - flat_mass(a, c, s0, theta))
        part += (flat_moment(b, c, s0, theta) - flat_moment(a, c, s0, theta)) / window
        exposed += weight[i] * part
    if exposed > 0.0:
        out[0] = found / exposed


@_compiled
def infect_all(starts, times, weight, ages, c, s0, theta, shortest, longest, fewest, out):
    """Write :func:`infectiousness` of every cascade at every age."""
    for x in range(len(starts) - 1):
        low = starts[x]
        high = starts[x + 1]
        for y in range(len(ages)):
            infectiousness(
                times[low:high],
                weight[low:high],
                ages[y],
                c,
                s0,
                theta,
                shortest,
                longest,
                fewest,
                out[x, y],
            )


@_compiled
def shape_likelihood(starts, times, ends, root, s0, theta):
    """Return how likely the times of shares are, given how many each cascade has by its end.

    A root weighs ``root``, a share 1; each cascade's own p has its best value.
    """
    c = theta / (s0 * (1.0 + theta))
    total = 0.0
    for x in range(len(starts) - 1):
        low = starts[x]
        high = starts[x + 1]
        exposed = root * flat_mass(ends[x] - times[low], c, s0, theta)
        for i in range(low + 1, high):
            exposed += flat_mass(ends[x] - times[i], c, s0, theta)
            rate = root * flat_height(times[i] - times[low], c, s0, theta)
            for j in range(low + 1, i):
                rate += flat_height(times[i] - times[j], c, s0, theta)
            total += math.log(rate)
        if high - low > 1:
            total -= (high - low - 1) * math.log(exposed)
    return total
