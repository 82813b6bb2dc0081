"""From the schemas of the OpenAPI document to `TypedDict`s and `Literal`s, and from error codes to their kinds."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, Final

from tools.clients.python_asynchronous import GENERATED, made
from tools.docs import openapi

CLIENTS: Final = Path(__file__).parents[2] / "clients"
PACKAGE: Final = CLIENTS / "python" / "modomo" / "client"
_SCALARS: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_UNUSED: Final = frozenset({"ServerSentEvent"})
"""Which the client reads line by line."""
_TYPES: Final = f'''"""What the API takes and answers. {GENERATED}"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict
'''
_CODES: Final = f'''"""Which kind of error a code is of. {GENERATED}"""

from typing import Final
'''


def files() -> dict[Path, str]:
    """Everything that is generated, by path."""
    document = openapi.copy()
    schemas = json.loads(document)["components"]["schemas"]
    return {
        CLIENTS / "openapi.json": document,
        PACKAGE / "types.py": _formatted(_types(schemas)),
        PACKAGE / "error_kinds.py": _formatted(_kinds(schemas["ErrorCode"]["x-error-kinds"])),
        PACKAGE / "asynchronous.py": _formatted(made((PACKAGE / "synchronous.py").read_text())),
    }


def _types(schemas: dict[str, Any]) -> str:
    named = {name: schema for name, schema in sorted(schemas.items()) if name not in _UNUSED}
    literals = [_literal(name, schema) for name, schema in named.items() if "enum" in schema]
    classes = [_class(name, schema) for name, schema in named.items() if "enum" not in schema]
    return "\n".join([_TYPES, *literals, *classes])


def _literal(name: str, schema: dict[str, Any]) -> str:
    words = ", ".join(repr(word) for word in schema["enum"])
    return f"{name}: TypeAlias = Literal[{words}]\n{_docstring(schema, '')}"


def _class(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    lines = [f"class {name}(TypedDict):", _docstring(schema, "    ")]
    for field, part in schema["properties"].items():
        kind = _kind(part)
        lines.append(f"    {field}: {kind if field in required else f'NotRequired[{kind}]'}")
        if "description" in part:
            lines.append(_docstring(part, "    "))
    return "\n".join(lines) + "\n"


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        words = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(repr(word) for word in words)}]"
    if schema["type"] == "array":
        return f"list[{_kind(schema['items'])}]"
    if schema["type"] == "object":
        return f"dict[str, {_kind(schema['additionalProperties'])}]"
    return _SCALARS[schema["type"]]


def _docstring(schema: dict[str, Any], indent: str) -> str:
    text = " ".join(str(schema.get("description", "See the API.")).split()).replace("\\", "\\\\").replace('"', '\\"')
    filled = textwrap.fill(text, 110, initial_indent=f'{indent}"""', subsequent_indent=indent)
    return f'{filled}"""' if "\n" not in filled else f'{filled}\n{indent}"""'


def _kinds(kinds: dict[str, str]) -> str:
    rows = "\n".join(f"    {code!r}: {kind!r}," for code, kind in kinds.items())
    return f"{_CODES}\nKINDS: Final[dict[str, str]] = {{\n{rows}\n}}\n"


def _formatted(source: str) -> str:
    program = Path(sys.executable).with_name("ruff")
    command: list[str | Path] = [program, "format", "--config", CLIENTS.parent / "pyproject.toml", "-"]
    ran = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    return str(ran.stdout)
