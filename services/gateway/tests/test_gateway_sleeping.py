"""Services that are scaled to zero: the gateway is ready without them and still knows the styles."""

from collections.abc import Sequence

import pytest

from gateway.api.shared_state import SharedState
from gateway.api.style_catalogue import StyleCatalogue
from gateway.clients.diffusion import StyleInfo
from gateway.clients.readiness import Readiness
from servicekit.errors import Unavailable
from servicekit.jobstore.redis import JobStoreSettings

STYLE = StyleInfo(name="modern", title="Modern", description="Plain", palette=("#FFFFFF",))


class Diffusion:
    """Answers, or is away."""

    def __init__(self, *, away: bool) -> None:
        self.away = away

    async def styles(self, *, seconds: float) -> Sequence[StyleInfo]:
        if self.away:
            raise Unavailable("AWAY", "Nobody is there.")
        return [STYLE]


async def test_a_gateway_that_starts_while_diffusion_sleeps_knows_the_styles(
    jobstore_settings: JobStoreSettings,
) -> None:
    state = SharedState(jobstore_settings)
    try:
        with pytest.raises(Unavailable):
            await StyleCatalogue(Diffusion(away=True), state).styles()
        assert await StyleCatalogue(Diffusion(away=False), state).styles() == (STYLE,)
        assert await StyleCatalogue(Diffusion(away=True), state).styles() == (STYLE,)
    finally:
        await state.close()


async def test_ready_without_those_that_may_sleep_and_with_nobody_else_missing() -> None:
    async def here() -> str:
        return ""

    async def away() -> str:
        raise Unavailable("AWAY", "Nobody is there.")

    assert await Readiness({"redis": here, "diffusion": away}, may_sleep=["diffusion"]).ready()
    assert not await Readiness({"redis": here, "diffusion": away}).ready()
    assert not await Readiness({"redis": away, "diffusion": here}, may_sleep=["diffusion"]).ready()
    told_to_end = Readiness({"redis": here})
    told_to_end.stopping = True
    assert not await told_to_end.ready()
