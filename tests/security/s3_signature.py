"""What an S3 server asks of a presigned request, from Amazon's description of Signature Version 4 (query parameters).

The server that the tests run checks no signatures; this does, and is checked itself by Amazon's published example.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_MAX_SECONDS: Final = 7 * 24 * 3600


def accepts(method: str, url: str, *, secret: str, now: datetime) -> bool:
    """Whether a server with this secret key would answer the request, without any headers but `Host`."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    values = dict(query)
    if len(values) != len(query) or values.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256":
        return False
    date, seconds = values.get("X-Amz-Date", ""), values.get("X-Amz-Expires", "")
    if not re.fullmatch(r"\d{8}T\d{6}Z", date) or not re.fullmatch(r"\d{1,6}", seconds):
        return False
    since = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if not (
        int(seconds) <= _MAX_SECONDS and since - timedelta(minutes=15) <= now <= since + timedelta(seconds=int(seconds))
    ):
        return False
    _key_id, _, scope = values.get("X-Amz-Credential", "").partition("/")
    signed = [pair for pair in query if pair[0] != "X-Amz-Signature"]
    canonical = "\n".join(
        (
            method,
            quote(unquote(parts.path), safe="/-_.~"),
            "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in signed)),
            f"host:{parts.netloc}\n",
            "host",
            "UNSIGNED-PAYLOAD",
        )
    )
    text = "\n".join(("AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.digest(key, text.encode(), "sha256").hex()
    return hmac.compare_digest(expected, values.get("X-Amz-Signature", ""))
