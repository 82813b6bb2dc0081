"""What the processes are told where nobody said otherwise. Imports nothing of ours: the supervisor stays small."""

from collections.abc import Mapping
from typing import Final

MODELS: Final = "127.0.0.1:50051"
NOTIFIER: Final = "127.0.0.1:50054"

MEMORY: Final = {
    # arrays go back to the system when they are let go of, and threads share two heaps instead of having eight a core
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MODOMO_GATEWAY_UPLOAD_MEMORY_BYTES": str(48 << 20),
    # 25 megapixels of a progressive JPEG, 16 of HEIC and WebP; other JPEGs are decoded small and of any size
    "MODOMO_GATEWAY_DECODE_MEMORY_BYTES": "150000000",
    "MODOMO_GATEWAY_DECODE_THREADS": "1",
    "MODOMO_GATEWAY_DECODE_QUEUE": "32",
    "MODOMO_WORKER_PARALLEL_JOBS": "2",
    "MODOMO_FIRSTLOOK_PARALLEL_JOBS": "1",
}
"""What keeps all processes together in 512 MB."""


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of all processes; what is set already wins.

    Railway's own say the port and the domain, its Redis plugin's REDIS_URL where jobs are.
    """
    domain = environ.get("RAILWAY_PUBLIC_DOMAIN", "")
    told = {
        "PYTHONUNBUFFERED": "1",
        "MODOMO_LOG_FORMAT": "json",
        "MODOMO_GATEWAY_LISTEN": f"0.0.0.0:{environ.get('PORT') or 8000}",
        "MODOMO_GATEWAY_GRPC_LISTEN": "127.0.0.1:50050",
        "MODOMO_GATEWAY_PUBLIC_URL": f"https://{domain}" if domain else "",
        "MODOMO_GATEWAY_TRUSTED_PROXIES": "*",  # nothing but Railway's proxy reaches the port
        "MODOMO_GATEWAY_RUN_SECONDS": "300",  # a container on Modal may have to start first
        # together less than the supervisor gives a process to end
        "MODOMO_GATEWAY_DRAIN_SECONDS": "15",
        "MODOMO_WORKER_DRAIN_SECONDS": "15",
        "MODOMO_NOTIFIER_DRAIN_SECONDS": "5",
        "MODOMO_REDIS_URL": environ.get("REDIS_URL", ""),
        "MODOMO_STORAGE": "s3",
        "MODOMO_DETECTION_ENGINE": "modal",
        "MODOMO_CONTROLMAPS_ENGINE": "modal",
        "MODOMO_DIFFUSION_ENGINE": "modal",
        "MODOMO_DETECTION_LISTEN": MODELS,
        "MODOMO_NOTIFIER_LISTEN": NOTIFIER,
        "MODOMO_NOTIFIER_ADDRESS": NOTIFIER,
        **{f"MODOMO_{service}_ADDRESS": MODELS for service in ("DETECTION", "CONTROLMAPS", "DIFFUSION")},
        **MEMORY,
    }
    return {**told, **environ}
