"""Plain HTTP downloads that go on where they stopped, and what can go wrong with them, in one sentence each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from httpx2 import HTTPError, Response
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.file_download import http_get

from servicekit.weights.errors import WeightsError
from servicekit.weights.manifest import Entry

_REMEDIES = {
    HTTPStatus.UNAUTHORIZED: "it asks for a login: set HF_TOKEN to a token that may read it",
    HTTPStatus.FORBIDDEN: "access is refused: accept its licence there and set HF_TOKEN to a token that may read it",
    HTTPStatus.TOO_MANY_REQUESTS: "it is asked too often: run the same command again later, it goes on from here",
}


def download(
    url: str, partial: Path, *, size: int | None, shown: str, headers: Mapping[str, str] | None = None
) -> None:
    """Completes a file that may hold the beginning from an earlier try, with a progress bar on stderr."""
    if size is not None and partial.exists() and partial.stat().st_size > size:
        partial.unlink()
    with partial.open("ab") as file:
        http_get(
            url,
            file,
            resume_size=file.tell(),
            headers=dict(headers or {}),
            expected_size=size,
            displayed_filename=shown,
        )


def raise_for_answer(answer: Response) -> None:
    """Raises WeightsError for an answer that is an error, or a web page where a file should be."""
    remedy = _REMEDIES.get(HTTPStatus(answer.status_code)) if answer.status_code in set(HTTPStatus) else None
    if remedy:
        raise WeightsError(f"{answer.url}: HTTP {answer.status_code}, {remedy}")
    answer.raise_for_status()
    if "text/html" in answer.headers.get("Content-Type", ""):
        raise WeightsError(
            f"{answer.url} answers with a web page: a proxy or a login page is in between; open it in a browser there"
        )


@contextmanager
def explained(entry: Entry, where: str) -> Iterator[None]:
    """Turns what HTTP clients raise into a WeightsError that names the place and the remedy."""
    try:
        yield
    except HfHubHTTPError as error:
        raise WeightsError(f"{entry.name}: {where}: {_of(error.response)}") from error
    except (HTTPError, OfflineModeIsEnabled) as error:
        raise WeightsError(
            f"{entry.name}: {where}: {error or type(error).__name__}. Offline? Point HF_ENDPOINT at a mirror, or pull "
            "on another machine and bring the directory here (`--from DIRECTORY`)."
        ) from error
    except OSError as error:
        if error.errno is not None:  # a disk's trouble, not the network's
            raise
        raise WeightsError(
            f"{entry.name}: {where}: {error}; run the same command again, it goes on from here"
        ) from error
    except ValueError as error:
        raise WeightsError(
            f"{entry.name}: {where} answers with something else than a hub does ({error}): a proxy or a login page is "
            "in between"
        ) from error


def _of(answer: Any) -> str:  # noqa: ANN401 - httpx2's or an older client's response
    status = int(answer.status_code)
    remedy = _REMEDIES.get(HTTPStatus(status)) if status in set(HTTPStatus) else None
    return f"HTTP {status}" + (f", {remedy}" if remedy else "")
