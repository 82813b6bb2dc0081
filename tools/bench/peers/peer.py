"""What each peer is: how it starts, how it is asked, what it leaves out."""

import base64
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from tools.bench import baseline

SERVERS: Final = Path(__file__).parent / "servers"
ENVIRONMENTS: Final = Path(__file__).parents[3] / "build" / "peers"
CLIENTS: Final = 20
JPEG: Final = "data:image/jpeg;base64,"

Body = aiohttp.FormData | bytes


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A program that answers a photo with a picture in one HTTP request."""

    name: str
    package: str
    """Whose version is told; empty where nothing of others is compared."""
    command: Callable[[int], list[str]]
    """From the port of 127.0.0.1 that it is to serve."""
    path: str
    body: Callable[[bytes], Body]
    picture: Callable[[bytes], bytes]
    """The JPEG out of an answer."""
    lacks: str
    content_type: str | None = None
    variables: Callable[[int], Mapping[str, str]] = field(default=lambda _port: {})


def python(name: str) -> str:
    """The interpreter of a peer's own environment, which the Makefile makes."""
    return str(ENVIRONMENTS / name / "bin" / "python")


def _form(photo: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData({"style": "modern"})
    form.add_field("file", photo, filename="room.jpg", content_type="image/jpeg")
    return form


def _cog_body(photo: bytes) -> bytes:
    return json.dumps({"input": {"image": JPEG + base64.b64encode(photo).decode(), "style": "modern"}}).encode()


def _cog_picture(answer: bytes) -> bytes:
    return base64.b64decode(json.loads(answer)["output"].removeprefix(JPEG))


def _jina_body(photo: bytes) -> bytes:
    return json.dumps({"data": [{"base64": base64.b64encode(photo).decode(), "style": "modern"}]}).encode()


def _jina_picture(answer: bytes) -> bytes:
    return base64.b64decode(json.loads(answer)["data"][0]["base64"])


def _cog_variables(port: int) -> dict[str, str]:
    beside = str(ENVIRONMENTS / "cog" / "bin")  # it starts `python` by that name alone
    return {
        "PATH": os.pathsep.join((beside, os.environ["PATH"])),
        "PORT": str(port),
        "COG_PREDICT_TYPE_STUB": f"{SERVERS / 'cog_server.py'}:Predictor",
        "COG_MAX_CONCURRENCY": str(CLIENTS),
    }


KEEPS_NOTHING: Final = "keeps nothing; no steps, previews or cancelling; looks at no byte of the photo"

PEERS: Final = (
    Peer(
        name="cog",
        package="cog",
        command=lambda _port: [python("cog"), "-m", "cog.server.http", "--host", "127.0.0.1"],
        path="/predictions",
        content_type="application/json",
        body=_cog_body,
        picture=_cog_picture,
        variables=_cog_variables,
        lacks=f"{KEEPS_NOTHING}; photo and picture as Base64 in JSON; refuses what is over its concurrency",
    ),
    Peer(
        name="jina",
        package="jina",
        command=lambda port: [python("jina"), str(SERVERS / "jina_server.py"), str(port)],
        path="/transform",
        content_type="application/json",
        body=_jina_body,
        picture=_jina_picture,
        variables=lambda _port: {"JINA_OPTOUT_TELEMETRY": "1"},
        lacks=f"{KEEPS_NOTHING}; photo and picture as Base64 in JSON; a queue in memory",
    ),
    Peer(
        name="fastapi",
        package="fastapi",
        command=lambda port: [python("fastapi"), str(SERVERS / "fastapi_server.py"), str(port)],
        path="/transform",
        body=_form,
        picture=bytes,
        lacks=KEEPS_NOTHING,
    ),
    Peer(
        name="FastAPI, with our image work",
        package="",
        command=lambda port: [sys.executable, "-m", baseline.__name__, str(port)],
        path="/transform",
        body=_form,
        picture=bytes,
        lacks="writes files and forgets them; no steps, previews or cancelling; one process does everything",
    ),
)
