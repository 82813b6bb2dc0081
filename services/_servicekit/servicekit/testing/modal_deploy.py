"""What an app asks of Modal when it is deployed, answered as if all of it were there already."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from grpclib.const import Handler
from grpclib.server import Stream
from modal_proto import api_pb2

from servicekit.testing.modal import ModalServer

BUILDER: Final = "2025.06"
"""Modal's image builder that definitions are made for; the newest that the client knows."""

PREFIXES: Final = {
    "app_id": "ap",
    "class_id": "cs",
    "environment_id": "en",
    "function_id": "fu",
    "image_id": "im",
    "mount_id": "mo",
    "queue_id": "qu",
    "volume_id": "vo",
}
"""How Modal's ids begin: the client refuses others."""


class DeploySite(ModalServer):
    """Says yes to everything and remembers it; builds nothing."""

    asked: list[Any]
    """Requests, in the order of their arrival."""

    def __mapping__(self) -> dict[str, Handler]:
        """Modal's whole API for grpclib."""
        self.asked = []
        mapping = super().__mapping__()
        return {path: handler._replace(func=self._agreeing(handler)) for path, handler in mapping.items()}

    def all(self, kind: str) -> list[Any]:
        """The requests of one kind, by their message's name."""
        return [request for request in self.asked if type(request).__name__ == kind]

    def _agreeing(self, handler: Handler) -> Callable[[Stream[Any, Any]], Awaitable[None]]:
        async def handle(stream: Stream[Any, Any]) -> None:
            request = await stream.recv_message()
            self.asked.append(request)
            await stream.send_message(_filled(handler.reply_type(), request))

        return handle


def _filled(reply: Any, request: Any) -> Any:  # noqa: ANN401 - Modal's messages
    for field in reply.DESCRIPTOR.fields:
        kind = field.message_type.name if field.message_type else ""
        if field.name in PREFIXES:
            setattr(reply, field.name, f"{PREFIXES[field.name]}-1")
        elif kind == "FunctionData":
            getattr(reply, field.name).ranked_functions.add(rank=0)
        elif kind == "GenericResult":
            reply.result.status = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS
        elif kind == "EnvironmentMetadata":
            reply.metadata.settings.image_builder_version = BUILDER
        elif field.name == "exists":
            reply.exists = True
    if isinstance(request, api_pb2.FunctionCreateRequest):
        reply.handle_metadata.function_name = request.function.function_name
        for name, method in request.function.method_definitions.items():
            reply.handle_metadata.method_handle_metadata[name].function_name = method.function_name
    return reply
