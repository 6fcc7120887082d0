"""The Prometheus configuration: it scrapes what is there, and asks for metrics that exist."""

import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from deploy.local.stack import SERVICES
from shared.web.problems import BEING_FOUND

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
MONITORING = COMPOSE.parent / "deploy" / "monitoring"
PROMTOOL = shutil.which("promtool")
_QUOTED = re.compile(r'"[^"]*"')
_NAME = re.compile(r"\bentraide_\w+|\bup\b")


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    """Grafana's dashboard."""
    path = MONITORING / "grafana" / "dashboards" / "entraide.json"
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def expressions(dashboard: dict[str, Any]) -> list[str]:
    """What the dashboard's panels ask Prometheus."""
    return [one["expr"] for panel in dashboard["panels"] for one in panel.get("targets", [])]


def metrics_in(asked: list[str]) -> set[str]:
    """The metrics that these expressions name."""
    return {name for one in asked for name in _NAME.findall(_QUOTED.sub("", one))}


def mounted(path: Path) -> str:
    """Where a container of the monitoring has what is in its folder."""
    return str("/etc/entraide" / path.relative_to(MONITORING))


def test_every_metric_that_an_alert_asks_for_is_exported(
    rules: list[dict[str, Any]], metric_names: frozenset[str]
) -> None:
    asked = metrics_in([rule["expr"] for rule in rules])
    assert len(asked) > 8
    assert asked - {"up"} <= metric_names


def test_every_metric_that_the_dashboard_shows_is_exported(
    dashboard: dict[str, Any], metric_names: frozenset[str]
) -> None:
    asked = metrics_in(expressions(dashboard))
    assert len(asked) > 20
    assert asked - {"up"} <= metric_names


def test_the_dashboard_is_found_and_asks_the_source_that_there_is(
    dashboard: dict[str, Any],
) -> None:
    provisioning = MONITORING / "grafana" / "provisioning"
    sources = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())
    providers = yaml.safe_load((provisioning / "dashboards/entraide.yml").read_text())
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    assert services["grafana"]["environment"]["GF_PATHS_PROVISIONING"] == mounted(provisioning)
    assert {urlsplit(one["url"]).hostname for one in sources["datasources"]} <= services.keys()
    (provider,) = providers["providers"]
    assert provider["options"]["path"] == mounted(MONITORING / "grafana" / "dashboards")
    known = {(source["type"], source["uid"]) for source in sources["datasources"]}
    shown = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert {(one["datasource"]["type"], one["datasource"]["uid"]) for one in shown} == known
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian's package prometheus) is not here")
def test_promtool_takes_rules_configuration_and_dashboard(
    dashboard: dict[str, Any], tmp_path: Path
) -> None:
    shown = [
        {"record": f"panel:{number}", "expr": expression}
        for number, expression in enumerate(expressions(dashboard))
    ]
    asked = tmp_path / "dashboard.yml"
    asked.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": shown}]}))
    for command in (
        ("check", "config", MONITORING / "prometheus.yml"),
        ("check", "rules", MONITORING / "alerts.yml"),
        ("check", "rules", asked),
        ("test", "rules", Path(__file__).with_name("alerts.test.yml")),
    ):
        done = subprocess.run([PROMTOOL, *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


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


def test_each_alert_has_its_page_and_each_page_its_alert(
    rules: list[dict[str, Any]], root: Path
) -> None:
    pages = {rule["annotations"]["runbook"]: rule["alert"] for rule in rules}
    assert len(pages) == len(rules)
    folder = root / "docs" / "runbooks"
    there = {f"docs/runbooks/{path.name}" for path in folder.glob("*.md")}
    assert there - {"docs/runbooks/README.md"} == pages.keys()
    listed = dict(re.findall(r"^\| \[(\w+)\]\((\S+)\)", (folder / "README.md").read_text(), re.M))
    assert listed == {alert: Path(page).name for page, alert in pages.items()}
    for page, alert in pages.items():
        text = (root / page).read_text()
        assert text.startswith(f"# {alert}\n")
        for part in ("What it means.", "How to see.", "What to do."):
            assert f"**{part}**" in text
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert (folder / link).exists(), f"{page}: {link}"


def test_what_pages_of_alerts_tell_to_look_for_is_there(
    metric_names: frozenset[str], variables: frozenset[str], root: Path
) -> None:
    said = "".join(path.read_text() for path in sorted(root.glob("s*/**/*.py")))
    for page in sorted((root / "docs" / "runbooks").glob("[a-z]*.md")):
        text, _, _ = page.read_text().partition("```\n")
        for quoted in re.findall(r"`([^`]+)`", " ".join(text.split())):
            if quoted.startswith("entraide_"):
                assert {quoted, f"{quoted}_count"} & metric_names, f"{page.name}: {quoted}"
            elif quoted.startswith("ENTRAIDE_"):
                assert quoted in variables, f"{page.name}: {quoted}"
            elif not quoted.startswith("entraide ") and re.fullmatch(
                r"[a-z]+(-[a-z]+)?( [a-z]+)+", quoted
            ):
                is_logged = f'"{quoted}' in said
                assert is_logged, f"{page.name}: nobody logs {quoted!r}"


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
        elif service.get("command", [""])[0] == "gunicorn":
            expected.add(f"{name}:8000")
    assert scraped == expected


def test_what_is_to_be_asked_again_is_nowhere_counted_among_errors(
    rules: list[dict[str, Any]], dashboard: dict[str, Any]
) -> None:
    asked = [*(rule["expr"] for rule in rules), *expressions(dashboard)]
    of_errors = [one for one in asked if 'status=~"5.."' in one]
    assert len(of_errors) == 2
    for one in of_errors:
        assert f'problem!="{BEING_FOUND}"' in one


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
    assert expressions["EntraideNobodyNotifies"] == "absent(entraide_mail_age_seconds)"


def test_an_alert_sees_a_series_that_begins_with_what_it_watches(
    rules: list[dict[str, Any]], labelled_counters: frozenset[str]
) -> None:
    """A counter with labels has no series before it first counts, hence no increase then."""
    increases = [
        (rule, counter, window)
        for rule in rules
        for counter, window in re.findall(r"increase\((\w+)\[(\w+)\]\)", rule["expr"])
        if counter in labelled_counters
    ]
    assert len(increases) > 4
    for rule, counter, window in increases:
        begun = f"{counter} unless {counter} offset {window}"
        assert begun in rule["expr"], f"{rule['alert']} does not see the first of {counter}"


@pytest.mark.parametrize(("module", "tells"), [("worker", True), ("app", False)])
def test_of_the_portal_the_worker_alone_tells_of_mail_and_from_its_start(
    module: str, tells: bool
) -> None:
    asked = (
        f"import services.portal.{module}; from prometheus_client import REGISTRY; "
        "print(REGISTRY.get_sample_value('entraide_mail_age_seconds'))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("0.0" if tells else "None")


def test_prometheus_and_grafana_read_this_folder() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    for name in ("prometheus", "grafana"):
        assert (
            f"./{MONITORING.relative_to(COMPOSE.parent)}:{mounted(MONITORING)}:ro"
            in (services[name]["volumes"])
        )
    config, *_ = services["prometheus"]["command"]
    assert config == f"--config.file={mounted(MONITORING / 'prometheus.yml')}"
