"""Boxes, sharp and rounded, and what is turned on a lathe or bent from a tube."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from research.roomnet.scene.mesh import Mesh, grid_triangles, smooth_normals

Size = tuple[float, float, float]

_FACES = (  # outward axis, its sign, and the axes that u and v of the grid run along, so that u × v points outwards
    (0, 1, 1, 2),
    (0, -1, 2, 1),
    (1, 1, 2, 0),
    (1, -1, 0, 2),
    (2, 1, 0, 1),
    (2, -1, 1, 0),
)


def box(size: Size, at: Size = (0.0, 0.0, 0.0), *, radius: float = 0.0, steps: int = 0, inner: int = 0) -> Mesh:
    """A box standing on `at` (the middle of its underside), with edges rounded in `steps` segments.

    `inner` divides the flat part of each face, for bending. Texture u runs along the longer side of each face.
    """
    half = np.array(size) / 2
    rounding = min(radius, float(half.min()) * 0.999) if steps else 0.0
    mould = _mould(steps if rounding else 0, inner)
    local = mould.core * (half - rounding) + rounding * mould.normals
    middle = np.array([at[0], at[1], at[2] + half[2]])
    axes = np.array([(a, b) if size[a] >= size[b] else (b, a) for _, _, a, b in _FACES])[mould.face]
    return Mesh(
        positions=(local + middle).astype(np.float32),
        normals=mould.normals.astype(np.float32),
        uv=(np.take_along_axis(local, axes, axis=1) + (at[0] * 1.7 + at[2] * 0.9)).astype(np.float32),
        triangles=mould.triangles,
    )


@dataclass(frozen=True, kw_only=True)
class _Mould:
    """What boxes of one fineness have in common: a vertex is core × (half size − rounding) + rounding × normal."""

    core: NDArray[np.float64]
    normals: NDArray[np.float64]
    face: NDArray[np.int64]
    triangles: NDArray[np.int32]


@cache
def _mould(steps: int, inner: int) -> _Mould:
    middle = np.linspace(-1, 1, inner + 2)
    bevel = np.tan(np.linspace(0, np.pi / 4, steps + 1)[1:])  # equal angles
    flat = np.concatenate([-np.ones(steps), middle, np.ones(steps)])
    tilt = np.concatenate([-bevel[::-1], np.zeros(inner + 2), bevel])
    cores, normals, faces, triangles = [], [], [], []
    for number, (outward, sign, first, second) in enumerate(_FACES):
        core, normal = np.zeros((len(flat) ** 2, 3)), np.zeros((len(flat) ** 2, 3))
        core[:, outward] = normal[:, outward] = sign
        core[:, first], core[:, second] = (values.ravel() for values in np.meshgrid(flat, flat))
        normal[:, first], normal[:, second] = (values.ravel() for values in np.meshgrid(tilt, tilt))
        normals.append(normal / np.linalg.norm(normal, axis=1, keepdims=True))
        triangles.append(grid_triangles(len(flat), len(flat)) + number * len(flat) ** 2)
        cores.append(core)
        faces.append(np.full(len(core), number))
    return _Mould(
        core=np.concatenate(cores),
        normals=np.concatenate(normals),
        face=np.concatenate(faces),
        triangles=np.concatenate(triangles).astype(np.int32),
    )


def lathe(profile: Sequence[tuple[float, float]], *, segments: int = 24) -> Mesh:
    """A profile of (radius, height) turned about the z axis; a point given twice makes an edge sharp."""
    outline = np.array(profile, np.float64)
    angles = np.linspace(0, 2 * np.pi, segments + 1)
    step = np.diff(outline, axis=0)
    normal = np.stack([step[:, 1], -step[:, 0]], axis=1)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.where(length > 1e-9, normal / np.maximum(length, 1e-9), 0)
    at_points = np.zeros_like(outline)
    at_points[:-1] += normal
    at_points[1:] += normal
    at_points /= np.maximum(np.linalg.norm(at_points, axis=1, keepdims=True), 1e-9)
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(step, axis=1))])
    cosine, sine = np.cos(angles)[None, :], np.sin(angles)[None, :]
    radius, height = outline[:, :1], outline[:, 1:]
    flat = np.ones_like(cosine)
    positions = np.stack([radius * cosine, radius * sine, height * flat], axis=2)
    normals = np.stack([at_points[:, :1] * cosine, at_points[:, :1] * sine, at_points[:, 1:] * flat], axis=2)
    widest = max(float(outline[:, 0].max()), 1e-3)
    uv = np.stack([np.broadcast_to(angles * widest, (len(outline), segments + 1)), run[:, None] * flat], axis=2)
    return Mesh(
        positions=positions.reshape(-1, 3).astype(np.float32),
        normals=normals.reshape(-1, 3).astype(np.float32),
        uv=uv.reshape(-1, 2).astype(np.float32),
        triangles=grid_triangles(len(outline), segments + 1),
    )


def cylinder(radius: float, height: float, *, segments: int = 16, top: float | None = None) -> Mesh:
    """Standing on z = 0, closed; `top` is the radius up there if it differs."""
    upper = radius if top is None else top
    return lathe([(0, 0), (radius, 0), (radius, 0), (upper, height), (upper, height), (0, height)], segments=segments)


def ball(radius: float, *, segments: int = 16) -> Mesh:
    """About the origin."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)
    return lathe([(radius * float(np.cos(a)), radius * float(np.sin(a))) for a in angles], segments=segments)


