"""Labels for the nodes of a graph, by the least Potts energy that a bounded number of passes over it finds.

E(x) = Σ unary[i, x_i] + Σ weight[e] · [x_i ≠ x_j] over the pairs e = (i, j). Min-sum loopy belief propagation with
damped messages (Pearl 1988; Felzenszwalb and Huttenlocher, "Efficient Belief Propagation for Early Vision", IJCV
2006, whose message for Potts weights is used) gives a start; iterated conditional modes (Besag, JRSS B 1986) lower it,
first node by node, then by whole connected parts of one label, which are what a sweep of α-expansion (Boykov, Veksler
and Zabih, PAMI 2001) would move. Every one of these moves lowers the energy, and the same input gives the same labels.
"""

import numpy as np
from numpy.typing import NDArray

from diffusion.lite.parameters import SOLVER
from servicekit.imaging.arrays import Floats, floats

Indices = NDArray[np.intp]


def solve(unary: Floats, pairs: Indices, weights: Floats) -> Indices:
    """N labels in 0…L−1 for N×L costs, E×2 pairs of different nodes, each once, and their E weights ≥ 0."""
    labels = _propagated(unary, pairs, weights) if len(pairs) else unary.argmin(axis=1)
    for _sweep in range(SOLVER.sweeps):
        before = labels
        for parts in (np.arange(len(unary)), components(labels, pairs)):
            labels = _moved(unary, pairs, weights, labels, parts)
        if (labels == before).all():
            break
    return labels


def energy(unary: Floats, pairs: Indices, weights: Floats, labels: Indices) -> float:
    """E(x); arguments as of `solve`."""
    apart = labels[pairs[:, 0]] != labels[pairs[:, 1]]
    return float(unary[np.arange(len(unary)), labels].sum() + weights[apart].sum())


def components(labels: Indices, pairs: Indices) -> Indices:
    """N numbers from 0 on: the connected parts of equal label (Shiloach and Vishkin's pointer jumping, 1982)."""
    same = pairs[labels[pairs[:, 0]] == labels[pairs[:, 1]]]
    parent = np.arange(len(labels))
    while True:
        least = parent.copy()
        np.minimum.at(least, same[:, 0], parent[same[:, 1]])
        np.minimum.at(least, same[:, 1], least[same[:, 0]])
        np.minimum.at(least, parent, least)
        least = least[least]
        if (least == parent).all():
            return np.unique(parent, return_inverse=True)[1]
        parent = least


def _propagated(unary: Floats, pairs: Indices, weights: Floats) -> Indices:
    """The best labels that were met while messages were passed both ways over every pair."""
    source, goal = np.concatenate([pairs, pairs[:, ::-1]]).T
    most = np.tile(weights, 2)
    order = np.argsort(goal, kind="stable")
    starts = np.flatnonzero(np.diff(goal[order], prepend=-1))
    reached = goal[order[starts]]
    costs = np.ascontiguousarray(unary.T)
    messages = np.zeros((len(costs), 2 * len(pairs)), dtype=np.float32)
    best, least = unary.argmin(axis=1), np.inf
    for number in range(SOLVER.rounds + 1):
        beliefs = costs.copy()
        beliefs[:, reached] += np.add.reduceat(messages[:, order], starts, axis=1)
        if number % 6 == 0:
            labels = beliefs.argmin(axis=0)
            found = energy(unary, pairs, weights, labels)
            if found < least:
                best, least = labels, found
        # what a node says to another leaves out what that one said
        sent = beliefs[:, source] - np.roll(messages, len(pairs), axis=1)
        sent -= sent.min(axis=0)
        messages = floats(SOLVER.damping * messages + (1 - SOLVER.damping) * np.minimum(sent, most))
    return np.asarray(best)


def _moved(unary: Floats, pairs: Indices, weights: Floats, labels: Indices, parts: Indices) -> Indices:
    """The labels after every part that gains by it, and more than any part beside it, took its best label."""
    count, kinds = int(parts.max()) + 1, unary.shape[1]
    own = np.zeros(count, dtype=np.intp)
    own[parts] = labels
    one, other = parts[pairs].T
    across = one != other
    one, other, cost = one[across], other[across], weights[across]
    energies = np.stack([np.bincount(parts, weights=unary[:, kind], minlength=count) for kind in range(kinds)], axis=1)
    for here, there in ((one, other), (other, one)):
        joined = np.bincount(here * kinds + own[there], weights=cost, minlength=count * kinds)
        energies -= joined.reshape(count, kinds)
    goal = energies.argmin(axis=1)
    gain = energies[np.arange(count), own] - energies.min(axis=1)
    beaten = np.zeros(count, dtype=bool)
    first = (gain[one] > gain[other]) | ((gain[one] == gain[other]) & (one < other))
    beaten[np.where(first, other, one)] = True
    moves = (gain > 1e-6) & ~beaten
    return np.asarray(np.where(moves, goal, own)[parts])
