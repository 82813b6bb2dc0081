"""The `preferences` part: what is refused by name, and what comes through."""

import json

import pytest

from gateway.api.uploads.preferences import PreferencesBody, parse
from gateway.jobs.request import Preferences
from servicekit.errors import InvalidArgument
from servicekit.types.modes import RoomMode


@pytest.mark.parametrize(
    ("text", "reason", "field"),
    [
        ("", "MALFORMED_JSON", "preferences"),
        ("{", "MALFORMED_JSON", "preferences"),
        (b"\xff\xfe{}", "MALFORMED_JSON", "preferences"),
        ("[" * 8000, "MALFORMED_JSON", "preferences"),
        ('{"seed": ' + "9" * 9000 + "}", "MALFORMED_JSON", "preferences"),
        ("[]", "NOT_AN_OBJECT", "preferences"),
        ('"modern"', "NOT_AN_OBJECT", "preferences"),
        ("null", "NOT_AN_OBJECT", "preferences"),
        ("NaN", "NOT_AN_OBJECT", "preferences"),
        ('{"sofas": 1}', "UNKNOWN_FIELD", "preferences.sofas"),
        ('{"\\ud800": 1}', "MALFORMED_JSON", "preferences"),
        ('{"\\u0007é": 1}', "UNKNOWN_FIELD", "preferences.\\x07\\xe9"),
        ('{"seed": 1, "seed": 2}', "DUPLICATE_FIELD", "preferences.seed"),
        ('{"strength": NaN}', "FIELD_INVALID", "preferences.strength"),
        ('{"strength": -Infinity}', "FIELD_INVALID", "preferences.strength"),
        ('{"strength": 1e999}', "FIELD_INVALID", "preferences.strength"),
        ('{"strength": 1.01}', "FIELD_INVALID", "preferences.strength"),
        ('{"strength": true}', "FIELD_INVALID", "preferences.strength"),
        ('{"strength": "0.5"}', "FIELD_INVALID", "preferences.strength"),
        ('{"keep_furniture": 1}', "FIELD_INVALID", "preferences.keep_furniture"),
        ('{"keep_furniture": null}', "FIELD_INVALID", "preferences.keep_furniture"),
        ('{"variants": 0}', "FIELD_INVALID", "preferences.variants"),
        ('{"variants": 5}', "FIELD_INVALID", "preferences.variants"),
        ('{"variants": true}', "FIELD_INVALID", "preferences.variants"),
        ('{"variants": 1.5}', "FIELD_INVALID", "preferences.variants"),
        ('{"variants": 5.0}', "FIELD_INVALID", "preferences.variants"),
        ('{"variants": "2"}', "FIELD_INVALID", "preferences.variants"),
        ('{"seed": 1e999}', "FIELD_INVALID", "preferences.seed"),
        ('{"seed": 9007199254740993.0}', "FIELD_INVALID", "preferences.seed"),
        ('{"seed": -1}', "FIELD_INVALID", "preferences.seed"),
        ('{"seed": 9007199254740992}', "FIELD_INVALID", "preferences.seed"),
        ('{"room_type": "garage"}', "FIELD_INVALID", "preferences.room_type"),
        ('{"color_palette": ["#FFFFFF","#GGGGGG"]}', "FIELD_INVALID", "preferences.color_palette[1]"),
        ('{"color_palette": ["#FFF"]}', "FIELD_INVALID", "preferences.color_palette[0]"),
        ('{"color_palette": ["#FFFFFF\\n"]}', "FIELD_INVALID", "preferences.color_palette[0]"),
        ('{"color_palette": "#FFFFFF"}', "FIELD_INVALID", "preferences.color_palette"),
        (json.dumps({"color_palette": ["#FFFFFF"] * 9}), "FIELD_INVALID", "preferences.color_palette"),
        ('{"keep": ["../sofa-1"]}', "FIELD_INVALID", "preferences.keep[0]"),
        ('{"keep": ["unicorn-1"]}', "FIELD_INVALID", "preferences.keep[0]"),
        ('{"mode": "furnish"}', "FIELD_INVALID", "preferences.mode"),
        ('{"mode": null}', "FIELD_INVALID", "preferences.mode"),
        ('{"mode": "stage", "strength": 0.5}', "FIELD_INVALID", "preferences.strength"),
        ('{"mode": "declutter", "strength": 0}', "FIELD_INVALID", "preferences.strength"),
        ('{"mode": "declutter", "color_palette": ["#FFFFFF"]}', "FIELD_INVALID", "preferences.color_palette"),
        ('{"mode": "declutter", "repaint_openings": true}', "FIELD_INVALID", "preferences.repaint_openings"),
        ('{"mode": "declutter", "group": "a"}', "FIELD_INVALID", "preferences.group"),
        ('{"repaint_openings": 1}', "FIELD_INVALID", "preferences.repaint_openings"),
        ('{"group": ""}', "FIELD_INVALID", "preferences.group"),
        ('{"group": "two words"}', "FIELD_INVALID", "preferences.group"),
        ('{"group": "a\\u0000b"}', "FIELD_INVALID", "preferences.group"),
        ('{"group": 7}', "FIELD_INVALID", "preferences.group"),
        (json.dumps({"group": "g" * 65}), "FIELD_INVALID", "preferences.group"),
        (json.dumps({"keep": [f"sofa-{n}" for n in range(1, 66)]}), "FIELD_INVALID", "preferences.keep"),
    ],
)
def test_refused_by_name(text: str | bytes, reason: str, field: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse(text.encode() if isinstance(text, str) else text)
    assert (caught.value.reason, caught.value.metadata["field"]) == (reason, field)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", Preferences()),
        ('{"strength": 0}', Preferences(strength=0.0)),
        ('{"strength": null, "seed": 0, "room_type": null}', Preferences(seed=0)),
        ('{"seed": 9007199254740991}', Preferences(seed=2**53 - 1)),
        ('{"seed": 7.0, "variants": 2.0}', Preferences(seed=7, variants=2)),
        ('{"seed": 1e3, "variants": 0.3e1}', Preferences(seed=1000, variants=3)),
        ('\ufeff{"seed": -0.0}', Preferences(seed=0)),
        ('{"color_palette": []}', Preferences()),
        ('{"color_palette": ["#a1B2c3"]}', Preferences(color_palette=("#A1B2C3",))),
        ('{"keep": ["sofa-1", "coffee_table-12", "sofa-1"]}', Preferences(keep=("sofa-1", "coffee_table-12"))),
        ('{"require_room": true, "variants": 4}', Preferences(require_room=True, variants=4)),
        ('{"mode": "restyle", "group": null}', Preferences()),
        ('{"mode": "stage", "repaint_openings": true}', Preferences(mode=RoomMode.STAGE, repaint_openings=True)),
        ('{"mode": "declutter", "keep": ["plant-1"]}', Preferences(mode=RoomMode.DECLUTTER, keep=("plant-1",))),
        ('{"group": "Küche-2"}', Preferences(group="Küche-2")),
        (json.dumps({"group": "g" * 64}), Preferences(group="g" * 64)),
    ],
)
def test_good_ones(text: str, expected: Preferences) -> None:
    assert parse(text.encode()) == expected


def test_a_byte_order_mark_comes_once_at_most() -> None:
    with pytest.raises(InvalidArgument, match="MALFORMED_JSON"):
        parse("\ufeff\ufeff{}".encode())


def test_whole_numbers_are_integers_in_the_schema() -> None:
    fields = PreferencesBody.model_json_schema()["properties"]
    assert fields["variants"]["type"] == "integer"
    assert {"type": "integer", "minimum": 0, "exclusiveMaximum": 2**53} in fields["seed"]["anyOf"]
