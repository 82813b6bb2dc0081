"""Triangles with normals and texture coordinates, and how they are moved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """Triangles that share vertices where the surface is smooth."""

    positions: Floats
    """N×3, metres."""

    normals: Floats
    """N×3, unit, outwards."""

    uv: Floats
    """N×2, metres along the surface unless a texture says otherwise."""

    triangles: NDArray[np.int32]
    """M×3 indices."""

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Mesh":
        """Shifted, metres."""
        return replace(self, positions=self.positions + np.array([x, y, z], np.float32))

    def turned(self, degrees: float, axis: str = "z") -> "Mesh":
        """Rotated about a coordinate axis, counter-clockwise seen from its tip."""
        angle = np.radians(degrees)
        cosine, sine = np.cos(angle), np.sin(angle)
        first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        matrix: NDArray[np.float64] = np.eye(3)
        matrix[first, first] = matrix[second, second] = cosine
        matrix[second, first], matrix[first, second] = sine, -sine
        return self._mapped(matrix, matrix)

    def scaled(self, x: float, y: float, z: float) -> "Mesh":
        """Stretched along the axes; factors are positive."""
        factors = np.array([x, y, z])
        return self._mapped(np.diag(factors), np.diag(1 / factors))

    def sheared(self, *, x_by_z: float = 0.0, y_by_z: float = 0.0) -> "Mesh":
        """Leaning: x and y grow with height."""
        matrix = np.eye(3)
        matrix[0, 2], matrix[1, 2] = x_by_z, y_by_z
        inverse: NDArray[np.float64] = np.linalg.inv(matrix).astype(np.float64)
        return self._mapped(matrix, inverse.T)

    def bent(self, change: Callable[[Floats], ArrayLike]) -> "Mesh":
        """Every vertex displaced by `change(positions)` (N×3 → N×3); normals follow."""
        positions = self.positions + np.asarray(change(self.positions), np.float32)
        return replace(self, positions=positions, normals=smooth_normals(positions, self.triangles))

    def _mapped(self, matrix: NDArray[np.float64], normal_matrix: NDArray[np.float64]) -> "Mesh":
        normals = self.normals @ normal_matrix.T.astype(np.float32)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), np.float32(1e-9))
        return replace(self, positions=self.positions @ matrix.T.astype(np.float32), normals=normals)


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes as one."""
    offsets = np.cumsum([0, *(len(mesh.positions) for mesh in meshes[:-1])])
    return Mesh(
        positions=np.concatenate([mesh.positions for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
        uv=np.concatenate([mesh.uv for mesh in meshes]),
        triangles=np.concatenate(
            [mesh.triangles + offset for mesh, offset in zip(meshes, offsets, strict=True)]
        ).astype(np.int32),
    )


def smooth_normals(positions: Floats, triangles: NDArray[np.int32]) -> Floats:
    """Area-weighted vertex normals; vertices at the same place count as one."""
    a, b, c = (positions[triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    _, place = np.unique(np.round(positions * 2e4).astype(np.int64) @ _PRIMES, return_inverse=True)
    sums = np.stack(
        [
            np.bincount(place[triangles].ravel(), weights=np.repeat(faces[:, axis], 3), minlength=place.max() + 1)
            for axis in range(3)
        ],
        axis=1,
    )
    normals: NDArray[np.float64] = sums[place].astype(np.float64)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return normals.astype(np.float32)


def grid_triangles(rows: int, columns: int) -> NDArray[np.int32]:
    """Two triangles for each cell of a rows×columns grid of vertices, counter-clockwise with columns as x."""
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel(), index[1:, :-1].ravel()
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


_PRIMES = np.array([1, 73856093, 19349663 * 4001], np.int64)
