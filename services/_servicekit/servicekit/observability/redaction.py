"""Removes from log records signatures, keys, tokens and other secrets, and characters that break lines.

Secrets are found by the shape of a value and by the name of a field, since they may also come in a record of somebody
else's library or in a traceback.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

REDACTED: Final = "[redacted]"
MAX_TEXT: Final = 16_384
"""Longer texts are cut: nobody reads them, and searching them takes time."""

_SECRET_FIELDS: Final = re.compile(
    r"(?i)(.*[_-])?(password|passphrase|secrets?|token|ticket|signature|authorization|cookie|api[_-]?key|private[_-]?key)"
)
_MARKERS: Final = re.compile(
    r"(?i)[?@]|modomo_|whsec_|eyJ|bearer|basic|signature|token|credential|ticket|api-key|PRIVATE KEY|/ws/transform/"
)
"""Every secret contains one of these; most texts contain none, and need no further search."""
_WORDS: Final = re.compile(r"""[^\s"'<>]+""")
_PATTERNS: Final = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^\s/@\"']+@"), rf"\1{REDACTED}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {REDACTED}"),
    (re.compile(r"\bmodomo_([a-z0-9]+)_[A-Za-z0-9_-]{43}"), rf"modomo_\1_{REDACTED}"),  # an API key
    (re.compile(r"(/ws/transform/[0-9a-fA-F-]{36}/)[^\s\"'?]+"), rf"\1{REDACTED}"),  # a token of a WebSocket
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]+"), f"whsec_{REDACTED}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), REDACTED),  # a JWT
    (
        re.compile(r"(?i)\b((?:x-amz-)?(?:signature|security-token|credential)|ticket|x-api-key)([=:]\s*)[^\s&\"',}]+"),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"), REDACTED),
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def redacted(value: Any, *, name: str = "") -> Any:  # noqa: ANN401 - log records hold anything
    """A value as a log may show it; containers are copied."""
    if name and value and _SECRET_FIELDS.fullmatch(name):
        return REDACTED
    match value:
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {key: redacted(one, name=str(key)) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redacted(one) for one in value]
        case _:
            return text(value if isinstance(value, str) else str(value))


def text(value: str) -> str:
    """A text without secrets."""
    value = value[:MAX_TEXT]
    if not _MARKERS.search(value):
        return value
    value = _WORDS.sub(lambda word: _without_query(word[0]), value)
    for pattern, replacement in _PATTERNS:
        value = pattern.sub(replacement, value)
    return value


def one_line(value: str) -> str:
    """A text without line breaks and control characters, which are escaped."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], value)


def _without_query(word: str) -> str:
    """Hides the query of a URL or path: signatures of links, tokens of WebSockets, keys of receivers."""
    path, mark, query = word.partition("?")
    return f"{path}?{REDACTED}" if mark and query and "/" in path else word
