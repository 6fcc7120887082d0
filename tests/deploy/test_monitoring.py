"""The Prometheus configuration: it scrapes what is there, and asks for metrics that exist."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.stack import SERVICES

MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
_QUOTED = re.compile(r'"[^"]*"')
_NAME = re.compile(r"\bentraide_\w+|\bup\b")


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_metric_that_an_alert_asks_for_is_exported(
    rules: list[dict[str, Any]], metric_names: frozenset[str]
) -> None:
    asked = {name for rule in rules for name in _NAME.findall(_QUOTED.sub("", rule["expr"]))}
    assert len(asked) > 8
    assert asked - {"up"} <= metric_names


def test_alerts_are_complete(rules: list[dict[str, Any]]) -> None:
    names = [rule["alert"] for rule in rules]
    assert len(set(names)) == len(names)
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"].endswith((".", "?"))
        expression = _QUOTED.sub('""', rule["expr"])
        assert expression.count("(") == expression.count(")")
        # A label that the summary shows must have survived the aggregation.
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            kept = re.findall(r"by \(([^)]*)\)", expression)
            assert all(label in group.split(", ") for group in kept), rule["alert"]


def test_the_handbook_says_what_to_do_about_each_alert(
    rules: list[dict[str, Any]], root: Path
) -> None:
    handbook = (root / "docs/operating.md").read_text()
    told = set(re.findall(r"^\| `(Entraide\w+)` \|", handbook, re.MULTILINE))
    assert told == {rule["alert"] for rule in rules}


def test_everything_that_exports_is_scraped(root: Path) -> None:
    services = yaml.safe_load((root / "docker-compose.yml").read_text())["services"]
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    assert (MONITORING / config["rule_files"][0]).exists()
    scraped = set()
    for job in config["scrape_configs"]:
        for static in job.get("static_configs", []):
            scraped |= set(static["targets"])
        for names in job.get("dns_sd_configs", []):
            scraped |= {f"{name}:{names['port']}" for name in names["names"]}
    expected = set()
    for name, service in services.items():
        if "ENTRAIDE_METRICS_PORT" in service.get("environment", {}):
            expected.add(f"{name}:{service['environment']['ENTRAIDE_METRICS_PORT']}")
        elif service["command"][0] == "gunicorn" if "command" in service else False:
            expected.add(f"{name}:8000")
    assert scraped == expected


def test_the_partitions_are_those_of_a_new_topic(rules: list[dict[str, Any]]) -> None:
    from shared.settings import VARIABLES

    (partitions,) = (v.default for v in VARIABLES if v.name == "ENTRAIDE_TOPIC_PARTITIONS")
    (rule,) = (rule for rule in rules if rule["alert"] == "EntraidePartitionsUnowned")
    assert rule["expr"].endswith(f"< {partitions}")


def test_an_alert_does_not_fall_silent_with_what_it_watches(rules: list[dict[str, Any]]) -> None:
    expressions = {rule["alert"]: rule["expr"] for rule in rules}
    assert "or vector(0)" in expressions["EntraidePartitionsUnowned"]
    missed = re.findall(
        r'absent\(entraide_outbox_age_seconds\{collection="(\w+)"\}\)',
        expressions["EntraideNobodyPublishes"],
    )
    aggregates = [
        {aggregate._get_collection_name() for aggregate in documents.AGGREGATES}
        for documents in (
            importlib.import_module(f"services.{service}.documents") for service in SERVICES
        )
    ]
    assert len(missed) == len(aggregates)
    for owned in aggregates:  # one of each worker's
        assert len(owned & set(missed)) == 1


def test_prometheus_is_pinned_and_listens_on_loopback_only() -> None:
    (service,) = yaml.safe_load((MONITORING / "compose.yml").read_text())["services"].values()
    assert re.fullmatch(r"prom/prometheus:v\d+\.\d+\.\d+", service["image"])
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
