"""Which of the two computes UNet and ControlNets: OpenVINO where it can and has what it needs, else torch.

OpenVINO runs graphs that were made beforehand, so what changes a network while it runs is torch's alone. Nothing of
that is left out silently: either torch runs, which the log says with the reason, or the start ends with it.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

from diffusion.sd import checkpoints, style_adapter
from diffusion.sd.networks import ControlNet, UNet
from diffusion.sd.openvino import files
from diffusion.sd.options import Control, Options
from servicekit.config.env import SettingsError
from servicekit.inference.hardware import Hardware
from servicekit.observability import logs
from servicekit.weights import WeightStore

log = logs.get(__name__)


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """What takes the place of torch's networks."""

    unet: UNet
    controls: Mapping[Control, ControlNet]


def compiled(
    options: Options, store: WeightStore, hardware: Hardware, *, lora: str, controls: Mapping[Control, str]
) -> Compiled | None:
    """The converted networks, if they are to run; None for torch's.

    Where OpenVINO is asked for by name, raises SettingsError for a combination that it cannot run, and WeightsMissing
    or WeightsCorrupt for a network that is not converted, or not from these weights, or broken.
    """
    if options.backend == "torch":
        return None
    try:
        obstacle = obstacle_to(options, store, hardware)
        if obstacle:
            raise SettingsError(f"MODOMO_DIFFUSION_BACKEND=openvino: {obstacle}; take torch")
        return _compile(options, store, hardware, lora=lora, controls=controls)
    except SettingsError as error:
        if options.backend == "openvino":
            raise
        if hardware.device.type == "cpu" and options.reduced:
            log.warning("torch computes, OpenVINO would be faster", reason=str(error))
        return None


def obstacle_to(options: Options, store: WeightStore, hardware: Hardware) -> str:
    """Why OpenVINO cannot run with these options; empty where it can."""
    if not files.installed():
        return "the package openvino is not installed here"
    if hardware.device.type != "cpu":
        return f"it is for the CPU, and MODOMO_DIFFUSION_DEVICE is {hardware.device.type}"
    if not options.reduced:
        return "it is for MODOMO_DIFFUSION_REDUCED, where one UNet serves both tiers"
    if options.compile:
        return "MODOMO_DIFFUSION_COMPILE compiles torch's networks"
    if store.has(style_adapter.NAME):
        return f"the store has {style_adapter.NAME}, which changes the UNet's attention while it runs"
    return ""


def _compile(
    options: Options, store: WeightStore, hardware: Hardware, *, lora: str, controls: Mapping[Control, str]
) -> Compiled:
    networks = list(files.wanted(store, options, lora, controls))
    folders = {one.control: files.checked(store, one) for one in networks}  # all, before the first takes its time
    made = importlib.import_module("diffusion.sd.openvino.compiled")  # only where there is an openvino to import
    return Compiled(
        unet=made.CompiledUNet(folders[None], checkpoints.unet_config(store, options.base), hardware),
        controls={control: made.CompiledControlNet(folders[control], hardware) for control in controls},
    )
