"""Fixtures that any test may use, one plugin a topic."""

pytest_plugins = [
    "tests.fixtures.attack_figures",
    "tests.fixtures.model_hub",
    "tests.fixtures.s3",
    "tests.fixtures.jobstore",
    "tests.fixtures.logs",
    "tests.fixtures.probe_service",
    "tests.fixtures.spans",
    "tests.fixtures.valkey",
    "tests.fixtures.valkey_failover",
    "tests.fixtures.rooms",
    "tests.fixtures.tiny_models",
    "tests.fixtures.triton",
    "tests.fixtures.gateway",
    "tests.fixtures.modal_app",
    "tests.fixtures.model_services",
    "tests.fixtures.webhook_receivers",
    "tests.fixtures.xdist_groups",
    "tests.fixtures.local_stack",
    "tests.fixtures.worker",
]
