"""The reference of the gRPC services: one page a proto package, from the comments in the .proto files."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeAlias

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from google.protobuf.message import Message
from grpc_tools import protoc

from tools.docs.pages import ROOT

PROTOS: Final = ROOT / "protos"
FOLDER: Final = "reference/grpc"

Comments: TypeAlias = dict[tuple[int, ...], str]
"""Leading comments by the path of what they stand above, as descriptor.proto numbers it."""


def _number(of: type[Message], field: str) -> int:
    number: int = of.DESCRIPTOR.fields_by_name[field].number
    return number


_PACKAGE: Final = _number(FileDescriptorProto, "package")
_SERVICE: Final = _number(FileDescriptorProto, "service")
_METHOD: Final = _number(ServiceDescriptorProto, "method")
_MESSAGE: Final = _number(FileDescriptorProto, "message_type")
_FIELD: Final = _number(DescriptorProto, "field")
_NESTED_MESSAGE: Final = _number(DescriptorProto, "nested_type")
_NESTED_ENUM: Final = _number(DescriptorProto, "enum_type")
_ENUM: Final = _number(FileDescriptorProto, "enum_type")
_VALUE: Final = _number(EnumDescriptorProto, "value")


def pages() -> dict[str, str]:
    """Path and text of a page for each proto package."""
    texts: dict[str, str] = {}
    for file in described():
        path = f"{FOLDER}/{file.package}.md"
        texts[path] = texts.get(path, f"# {file.package}\n") + "\n" + "\n".join(_of_file(file)) + "\n"
    return texts


def described() -> list[FileDescriptorProto]:
    """Our proto files with their comments."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image"
        sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("modomo/**/*.proto"))
        include = [f"--proto_path={PROTOS}", f"--proto_path={files('grpc_tools') / '_proto'}"]
        status = protoc.main(["protoc", *include, "--include_source_info", f"--descriptor_set_out={image}", *sources])
        if status != 0:
            raise SystemExit(f"protoc ended with status {status}")
        return list(FileDescriptorSet.FromString(image.read_bytes()).file)


def _of_file(file: FileDescriptorProto) -> Iterator[str]:
    comments = {tuple(one.path): one.leading_comments for one in file.source_code_info.location}
    yield f"{_text(comments, (_PACKAGE,))}\n"
    yield f"`{file.name}`"
    for number, service in enumerate(file.service):
        yield from _of_service(service, comments, (_SERVICE, number))
    for number, message in enumerate(file.message_type):
        yield from _of_message(message, comments, (_MESSAGE, number), f"{file.package}.{message.name}")
    for number, enum in enumerate(file.enum_type):
        yield from _of_enum(enum, comments, (_ENUM, number), f"{file.package}.{enum.name}")


def _of_service(service: ServiceDescriptorProto, comments: Comments, path: tuple[int, ...]) -> Iterator[str]:
    yield f"\n## {service.name}\n\n{_text(comments, path)}"
    for number, method in enumerate(service.method):
        asked = f"{'stream of ' * method.client_streaming}{_link(method.input_type)}"
        answered = f"{'stream of ' * method.server_streaming}{_link(method.output_type)}"
        yield f"\n### {service.name}.{method.name}\n\n{asked} → {answered}\n"
        yield _text(comments, (*path, _METHOD, number))
        if method.options.deprecated:
            yield "\nDeprecated."


def _of_message(message: DescriptorProto, comments: Comments, path: tuple[int, ...], name: str) -> Iterator[str]:
    yield _heading(name, comments, path)
    if message.field:
        yield "\n| field | number | type | meaning |\n|---|---|---|---|"
    for number, field in enumerate(message.field):
        kind, cell = _type(field, message), _cell(comments, (*path, _FIELD, number))
        yield f"| `{field.name}` | {field.number} | {kind} | {cell} |"
    for number, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            yield from _of_message(nested, comments, (*path, _NESTED_MESSAGE, number), f"{name}.{nested.name}")
    for number, enum in enumerate(message.enum_type):
        yield from _of_enum(enum, comments, (*path, _NESTED_ENUM, number), f"{name}.{enum.name}")


def _of_enum(enum: EnumDescriptorProto, comments: Comments, path: tuple[int, ...], name: str) -> Iterator[str]:
    yield _heading(name, comments, path)
    yield "\n| value | number | meaning |\n|---|---|---|"
    for number, value in enumerate(enum.value):
        yield f"| `{value.name}` | {value.number} | {_cell(comments, (*path, _VALUE, number))} |"


def _heading(name: str, comments: Comments, path: tuple[int, ...]) -> str:
    return f"\n## {name.rpartition('.')[2]} {{ #{name} }}\n\n{_text(comments, path)}"


def _type(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    entries = [one for one in message.nested_type if one.options.map_entry and field.type_name.endswith(f".{one.name}")]
    if entries:
        key, value = entries[0].field
        return f"map of {_type(key, entries[0])} to {_type(value, entries[0])}"
    name = _link(field.type_name) if field.type_name else field.Type.Name(field.type).removeprefix("TYPE_").lower()
    if field.HasField("oneof_index") and not field.proto3_optional:
        return f"{name}, one of `{message.oneof_decl[field.oneof_index].name}`"
    return f"{'repeated ' * (field.label == field.LABEL_REPEATED)}{'optional ' * field.proto3_optional}{name}"


def _link(name: str) -> str:
    """A type as `.package.Message.Nested`, linked where it is ours."""
    package, message = re.split(r"\.(?=[A-Z])", name.removeprefix("."), maxsplit=1)
    return f"[{message}]({package}.md#{package}.{message})" if package.startswith("modomo.") else f"`{name[1:]}`"


def _text(comments: Comments, path: tuple[int, ...]) -> str:
    """A comment as Markdown: its lines that begin with a code in capitals stay lines of their own."""
    lines: Iterable[str] = (line.removeprefix(" ") for line in comments.get(path, "").splitlines())
    return re.sub(r"\n(?=[A-Z_]{4,}:)", "\n\n", "\n".join(lines))


def _cell(comments: Comments, path: tuple[int, ...]) -> str:
    return " ".join(_text(comments, path).split()).replace("|", "\\|")
