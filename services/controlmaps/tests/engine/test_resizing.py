import pytest

from controlmaps.engine.resizing import Fit


@pytest.mark.parametrize(
    ("photo", "size"),
    [((1000, 1500), (512, 768)), ((1500, 1000), (768, 512)), ((256, 4096), (512, 1024)), ((16, 16), (512, 512))],
)
def test_working_sizes_keep_proportions_within_limits(photo: tuple[int, int], size: tuple[int, int]) -> None:
    assert Fit(shorter=512, longer=1024, multiple=32).of(*photo) == size
