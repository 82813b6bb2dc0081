"""What a mode changes of a request before anything is computed."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.sd import modes
from diffusion.sd.options import Control, Structure
from diffusion.sd.recipes import STRUCTURES
from servicekit.errors import FailedPrecondition
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType
from tools.gpu.requests import restyling

pytestmark = pytest.mark.slow  # imports torch


@pytest.mark.parametrize("structure", list(Structure))
def test_staging_holds_the_shell_for_two_fifths_of_the_steps_and_not_the_emptiness(structure: Structure) -> None:
    found = modes.recipe(restyling(mode=RoomMode.STAGE), structure)
    assert set(found) == {Control.DEPTH, Control.MLSD}
    assert (found[Control.DEPTH].start, found[Control.DEPTH].end) == (0.0, 0.4)
    keep = np.ones((64, 64), np.bool_)
    assert Control.INPAINT in modes.recipe(restyling(mode=RoomMode.STAGE, keep=keep), structure)


def test_decluttering_is_conditioned_by_inpainting_alone() -> None:
    assert set(modes.recipe(restyling(mode=RoomMode.DECLUTTER), Structure.EDGES)) == {Control.INPAINT}
    assert modes.recipe(restyling(), Structure.EDGES) == STRUCTURES[Structure.EDGES]


def test_both_paint_from_noise_alone() -> None:
    asked = restyling(strength=0.3)
    assert [modes.strength(replace(asked, mode=mode)) for mode in RoomMode] == [0.3, 1.0, 1.0]


def test_modes_need_their_controlnets() -> None:
    assert modes.possible(()) == {RoomMode.RESTYLE}
    assert modes.possible({Control.DEPTH}) == {RoomMode.RESTYLE, RoomMode.STAGE}
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
    asked = restyling(room_type=RoomType.LIVING_ROOM)
    assert modes.prompts(asked, "modern", "blurry") == ("modern", "blurry")
    positive, negative = modes.prompts(replace(asked, mode=RoomMode.STAGE), "modern", "blurry")
    assert positive.startswith("modern, ")
    assert "furnished" in positive
    assert "empty room" in negative
    positive, negative = modes.prompts(replace(asked, mode=RoomMode.DECLUTTER), "modern sofa", "blurry")
    assert "living room" in positive
    assert "sofa" not in positive
    assert "clutter" in negative
