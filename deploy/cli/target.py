"""Where the commands find the services: the local stack, or what the environment names."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import click

from deploy.local.programs import Plan, service_settings
from deploy.local.stack import SERVICES, DataDirectory, Keys, Ports, load_keys, running_ports
from entraide.client import Exchange
from shared.settings import Settings
from shared.web.identity import Identity
from shared.web.tokens import issue_token

API_TOKEN = "entraide_"  # noqa: S105 (how those begin that services/portal/api_tokens.py makes)
_LIFETIME = timedelta(minutes=15)
_UNBOUND: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class Target:
    """The addresses of the three APIs, and what has the access token for a role."""

    urls: Mapping[str, str]
    token: Callable[[str], str]


def stack_target(
    ports: Ports, keys: Keys, subject: str, bound: Mapping[str, Mapping[str, str]] = _UNBOUND
) -> Target:
    """A stack of this machine: its own key signs short-lived tokens, renewed in time.

    `bound`: by role the `state` or the `organisation` that its tokens are bound to.
    """
    held: dict[str, tuple[float, str]] = {}

    def token(role: str) -> str:
        renewed, text = held.get(role, (0.0, ""))
        if not text or time.monotonic() - renewed > _LIFETIME.total_seconds() / 2:
            own = bound.get(role, {})
            identity = Identity(subject, role, own.get("state"), own.get("organisation"))
            text = issue_token(keys.pair, identity, _LIFETIME, datetime.now(UTC))
            held[role] = (time.monotonic(), text)
        return text

    return Target({name: ports.url(name) for name in SERVICES}, token)


def find_target(data_dir: Path, environ: Mapping[str, str]) -> Target:
    """The services that ENTRAIDE_URL_… and ENTRAIDE_TOKEN name, else the stack of `data_dir`.

    ENTRAIDE_TOKEN_<ROLE>, such as ENTRAIDE_TOKEN_COORDINATOR, is sent in place of ENTRAIDE_TOKEN
    for what needs that role. An account's API token is exchanged for access tokens at the portal
    that ENTRAIDE_URL_PORTAL names. Raises click.UsageError when only some of the variables are
    set, StackError when no stack runs.
    """
    names = {service: f"ENTRAIDE_URL_{service.upper()}" for service in SERVICES}
    urls = {service: environ.get(name, "").rstrip("/") for service, name in names.items()}
    if not any(urls.values()):
        directory = DataDirectory(data_dir)
        return stack_target(running_ports(directory), load_keys(directory), "command-line")
    general = environ.get("ENTRAIDE_TOKEN", "").strip()
    missing = [names[service] for service, url in urls.items() if not url]
    if not general:
        missing.append("ENTRAIDE_TOKEN")
    portal = environ.get("ENTRAIDE_URL_PORTAL", "").strip()
    given = [text for name, text in environ.items() if name.startswith("ENTRAIDE_TOKEN")]
    if not portal and any(text.strip().startswith(API_TOKEN) for text in given):
        missing.append("ENTRAIDE_URL_PORTAL")  # where an API token is exchanged
    if missing:
        raise click.UsageError(f"to reach services elsewhere, set {', '.join(missing)} too")

    exchanges: dict[str, Exchange] = {}

    def token(role: str) -> str:
        text = environ.get(f"ENTRAIDE_TOKEN_{role.upper()}", "").strip() or general
        if not text.startswith(API_TOKEN):
            return text
        return exchanges.setdefault(text, Exchange(portal, text))()

    return Target(urls, token)


def find_settings(data_dir: Path, environ: Mapping[str, str], service: str) -> Settings:
    """Settings to reach broker and database: from ENTRAIDE_KAFKA and the rest, else the stack's.

    Raises SettingsError when the environment is incomplete, StackError when no stack runs.
    """
    if environ.get("ENTRAIDE_KAFKA") or environ.get("ENTRAIDE_MONGODB"):
        return Settings.from_environment(service, environ)
    directory = DataDirectory(data_dir)
    plan = Plan(directory, running_ports(directory), load_keys(directory))
    return service_settings(plan, service)
