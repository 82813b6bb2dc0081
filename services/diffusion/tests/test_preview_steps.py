"""Which steps have previews."""

from hypothesis import given
from hypothesis import strategies as st

from diffusion.preview_steps import preview_steps


@given(st.integers(1, 60), st.integers(0, 8))
def test_previews_are_spread_and_never_the_last_step(steps: int, wanted: int) -> None:
    chosen = preview_steps(steps, wanted)
    assert len(chosen) == min(wanted, steps - 1)
    assert chosen <= set(range(1, steps))
