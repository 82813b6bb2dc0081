"""The api's settings, read from `MODOMO_GATEWAY_*`."""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from gateway.api.auth.settings import IdentitySettings
from gateway.api.trusted_proxies import TrustedProxies
from gateway.jobs.work import most_work
from gateway.settings import GatewaySettings
from servicekit.webhooks import WebhookSettings
from servicekit.webhooks.ssrf import AddressPolicy

PREFIX: Final = "MODOMO_GATEWAY_"
MAX_URL_SECONDS: Final = 900
"""Whoever holds a link sees the picture, so links are short-lived."""


@dataclass(frozen=True, kw_only=True)
class ApiSettings(GatewaySettings, IdentitySettings, WebhookSettings):
    """Settings of `gateway api`."""

    listen: str = "127.0.0.1:8000"
    """`host:port` of HTTP and WebSocket."""

    grpc_listen: str = "127.0.0.1:50050"
    """`host:port` of gRPC, for other backends."""

    public_url: str = ""
    """`https://host` that apps reach the gateway under; empty takes what each request says."""

    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call, as browsers send them, `https://app.example`; `*` for all."""

    trusted_proxies: str = "127.0.0.1"
    """Addresses and networks, separated by commas, whose `X-Forwarded-*` headers are believed; `*` for whoever asks,
    whose last word of each counts: where there are several proxies, name them."""

    max_connections: int = 8192
    """HTTP connections and WebSockets, at most three quarters of the descriptors that the process may open. Where there
    are as many, those that wait for nothing make room."""

    max_connections_per_address: int = 1024
    """Of these, from one address that is no trusted proxy's."""

    long_side: int = 1024
    """Photos are kept with at most so many pixels on their long side."""

    max_file_bytes: int = 15 * 1024 * 1024
    """Largest photo that is taken."""

    upload_seconds: float = 60.0
    """How long a request's body may take to arrive."""

    upload_memory_bytes: int = 512 * 1024 * 1024
    """All uploads together; more are refused until some are done. No client (a tenant, or an address where tenants are
    unknown) may hold more than is still free, so at most half."""

    image_url_seconds: float = 15.0
    """What fetching a photo from `image_url` may take, redirects included; 0 fetches none."""

    image_url_networks: tuple[str, ...] = ()
    """Networks that photos may be fetched from though they are not public; plain http is for these alone."""

    photos_per_minute: int = 0
    """Photos that one client address (of IPv6, one network of 64 bits) may send over HTTP and gRPC together; 0 for any
    number."""

    decode_threads: int = 2
    """Photos that are decoded at a time."""

    decode_queue: int = 128
    """Photos that may wait to be decoded; more are refused. No client may have more in it than there is room left."""

    decode_memory_bytes: int = 512 * 1024 * 1024
    """What decoding one photo may take; those that need more are refused. The largest that are taken need 450 MB."""

    units_per_minute: int = 1200
    """Quota of callers whose key names none: a submission costs 20 units, an analysis 10, any other request 1; 0 sets
    no limit. Counted where callers are known."""

    stream_limit: int = 1000
    """Event streams (WebSocket, Server-Sent Events, gRPC) at a time; no client may hold more than are still free, so at
    most half."""

    grpc_connections: int = 400
    """gRPC connections at a time; more are closed at once, and descriptors remain for HTTP. 0 for any number."""

    queue_limit: int = 1000
    """Work that may wait for a worker, in pictures of the usual size; a job that would make it more is refused."""

    owner_queue_limit: int = 200
    """Of it, that of one tenant and one priority, where tenants are known."""

    batch_wait_seconds: float = 21_600.0
    """As `wait_seconds`, for jobs that were submitted as `batch`."""

    wait_seconds: float = 600.0
    """A job that no device took up within this time fails."""

    run_seconds: float = 120.0
    """A job that runs longer than this for each unit of its expected work (a variant of a photo of usual size), retries
    included, fails. The time begins when a worker takes the job up, and anew when the device does."""

    retention_seconds: float = 86_400.0
    """Jobs and their pictures are kept this long."""

    url_seconds: int = 900
    """Links to pictures are good for this long, at most 15 minutes: ask for the status again to get fresh ones."""

    public_metrics: bool = False
    """Whether `/metrics` is shown to everybody, and not only to keys with the scope `admin`."""

    may_sleep: tuple[Literal["detection", "controlmaps", "diffusion"], ...] = ()
    """Services that are scaled to zero while there is nothing to do: the gateway is ready without them."""

    typical_seconds: float = 15.0
    """Estimate of a job's duration while none has been measured."""

    def __post_init__(self) -> None:
        """Raises ValueError naming a setting that makes no sense."""
        super().__post_init__()
        IdentitySettings.__post_init__(self)
        WebhookSettings.__post_init__(self)
        longest = max(self.wait_seconds, self.batch_wait_seconds) + 2 * self.run_seconds * most_work(self.long_side)
        if self.retention_seconds <= longest:
            raise ValueError(
                f"retention_seconds must outlast wait_seconds (batch_wait_seconds) and twice run_seconds for the "
                f"largest job: {longest:g} s"
            )
        positive = (
            "long_side",
            "max_file_bytes",
            "upload_seconds",
            "decode_threads",
            "decode_memory_bytes",
            "queue_limit",
            "stream_limit",
            "url_seconds",
            "owner_queue_limit",
            "max_connections",
            "max_connections_per_address",
        )
        for name in positive:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than 0")
        if self.url_seconds > MAX_URL_SECONDS:
            raise ValueError(f"url_seconds must be at most {MAX_URL_SECONDS}")
        for name in ("photos_per_minute", "units_per_minute", "grpc_connections", "image_url_seconds"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        try:
            AddressPolicy(self.image_url_networks)
        except ValueError as error:
            raise ValueError(f"image_url_networks: {error}") from error
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise ValueError("public_url must begin with http:// or https://")
        TrustedProxies(self.trusted_proxies)
        for origin in self.cors_origins:
            _validate_origin(origin)


def _validate_origin(origin: str) -> None:
    """Raises ValueError for what no browser sends as `Origin` (RFC 6454, 6.2), and so would match nothing."""
    if origin in ("*", "null"):
        return
    try:
        parts = urlsplit(origin)
        standard = parts.port == {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        parts, standard = urlsplit(""), True
    if not (parts.scheme and parts.netloc) or "*" in parts.netloc:
        raise ValueError(f"cors_origins has {origin!r}, which is no origin: write each as https://host, or * for all")
    host = parts.netloc.rpartition("@")[2].lower()
    if standard:
        host = host.removesuffix(f":{parts.port}")
    if origin != f"{parts.scheme}://{host}":
        raise ValueError(f"cors_origins has {origin!r}, but browsers send '{parts.scheme}://{host}': write that")
