"""Restyles photos of rooms: a client of Modomo's HTTP API.

    from modomo.client import Modomo

    with Modomo("https://rooms.example", key="modomo_…") as rooms:
        job = rooms.restyle("room.jpg", style="boho", on_progress=lambda event: print(event["message"]))
        rooms.save(job.result["transformed_url"], "boho.jpg")

`AsyncModomo` is the same with `await`. Errors are classes by what a program does about them: `modomo.client.errors`.
"""

from modomo.client.asynchronous import AsyncModomo
from modomo.client.errors import (
    AbsentError,
    ConflictError,
    CredentialError,
    JobCancelled,
    JobFailed,
    LimitError,
    ModomoError,
    PhotoError,
    RequestError,
    ServiceError,
    Unreachable,
)
from modomo.client.exchange import FinishedJob, Photo, Picture
from modomo.client.synchronous import Modomo
from modomo.client.webhooks import WebhookRefused, verify_webhook

__all__ = [
    "AbsentError",
    "AsyncModomo",
    "ConflictError",
    "CredentialError",
    "FinishedJob",
    "JobCancelled",
    "JobFailed",
    "LimitError",
    "Modomo",
    "ModomoError",
    "Photo",
    "PhotoError",
    "Picture",
    "RequestError",
    "ServiceError",
    "Unreachable",
    "WebhookRefused",
    "verify_webhook",
]
