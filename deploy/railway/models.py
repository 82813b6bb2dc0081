"""Detection, controlmaps and diffusion in one process on one port.

Their work is done on Modal, so that each of them is mostly the libraries that it shares with the others: together they
need the memory of one. Health checks know each by its name, as elsewhere.
"""

from typing import Final

import controlmaps.__main__ as controlmaps
import detection.__main__ as detection
import diffusion.__main__ as diffusion
from controlmaps.settings import PREFIX as CONTROLMAPS
from controlmaps.settings import Settings as ControlMapsSettings
from detection.settings import PREFIX as DETECTION
from detection.settings import Settings as DetectionSettings
from diffusion.settings import PREFIX as DIFFUSION
from diffusion.settings import Settings as DiffusionSettings
from servicekit import process
from servicekit.config import env
from servicekit.rpc.serve import serve_engines

NAME: Final = "models"


async def main() -> None:
    """Serves all three where detection listens, until it is told to stop."""
    settings = env.read(DetectionSettings, prefix=DETECTION)
    process.begin(NAME, settings)
    services = [
        detection.compose(settings),
        controlmaps.compose(env.read(ControlMapsSettings, prefix=CONTROLMAPS)),
        diffusion.compose(env.read(DiffusionSettings, prefix=DIFFUSION)),
    ]
    await serve_engines(
        settings,
        listen=settings.listen,
        engines=[engine for service in services for engine in service.engines],
        registrations=[service.registration for service in services],
    )


if __name__ == "__main__":
    process.run(main)
