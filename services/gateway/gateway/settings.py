"""What both of the gateway's programs are told: where everything behind it is."""

from dataclasses import dataclass

from servicekit.config.env import shared
from servicekit.config.settings import ProcessSettings
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.storage.settings import StorageSettings


@dataclass(frozen=True, kw_only=True)
class GatewaySettings(ProcessSettings, StorageSettings, JobStoreSettings):
    """Where everything behind the gateway is: jobs and pictures (inherited), and the services."""

    detection_address: str = shared("127.0.0.1:50051")
    """gRPC address of the detection service."""

    controlmaps_address: str = shared("127.0.0.1:50052")
    """gRPC address of the controlmaps service."""

    diffusion_address: str = shared("127.0.0.1:50053")
    """gRPC address of the diffusion service."""

    notifier_address: str = shared("127.0.0.1:50054")
    """gRPC address of the notifier."""

    def __post_init__(self) -> None:
        """Raises ValueError naming a setting that makes no sense."""
        StorageSettings.__post_init__(self)
        JobStoreSettings.__post_init__(self)
