import pytest

from detection.engine import names
from servicekit.types.objects import ObjectLabel


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("couch", ObjectLabel.SOFA),
        ("Dining Table", ObjectLabel.TABLE),
        ("potted-plant", ObjectLabel.PLANT),
        ("tv", ObjectLabel.TELEVISION),
        ("sofa_(furniture)", ObjectLabel.SOFA),
        ("Cabinet/shelf", ObjectLabel.CABINET),
        ("living thing, armchair", ObjectLabel.ARMCHAIR),
        ("bookshelf", ObjectLabel.SHELF),
        ("Picture/Frame", ObjectLabel.PICTURE),
    ],
)
def test_names_of_several_data_sets_are_known(name: str, label: ObjectLabel) -> None:
    assert names.labels_by_class({0: "person", 7: name}) == {7: label}


def test_every_label_can_be_found_by_its_own_name() -> None:
    found = names.labels_by_class(
        {index: label.value for index, label in enumerate(ObjectLabel) if label != ObjectLabel.OTHER}
    )
    assert set(found.values()) == set(ObjectLabel) - {ObjectLabel.OTHER}


def test_what_is_no_furniture_is_left_out() -> None:
    assert names.labels_by_class({0: "person", 1: "dog", 2: "wall", 3: "floor", 4: "couch potato", 5: ""}) == {}
