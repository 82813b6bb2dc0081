"""What a mode changes of a request before anything is computed."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.sd import modes
from diffusion.sd.control import ControlSchedule
from diffusion.sd.options import Control
from servicekit.errors import FailedPrecondition
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType
from tools.gpu.requests import restyling

pytestmark = pytest.mark.slow  # imports torch


def test_staging_holds_the_shell_for_two_fifths_of_the_steps_and_not_the_emptiness() -> None:
    usual = ControlSchedule(scale=0.7, end=0.8)
    found = {str(control): modes.schedule(RoomMode.STAGE, control, usual) for control in Control}
    assert found["depth"] == replace(usual, end=0.4)
    assert found["segmentation"] is None
    assert found["canny"] is None


def test_decluttering_is_conditioned_by_inpainting_alone() -> None:
    usual = ControlSchedule(scale=1.0)
    found = {control: modes.schedule(RoomMode.DECLUTTER, control, usual) for control in Control}
    assert [control for control, schedule in found.items() if schedule is not None] == [Control.INPAINT]
    assert modes.schedule(RoomMode.RESTYLE, Control.CANNY, usual) is usual


def test_both_paint_from_noise_alone() -> None:
    asked = restyling(strength=0.3)
    assert [modes.strength(replace(asked, mode=mode)) for mode in RoomMode] == [0.3, 1.0, 1.0]


def test_modes_need_their_controlnets() -> None:
    assert modes.possible({}) == {RoomMode.RESTYLE}
    assert modes.possible({Control.DEPTH: 0}) == {RoomMode.RESTYLE, RoomMode.STAGE}
    assert modes.possible(dict.fromkeys(Control, 0)) == set(RoomMode)


def test_all_but_what_is_removed_and_its_shadow_stays() -> None:
    asked = restyling(height=200, width=100, mode=RoomMode.DECLUTTER)
    remove = np.zeros((200, 100), np.bool_)
    remove[50:60, 40:50] = True
    kept = modes.kept(replace(asked, remove=remove))
    assert kept is not None
    assert not kept[50:60, 40:50].any()
    assert not kept[49, 45]
    assert kept[:40].all()
    assert kept[100:].all()
    named = np.zeros_like(remove)
    named[50:60, 40:45] = True
    both = modes.kept(replace(asked, remove=remove, keep=named))
    assert both is not None
    assert both[named].all()
    with pytest.raises(FailedPrecondition, match="NOTHING_TO_REMOVE"):
        modes.kept(replace(asked, remove=np.zeros_like(remove)))


def test_prompts_say_furnished_or_empty() -> None:
    assert modes.prompts(RoomMode.RESTYLE, "modern", "blurry", None) == ("modern", "blurry")
    positive, negative = modes.prompts(RoomMode.STAGE, "modern", "blurry", None)
    assert positive.startswith("modern, ")
    assert "furnished" in positive
    assert "empty room" in negative
    positive, negative = modes.prompts(RoomMode.DECLUTTER, "modern sofa", "blurry", RoomType.LIVING_ROOM)
    assert "living room" in positive
    assert "sofa" not in positive
    assert "clutter" in negative