def tube(path: Sequence[Size] | NDArray[np.float64], radius: float, *, segments: int = 8) -> Mesh:
    """A round bar along a polyline; u runs along it."""
    points = np.array(path, np.float64)
    forward = np.gradient(points, axis=0)
    forward /= np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-12)
    least = int(np.argmin(np.abs(forward).max(axis=0)))
    side = np.cross(forward, np.eye(3)[least])
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-12)
    up = np.cross(forward, side)
    angles = np.linspace(0, 2 * np.pi, segments + 1)
    ring = side[:, None] * np.cos(angles)[None, :, None] + up[:, None] * np.sin(angles)[None, :, None]
    positions = points[:, None] + radius * ring
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    uv = np.stack(np.broadcast_arrays(run[:, None], (angles * radius)[None, :]), axis=2)
    return Mesh(
        positions=positions.reshape(-1, 3).astype(np.float32),
        normals=ring.reshape(-1, 3).astype(np.float32),
        uv=uv.reshape(-1, 2).astype(np.float32),
        triangles=grid_triangles(len(points), segments + 1)[:, ::-1],
    )


def rectangle(origin: Size, edge_u: Size, edge_v: Size, *, unit: bool = False) -> Mesh:
    """A flat parallelogram whose normal is edge_u × edge_v; texture in metres, or 0–1 where `unit`."""
    corner, u, v = (np.array(value, np.float64) for value in (origin, edge_u, edge_v))
    normal = np.cross(u, v)
    normal /= np.linalg.norm(normal)
    wide, high = (1.0, 1.0) if unit else (float(np.linalg.norm(u)), float(np.linalg.norm(v)))
    return Mesh(
        positions=np.array([corner, corner + u, corner + u + v, corner + v], np.float32),
        normals=np.tile(normal, (4, 1)).astype(np.float32),
        uv=np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32),
        triangles=np.array([[0, 1, 2], [0, 2, 3]], np.int32),
    )


def sheet(points: NDArray[np.floating], uv: NDArray[np.floating]) -> Mesh:
    """A smooth surface through a rows×columns×3 grid of points."""
    rows, columns = points.shape[:2]
    positions = points.reshape(-1, 3).astype(np.float32)
    triangles = grid_triangles(rows, columns)
    return Mesh(
        positions=positions,
        normals=smooth_normals(positions, triangles),
        uv=np.ascontiguousarray(uv.reshape(-1, 2), np.float32),
        triangles=triangles,
    )
