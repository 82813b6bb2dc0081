"""A process names the chart's value behind what it complains of."""

import pytest

from servicekit.config import config_hints

ENVIRON = {
    config_hints.VARIABLE: "MODOMO_REDIS_URL=global.redis.existingSecret,MODOMO_S3_BUCKET=global.s3.bucket,"
    "MODOMO_TLS_=global.tls.existingSecret,*=gateway.env"
}


@pytest.mark.parametrize(
    ("problem", "value"),
    [
        ("MODOMO_REDIS_URL: connection refused", "global.redis.existingSecret"),
        ("MODOMO_GATEWAY_*: redis_url must begin with redis://", "global.redis.existingSecret"),
        ("MODOMO_GATEWAY_*: MODOMO_STORAGE is s3, but MODOMO_S3_BUCKET is not set", "global.s3.bucket"),
        ("MODOMO_TLS_*: no such file", "global.tls.existingSecret"),
        ("MODOMO_GATEWAY_LISTEN must be of type int, not 'x'", "gateway.env.MODOMO_GATEWAY_LISTEN"),
        ("MODOMO_GATEWAY_*: url_seconds must be at most 900", "gateway.env"),
        ("something else", "gateway.env"),
    ],
)
def test_the_value_is_found_by_variable_or_field(problem: str, value: str) -> None:
    assert config_hints.chart_value(problem, ENVIRON) == {"value": value}


@pytest.mark.parametrize("environ", [{}, {config_hints.VARIABLE: ""}, {config_hints.VARIABLE: "nonsense"}])
def test_outside_the_chart_there_is_nothing_to_say(environ: dict[str, str]) -> None:
    assert config_hints.chart_value("MODOMO_REDIS_URL: connection refused", environ) == {}
