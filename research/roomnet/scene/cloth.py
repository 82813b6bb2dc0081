"""Soft shapes: cushions, folds, drapes."""

import numpy as np
from numpy.typing import NDArray

from research.roomnet.scene.mesh import Floats, Mesh, joined
from research.roomnet.scene.solids import Size, box, sheet


def ripples(positions: Floats, rng: np.random.Generator, *, wavelength: float, waves: int = 5) -> NDArray[np.float64]:
    """N values of about −1 to 1: a sum of plane waves in random directions."""
    directions = rng.normal(size=(waves, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lengths = wavelength * rng.uniform(0.6, 1.6, waves)
    phases = rng.uniform(0, 2 * np.pi, waves)
    result: NDArray[np.float64] = np.sin(positions @ (directions / lengths[:, None] * 2 * np.pi).T + phases).sum(axis=1)
    result /= np.sqrt(waves)
    return result


def pillow(width: float, height: float, thickness: float, rng: np.random.Generator, *, fineness: int) -> Mesh:
    """A scatter cushion lying in the xy plane about its middle: pointed corners, drawn-in sides, a few dents."""
    s = np.sin(np.linspace(-np.pi / 2, np.pi / 2, fineness))
    u, v = np.meshgrid(s, s)
    drawn_in = 0.07
    x = width / 2 * u * (1 - drawn_in * (1 - v**2) * u**2)
    y = height / 2 * v * (1 - drawn_in * (1 - u**2) * v**2)
    puff = thickness / 2 * ((1 - u**4) * (1 - v**4)) ** 0.55
    uv = np.stack([x, y], axis=2)
    top = np.stack([x, y, puff], axis=2)
    bottom = np.stack([x, y, -puff], axis=2)[:, ::-1]
    mesh = joined([sheet(top, uv), sheet(bottom, uv[:, ::-1])])
    dents = rng.integers(1 << 30)

    def dent(positions: Floats) -> NDArray[np.float64]:
        local = np.random.default_rng(dents)
        amount = ripples(positions, local, wavelength=0.3) * 0.05 * thickness
        flat = np.clip(np.abs(positions[:, 2]) / (0.3 * thickness), 0, 1)
        return np.stack([np.zeros_like(amount), np.zeros_like(amount), amount * flat], axis=1)

    return mesh.bent(dent)


def upholstery(
    size: Size, at: Size, rng: np.random.Generator, *, radius: float, crown: float, steps: int, inner: int
) -> Mesh:
    """A stuffed block: rounded, its top swollen by `crown` metres, its faces slightly uneven."""
    block = box(size, at, radius=radius, steps=max(steps, 1), inner=inner)
    if not inner:
        return block
    half = np.array(size) / 2
    seed = rng.integers(1 << 30)

    def stuff(positions: Floats) -> NDArray[np.float64]:
        q = (positions - np.array([at[0], at[1], at[2] + half[2]])) / half
        bulge = (1 - q[:, [1, 2, 0]] ** 2).clip(0) * (1 - q[:, [2, 0, 1]] ** 2).clip(0)
        push = np.sign(q) * bulge * np.array([0.35, 0.35, 1.0]) * crown * (np.abs(q) > 0.5)
        push[:, 2] = np.where(q[:, 2] > 0, push[:, 2], 0)
        uneven = ripples(positions, np.random.default_rng(seed), wavelength=0.45) * 0.1 * crown
        moved: NDArray[np.float64] = push + uneven[:, None] * np.array([0.3, 0.3, 1.0]) * (q[:, 2:] > -0.6)
        return moved

    return block.bent(stuff)


def curtain(width: float, height: float, rng: np.random.Generator, *, folds: int, depth: float, fineness: int) -> Mesh:
    """Hangs from z = `height` to 0 about x = 0, folded in y; the hem is a little freer than the heading."""
    across, down = np.linspace(0, 1, folds * fineness + 1), np.linspace(0, 1, 9)
    s, t = np.meshgrid(across, down)
    wander = np.interp(s, np.linspace(0, 1, folds + 2), rng.uniform(-0.5, 0.5, folds + 2))
    second = np.interp(s, np.linspace(0, 1, folds + 2), rng.uniform(0.6, 1.2, folds + 2))
    phase = 2 * np.pi * folds * s + wander * (0.6 + 1.2 * t)
    gather = 1 - 0.06 * np.sin(np.pi * t) * rng.uniform(0, 1)
    x = width * (s - 0.5) * gather + depth * 0.25 * np.sin(2 * phase)
    y = depth * second * (0.65 + 0.35 * t) * np.sin(phase)
    points = np.stack([x, y, height * (1 - t) + 0.0 * s], axis=2)
    uv = np.stack([s * width * 1.8, height * (1 - t)], axis=2)
    return sheet(points[::-1], uv[::-1])


def throw(width: float, length: float, drop: float, rng: np.random.Generator, *, lift: float, fineness: int) -> Mesh:
    """A cover over a block of width×length whose top is z = 0: it falls by `drop` at both sides and at the −y end.

    `lift` is how far folds stand off.
    """
    flat, fall = fineness, max(3, fineness // 3)
    s = np.concatenate(
        [np.linspace(-1 - drop, -1, fall)[:-1], np.linspace(-1, 1, flat), np.linspace(1, 1 + drop, fall)[1:]]
    )
    t = np.concatenate([np.linspace(-drop, 0, fall)[:-1], np.linspace(0, length, flat)])
    side = np.where(np.abs(s) > 1, np.abs(s) - 1, 0.0)
    along = np.where(t < 0, -t, 0.0)
    over_s, over_t = np.meshgrid(side, along)
    u, v = np.meshgrid(np.clip(s, -1, 1) * width / 2, np.clip(t, 0, None))
    rounding = 0.05
    down = np.maximum(over_s, over_t)
    spread = rounding * (1 - np.exp(-down / rounding))
    wave = np.sin(v * 17 + rng.uniform(0, 6) + 2 * np.sin(v * 5)) * over_s + np.sin(u * 16 + rng.uniform(0, 6)) * over_t
    x = u + np.sign(u) * np.where(over_s > 0, spread + lift * wave, 0)
    y = v - np.where(over_t > 0, spread + lift * wave, 0)
    bumps = ripples(np.stack([x, y, 0 * x], axis=2).reshape(-1, 3).astype(np.float32), rng, wavelength=0.5).reshape(
        x.shape
    )
    z = 0.012 * bumps * (down == 0) - np.maximum(down - 0.4 * spread, 0)
    uv = np.stack([u + np.sign(u) * over_s, v - over_t], axis=2)
    return sheet(np.stack([x, y, z], axis=2), uv)


def draped_strip(
    width: float, over: float, fall: tuple[float, float], rng: np.random.Generator, *, fineness: int
) -> Mesh:
    """A blanket hung over something `over` wide along x whose top is z = 0: it falls by `fall` at −x and at +x.

    It is `width` along y, a little creased and not quite straight at its ends.
    """
    left, right = fall
    run = np.linspace(-left - over / 2, right + over / 2, 3 * fineness)
    across = np.linspace(-width / 2, width / 2, fineness)
    s, t = np.meshgrid(run, across)
    past = np.maximum(np.abs(s) - over / 2, 0)
    rounding = 0.03
    x = np.sign(s) * (np.minimum(np.abs(s), over / 2) + rounding * (1 - np.exp(-past / rounding)))
    crease = np.sin(t * 38 + rng.uniform(0, 6) + 3 * s) * 0.5 + np.sin(t * 17 + rng.uniform(0, 6) - 2 * s)
    x = x + np.sign(s) * 0.014 * crease * np.clip(past / 0.1, 0, 1) + np.sign(s) * 0.012
    z = 0.012 - np.maximum(past - 0.5 * rounding * (1 - np.exp(-past / rounding)), 0) + 0.006 * crease * (past == 0)
    y = t * (1 - 0.1 * past / max(left, right)) + 0.03 * s
    return sheet(np.stack([x, y, z], axis=2), np.stack([s, t], axis=2))
