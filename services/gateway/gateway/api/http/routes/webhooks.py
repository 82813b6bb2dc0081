"""The secrets that a caller's receiver checks signatures with."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from gateway.api.auth import Caller, Scope
from gateway.api.auth.admission import Admission
from gateway.api.http import problem
from gateway.api.http.authorization import SECURED, admits
from gateway.api.limits import Cost
from gateway.api.webhook_policy import WebhookPolicy


class WebhookSecrets(BaseModel):
    """The caller's own secrets."""

    success: bool = True
    secrets: list[str] = Field(
        description="`whsec_…`, Standard Webhooks. Every delivery is signed with each of them; check with the last one."
    )


def router(rules: WebhookPolicy, admission: Admission) -> APIRouter:
    """The endpoint."""
    routes = APIRouter(tags=["webhooks"])
    submits = Depends(admits(admission, Scope.SUBMIT, Cost.READ))

    @routes.get(
        "/webhooks/secrets",
        summary="Secrets of your webhooks",
        openapi_extra=SECURED,
        responses=problem.documented(401, 403, 429, 503),
    )
    async def webhook_secrets(caller: Annotated[Caller, submits]) -> WebhookSecrets:
        """What your receiver checks the signatures of deliveries with. None where this server sends no webhooks."""
        return WebhookSecrets(secrets=list(rules.secrets(caller.tenant)))

    return routes
