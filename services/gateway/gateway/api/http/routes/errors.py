"""A page for each code of the catalogue; `type` of an error is its address."""

from html import escape
from typing import Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from gateway.api.http import error_catalogue, problem
from gateway.api.http.error_catalogue import CATALOGUE, Kind
from servicekit.errors import NotFound

_CACHE_SECONDS: Final = 3600
_KINDS: Final = {
    Kind.REQUEST: "The request is wrong",
    Kind.PHOTO: "The photo cannot be used",
    Kind.CREDENTIAL: "Who calls is unknown, or may not do this",
    Kind.ABSENT: "There is no such thing",
    Kind.CONFLICT: "In conflict with the state of things",
    Kind.LIMIT: "Too much at once",
    Kind.SERVICE: "On our side",
    Kind.JOB: "Why a job failed",
}
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title} · Modomo</title>
<link rel="icon" href="{up}icon.svg">
<link rel="stylesheet" href="{up}errors.css">
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""
_STYLE: Final = """\
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }
main { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
dt { margin-top: 0.8rem; font-weight: 600; }
dd { margin: 0; }
"""
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def router() -> APIRouter:
    """The pages."""
    routes = APIRouter(include_in_schema=False)
    whole = _whole_catalogue()
    pages = {code: _page_of(code) for code in CATALOGUE}

    @routes.get("/errors")
    async def catalogue() -> HTMLResponse:
        return _answer(whole)

    @routes.get("/errors.css")
    async def style() -> HTMLResponse:
        return _answer(_STYLE, media_type="text/css")

    @routes.get(problem.PAGES + "{code}")
    async def page(code: str) -> HTMLResponse:
        if code not in pages:
            raise NotFound("NOT_FOUND", "There is no page about such an error; /errors lists all.")
        return _answer(pages[code])

    return routes


def _answer(text: str, *, media_type: str = "text/html") -> HTMLResponse:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": f"public, max-age={_CACHE_SECONDS}"}
    return HTMLResponse(text, headers=headers, media_type=media_type)


def _page_of(code: str) -> str:
    entry = CATALOGUE[code]
    content = [
        f"<h1>{escape(error_catalogue.title(code))}</h1>",
        f"<p><code>{code}</code> · {_KINDS[entry.kind]}</p>",
        f"<h2>What it means</h2>\n<p>{escape(entry.meaning)}</p>",
        f"<h2>What to do</h2>\n<p>{escape(entry.remedy)}</p>",
        '<p><a href="../errors">All errors</a> · <a href="../docs">The API</a></p>',
    ]
    return _PAGE.format(title=escape(error_catalogue.title(code)), up="../", content="\n".join(content))


def _whole_catalogue() -> str:
    content = ["<h1>Errors</h1>"]
    for kind, heading in _KINDS.items():
        content.append(f"<h2>{heading}</h2>\n<dl>")
        for code, entry in sorted(CATALOGUE.items()):
            if entry.kind is kind:
                content.append(
                    f'<dt><a href="errors/{code}"><code>{code}</code></a></dt>\n<dd>{escape(entry.meaning)}</dd>'
                )
        content.append("</dl>")
    content.append('<p><a href="docs">The API</a></p>')
    return _PAGE.format(title="Errors", up="", content="\n".join(content))
