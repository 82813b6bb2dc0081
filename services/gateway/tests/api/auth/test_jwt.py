"""JSON Web Tokens against a real issuer's keys, over HTTP and from a file."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from gateway.api.auth import Scope
from gateway.api.auth.jwks import FRESH_SECONDS, MAX_BYTES, PAUSE_SECONDS, STALE_SECONDS, KeySet, fetcher
from gateway.api.auth.jwt import TokenVerifier
from gateway.api.auth.settings import IdentitySettings
from servicekit.errors import ServiceError, Unauthenticated, Unavailable
from tests.fixtures.api_keys import key_holder
from tests.fixtures.gateway import StartGateway, photo

ISSUER, AUDIENCE = "https://issuer.example", "modomo"


@dataclass
class Issuer:
    """An identity provider with keys that it may change."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    requests: int = 0
    status: int = 200
    padding: str = ""

    def new_key(self, key_id: str, *, algorithm: str = "ES256") -> None:
        """Draws a key pair."""
        if algorithm == "ES256":
            self.keys[key_id] = ec.generate_private_key(ec.SECP256R1())
        else:
            self.keys[key_id] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def document(self) -> str:
        """The public keys."""
        keys = []
        for key_id, key in self.keys.items():
            kind = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
            keys.append(kind.to_jwk(key.public_key(), as_dict=True) | {"kid": key_id, "use": "sig"})
        return json.dumps({"keys": keys, "padding": self.padding})

    def token(self, key_id: str, *, algorithm: str = "ES256", secret: Any = None, **claims: Any) -> str:
        """A token that is good, but for what the claims say; a claim of None is left out."""
        everything = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": time.time() + 60, "scope": "submit read"}
        named = {name: value for name, value in (everything | claims).items() if value is not None}
        return jwt.encode(named, secret or self.keys[key_id], algorithm=algorithm, headers={"kid": key_id})

    async def answer(self, _request: web.Request) -> web.Response:
        """Serves the public keys."""
        self.requests += 1
        return web.Response(text=self.document(), status=self.status)

    async def send_elsewhere(self, _request: web.Request) -> web.Response:
        """Redirects to the public keys."""
        raise web.HTTPFound("/jwks.json")


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    one = Issuer()
    one.new_key("one")
    app = web.Application()
    app.router.add_get("/jwks.json", one.answer)
    app.router.add_get("/elsewhere", one.send_elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield one
    await runner.cleanup()


class Clock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def verifier(location: str, clock: Clock | None = None, **changes: Any) -> TokenVerifier:
    options: dict[str, Any] = {"algorithms": ("RS256", "ES256"), "default_scopes": ()} | changes
    keys = KeySet(fetcher(location), clock=clock or Clock())
    return TokenVerifier(keys, issuer=ISSUER, audience=AUDIENCE, **options)


async def refused(tokens: TokenVerifier, token: str) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await tokens.identify(token)
    assert token not in caught.value.message
    return caught.value


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_a_good_token_names_its_subject(issuer: Issuer, algorithm: str) -> None:
    issuer.new_key("two", algorithm=algorithm)
    caller = await verifier(f"{issuer.url}/jwks.json").identify(issuer.token("two", algorithm=algorithm))
    assert (caller.tenant, caller.scopes) == ("jwt:alice", frozenset({Scope.SUBMIT, Scope.READ}))


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "read openid"}, {Scope.READ}),
        ({"scope": None, "scp": ["submit", 7]}, {Scope.SUBMIT}),
        ({"scope": "openid"}, {Scope.READ}),
        ({"scope": None}, {Scope.READ}),
        ({"scope": {"admin": 1}}, {Scope.READ}),
        ({"scope": "administrator"}, {Scope.READ}),
    ],
)
async def test_scopes(issuer: Issuer, claims: dict[str, Any], scopes: set[Scope]) -> None:
    tokens = verifier(f"{issuer.url}/jwks.json", default_scopes=(Scope.READ,))
    assert (await tokens.identify(issuer.token("one", **claims))).scopes == scopes


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": time.time() - 3600}, "TOKEN_EXPIRED"),
        ({"exp": None}, "TOKEN_INVALID"),
        ({"nbf": time.time() + 3600}, "TOKEN_INVALID"),
        ({"iss": "https://other.example"}, "TOKEN_INVALID"),
        ({"aud": "other"}, "TOKEN_INVALID"),
        ({"aud": None}, "TOKEN_INVALID"),
        ({"sub": None}, "TOKEN_INVALID"),
        ({"sub": ""}, "TOKEN_INVALID"),
        ({"sub": "a" * 256}, "TOKEN_INVALID"),
        ({"sub": "line\nbreak"}, "TOKEN_INVALID"),
    ],
)
async def test_claims_that_are_wrong(issuer: Issuer, claims: dict[str, Any], reason: str) -> None:
    tokens = verifier(f"{issuer.url}/jwks.json")
    error = await refused(tokens, issuer.token("one", **claims))
    assert (type(error), error.reason) == (Unauthenticated, reason)


