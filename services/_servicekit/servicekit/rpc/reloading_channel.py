"""A channel over TLS whose certificates may change: each call is made with the newest ones."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import grpc

from servicekit.rpc.tls import Certificates, Identity

OLD_CALLS_SECONDS: Final = 900.0
"""How long calls that began with former certificates may take to end."""

OpenChannel = Callable[[Certificates], grpc.aio.Channel]


class ReloadingChannel(grpc.aio.Channel):
    """Opens a new channel when the certificates have changed; running calls end on the channel that they began on."""

    def __init__(self, identity: Identity, open_channel: OpenChannel) -> None:
        self._identity = identity
        self._open = open_channel
        self._certificates = identity.current()
        self._channel = open_channel(self._certificates)
        self._closing: set[asyncio.Task[None]] = set()

    def newest(self) -> grpc.aio.Channel:
        """The channel for a new call."""
        certificates = self._identity.current()
        if certificates is not self._certificates:
            former, self._channel = self._channel, self._open(certificates)
            self._certificates = certificates
            task = asyncio.ensure_future(former.close(OLD_CALLS_SECONDS))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return self._channel

    def unary_unary(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on unchanged
        """A unary call, on the newest channel."""
        return self._deferred("unary_unary", *args, **options)

    def unary_stream(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
        """A call with a stream of answers, on the newest channel."""
        return self._deferred("unary_stream", *args, **options)

    def stream_unary(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
        """A call with a stream of requests, on the newest channel."""
        return self._deferred("stream_unary", *args, **options)

    def stream_stream(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
        """A call with streams both ways, on the newest channel."""
        return self._deferred("stream_stream", *args, **options)

    def _deferred(self, kind: str, *args: Any, **options: Any) -> Callable[..., Any]:  # noqa: ANN401 - as above
        """A method of a service, found on the newest channel each time it is called."""

        def call(*call_args: Any, **call_options: Any) -> Any:  # noqa: ANN401 - as above
            return getattr(self.newest(), kind)(*args, **options)(*call_args, **call_options)

        return call

    async def close(self, grace: float | None = None) -> None:
        """Closes the channel and those before it."""
        await self._channel.close(grace)
        for task in tuple(self._closing):
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Of the newest channel."""
        return self.newest().get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Of the newest channel."""
        await self.newest().wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Of the newest channel."""
        await self.newest().channel_ready()

    async def __aenter__(self) -> "ReloadingChannel":
        """It is open already."""
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Closes everything."""
        await self.close()
