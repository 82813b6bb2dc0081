"""Settings of object storage, the same in every process of the gateway, and the store that they name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from servicekit.config.env import shared
from servicekit.storage import ObjectStore


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """Settings of object storage; raises ValueError where `s3` lacks its bucket."""

    storage: Literal["local", "s3"] = shared("local")
    """A local directory, or an S3 bucket (AWS, Cloudflare R2, MinIO, …)."""

    data_dir: Path = shared(Path("data"))
    """Directory of the local store."""

    url_secret: str = shared("", secret=True)
    """Signs links to the local store, 16 characters or more; empty generates one and stores it in the directory."""

    s3_bucket: str = shared("")
    """The bucket."""

    s3_endpoint: str = shared("")
    """`https://…` of a server other than AWS; empty for AWS."""

    s3_region: str = shared("auto")
    """The bucket's region; `auto` on Cloudflare R2."""

    s3_access_key_id: str = shared("")
    """Empty leaves credentials to the SDK's own chain (environment, instance role, …)."""

    s3_secret_access_key: str = shared("", secret=True)
    """Belongs to the key id."""

    def __post_init__(self) -> None:
        if self.storage == "s3" and not self.s3_bucket:
            raise ValueError("MODOMO_STORAGE is s3, but MODOMO_S3_BUCKET is not set")
        if self.url_secret and len(self.url_secret) < 16:
            raise ValueError("MODOMO_URL_SECRET must have 16 characters or more")


def open_store(settings: StorageSettings) -> ObjectStore:
    """The store that the settings name; imports only what it needs."""
    match settings.storage:
        case "local":
            from servicekit.storage.local import LocalStore  # noqa: PLC0415 - only where chosen

            return LocalStore(settings.data_dir, link_secret=settings.url_secret)
        case "s3":
            from servicekit.storage.s3 import S3Store  # noqa: PLC0415 - only where chosen

            return S3Store(
                settings.s3_bucket,
                endpoint=settings.s3_endpoint,
                region=settings.s3_region,
                access_key_id=settings.s3_access_key_id,
                secret_access_key=settings.s3_secret_access_key,
            )
