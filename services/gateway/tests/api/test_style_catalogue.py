"""The styles are known while diffusion is scaled to zero."""

import pytest

from gateway.api.shared_state import SharedState
from gateway.api.style_catalogue import StyleCatalogue
from gateway.clients.diffusion import Catalogue, StyleInfo
from servicekit.errors import Unavailable
from servicekit.jobstore.redis import JobStoreSettings

STYLE = StyleInfo(name="modern", title="Modern", description="Plain", palette=("#FFFFFF",))


class Diffusion:
    """Answers, or is away."""

    def __init__(self, *, away: bool) -> None:
        self.away = away

    async def catalogue(self, *, seconds: float) -> Catalogue:
        if self.away:
            raise Unavailable("AWAY", "Nobody is there.")
        return Catalogue(styles=(STYLE,), engine="lite", takes_style_image=True)


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
