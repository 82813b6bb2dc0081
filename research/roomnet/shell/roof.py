"""A ceiling that follows the roof."""

import numpy as np

from research.roomnet.scene.material import Material
from research.roomnet.scene.mesh import Mesh
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle


def pitched(ceiling: Material, wall: Material, width: float, depth: float, height: float, *, rise: float) -> list[Body]:
    """Two slopes from the walls at x = 0 and x = width to a ridge `rise` metres higher, and the gables under them."""
    half = width / 2
    lid = Body(part=Part(label="ceiling"))
    lid.add(
        ceiling,
        rectangle((0, 0, height), (0, depth, 0), (half, 0, rise)),
        rectangle((half, 0, height + rise), (0, depth, 0), (half, 0, -rise)),
    )
    corners = [(0.0, height), (width, height), (half, height + rise)]
    gables = Body(part=Part(label="wall"))
    gables.add(wall, _triangle(corners, y=depth, facing=-1.0), _triangle(corners, y=0.0, facing=1.0))
    return [lid, gables]


def _triangle(corners: list[tuple[float, float]], *, y: float, facing: float) -> Mesh:
    """Upright in the plane y, its normal along `facing` × y; corners as x and z."""
    order = corners if facing < 0 else corners[::-1]
    return Mesh(
        positions=np.array([(x, y, z) for x, z in order], np.float32),
        normals=np.tile(np.array([0.0, facing, 0.0], np.float32), (3, 1)),
        uv=np.array(order, np.float32),
        triangles=np.array([[0, 1, 2]], np.int32),
    )
