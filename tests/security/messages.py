"""Any protobuf message, drawn from its descriptor: absent fields, unknown enum values, extremes, text and pictures.

Pictures and styles are sound more often than not, so that calls get past them.
"""

from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from modomo.type.v1.image_pb2 import IMAGE_FORMAT_JPEG, IMAGE_FORMAT_PNG, Image, Mask
from tests.fixtures.image_files import png_of, quarters, saved

_DEPTH: Final = 4
_INTEGERS: Final = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_WORDS: Final = ("modern", "boho", "#ffffff", "#GGGGGG", "sofa-1", "../../etc", "00000000-0000-4000-8000-000000000000")

_SCALARS: Final[dict[int, st.SearchStrategy[Any]]] = {
    FieldDescriptor.CPPTYPE_STRING: st.one_of(st.sampled_from(_WORDS), st.text(max_size=50)),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
}

_NEEDED: Final = ("image", "original", "result", "transform", "style")
_STYLES: Final = st.sampled_from(("modern", "boho", "industrial", "", "baroque"))


def _grey(size: tuple[int, int]) -> bytes:
    return saved(quarters(*size).convert("L"), "PNG")


_PICTURES: Final = (
    saved(quarters(96, 64), "JPEG"),
    saved(quarters(320, 256), "JPEG"),
    saved(quarters(96, 64), "PNG"),
    _grey((96, 64)),
    _grey((320, 256)),
    saved(quarters(8, 8), "PNG"),
    png_of(30_000, 30_000, b"\0" * 1000),
    saved(quarters(320, 256), "JPEG")[:3000],
    b"",
)

_SOUND: Final[dict[str, tuple[Message, ...]]] = {
    "modomo.type.v1.Image": (
        Image(data=saved(quarters(320, 256), "JPEG"), format=IMAGE_FORMAT_JPEG),
        Image(data=saved(quarters(96, 64), "PNG"), format=IMAGE_FORMAT_PNG),
    ),
    "modomo.type.v1.Mask": (Mask(png=_grey((320, 256))), Mask(png=_grey((96, 64)))),
}


def messages(descriptor: Descriptor, *, depth: int = 0) -> st.SearchStrategy[Message]:
    """Messages of a type; every field may be absent but pictures and styles, which are empty sometimes."""
    fields = {
        field.name: _values(field, depth) for field in descriptor.fields if depth < _DEPTH or field.message_type is None
    }
    needed = {name: fields.pop(name) for name in _NEEDED if name in fields}
    drawn = st.fixed_dictionaries(needed, optional=fields)
    anything = drawn.map(lambda values: _message(descriptor, values))
    sound = _SOUND.get(descriptor.full_name)
    return st.one_of(st.sampled_from(sound), st.sampled_from(sound), anything) if sound else anything


def _message(descriptor: Descriptor, values: dict[str, Any]) -> Message:
    message = GetMessageClass(descriptor)()
    for name, value in values.items():
        field = descriptor.fields_by_name[name]
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(message, name).update({one.key: one.value for one in value})
        elif field.is_repeated:
            getattr(message, name).extend(value)
        elif field.message_type is not None:
            getattr(message, name).CopyFrom(value)
        else:
            setattr(message, name, value)
    return message


def _values(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    one = _STYLES if field.name == "style" else _value(field, depth)
    return st.lists(one, max_size=3) if field.is_repeated else one


def _value(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return messages(field.message_type, depth=depth + 1)
    if field.enum_type is not None:
        return st.sampled_from([value.number for value in field.enum_type.values] + [-1, 999])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.one_of(st.sampled_from(_PICTURES), st.binary(max_size=300))
    if field.cpp_type in _INTEGERS:
        low, high = _INTEGERS[field.cpp_type]
        return st.one_of(st.integers(0, 10), st.sampled_from((low, high)), st.integers(low, high))
    return _SCALARS[field.cpp_type]
