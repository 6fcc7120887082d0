"""`entraide interfaces`: what changed in the APIs and topics since the last release."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import requests

from deploy.cli.options import data_dir_option
from deploy.interfaces import typed
from deploy.interfaces.operations import changes
from deploy.interfaces.released import FILES, FOLDER, publish, released
from deploy.local.stack import DataDirectory, Ports, running_ports
from entraide.client import UnreachableError
from shared.events.asyncapi import document

_TIMEOUT = (5.0, 30.0)


@click.command()
@click.option("--publish", "publishes", is_flag=True, help="Write what the stack has now.")
@data_dir_option
def command(publishes: bool, data_dir: Path) -> None:
    """Compare the running stack's OpenAPI and AsyncAPI with docs/interfaces.

    Tells what breaks for who goes by the documents there, and what might; the exit code is 1
    where something breaks. With --publish, which is for releases, they are written anew, and the
    types of the client's records with them.
    """
    ports = running_ports(DataDirectory(data_dir))
    broken = False
    for name in FILES:
        now = _made(name, ports)()
        if (FOLDER / FILES[name]).exists():
            for change in changes(released(name), now):
                click.echo(f"{name}: {change}")
                broken = broken or change.breaks
        if publishes:
            publish(name, now)
    if publishes:
        typed.write()
    if broken and not publishes:
        raise click.ClickException("programs that go by the last release break")


def _made(name: str, ports: Ports) -> Callable[[], dict[str, Any]]:
    return document if name == "topics" else lambda: _asked(ports.url(name))


def _asked(url: str) -> dict[str, Any]:
    with requests.Session() as session:
        session.trust_env = False  # a proxy knows no way to this machine's own loopback
        try:
            answer = session.get(f"{url}/openapi.json", timeout=_TIMEOUT)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise UnreachableError(f"{url} does not answer ({type(error).__name__})") from None
        described: dict[str, Any] = answer.json()
        return described
