"""Attacks by one client that wants to send more photos a minute than it may: other addresses, the other transport."""

from typing import Any

import grpc

from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.transform.v1 import transform_service_pb2_grpc as pb_grpc
from servicekit.rpc import client
from tests.fixtures.gateway import Gateway, StartGateway, photo

QUOTA = 3
ADDRESS = "203.0.113.7"


async def statuses(gateway: Gateway, forwarded_for: list[str]) -> list[int]:
    """Of one photo for each line that the proxy passes on."""
    form: dict[str, Any] = {"files": {"file": photo()}, "data": {"style": "modern"}}
    return [
        (await gateway.http.post("/transform/submit", **form, headers={"X-Forwarded-For": line})).status_code
        for line in forwarded_for
    ]


async def test_a_client_does_not_choose_its_address_where_every_proxy_is_trusted(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(photos_per_minute=QUOTA, trusted_proxies="*")
    invented = [f"198.51.100.{number}, {ADDRESS}" for number in range(5)]
    assert await statuses(gateway, invented) == [202, 202, 202, 429, 429]
    assert await statuses(gateway, [f"{ADDRESS}, 203.0.113.8"]) == [202], "another client"


async def test_all_addresses_of_one_ipv6_network_are_one_client(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(photos_per_minute=QUOTA)
    assert await statuses(gateway, [f"2001:db8::{number}" for number in range(5)]) == [202, 202, 202, 429, 429]
    assert await statuses(gateway, ["2001:db8:0:1::1"]) == [202], "another client"


async def test_photos_over_grpc_count_as_those_over_http(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(photos_per_minute=QUOTA, trusted_proxies="*")
    assert await statuses(gateway, [ADDRESS] * 2) == [202, 202]
    async with client.channel(f"127.0.0.1:{gateway.api.grpc_api.port}") as channel:
        stub = pb_grpc.TransformServiceStub(channel)

        async def submit(forwarded_for: str) -> grpc.StatusCode:
            request = pb.SubmitRequest(image=photo(), style="modern")
            try:
                await stub.Submit(request, metadata=(("x-forwarded-for", forwarded_for),), timeout=5)
            except grpc.aio.AioRpcError as error:
                assert "photos" in (error.details() or "")
                return error.code()
            return grpc.StatusCode.OK

        invented = [await submit(f"198.51.100.{number}, {ADDRESS}") for number in range(3)]
        assert invented == [grpc.StatusCode.OK, *[grpc.StatusCode.RESOURCE_EXHAUSTED] * 2]
        assert await submit("203.0.113.8") is grpc.StatusCode.OK, "another client"
    assert await statuses(gateway, [ADDRESS]) == [429]
