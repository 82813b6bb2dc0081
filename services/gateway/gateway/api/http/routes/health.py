"""How the gateway and everything behind it are."""

from contextlib import suppress
from importlib.metadata import version

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from gateway.api.auth import Scope
from gateway.api.auth.admission import Admission
from gateway.api.http import problem
from gateway.api.http.authorization import SECURED, admits
from gateway.api.http.responses import Model
from gateway.api.limits import Cost
from gateway.api.queue_metrics import QueueGauges
from gateway.clients.readiness import Dependency, Readiness
from servicekit.errors import ServiceError
from servicekit.observability import metrics


class DependencyHealth(BaseModel):
    """One thing that the gateway needs."""

    ready: bool
    engine: str | None = Field(default=None, description="Of a model service.")
    models: list[Model] = Field(default=[], description="Of its engine, with their licences: some restrict uses.")


class Health(BaseModel):
    """How everything is."""

    success: bool = True
    status: str = Field(description="`ok`, or `degraded` where something does not answer.")
    version: str
    dependencies: dict[str, DependencyHealth]


class Alive(BaseModel):
    """The process runs, or is ready."""

    success: bool = True
    status: str


def router(readiness: Readiness, gauges: QueueGauges, admission: Admission, *, public_metrics: bool) -> APIRouter:
    """The endpoints; metrics are for administrators, unless they are public or everything is."""
    guarded = [] if public_metrics or admission.open else [Depends(admits(admission, Scope.ADMIN, Cost.READ))]
    routes = APIRouter(tags=["health"])
    gateway_version = version("modomo-gateway")

    @routes.get("/health", summary="Version, engines, dependencies")
    async def health() -> Health:
        """Says how everything is; answers 200 whatever that may be."""
        dependencies = await readiness.dependencies()
        well = not readiness.stopping and all(one.ready for one in dependencies)
        return Health(
            status="ok" if well else "degraded",
            version=gateway_version,
            dependencies={one.name: _dependency(one) for one in dependencies},
        )

    @routes.get("/health/live", summary="Whether the process runs")
    async def live() -> Alive:
        """Asks nobody: a dependency that is away is no reason to restart the gateway."""
        return Alive(status="alive")

    @routes.get("/health/ready", summary="Whether requests are welcome", responses={503: {"model": Alive}})
    async def ready(response: Response) -> Alive:
        """Follows the dependencies; 503 as soon as the process has been told to end."""
        if await readiness.ready():
            return Alive(status="ready")
        response.status_code = 503
        response.headers["Retry-After"] = "1"
        return Alive(success=False, status="not ready")

    @routes.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_class=Response,
        dependencies=guarded,
        openapi_extra=SECURED if guarded else None,
        responses=problem.documented(401, 403, 429, 503) if guarded else {},
    )
    async def show_metrics() -> Response:
        """Of this process, and the length of the queue."""
        with suppress(ServiceError):  # the rest is all the more worth seeing
            await gauges.read()
        page, content_type = metrics.page()
        return Response(page, headers={"Content-Type": content_type})

    return routes


def _dependency(one: Dependency) -> DependencyHealth:
    if one.engine is None:
        return DependencyHealth(ready=one.ready)
    models = [
        Model(name=model.name, revision=model.revision, licence=model.licence or None) for model in one.engine.models
    ]
    return DependencyHealth(ready=one.ready, engine=one.engine.name, models=models)
