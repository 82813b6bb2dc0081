"""Addresses of Sentinels and Clusters: what they may say, and that a wrong one is refused without being shown."""

import pytest

from servicekit.jobstore.redis import JobStoreSettings
from servicekit.jobstore.redis.address import RedisAddress, parse_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "redis+sentinel://a:1,b/rooms",
            RedisAddress(nodes=(("a", 1), ("b", 26379)), service="rooms", tls=False, options={"db": 0}),
        ),
        (
            "rediss+sentinel://u:p%40ss@a/my%2Frooms/2?ssl_ca_certs=/ca.pem",
            RedisAddress(
                nodes=(("a", 26379),),
                service="my/rooms",
                tls=True,
                options={"db": 2, "username": "u", "password": "p@ss", "ssl_ca_certs": "/ca.pem"},
            ),
        ),
        (
            "redis+cluster://[::1]:7000,b",
            RedisAddress(nodes=(("::1", 7000), ("b", 6379)), service="", tls=False, options={"db": 0}),
        ),
        ("rediss+cluster://a/0", RedisAddress(nodes=(("a", 6379),), service="", tls=True, options={"db": 0})),
    ],
)
def test_nodes_service_database_and_login_are_read(url: str, address: RedisAddress) -> None:
    assert parse_address(url) == address
    assert "p@ss" not in repr(parse_address(url))


@pytest.mark.parametrize("url", ["redis://a/1", "rediss://a", "unix:///run/redis.sock"])
def test_one_server_is_left_to_the_client(url: str) -> None:
    assert parse_address(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://u:secret@a",
        "sentinel://u:secret@a:1",
        "redis+sentinel://u:secret@a",  # which of the services
        "redis+sentinel://u:secret@a/rooms/two",
        "redis+cluster://u:secret@a/1",  # a Cluster has one database
        "redis+cluster://u:secret@a:99999",
        "redis+cluster://u:secret@a,,b",
        "redis+cluster://u:secret@",
        "redis+cluster://u:secret@a?socket_timeout=soon",
        "redis+cluster://u:secret@[a",
    ],
)
def test_anything_else_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match=r"redis\+sentinel://host:26379") as caught:
        JobStoreSettings(redis_url=url)
    assert "secret" not in str(caught.value)
