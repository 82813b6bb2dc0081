"""What a person sees whose browser asks for an address where nothing is; programs get a problem instead."""

from html import escape
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from gateway.api.http import problem
from gateway.api.public_address import PublicAddress

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Modomo</title>
<link rel="icon" href="{base}/icon.svg">
<link rel="stylesheet" href="{base}/page/css/base.css">
<link rel="stylesheet" href="{base}/page/css/missing.css">
</head>
<body>
<main class="missing">
<img src="{base}/icon.svg" alt="" width="56" height="56">
<h1>{title}</h1>
<p>{text}</p>
<p><a class="button" href="{base}/">{home}</a></p>
</main>
</body>
</html>
"""
_WORDS: Final = {
    "en": {
        "title": "There is nothing here",
        "text": "The address may be mistyped, or the picture was deleted: photos and results are kept for a while.",
        "home": "To the start",
    },
    "de": {
        "title": "Hier ist nichts",
        "text": "Vielleicht ist die Adresse vertippt, oder das Bild wurde gelöscht: Fotos und Ergebnisse werden nur "
        "eine Weile aufbewahrt.",
        "home": "Zum Anfang",
    },
}


def wanted(request: Request) -> bool:
    """Whether a browser asks for something to show as a page: programs name JSON, pictures or nothing (`*/*`)."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")


def answer(request: Request) -> HTMLResponse:
    """The page, in the language of the two that the browser names first."""
    language = _language(request.headers.get("accept-language", ""))
    address = getattr(request.state, problem.ADDRESS_STATE, None)
    base = address.base(request) if isinstance(address, PublicAddress) else ""
    page = _PAGE.format(base=escape(base), language=language, **_WORDS[language])
    headers = {"Content-Security-Policy": _POLICY, "Vary": "Accept, Accept-Language"}
    return HTMLResponse(page, status_code=HTTPStatus.NOT_FOUND, headers=headers)


def _language(accepted: str) -> str:
    for one in accepted.lower().split(","):
        if one.strip()[:2] in _WORDS:
            return one.strip()[:2]
    return "en"
