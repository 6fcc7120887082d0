"""`entraide audit`: whether the services' audit trails are whole."""

import importlib
import os
from pathlib import Path

import click
from pymongo.errors import PyMongoError

from deploy.cli.options import data_dir_option
from deploy.cli.target import find_settings
from shared.events.auditing import compare
from shared.events.trail import verify
from shared.web.database import connect_database

AUDITED = ("requests", "offers", "matcher", "portal")
"""The services whose records have a history."""


@click.group()
def command() -> None:
    """The services' audit trails."""


@command.command("verify")
@click.argument("services", type=click.Choice(AUDITED), nargs=-1)
@click.option(
    "--expect",
    multiple=True,
    metavar="SERVICE=NUMBER:HASH",
    help="An entry that was there before, as this command printed it; may be given several times.",
)
@data_dir_option
def check(services: tuple[str, ...], expect: tuple[str, ...], data_dir: Path) -> None:
    """Go through the audit trails of SERVICES, of all unless named, and say where one is not whole.

    Finds entries that were altered, taken out, put in or moved, and steps of records that the
    trail lacks or tells otherwise. Who can write to the database could make a whole chain anew:
    keep the printed ends elsewhere, and give them to --expect later. Ends with 1 if anything is
    wrong.
    """
    if os.environ.get("ENTRAIDE_DATABASE") and len(services) != 1:
        raise click.UsageError("ENTRAIDE_DATABASE names one service's database: name that service")
    expected = dict(_expected(one) for one in expect)
    whole = True
    for service in services or AUDITED:
        try:
            faults = _faults(service, expected.get(service), data_dir)
        except PyMongoError as error:
            raise click.ClickException(f"{service}: the database: {error}") from None
        for fault in faults:
            click.echo(f"{service}: {fault}", err=True)
        whole = whole and not faults
    if not whole:
        raise SystemExit(1)


def _faults(service: str, expected: tuple[int, str] | None, data_dir: Path) -> list[str]:
    """What is wrong with a service's trail, in words; prints its end."""
    # Before connecting, which keeps the documents that are known by then from making indexes.
    aggregates = importlib.import_module(f"services.{service}.documents").AUDITED
    database = connect_database(find_settings(data_dir, os.environ, service))
    head, found = verify(database, service)
    faults = [f"entry {fault.number}: {fault.what}" for fault in found]
    faults += [fault.what for fault in compare(database, aggregates)]
    if expected is not None:
        number, hash_ = expected
        entry = database["audit"].find_one({"_id": number})
        if entry is None or entry["hash"] != hash_:
            faults.append(f"entry {number}: it is not the one that was there before")
    end = f"{service}={head.number}:{head.hash}"
    click.echo(f"{service}: {head.number} entries, the last one {end}")
    return faults


def _expected(text: str) -> tuple[str, tuple[int, str]]:
    service, equals, end = text.partition("=")
    number, colon, hash_ = end.partition(":")
    if not (equals and colon and number.isascii() and number.isdigit() and service in AUDITED):
        raise click.BadParameter(f"{text!r} is not SERVICE=NUMBER:HASH", param_hint="--expect")
    return service, (int(number), hash_)
