"""The app of deploy/modal on a miniature of Modal: its methods, its engines, tiny models."""

import warnings
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from servicekit.testing.device import DEVICE

METHODS = ("models", "detect", "infer", "restyle")


class Deploy(Protocol):
    """Deploys the app with the engines of some services; returns the server, for what it was asked."""

    def __call__(self, services: Sequence[str], weights: Path) -> Any: ...


@pytest.fixture(scope="module")
def modal_app() -> Iterator[Deploy]:
    """Deploys for the length of a module; one at a time, since Modal's client has one server."""
    pytest.importorskip("modal", reason="the modal extra is not installed")
    from servicekit.testing.modal import modal_server

    with ExitStack() as stack:
        deployed: dict[tuple[str, ...], Any] = {}

        def deploy(services: Sequence[str], weights: Path) -> Any:
            key = tuple(services)
            if key not in deployed:
                from deploy.modal import app, hosting

                devices = {f"MODOMO_{service.upper()}_DEVICE": DEVICE for service in services}
                host = hosting.Host(services, {"MODOMO_WEIGHTS": str(weights), **devices})
                stack.enter_context(pytest.MonkeyPatch.context()).setattr(app, "host", host)
                server = stack.enter_context(modal_server(app.app.name or "", local_methods(app.Models())))
                server.run(begin(app.Models))
                stack.callback(server.run, host.close())
                deployed[key] = server
            return deployed[key]

        yield deploy


def local_methods(models: Any) -> dict[str, Callable[[bytes], Awaitable[bytes]]]:
    """The app's methods as Modal runs them where they are."""

    def local(name: str) -> Callable[[bytes], Awaitable[bytes]]:
        def call(request: bytes) -> Awaitable[bytes]:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*will not have access to the mounted Volume")
                answer: Awaitable[bytes] = getattr(models, name).local(request)
                return answer

        return call

    return {name: local(name) for name in METHODS}


async def begin(models: Any) -> None:
    """What Modal does in a new container: the hooks before a snapshot of memory, then those after it."""
    from modal._partial_function import _find_callables_for_obj, _PartialFunctionFlags

    instance = models._get_user_cls()()
    for flag in (_PartialFunctionFlags.ENTER_PRE_SNAPSHOT, _PartialFunctionFlags.ENTER_POST_SNAPSHOT):
        for hook in _find_callables_for_obj(instance, flag).values():
            if (waiting := hook()) is not None:
                await waiting
