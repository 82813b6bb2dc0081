"""Bad images against the code that takes photos in, a sample of them over HTTP. The long version is `make chaos`."""

import subprocess
import sys
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from gateway.jobs import object_keys
from tests.fixtures.gateway import Gateway
from tests.security.bad_images import corpus, sound_images
from tests.security.images import Report, metadata

ROOT = Path(__file__).parents[2]
COUNT, EVERY, OVER_HTTP = 450, 6, 60


@pytest.mark.slow
def test_bad_images_are_refused_in_words_and_leave_nothing_but_pixels(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.security.images", "--count", str(COUNT), "--keep", str(tmp_path / "bad")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, f"crashed: {done.stderr[-2000:]}"
    report = msgspec.json.decode(done.stdout.splitlines()[-1], type=Report)
    assert not report.offences
    assert report.outcomes["taken"] > 20, "nearly nothing got as far as a decoder: this proved little"
    assert report.outcomes["IMAGE_UNREADABLE"] > 20


@pytest.mark.slow
async def test_bad_images_over_http_are_never_a_server_error(gateway: Gateway) -> None:
    names = ("room.jpg", "room.png", "../../etc/passwd", "room.heic", "x" * 300, "room.exe")
    types = ("image/jpeg", "image/svg+xml", "text/html", "application/octet-stream", "")
    for number, image in enumerate(islice(corpus(COUNT), 0, OVER_HTTP * EVERY, EVERY)):
        part = (names[number % len(names)], image.data, types[number % len(types)])
        answer = await gateway.http.post("/transform/submit", files={"file": part}, data={"style": "modern"})
        assert answer.status_code in (202, 400, 413, 415, 422), f"{image.name}: {answer.status_code} {answer.text}"
        if answer.status_code == 202:
            key = object_keys.original(answer.json()["job_id"])
            assert not metadata(await gateway.store.get(key)), image.name
        else:
            assert answer.headers["content-type"] == "application/problem+json"


def test_our_own_pictures_do_hold_secrets() -> None:
    sound = sound_images()
    assert b"SECRET-PLACE" in sound["jpeg"]
    assert metadata(sound["jpeg"])
