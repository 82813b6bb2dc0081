"""Examples for the OpenAPI document."""

from typing import Any, Final

JOB_ID: Final = "3f2c8a4e-6d1b-4c53-9a0e-7b1f2d3c4e5f"
_HOST: Final = "https://api.example.com"


def _link(name: str) -> str:
    return f"{_HOST}/files/jobs/{JOB_ID}/{name}?expires=1762947045&signature=Q2xvdWRz"


_TICKET: Final = "1762943505.5d41402abc4b2a76b9719d911017c592.2QzXn1bJ3kq0u8vYw5rT6pL9sD4fG7hJ1mN3bV5cX8A"
_FOLLOW: Final = {
    "websocket_url": f"wss://api.example.com/ws/transform/{JOB_ID}/{_TICKET}",
    "events_url": f"{_HOST}/transform/events/{JOB_ID}?ticket={_TICKET}",
    "share_token": "pmWkWSBCL51Bfkhn79xPuKBKHz__H6B-mY6G9_eieuM",
}

SUBMITTED: Final[dict[str, Any]] = {
    "success": True,
    "job_id": JOB_ID,
    "estimated_time": 15,
    **_FOLLOW,
    "status_url": f"{_HOST}/transform/status/{JOB_ID}",
}

_QUALITY: Final = {"structure": 0.95, "palette": 0.9, "keep": 1.0, "sharpness": 0.88, "overall": 0.92}

RESULT: Final[dict[str, Any]] = {
    "transformed_url": _link("transformed-0.jpg"),
    "transformed_urls": [_link("transformed-0.jpg")],
    "thumbnail_url": _link("thumbnail.jpg"),
    "original_url": _link("original.jpg"),
    "before_after_url": _link("before-after.jpg"),
    "download_urls": [_link("transformed-0.jpg") + "&download=modomo-modern.jpg"],
    "before_after_download_url": _link("before-after.jpg") + "&download=modomo-modern-before-after.jpg",
    "style_image_url": None,
    "control_maps": {"depth": _link("depth.png"), "canny": _link("canny.png")},
    "detections": [{"id": "sofa-1", "label": "sofa", "confidence": 0.94, "box": [112.0, 320.5, 498.0, 611.0]}],
    "metadata": {
        "style": "modern",
        "processing_time": 4.5,
        "quality_score": 0.92,
        "engine": "torch",
        "seed": 7,
        "strength": 0.8,
        "room_type": "living_room",
        "room_probability": 0.97,
        "models": [
            {
                "name": "stable-diffusion-v1-5/stable-diffusion-v1-5",
                "revision": "451f4fe",
                "licence": "CreativeML-OpenRAIL-M",
            }
        ],
        "stage_seconds": {"analyze": 0.4, "detect": 0.3, "transform": 3.5, "assess": 0.2, "store": 0.1},
        "quality": _QUALITY,
        "surfaces": [{"label": "wall", "area": 0.41, "confidence": 0.93, "material": "warm white paint"}],
        "palette_delta_e": 4.2,
        "gpu_seconds": 3.9,
        "estimated_cost_usd": 0.0006,
        "mode": "restyle",
        "group": None,
        "style_image_palette": [],
        "corrections": [{"x": 0.41, "y": 0.72, "label": "wall", "area": 0.03}],
        "safety_checked": False,
        "attempts": [{"seed": 7, "quality": _QUALITY}],
        "warnings": [],
    },
}

STATUS: Final[dict[str, Any]] = {
    "success": True,
    "data": {
        "job_id": JOB_ID,
        "status": "generating",
        "progress": 0.75,
        "estimated_time_remaining": 5,
        "result": None,
        "error": None,
        "error_code": None,
        "stage": "transforming",
        "queue_position": None,
        "created_at": "2025-11-12T10:30:41Z",
        "expires_at": "2025-11-13T10:30:41Z",
        "preview_url": _link("preview-1.jpg"),
        **_FOLLOW,
    },
}

EVENT: Final[dict[str, Any]] = {
    "job_id": JOB_ID,
    "seq": 9,
    "status": "transforming",
    "progress": 0.72,
    "message": "Applying modern style...",
    "timestamp": "2025-11-12T10:30:45Z",
    "step": 11,
    "total_steps": 20,
    "preview_url": _link("preview-1.jpg"),
}

WEBHOOK: Final[dict[str, Any]] = {
    "type": "transform.completed",
    "timestamp": "2025-11-12T10:30:45.123000+00:00",
    "data": {
        "job_id": JOB_ID,
        "status": "completed",
        "message": "Your new room is ready!",
        "error": None,
        "created_at": "2025-11-12T10:30:41.004000+00:00",
    },
}