async def test_signatures_that_are_wrong(issuer: Issuer) -> None:
    tokens = verifier(f"{issuer.url}/jwks.json")
    good = issuer.token("one")
    public = json.dumps(json.loads(issuer.document())["keys"][0])
    stranger = ec.generate_private_key(ec.SECP256R1())
    head, body, signature = good.split(".")
    forged = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{body}"
    for token in (
        issuer.token("one", secret=stranger),
        f"{forged}.{_signed(public, forged)}",  # the public key taken for a shared secret
        jwt.encode({"sub": "alice"}, None, algorithm="none"),  # type: ignore[arg-type]  # no key, which is the attack
        f"{head}.{body}.",
        f"{head}.{body}.{signature[::-1]}",
        "nonsense",
        "a.b.c",
        "..",
    ):
        assert (await refused(tokens, token)).reason == "TOKEN_INVALID"
    await tokens.identify(good)


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _signed(secret: str, text: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).rstrip(b"=").decode()


async def test_a_key_of_another_kind_than_the_algorithm_is_refused(issuer: Issuer) -> None:
    issuer.new_key("rsa", algorithm="RS256")
    token = issuer.token("one", algorithm="ES256").split(".")
    header = jwt.encode({}, issuer.keys["rsa"], algorithm="RS256", headers={"kid": "one"}).split(".")[0]
    tokens = verifier(f"{issuer.url}/jwks.json")
    assert (await refused(tokens, ".".join([header, *token[1:]]))).reason == "TOKEN_INVALID"


async def test_new_keys_are_asked_for_with_measure(issuer: Issuer) -> None:
    clock = Clock()
    tokens = verifier(f"{issuer.url}/jwks.json", clock)
    for _ in range(5):
        await tokens.identify(issuer.token("one"))
    assert issuer.requests == 1
    issuer.new_key("two")
    for number in range(20):  # whatever key ids a caller makes up
        unknown = jwt.encode({}, issuer.keys["one"], algorithm="ES256", headers={"kid": f"made-up-{number}"})
        assert (await refused(tokens, unknown)).reason == "TOKEN_INVALID"
    assert issuer.requests == 1
    clock.now += PAUSE_SECONDS + 1
    await tokens.identify(issuer.token("two"))
    assert issuer.requests == 2
    del issuer.keys["one"]
    clock.now += FRESH_SECONDS + 1
    await tokens.identify(issuer.token("two"))
    assert issuer.requests == 3


async def test_an_outage_of_the_issuer_is_ridden_out(issuer: Issuer) -> None:
    clock = Clock()
    tokens = verifier(f"{issuer.url}/jwks.json", clock)
    issuer.status = 500
    assert isinstance(await refused(tokens, issuer.token("one")), Unavailable)
    issuer.status = 200
    clock.now += PAUSE_SECONDS + 1
    await tokens.identify(issuer.token("one"))
    issuer.status = 500
    clock.now += FRESH_SECONDS + 1
    await tokens.identify(issuer.token("one"))
    clock.now += STALE_SECONDS
    assert isinstance(await refused(tokens, issuer.token("one")), Unavailable)


async def test_answers_that_are_no_keys(issuer: Issuer) -> None:
    token = issuer.token("one")
    for location in (f"{issuer.url}/elsewhere", f"{issuer.url}/nowhere"):
        assert isinstance(await refused(verifier(location), token), Unavailable)
    issuer.padding = "x" * MAX_BYTES
    assert isinstance(await refused(verifier(f"{issuer.url}/jwks.json"), token), Unavailable)


async def test_keys_from_a_file(issuer: Issuer, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    assert isinstance(await refused(verifier(str(path)), issuer.token("one")), Unavailable)
    for broken in ("", "[]", "{}", '{"keys": 1}', '{"keys": [1]}', "[" * 10_000):
        path.write_text(broken)
        assert isinstance(await refused(verifier(str(path)), issuer.token("one")), Unavailable)
    path.write_text(issuer.document())
    await verifier(str(path)).identify(issuer.token("one"))


def test_keys_come_from_https_or_this_machine() -> None:
    for location in ("http://issuer.example/jwks.json", "ftp://issuer.example/", "file:///etc/passwd"):
        with pytest.raises(ValueError, match="jwt_jwks"):
            IdentitySettings(jwt_issuer=ISSUER, jwt_audience=AUDIENCE, jwt_jwks=location)


async def test_jobs_belong_to_the_tokens_subject(issuer: Issuer, start_gateway: StartGateway) -> None:
    holder = key_holder("alice")  # a key's tenant of the same name is somebody else
    gateway = await start_gateway(
        jwt_issuer=ISSUER, jwt_audience=AUDIENCE, jwt_jwks=f"{issuer.url}/jwks.json", api_keys=holder.toml
    )

    def of(subject: str, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer.token('one', sub=subject, **claims)}"}

    form: dict[str, Any] = {"files": {"file": photo()}, "data": {"style": "modern"}}
    submitted = await gateway.http.post("/transform/submit", **form, headers=of("alice"))
    assert submitted.status_code == 202
    path = f"/transform/status/{submitted.json()['job_id']}"
    assert (await gateway.http.get(path, headers=of("alice"))).status_code == 200
    for stranger in (of("bob"), of("alice "), holder.headers):
        assert (await gateway.http.get(path, headers=stranger)).status_code == 404
    assert (await gateway.http.get(path, headers=of("alice", scope="openid"))).status_code == 403
    assert (await gateway.http.get(path, headers={"Authorization": "Bearer nonsense"})).status_code == 401
    assert (await gateway.http.get(path, headers=of("ops", scope="admin"))).status_code == 200
