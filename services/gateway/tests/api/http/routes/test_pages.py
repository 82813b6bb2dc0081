"""The page for people: what is served, how long browsers may keep it, and where they may get pictures from."""

import io
import re
from urllib.parse import urlsplit

import pytest
from PIL import Image

from diffusion.styles import read_styles
from gateway.api.http.page_files import FOLDER, page_files
from gateway.api.links import UrlSigner
from servicekit.storage.s3 import S3Store
from tests.fixtures.gateway import Gateway, photo

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_each_file_is_served_as_what_it_is(shared_gateway: Gateway) -> None:
    for file in page_files():
        answer = await shared_gateway.http.get(file.address)
        assert (answer.status_code, answer.content) == (200, file.path.read_bytes()), file.address
        assert answer.headers["content-type"].partition(";")[0] == file.media_type
        lasting = file.path.suffix in (".webp", ".jpg")
        assert answer.headers["cache-control"] == ("public, max-age=2592000" if lasting else "no-cache")
    page = (await shared_gateway.http.get("/")).text
    linked = re.findall(r'(?:src|href)="((?:page/|icon)[^"]+)"', page)
    assert len(linked) >= 6
    for path in linked:
        assert (await shared_gateway.http.get(f"/{path}")).status_code == 200, path
    assert not re.search(r"<script>|<style>|\son\w+=|\sstyle=", page), "none of it would run under the page's policy"


async def test_every_style_has_a_small_picture_of_our_room(shared_gateway: Gateway) -> None:
    pictures = FOLDER / "pictures" / "styles"
    assert {path.stem for path in pictures.iterdir()} == set(read_styles())
    for path in pictures.iterdir():
        assert path.stat().st_size <= 6 * 1024
        assert Image.open(path).size == (240, 180)
    (style, *_others) = (await shared_gateway.http.get("/styles")).json()["styles"]
    answer = await shared_gateway.http.get(urlsplit(style["thumbnail_url"]).path)
    assert Image.open(io.BytesIO(answer.content)).format == "WEBP"


async def test_pictures_come_from_the_store_alone(shared_gateway: Gateway) -> None:
    policy = (await shared_gateway.http.get("/")).headers["content-security-policy"]
    assert "img-src 'self' blob:; " in policy
    assert "https:" not in policy


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("http://s3.localhost:9000", "http://s3.localhost:9000"),
        ("https://account.r2.cloudflarestorage.com", "https://account.r2.cloudflarestorage.com"),
        ("", "https://rooms.s3.amazonaws.com"),
    ],
)
async def test_where_the_store_is(endpoint: str, origin: str) -> None:
    region = "auto" if endpoint else "us-east-1"
    store = S3Store("rooms", endpoint=endpoint, region=region, access_key_id="a", secret_access_key="b")
    assert await UrlSigner(store, seconds=60).origin() == origin
    await store.close()


async def test_the_page_knows_what_it_need_not_send(shared_gateway: Gateway) -> None:
    answer = await shared_gateway.http.get("/page/settings.json")
    assert answer.json() == {
        "long_side": 1024,
        "max_file_bytes": 15 * 1024 * 1024,
        "min_side": 256,
        "retention_seconds": 86_400.0,
        "needs_key": False,
    }


@pytest.mark.parametrize(("language", "words"), [("de-CH,de;q=0.9", "Hier ist nichts"), ("fr", "There is nothing")])
@pytest.mark.parametrize("path", ["/nowhere", "/files/jobs/1/a.jpg?expires=1&signature=x", "/page/nothing.js"])
async def test_a_browser_gets_a_page_where_nothing_is(
    shared_gateway: Gateway, path: str, language: str, words: str
) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = await shared_gateway.http.get(path, headers={"Accept": accept, "Accept-Language": language})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert words in answer.text
    assert f'href="{shared_gateway.url}/"' in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "image/avif,image/webp,*/*;q=0.8"])
async def test_a_program_gets_a_problem(shared_gateway: Gateway, accept: str) -> None:
    answer = await shared_gateway.http.get("/nowhere", headers={"Accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_an_analysis_has_masks_and_the_photo_where_they_are_asked_for(shared_gateway: Gateway) -> None:
    async def analysed(query: str) -> dict[str, object]:
        answer = await shared_gateway.http.post(f"/analyze{query}", files={"file": ("room.jpg", photo())})
        assert answer.status_code == 200, answer.text
        data: dict[str, object] = answer.json()["data"]
        return data

    plain, whole = await analysed(""), await analysed("?masks=true&photo=true")
    assert "photo" not in plain
    assert "mask" not in plain["detections"][0]  # type: ignore[index]  # JSON
    assert whole["detections"][0]["mask"] == "YSBtYXNr"  # type: ignore[index]  # JSON
    assert str(whole["photo"]).startswith("/9j/"), "a JPEG in base64"


async def test_links_that_save_a_picture(shared_gateway: Gateway) -> None:
    job_id = await shared_gateway.submit(photo())
    await shared_gateway.complete(await shared_gateway.jobstore.queue.claim())
    result = (await shared_gateway.http.get(f"/transform/status/{job_id}")).json()["data"]["result"]
    for url, name in (
        (result["download_urls"][0], "modomo-modern.jpg"),
        (result["before_after_download_url"], "modomo-modern-before-after.jpg"),
    ):
        answer = await shared_gateway.http.get(url)
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "content-disposition" not in (await shared_gateway.http.get(result["transformed_url"])).headers
    forged = result["transformed_url"] + "&download=a%22%0D%0Ab.html"
    assert (await shared_gateway.http.get(forged)).json()["field"] == "download"
