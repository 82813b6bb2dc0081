"""Where furniture is made: chance and fineness in one place."""

from dataclasses import dataclass, replace

import numpy as np

from research.roomnet.scene import cloth, solids
from research.roomnet.scene.mesh import Mesh
from research.roomnet.scene.solids import Size


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Makes shapes as fine as the picture needs."""

    rng: np.random.Generator

    fine: bool
    """For a large picture; a small one is served by a tenth of the triangles."""

    def aside(self) -> "Workshop":
        """One with a chance of its own: what it decides shifts nothing that is decided here later."""
        return replace(self, rng=self.rng.spawn(1)[0])

    def seed(self) -> int:
        """For a material's irregularities."""
        return int(self.rng.integers(1, 1 << 20))

    def chance(self, probability: float) -> bool:
        """True that often."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """Uniform."""
        return float(self.rng.uniform(low, high))

    def box(self, size: Size, at: Size = (0.0, 0.0, 0.0), *, radius: float = 0.004) -> Mesh:
        """Hard, with its edges eased by `radius` metres; it stands on the middle of its underside."""
        visible = self.fine or radius > 0.015
        return solids.box(size, at, radius=radius, steps=(3 if self.fine else 1) if visible else 0)

    def upholstery(self, size: Size, at: Size, *, radius: float = 0.05, crown: float = 0.03) -> Mesh:
        """Stuffed."""
        steps, inner = (4, 10) if self.fine else (1, 2)
        return cloth.upholstery(size, at, self.rng, radius=radius, crown=crown, steps=steps, inner=inner)

    def pillow(self, width: float, height: float, thickness: float) -> Mesh:
        """A scatter cushion in the xy plane."""
        return cloth.pillow(width, height, thickness, self.rng, fineness=25 if self.fine else 7)

    def curtain(self, width: float, height: float, *, folds: int, depth: float = 0.05) -> Mesh:
        """A drape about x = 0."""
        return cloth.curtain(width, height, self.rng, folds=folds, depth=depth, fineness=14 if self.fine else 6)

    def throw(self, width: float, length: float, drop: float, *, lift: float = 0.05) -> Mesh:
        """A cover that hangs down on three sides."""
        return cloth.throw(width, length, drop, self.rng, lift=lift, fineness=40 if self.fine else 12)

    def draped_strip(self, width: float, over: float, fall: tuple[float, float]) -> Mesh:
        """A blanket over an arm or a back that runs along y."""
        return cloth.draped_strip(width, over, fall, self.rng, fineness=30 if self.fine else 8)

    def lathe(self, profile: list[tuple[float, float]]) -> Mesh:
        """Turned about z."""
        return solids.lathe(profile, segments=40 if self.fine else 10)

    def cylinder(self, radius: float, height: float, top: float | None = None) -> Mesh:
        """Standing on z = 0."""
        return solids.cylinder(radius, height, segments=28 if self.fine else 8, top=top)

    def ball(self, radius: float) -> Mesh:
        """About the origin."""
        return solids.ball(radius, segments=28 if self.fine else 8)

    def tube(self, path: list[Size], radius: float) -> Mesh:
        """A round bar."""
        return solids.tube(path, radius, segments=12 if self.fine else 5)
