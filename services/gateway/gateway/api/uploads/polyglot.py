"""Files that are a picture to one program and something else to another.

Pictures are re-encoded, so nothing hidden ever leaves; a file that hides something is refused nevertheless, since no
camera makes one. Data after the picture alone is no reason: phones put clips and second pictures there.
"""

import re
from typing import Final

_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_BYTES: Final = 22
_ZIP_COMMENT_BYTES: Final = 65_535
_PDF_START_BYTES: Final = 1024
"""Readers look for a PDF's first line within these."""

_MARKUP_BYTES: Final = 256 * 1024
"""Markup is looked for at both ends, where metadata and appended files lie."""
_MARKUP: Final = re.compile(rb"<\?php\s|<!doctype\s+html|<html[\s>]|<script[\s>]|<svg[\s>]", re.IGNORECASE)


def hidden_format(data: bytes) -> str:
    """What else a picture's bytes are, for people; empty where they are a picture alone."""
    if b"%PDF-" in data[:_PDF_START_BYTES]:
        return "a PDF"
    if _is_zip(data):
        return "a ZIP archive"
    if _MARKUP.search(data[:_MARKUP_BYTES]) or _MARKUP.search(data[-_MARKUP_BYTES:]):
        return "a document with markup"
    return ""


def _is_zip(data: bytes) -> bool:
    """Whether an end-of-central-directory record closes the file (APPNOTE.TXT 4.3.16)."""
    start = max(0, len(data) - _ZIP_END_BYTES - _ZIP_COMMENT_BYTES)
    position = data.find(_ZIP_END, start)
    while position >= 0:
        comment = int.from_bytes(data[position + 20 : position + 22], "little")
        if position + _ZIP_END_BYTES + comment == len(data):
            return True
        position = data.find(_ZIP_END, position + 1)
    return False
