"""The gateway is ready without services that are scaled to zero."""

from gateway.clients.readiness import Readiness
from servicekit.errors import Unavailable


async def test_ready_without_those_that_may_sleep_and_with_nobody_else_missing() -> None:
    async def here() -> None: ...

    async def away() -> None:
        raise Unavailable("AWAY", "Nobody is there.")

    assert await Readiness({"redis": here, "diffusion": away}, may_sleep=["diffusion"]).ready()
    assert not await Readiness({"redis": here, "diffusion": away}).ready()
    assert not await Readiness({"redis": away, "diffusion": here}, may_sleep=["diffusion"]).ready()
    told_to_end = Readiness({"redis": here})
    told_to_end.stopping = True
    assert not await told_to_end.ready()
