"""The torch engines of all services in one process on one device, as the app's methods ask them."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from servicekit.config import env
from servicekit.config.env import SettingsError
from servicekit.errors import FailedPrecondition, ServiceError, Unavailable
from servicekit.inference.engine import Engine, Model
from servicekit.inference.modal import host
from servicekit.observability import logs
from servicekit.weights import WeightsError

if TYPE_CHECKING:  # a container that does not host a service has none of its packages
    from controlmaps.engine.modal import InferenceInput
    from detection.domain import Candidate
    from detection.engine.modal import DetectionInput
    from diffusion.domain import Restyling, Result

log = logs.get(__name__)


class Host:
    """Loads engines and hands work to them.

    An engine that cannot load leaves a Host that says why to whoever asks: a container that ended instead would be
    started again and again, and paid for each time.
    """

    def __init__(self, services: Sequence[str], environ: Mapping[str, str]) -> None:
        """`environ` holds the services' own settings."""
        self._services = services
        self._environ = environ
        self._engines: dict[str, Any] = {}
        self._problem: ServiceError = FailedPrecondition("NOT_LOADED", "The models are not loaded yet.")

    def prepare(self) -> None:
        """Imports what the engines stand on, and asks for no device: a snapshot of memory may be taken then."""
        for service in self._services:
            import_module(f"{service}.engine.torch")

    async def load(self) -> None:
        """Loads every engine and runs it once."""
        try:
            for service in self._services:
                engine = _engine(service, self._environ)
                await engine.load()
                self._engines[service] = engine
                log.info("engine ready", service=service, models=[model.name for model in engine.info.models])
        except (WeightsError, SettingsError) as error:
            log.critical("cannot serve", problem=str(error))
            self._problem = FailedPrecondition("CANNOT_SERVE", str(error))

    async def close(self) -> None:
        """Lets all engines go."""
        for engine in self._engines.values():
            await engine.close()
        self._engines.clear()

    async def models(self, request: bytes) -> bytes:
        """What a service's engine runs, or why it cannot, for operators to read."""
        return await host.answer(request, str, self._models)

    async def detect(self, request: bytes) -> bytes:
        """Detection's candidates."""
        from detection.engine.modal import DetectionInput  # noqa: PLC0415 - not in every container

        return await host.answer(request, DetectionInput, self._detect)

    async def infer(self, request: bytes) -> bytes:
        """The arrays of one of controlmaps' tasks."""
        from controlmaps.engine.modal import InferenceInput  # noqa: PLC0415 - not in every container

        return await host.answer(request, InferenceInput, self._infer)

    async def restyle(self, request: bytes, steps: host.Steps) -> bytes:
        """Diffusion's result; steps on the way go to the queue. Cancelling this stops between two of them."""
        from diffusion.domain import Restyling  # noqa: PLC0415 - not in every container

        return await host.stream(request, Restyling, self._restyle, steps)

    async def _models(self, service: str) -> tuple[Model, ...]:
        if service not in self._services:
            hosted = ", ".join(self._services)
            raise FailedPrecondition("NOT_HOSTED", f"{service} is not hosted; MODOMO_MODAL_SERVICES has {hosted}.")
        if service not in self._engines:
            raise self._problem
        engine: Engine = self._engines[service]
        return engine.info.models

    async def _detect(self, asked: "DetectionInput") -> "Sequence[Candidate]":
        candidates: Sequence[Candidate] = await self._ready("detection").detect(asked.photo, masks=asked.masks)
        return candidates

    async def _infer(self, asked: "InferenceInput") -> Sequence[Any]:
        arrays: Sequence[Any] = await self._ready("controlmaps").infer(asked.task, asked.pixels)
        return arrays

    async def _restyle(self, asked: "Restyling", tell: host.ReportStep) -> "Result":
        from diffusion.domain import Result  # noqa: PLC0415 - not in every container
        from diffusion.engine.modal import on_the_way  # noqa: PLC0415 - as above

        async with aclosing(self._ready("diffusion").transform(asked)) as steps:
            async for step in steps:
                if isinstance(step, Result):
                    return replace(step, repainted=None)  # for evaluation within one process alone
                tell(on_the_way(step))
        raise RuntimeError("the engine ended without a result")

    def _ready(self, service: str) -> Any:  # noqa: ANN401 - each service's engine has work of its own
        engine = self._engines.get(service)
        if engine is None:
            raise Unavailable("MODELS_NOT_LOADED", "The models do not answer at the moment.", retry_after_seconds=5)
        return engine


def _engine(service: str, environ: Mapping[str, str]) -> Engine:
    """The engine that the service itself would build with `torch` chosen."""
    main, settings = import_module(f"{service}.__main__"), import_module(f"{service}.settings")
    chosen = {**environ, f"{settings.PREFIX}ENGINE": "torch"}
    engine: Engine = main.build_engine(env.read(settings.Settings, prefix=settings.PREFIX, environ=chosen))
    return engine
