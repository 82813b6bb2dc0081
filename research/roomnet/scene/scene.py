"""A scene as it is put together, and as the renderer wants it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from research.roomnet.scene import light as lights_of
from research.roomnet.scene import material as materials_of
from research.roomnet.scene.light import Light, Sky
from research.roomnet.scene.material import Material
from research.roomnet.scene.mesh import Floats, Mesh, joined


@dataclass(frozen=True, kw_only=True)
class Part:
    """One surface or object: all that is told apart in a label picture."""

    label: str
    """A class name of ADE20K."""

    thing: str = ""
    """What detection would call it; empty for what it does not look for."""


@dataclass(kw_only=True)
class Body:
    """A part and its meshes, standing on z = 0 with its front towards −y until it is placed."""

    part: Part
    pieces: list[tuple[Mesh, Material]] = field(default_factory=list)

    def add(self, material: Material, *meshes: Mesh) -> "Body":
        """Adds meshes of one material; returns itself."""
        self.pieces.append((joined(meshes), material))
        return self

    def placed(self, x: float = 0.0, y: float = 0.0, z: float = 0.0, turn: float = 0.0) -> "Body":
        """Turned by degrees about the vertical through its origin, then shifted by metres."""
        return Body(part=self.part, pieces=[(mesh.turned(turn).moved(x, y, z), what) for mesh, what in self.pieces])


@dataclass(frozen=True, kw_only=True)
class Packed:
    """Arrays in the renderer's layout."""

    positions: Floats
    normals: Floats
    uv: Floats
    triangles: NDArray[np.int32]
    material: NDArray[np.int32]
    """Of each triangle."""

    part: NDArray[np.int32]
    """Of each triangle."""

    materials: NDArray[np.void]
    lights: NDArray[np.void]
    sky: NDArray[np.void]


@dataclass(kw_only=True)
class Scene:
    """Bodies in their places, and what lights them."""

    bodies: list[Body] = field(default_factory=list)
    lights: list[Light] = field(default_factory=list)
    sky: Sky = field(default_factory=Sky)

    def add(self, *bodies: Body) -> None:
        """Puts bodies where they say."""
        self.bodies.extend(bodies)

    @property
    def parts(self) -> list[Part]:
        """What the numbers in a rendered part picture stand for."""
        return [body.part for body in self.bodies]

    def packed(self) -> Packed:
        """All of it in one set of arrays."""
        meshes = [mesh for body in self.bodies for mesh, _ in body.pieces]
        whole = joined(meshes)
        sizes = [len(mesh.triangles) for mesh in meshes]
        numbers: dict[Material, int] = {}
        material = [numbers.setdefault(what, len(numbers)) for body in self.bodies for _, what in body.pieces]
        part = [number for number, body in enumerate(self.bodies) for _ in body.pieces]
        return Packed(
            positions=np.ascontiguousarray(whole.positions, np.float32),
            normals=np.ascontiguousarray(whole.normals, np.float32),
            uv=np.ascontiguousarray(whole.uv, np.float32),
            triangles=np.ascontiguousarray(whole.triangles, np.int32),
            material=np.repeat(material, sizes).astype(np.int32),
            part=np.repeat(part, sizes).astype(np.int32),
            materials=materials_of.pack(list(numbers)),
            lights=lights_of.pack(self.lights),
            sky=self.sky.packed(),
        )
