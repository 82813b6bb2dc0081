"""Composes and runs the api: HTTP, WebSocket and Server-Sent Events, and gRPC for other backends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, NoReturn

import grpc

from gateway.api.auth import Authenticator
from gateway.api.auth.admission import Admission
from gateway.api.auth.settings import make_authenticator
from gateway.api.auth.share_tokens import ShareTokens
from gateway.api.auth.stream_tokens import StreamTokenIssuer
from gateway.api.estimate import Estimator
from gateway.api.grpc.admission import SERVICE_NAME, AdmissionInterceptor
from gateway.api.grpc.servicer import TransformServicer
from gateway.api.http.app import Parts, create_app
from gateway.api.http.form_receiver import FormReceiver
from gateway.api.http.page_settings import PageSettings
from gateway.api.http.server import HttpServer
from gateway.api.limits.bucket import BucketLimiter, NoLimiter, PhotoQuota, TokenBuckets
from gateway.api.limits.streams import StreamLimiter
from gateway.api.links import UrlSigner
from gateway.api.photo_analysis import PhotoAnalyzer
from gateway.api.public_address import PublicAddress
from gateway.api.queue_metrics import QueueGauges
from gateway.api.settings import PREFIX, ApiSettings
from gateway.api.shared_state import SharedState
from gateway.api.style_catalogue import StyleCatalogue
from gateway.api.submission import Limits
from gateway.api.transformations import Transformations
from gateway.api.trusted_proxies import TrustedProxies
from gateway.api.uploads.budget import UploadBudget
from gateway.api.uploads.fetch import PhotoFetcher
from gateway.api.uploads.header import MIN_SIDE
from gateway.api.uploads.optimise import PhotoOptimiser
from gateway.api.webhook_policy import WebhookPolicy
from gateway.clients.controlmaps import ControlMapsClient
from gateway.clients.detection import DetectionClient
from gateway.clients.diffusion import DiffusionClient
from gateway.clients.health import HealthClient
from gateway.clients.notifier import NotifierClient
from gateway.clients.readiness import Check, Readiness
from gateway.jobs.groups.store import RoomGroups
from gateway.jobs.purger import Purger
from modomo.transform.v1.transform_service_pb2_grpc import add_TransformServiceServicer_to_server
from servicekit import process
from servicekit.config import env
from servicekit.jobstore import JobStore
from servicekit.jobstore.fanout import EventFanout
from servicekit.jobstore.redis import connect
from servicekit.rpc import client, probe_limits
from servicekit.rpc import server as grpc_server
from servicekit.rpc.server import RunningServer, ServerOptions, until_stopped
from servicekit.rpc.tls import Security
from servicekit.storage import ObjectStore
from servicekit.storage.local import LocalStore
from servicekit.storage.settings import open_store
from servicekit.webhooks.ssrf import AddressPolicy

_MESSAGE_SLACK_BYTES: Final = 1024 * 1024
"""What a gRPC message may hold beside its pictures; also room for one that is a little too large to be told so."""
_CALLS_BESIDE_STREAMS: Final = 100
"""On one gRPC connection, beside all the streams that one client may hold."""


@dataclass(frozen=True, kw_only=True)
class Channels:
    """To the services behind the gateway."""

    detection: grpc.aio.Channel
    controlmaps: grpc.aio.Channel
    diffusion: grpc.aio.Channel
    notifier: grpc.aio.Channel


@dataclass(frozen=True, kw_only=True)
class RunningApi:
    """An api that listens."""

    server: HttpServer
    grpc_api: RunningServer
    readiness: Readiness


async def main() -> None:
    """Serves until it is told to stop."""
    settings = env.read(ApiSettings, prefix=PREFIX)
    process.begin("gateway", settings)
    async with running(settings):
        await until_stopped()


@asynccontextmanager
async def running(settings: ApiSettings) -> AsyncIterator[RunningApi]:
    """Serves while the block runs, then drains."""
    async with AsyncExitStack() as stack:
        authenticator = make_authenticator(settings, listens=(settings.listen, settings.grpc_listen))
        state = SharedState(settings)
        stack.push_async_callback(state.close)
        admission = _admission(settings, authenticator, state)
        job_store = connect(settings).jobs
        stack.push_async_callback(job_store.close)
        groups = RoomGroups(settings, job_store)
        stack.push_async_callback(groups.close)
        store = open_store(settings)
        stack.push_async_callback(store.close)
        optimiser = PhotoOptimiser(
            long_side=settings.long_side,
            threads=settings.decode_threads,
            queue_limit=settings.decode_queue,
            memory_bytes=settings.decode_memory_bytes,
        )
        stack.callback(optimiser.close)
        security = Security.of(settings)

        async def connected(address: str) -> grpc.aio.Channel:
            return await stack.enter_async_context(client.channel(address, security=security))

        channels = Channels(
            detection=await connected(settings.detection_address),
            controlmaps=await connected(settings.controlmaps_address),
            diffusion=await connected(settings.diffusion_address),
            notifier=await connected(settings.notifier_address),
        )
        parts = _parts(
            settings,
            admission=admission,
            state=state,
            job_store=job_store,
            groups=groups,
            store=store,
            optimiser=optimiser,
            channels=channels,
        )
        reading = asyncio.create_task(parts.gauges.run(), name="queue gauges")
        stack.push_async_callback(_cancelled, reading)
        proxies = TrustedProxies(settings.trusted_proxies)
        server = HttpServer(
            create_app(parts),
            listen=settings.listen,
            proxies=proxies,
            connections=settings.max_connections,
            connections_per_address=settings.max_connections_per_address,
        )
        await server.start()
        grpc_exits = AsyncExitStack()
        try:
            grpc_api = await grpc_exits.enter_async_context(_grpc_api(settings, parts, proxies, security))
            await grpc_api.set_serving(True)
            yield RunningApi(server=server, grpc_api=grpc_api, readiness=parts.readiness)
        finally:
            parts.readiness.stopping = True
            await asyncio.gather(server.stop(drain_seconds=settings.drain_seconds), grpc_exits.aclose())


async def _cancelled(task: asyncio.Task[NoReturn]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _grpc_api(
    settings: ApiSettings, parts: Parts, proxies: TrustedProxies, security: Security
) -> AbstractAsyncContextManager[RunningServer]:
    servicer = TransformServicer(
        parts.transformations,
        parts.events,
        parts.streams,
        parts.url_signer,
        public_url=settings.public_url,
        max_file_bytes=settings.max_file_bytes,
    )
    max_message_bytes = settings.max_file_bytes + _MESSAGE_SLACK_BYTES
    options = ServerOptions(
        address=settings.grpc_listen,
        drain_seconds=settings.drain_seconds,
        max_message_bytes=max_message_bytes,
        max_connection_rpcs=settings.stream_limit // 2 + _CALLS_BESIDE_STREAMS,
        max_connections=settings.grpc_connections,
        read_ahead=False,
        security=security,
        health_address=settings.health_address,
    )
    admission = AdmissionInterceptor(
        parts.admission,
        parts.receiver.budget,
        parts.receiver.quota,
        proxies,
        max_calls=options.max_concurrent_rpcs - probe_limits.MAX_CALLS,
        max_message_bytes=max_message_bytes,
        seconds=settings.upload_seconds,
    )
    return grpc_server.running(
        options,
        [(SERVICE_NAME, lambda server: add_TransformServiceServicer_to_server(servicer, server))],
        [admission],
    )


def _admission(settings: ApiSettings, authenticator: Authenticator, state: SharedState) -> Admission:
    counted = settings.units_per_minute and not authenticator.open
    limiter = BucketLimiter(TokenBuckets(state), units_per_minute=settings.units_per_minute) if counted else NoLimiter()
    tickets = StreamTokenIssuer(state, seconds=settings.ticket_seconds)
    return Admission(authenticator, limiter, tickets, ShareTokens(state))


def _parts(
    settings: ApiSettings,
    *,
    admission: Admission,
    state: SharedState,
    job_store: JobStore,
    groups: RoomGroups,
    store: ObjectStore,
    optimiser: PhotoOptimiser,
    channels: Channels,
) -> Parts:
    url_signer = UrlSigner(store, seconds=settings.url_seconds)
    catalogue = StyleCatalogue(DiffusionClient(channels.diffusion), state)
    estimator = Estimator(
        job_store.queue_state,
        typical_seconds=settings.typical_seconds,
        engine_seconds=lambda: catalogue.usual_seconds,
    )
    webhooks = WebhookPolicy(settings)
    transformations = Transformations(
        job_store=job_store,
        store=store,
        optimiser=optimiser,
        styles=catalogue,
        url_signer=url_signer,
        estimator=estimator,
        limits=Limits(
            queue=settings.queue_limit,
            tenant_queue=settings.queue_limit if admission.open else settings.owner_queue_limit,
            wait_seconds=settings.wait_seconds,
            batch_wait_seconds=settings.batch_wait_seconds,
            run_seconds=settings.run_seconds,
            retention_seconds=settings.retention_seconds,
        ),
        webhooks=webhooks,
        purger=Purger(store=store, job_store=job_store, groups=groups),
        groups=groups,
    )
    analyzer = PhotoAnalyzer(
        optimiser=optimiser,
        rooms=ControlMapsClient(channels.controlmaps),
        detector=DetectionClient(channels.detection),
    )
    return Parts(
        transformations=transformations,
        analyzer=analyzer,
        events=EventFanout(NotifierClient(channels.notifier), encode=lambda event: event),
        catalogue=catalogue,
        url_signer=url_signer,
        gauges=QueueGauges(job_store),
        readiness=Readiness(_checks(job_store, store, channels), may_sleep=settings.may_sleep),
        receiver=FormReceiver(
            max_file_bytes=settings.max_file_bytes,
            seconds=settings.upload_seconds,
            budget=UploadBudget(settings.upload_memory_bytes),
            quota=PhotoQuota(TokenBuckets(state), per_minute=settings.photos_per_minute),
            fetcher=_fetcher(settings),
        ),
        streams=StreamLimiter(settings.stream_limit),
        admission=admission,
        webhooks=webhooks,
        address=PublicAddress(settings.public_url),
        cors_origins=settings.cors_origins,
        any_host=settings.auth == "insecure",
        public_metrics=settings.public_metrics,
        page=PageSettings(
            long_side=settings.long_side,
            max_file_bytes=settings.max_file_bytes,
            min_side=MIN_SIDE,
            retention_seconds=settings.retention_seconds,
            needs_key=not admission.open,
        ),
        local_store=store if isinstance(store, LocalStore) else None,
    )


def _fetcher(settings: ApiSettings) -> PhotoFetcher | None:
    if not settings.image_url_seconds:
        return None
    addresses = AddressPolicy(settings.image_url_networks)
    return PhotoFetcher(addresses, seconds=settings.image_url_seconds, max_bytes=settings.max_file_bytes)


def _checks(job_store: JobStore, store: ObjectStore, channels: Channels) -> dict[str, Check]:
    return {
        "redis": job_store.check,
        "storage": store.check,
        "detection": HealthClient(channels.detection).check,
        "controlmaps": HealthClient(channels.controlmaps).check,
        "diffusion": HealthClient(channels.diffusion).check,
        "notifier": HealthClient(channels.notifier).check,
    }
