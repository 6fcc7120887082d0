"""`entraide token`: a signed token for scripts and tests."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from click.core import ParameterSource

from deploy.cli.options import data_dir_option
from deploy.local.stack import DataDirectory, StackError, load_keys
from shared.vocabulary.countries import country
from shared.vocabulary.errors import UnknownCode
from shared.web.identity import ROLES, Identity
from shared.web.tokens import (
    DEFAULT_AUDIENCE,
    DEFAULT_ISSUER,
    KeyPair,
    issue_token,
    read_private_key,
)

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST = timedelta(days=366)


class Lifetime(click.ParamType[timedelta]):
    """A time such as 90s, 30m, 12h or 7d; up to a year."""

    name = "TIME"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The time as a timedelta; fails with a usage error."""
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", value)
        if not match:
            self.fail(f"{value!r} is not a time such as 90s, 30m, 12h or 7d", param, ctx)
        lifetime = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
        if lifetime > _LONGEST:
            self.fail("a token may live for 366 days at most", param, ctx)
        return lifetime


@click.command()
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the bearer may do.")
@click.option("--state", help="For a requester: its State, ISO 3166-1 alpha-3.")
@click.option("--organisation", help="For a donor: its organisation's id.")
@click.option(
    "--lifetime", type=Lifetime(), default="12h", show_default=True, help="How long it is valid."
)
@click.option("--subject", default="command-line", show_default=True, help="Who bears it.")
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A private Ed25519 JSON Web Key to sign with, instead of the local stack's.",
)
@click.option(
    "--issuer",
    envvar="ENTRAIDE_ISSUER",
    show_envvar=True,
    default=DEFAULT_ISSUER,
    show_default=True,
    help="With --key: the issuer that the services expect.",
)
@click.option(
    "--audience",
    envvar="ENTRAIDE_AUDIENCE",
    show_envvar=True,
    default=DEFAULT_AUDIENCE,
    show_default=True,
    help="With --key: the audience that the services expect.",
)
@data_dir_option
def command(
    role: str,
    state: str | None,
    organisation: str | None,
    lifetime: timedelta,
    subject: str,
    key_file: Path | None,
    issuer: str,
    audience: str,
    data_dir: Path,
) -> None:
    """Print a token; send it as `Authorization: Bearer TOKEN`.

    A requester's is bound to a State, a donor's to an organisation; the other roles see both
    sides. `operator` may register on behalf of others, with their express consent.
    """
    _check_binding(role, state, organisation)
    _check_names(key_file)
    identity = Identity(subject=subject, role=role, state=state, organisation=organisation)
    pair = _pair(key_file, data_dir)
    # The local stack expects the usual names whatever the environment says: it passes on neither.
    names = {"issuer": issuer, "audience": audience} if key_file else {}
    click.echo(issue_token(pair, identity, lifetime, datetime.now(UTC), **names))


def _check_binding(role: str, state: str | None, organisation: str | None) -> None:
    for bound, option, value in (
        ("requester", "--state", state),
        ("donor", "--organisation", organisation),
    ):
        if role == bound and value is None:
            raise click.UsageError(f"--role {bound} needs {option}")
        if role != bound and value is not None:
            raise click.UsageError(f"{option} is only for --role {bound}")
    if state is not None:
        try:
            country(state)
        except UnknownCode as error:
            raise click.BadParameter(str(error), param_hint="--state") from None


def _check_names(key_file: Path | None) -> None:
    given = click.get_current_context().get_parameter_source
    for name in ("issuer", "audience"):
        if key_file is None and given(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} is only for --key: the local stack has its own")


def _pair(key_file: Path | None, data_dir: Path) -> KeyPair:
    if key_file:
        try:
            return read_private_key(key_file.read_text())
        except (OSError, ValueError) as error:
            raise click.BadParameter(str(error), param_hint="--key") from None
    directory = DataDirectory(data_dir)
    if not directory.keys.exists():
        raise StackError(
            f"{data_dir} has no keys yet: `entraide up` makes them at its first start; or name "
            "another directory with --data-dir, or a key with --key"
        )
    return load_keys(directory).pair
