"""The network policies allow the calls that the design has, each to an address that is really called, and no other."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.charts import NAMED, environment, of_kind, preset, render

ARROWS = {
    ("test", "gateway"),
    ("gateway", "detection"),
    ("gateway", "controlmaps"),
    ("gateway", "diffusion"),
    ("gateway", "notifier"),
    ("worker", "detection"),
    ("worker", "controlmaps"),
    ("worker", "diffusion"),
}
OUTSIDE = {"gateway": {6379, 443}, "worker": {6379, 443}, "firstlook": {6379, 443}, "notifier": {6379}}
"""Redis and the bucket; on any address unless the operator names peers."""


def arrows(manifests: list[dict[str, Any]]) -> set[tuple[str, str, int]]:
    """Caller, callee and port of every call inside the release, allowed by the policies at both ends."""
    policies = of_kind(manifests, "NetworkPolicy")
    leaving = {
        (name, f"m-{peer}", rule["ports"][0]["port"])
        for name, policy in policies.items()
        for rule in policy["spec"]["egress"]
        for peer in _components(rule.get("to", ()))
    }
    arriving = {
        (f"m-{peer}", name, port["port"])
        for name, policy in policies.items()
        for rule in policy["spec"]["ingress"]
        for peer in _components(rule.get("from", ()))
        for port in rule["ports"]
    }
    return {(a.removeprefix("m-"), b.removeprefix("m-"), port) for a, b, port in leaving & arriving}


def _components(peers: Any) -> Iterator[str]:
    for peer in peers:
        labels = peer.get("podSelector", {}).get("matchLabels", {})
        if labels.get("app.kubernetes.io/instance") == "m":
            yield labels["app.kubernetes.io/name"]


def called(manifests: list[dict[str, Any]]) -> set[tuple[str, str, int]]:
    """Caller, callee and port of every address in the processes' variables that is one of ours, and of the test's."""
    (test,) = of_kind(manifests, "Pod").values()
    (asked,) = re.findall(r"http://m-(\w+):(\d+)", test["spec"]["containers"][0]["command"][-1])
    found = {("test", asked[0], int(asked[1]))}
    services = of_kind(manifests, "Service").items()
    behind = {name: one["spec"]["selector"]["app.kubernetes.io/name"] for name, one in services}
    for name, deployment in of_kind(manifests, "Deployment").items():
        for variable, value in environment(deployment).items():
            if value and (variable.endswith("_ADDRESS") or variable == "MODOMO_TRITON"):
                host, _colon, port = str(value).removeprefix("dns:///").partition(":")
                if host == "127.0.0.1":
                    continue  # stands in the same pod
                found.add((name.removeprefix("m-"), behind.get(host, host.removeprefix("m-")), int(port)))
    return found


def test_the_arrows_are_those_of_the_design(chart: Path) -> None:
    allowed = arrows(render(chart, NAMED))
    assert {(caller, callee) for caller, callee, _port in allowed} == ARROWS


@pytest.mark.parametrize("name", ["defaults", "triton"])
def test_every_arrow_is_an_address_that_is_called(chart: Path, name: str) -> None:
    manifests = render(chart, NAMED, preset(name))
    assert arrows(manifests) == called(manifests)


def test_addresses_lead_to_headless_services_so_that_clients_balance(chart: Path) -> None:
    manifests = render(chart, NAMED, preset("triton"))
    listening = {
        (service["spec"]["selector"]["app.kubernetes.io/name"], port["port"], service["spec"].get("clusterIP"))
        for service in of_kind(manifests, "Service").values()
        for port in service["spec"]["ports"]
    }
    for caller, callee, port in arrows(manifests):
        if caller == "test":
            continue  # asks once; the gateway's Service has an address
        assert (callee, port, "None") in listening
    for deployment in of_kind(manifests, "Deployment").values():
        for variable, value in environment(deployment).items():
            assert not variable.endswith("_ADDRESS") or str(value).startswith(("dns:///", "127.0.0.1:"))


def test_outside_calls_go_to_redis_and_the_bucket_alone(chart: Path) -> None:
    for name, policy in of_kind(render(chart, NAMED), "NetworkPolicy").items():
        component = name.removeprefix("m-")
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        anywhere = {port["port"] for rule in policy["spec"]["egress"] if "to" not in rule for port in rule["ports"]}
        assert anywhere == OUTSIDE.get(component, set())


def test_peers_outside_can_be_named(chart: Path) -> None:
    peers = [{"ipBlock": {"cidr": "10.1.2.0/24"}}]
    ingress = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}]
    values = {"global": {"networkPolicies": {"clients": ingress, "outside": {"redis": {"port": 6380, "peers": peers}}}}}
    policy = of_kind(render(chart, NAMED, values), "NetworkPolicy")["m-gateway"]["spec"]
    assert {"ports": [{"port": 6380}], "to": peers} in policy["egress"]
    assert [rule["from"] for rule in policy["ingress"] if not [*_components(rule["from"])]] == [ingress]


def test_traces_go_to_the_collector_of_every_component_and_only_where_there_is_one(chart: Path) -> None:
    collector = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "tracing"}}}]
    values = {
        "global": {
            "otlp": {"endpoint": "https://collector.tracing:4318", "ratio": 0.1},
            "networkPolicies": {"outside": {"otlp": {"port": 4318, "peers": collector}}},
        }
    }
    manifests = render(chart, NAMED, values)
    components = of_kind(manifests, "Deployment")
    assert len(components) == 7
    for name, deployment in components.items():
        variables = environment(deployment)
        assert variables["MODOMO_OTLP_ENDPOINT"] == "https://collector.tracing:4318"
        assert variables["MODOMO_TRACE_RATIO"] == "0.1"
        policy = of_kind(manifests, "NetworkPolicy")[name]
        assert {"ports": [{"port": 4318}], "to": collector} in policy["spec"]["egress"]


def test_metrics_are_read_where_they_are_collected(chart: Path) -> None:
    prometheus = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    values = {"global": {"podMonitors": {"enabled": True}, "networkPolicies": {"prometheus": prometheus}}}
    manifests = render(chart, NAMED, values)
    monitors = of_kind(manifests, "PodMonitor")
    policies = of_kind(manifests, "NetworkPolicy")
    assert monitors.keys() == policies.keys() - {"m-test"}
    for name in monitors:
        policy = policies[name]
        (rule,) = [rule for rule in policy["spec"]["ingress"] if rule["from"] == prometheus]
        assert rule["ports"][0] == {"port": 9090}
        assert len(rule["ports"]) == len(monitors[name]["spec"]["podMetricsEndpoints"])
        assert monitors[name]["spec"]["selector"] == policy["spec"]["podSelector"]


def test_webhooks_are_signed_by_a_secret_and_reach_nothing_inside(chart: Path) -> None:
    manifests = render(chart, NAMED, {"global": {"webhooks": {"existingSecret": "signing"}}})
    for name in ("m-gateway", "m-notifier"):
        reference = environment(of_kind(manifests, "Deployment")[name])["MODOMO_WEBHOOK_SECRETS"]
        assert reference["secretKeyRef"]["name"] == "signing"
    internet = {name: _internet(policy) for name, policy in of_kind(manifests, "NetworkPolicy").items()}
    assert sorted(name for name, rules in internet.items() if rules) == ["m-gateway", "m-notifier"]
    inside = {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
    for name in ("m-gateway", "m-notifier"):  # which fetches photos by address, and which tells receivers
        (rule,) = internet[name]
        assert rule["ports"] == [{"port": 443}]
        assert inside <= {*rule["to"][0]["ipBlock"]["except"]}


def _internet(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [rule for rule in policy["spec"]["egress"] if any("ipBlock" in peer for peer in rule.get("to", ()))]


def test_the_pod_of_helm_test_may_ask_the_gateway_whoever_else_may(chart: Path) -> None:
    ingress = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}]
    manifests = render(chart, NAMED, {"global": {"networkPolicies": {"clients": ingress}}})
    labels = of_kind(manifests, "Pod")["m-test-health"]["metadata"]["labels"]
    policies = of_kind(manifests, "NetworkPolicy")
    assert policies["m-test"]["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert "annotations" not in policies["m-test"]["metadata"], "a hook would come too late"
    admitted = [peer for rule in policies["m-gateway"]["spec"]["ingress"] for peer in rule["from"]]
    assert any(
        peer.get("podSelector", {}).get("matchLabels", {"-": "-"}).items() <= labels.items() for peer in admitted
    )


@pytest.mark.parametrize(
    ("cloud", "addresses", "ports"),
    [
        ("eks", {"169.254.170.23/32", "fd00:ec2::23/128"}, {80}),
        ("gke", {"169.254.169.252/32", "169.254.169.254/32"}, {987, 988, 80, 8080}),
        ("", set(), set()),
    ],
)
def test_pods_that_use_the_bucket_may_ask_for_their_identity(
    chart: Path, cloud: str, addresses: set[str], ports: set[int]
) -> None:
    manifests = render(chart, NAMED, {"global": {"networkPolicies": {"workloadIdentity": cloud}}})
    for name, policy in of_kind(manifests, "NetworkPolicy").items():
        local = [
            (peer["ipBlock"]["cidr"], port["port"])
            for rule in policy["spec"]["egress"]
            for peer in rule.get("to", ())
            for port in rule["ports"]
            if peer.get("ipBlock", {}).get("cidr", "").startswith(("169.254", "fd00"))
        ]
        uses_the_bucket = name in {"m-gateway", "m-worker", "m-firstlook"}
        assert {address for address, _port in local} == (addresses if uses_the_bucket else set())
        assert {port for _address, port in local} == (ports if uses_the_bucket else set())
