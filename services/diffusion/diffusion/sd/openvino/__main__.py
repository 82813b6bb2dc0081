"""`python -m diffusion.sd.openvino`: converts UNet and ControlNets for the service with these settings, once.

Reads `MODOMO_DIFFUSION_*` and `MODOMO_WEIGHTS` as the service does. The exit status is 0 where the networks are there,
or where torch computes by these settings; 1 where they could not be converted, and the last line says why.
"""

import sys

from diffusion.sd.models import control_names
from diffusion.sd.openvino import files
from diffusion.sd.openvino.backend import obstacle_to
from diffusion.sd.tiers import fast_preset
from diffusion.settings import PREFIX, Settings
from servicekit.config import env
from servicekit.config.env import SettingsError
from servicekit.inference import hardware
from servicekit.weights import WeightStore


def main() -> int:
    """Runs the command; returns the exit status."""
    try:
        options = env.read(Settings, prefix=PREFIX).torch_options()
        store = WeightStore(options.weights)
        device = hardware.choose(options.device, bfloat16=options.reduced)
        obstacle = "" if options.backend == "torch" else obstacle_to(options, store, device)
        if options.backend == "torch" or obstacle:
            _say(f"nothing to convert, torch computes: {obstacle or 'MODOMO_DIFFUSION_BACKEND says so'}")
            return 1 if obstacle and options.backend == "openvino" else 0
        from diffusion.sd.openvino.convert import convert  # noqa: PLC0415 - only where openvino is installed

        lora = fast_preset(options.fast_lora, store, reduced=True).lora
        networks = list(files.wanted(store, options, lora, control_names(options, store)))
        convert(store, options.base, lora, networks, _say)
    except SettingsError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("stopped; the same command goes on from here")
        return 130
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"openvino: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
