"""What receivers of webhooks are told, for the OpenAPI document; the notifier sends it."""

from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.api.http import examples
from gateway.api.http.problem import Code


class WebhookEventType(StrEnum):
    """What a receiver may be told of."""

    ACCEPTED = "transform.accepted"
    COMPLETED = "transform.completed"
    FAILED = "transform.failed"
    CANCELLED = "transform.cancelled"


class WebhookError(BaseModel):
    """Why a job failed."""

    code: Code
    message: str = Field(description="For people.")
    retryable: bool = Field(description="Whether submitting the same again makes sense.")


class WebhookData(BaseModel):
    """The job. Whoever may see its pictures asks for its status."""

    job_id: str
    status: Literal["queued", "completed", "failed", "cancelled"]
    message: str = Field(description="For people, the same as in the job's last event.")
    error: WebhookError | None = Field(description="Of a failed job.")
    created_at: str = Field(description="When the job was submitted, ISO 8601.")


class WebhookMessage(BaseModel):
    """The body of a delivery, signed as Standard Webhooks say; the same for every attempt."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.WEBHOOK]})

    type: WebhookEventType
    timestamp: str = Field(description="When it happened, ISO 8601.")
    data: WebhookData


_HEADERS: Final = {
    "webhook-id": "The same for every attempt: a message may come twice.",
    "webhook-timestamp": "Seconds since the epoch. Refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64, one for each of your secrets.",
}
_WHEN: Final = {
    WebhookEventType.ACCEPTED: "A job was accepted.",
    WebhookEventType.COMPLETED: "A job has completed.",
    WebhookEventType.FAILED: "A job has failed.",
    WebhookEventType.CANCELLED: "A job was cancelled.",
}


def _webhook(event: WebhookEventType, summary: str) -> dict[str, Any]:
    return {
        "post": {
            "operationId": f"told_{event.name.lower()}",
            "tags": ["webhooks"],
            "summary": summary,
            "description": "Sent to the job's `webhook_url` where its `webhook_events` name this. Answer 2xx within 20 "
            "seconds; anything else is tried again over hours, 410 ends it.",
            "security": [],
            "parameters": [
                {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
                for name, text in _HEADERS.items()
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookMessage"}}},
            },
            "responses": {
                "204": {"description": "The message was taken."},
                "410": {"description": "Nothing more is to be sent to this address."},
            },
        }
    }


WEBHOOKS: Final = {event.value: _webhook(event, summary) for event, summary in _WHEN.items()}
