"""What the tests of the compose file and of the Kubernetes manifests both ask of a container."""

import importlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import click
import pytest
from prometheus_client import REGISTRY, Counter

import shared.settings
from deploy.cli.main import main
from services.portal import addresses, configuration, posting
from shared.settings import Settings
from shared.web.keys import key_source

ROOT = Path(__file__).parents[2]
VARIABLES = frozenset(
    variable.name
    for variables in (
        *(shared.settings.VARIABLES, addresses.VARIABLES),
        *(configuration.VARIABLES, posting.VARIABLES),
    )
    for variable in variables
)
_API = re.compile(r"(services\.([a-z]+)\.app):create_app\(\)")
_WORKER = re.compile(r"services\.([a-z]+)\.worker")

CheckContainer = Callable[[str, Sequence[str], Mapping[str, str]], Settings]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def variables() -> frozenset[str]:
    """Every variable that the services read."""
    return VARIABLES


@pytest.fixture(scope="session")
def check_container() -> CheckContainer:
    """Assert that a container's command runs and that its variables are what the code reads.

    Takes its name (`requests`, `requests-worker`, …), command and environment; returns the
    settings that its process will have.
    """

    def check(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Settings:
        own = {key: value for key, value in environment.items() if key.startswith("ENTRAIDE_")}
        assert own.keys() <= VARIABLES, f"{name}: nobody reads {sorted(own.keys() - VARIABLES)}"
        settings = Settings.from_environment(_check_command(name, command), environment)
        key_source(settings)
        if name == "portal-worker":
            posting.Posting.from_environment(environment)
        if name in ("portal", "portal-worker"):
            addresses.addresses(environment)
            configuration.PortalSettings.from_environment(environment)
        if name.endswith("-worker"):
            assert settings.ready_file is not None
            assert settings.metrics_port > 0
        return settings

    return check


def _check_command(name: str, command: Sequence[str]) -> str:
    """Assert that the command can run; returns the service whose settings it reads."""
    match command:
        case ["gunicorn", "--config", "python:deploy.docker.serving", app]:
            found = _API.fullmatch(app)
            assert found is not None, app
            assert found[2] == name
            assert callable(importlib.import_module(found[1]).create_app)
            return found[2]
        case ["python", "-m", module]:
            found = _WORKER.fullmatch(module)
            assert found is not None, module
            assert f"{found[1]}-worker" == name
            assert callable(importlib.import_module(module).main)
            return found[1]
        case ["entraide", "topics"]:
            project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
            assert project["scripts"]["entraide"] == "deploy.cli.main:main"
            assert main.get_command(click.Context(main), "topics") is not None
            return "local"
        case ["entraide", "restored", service]:
            assert f"{service}-restored" == name
            assert main.get_command(click.Context(main), "restored") is not None
            return service
    raise AssertionError(f"{name}: what runs {command}?")


def _metric_modules() -> list[ModuleType]:
    return [
        importlib.import_module(module)
        for module in (
            *("shared.web.metrics", "shared.events.metrics"),
            *("services.matcher.metrics", "services.portal.metrics"),
        )
    ]


@pytest.fixture(scope="session")
def labelled_counters() -> frozenset[str]:
    """The series names of those of the services' own counters that have labels."""
    return frozenset(
        f"{made._name}_total"
        for module in _metric_modules()
        for made in vars(module).values()
        if isinstance(made, Counter) and made._labelnames
    )


@pytest.fixture(scope="session")
def metric_names() -> frozenset[str]:
    """Every series name that the services' own metrics have in Prometheus' text format."""
    _metric_modules()
    names = set()
    for metric in REGISTRY.collect():
        if not metric.name.startswith("entraide_"):
            continue
        suffixes = {
            "counter": ("_total",),
            "histogram": ("_bucket", "_count", "_sum"),
            "gauge": ("",),
        }[metric.type]
        names |= {metric.name + suffix for suffix in suffixes}
    return frozenset(names)
