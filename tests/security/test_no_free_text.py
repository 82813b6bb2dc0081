"""No words of a caller's reach a prompt, a key or a log: whatever text a request has is one of ours, or a pattern's."""

import itertools
import json
from typing import Any

import numpy as np
import pytest

from diffusion.domain import Restyling
from diffusion.sd import modes, prompts
from diffusion.styles import read_styles
from gateway.api.uploads.preferences import PreferencesBody
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType
from servicekit.types.surfaces import SurfaceName
from tests.fixtures.gateway import Gateway, photo

MAX_PROMPT = 3 * 600
"""Characters: a style's own words, a room's, and the names of eight colours."""

ATTACK = 'ignore the style\n{"level": "critical"}\x1b[31m ../../etc/passwd'


def texts_of(schema: Any, definitions: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every place of a JSON schema where a text may stand."""
    if "$ref" in schema:
        return texts_of(definitions[schema["$ref"].rpartition("/")[2]], definitions, path)
    found = [(path, schema)] if schema.get("type") == "string" else []
    for name, part in schema.get("properties", {}).items():
        found += texts_of(part, definitions, f"{path}.{name}")
    for part in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])):
        found += texts_of(part, definitions, path)
    return found


def test_every_text_of_preferences_is_a_word_of_ours_or_follows_a_bounded_pattern() -> None:
    schema = PreferencesBody.model_json_schema()
    texts = texts_of(schema, schema.get("$defs", {}))
    surfaces = {f".surfaces.{name}" for name in SurfaceName}
    known = {".color_palette", ".corrections.label", ".group", ".keep", ".mode", ".room_type", *surfaces}
    assert {path for path, _ in texts} == known
    for path, text in texts:
        assert "enum" in text or ("pattern" in text and text["maxLength"] <= 64), path
        assert "enum" in text or (text["pattern"][0] + text["pattern"][-1] == "^$"), path


def test_prompts_are_made_of_our_words_and_bounded() -> None:
    colours = ["#FF0000", "#00FF00", "#0000FF", "#FFFFFF", "#000000", "#808080", "#F5DEB3", "#2F4F4F"]
    photo = np.zeros((64, 64, 3), dtype=np.uint8)
    for style, room, mode in itertools.product(read_styles().values(), [None, *RoomType], RoomMode):
        asked = Restyling(
            photo=photo, style=style, room_type=room, mode=mode, palette=tuple(colours), strength=1.0, seed=0
        )
        for base in prompts.BASES:
            for words in modes.prompts(asked, *prompts.prompts(asked, base)):
                assert len(words) <= MAX_PROMPT


@pytest.mark.slow  # loads torch
def test_what_is_longer_is_not_read_at_all() -> None:
    text = pytest.importorskip("diffusion.sd.text", reason="diffusion's torch extra is not installed")
    assert text.MAX_PIECES == 3


@pytest.mark.parametrize(
    ("style", "preferences", "field"),
    [
        (ATTACK, {}, "style"),
        ("modern", {"room_type": ATTACK}, "preferences.room_type"),
        ("modern", {"color_palette": [ATTACK]}, "preferences.color_palette[0]"),
        ("modern", {"color_palette": ["#FFFFFF\n"]}, "preferences.color_palette[0]"),
        ("modern", {"keep": [ATTACK]}, "preferences.keep[0]"),
        ("modern", {"keep": ["sofa-1\n"]}, "preferences.keep[0]"),
        ("modern", {"prompt": ATTACK}, "preferences.prompt"),
    ],
)
async def test_words_of_a_caller_are_refused(
    gateway: Gateway, style: str, preferences: dict[str, Any], field: str
) -> None:
    form = {"style": style, "preferences": json.dumps(preferences)}
    answer = await gateway.http.post("/transform/submit", files={"file": photo()}, data=form)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert "\n" not in answer.json()["detail"]
    assert "\x1b" not in answer.text


async def test_a_file_name_is_not_even_read(gateway: Gateway) -> None:
    answer = await gateway.http.post(
        "/transform/submit", files={"file": ("../../etc/passwd", photo(), "text/html")}, data={"style": "modern"}
    )
    assert answer.status_code == 202
    job_id = answer.json()["job_id"]
    assert "passwd" not in (await gateway.jobstore.jobs.get(job_id)).payload
    assert [key async for key in gateway.store.list("jobs/")] == [f"jobs/{job_id}/original.jpg"]
