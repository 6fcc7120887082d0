"""The command `entraide`: one module for each subcommand."""

import importlib
import keyword
from collections.abc import Mapping

import click

from deploy.cli.goldformat import GoldSetError
from deploy.local.stack import StackError
from deploy.local.supervisor import StartError
from entraide.client import ProblemError, UnreachableError
from shared.settings import SettingsError

_COMMANDS: Mapping[str, str] = {
    "up": "Run everything on this machine, until Ctrl-C.",
    "load": "Load a directory of requests, offers and activities.",
    "import": "Bring in the activities of an IATI file.",
    "export": "Write lists to files: CSV with HXL tags, JSON Lines, xlsx; matches as IATI.",
    "token": "Print a token for scripts and tests.",
    "accounts": "Invite people, lock and unlock their accounts.",
    "proposals": "Show a request's ranked proposals with their reasons.",
    "evaluate": "Rank a gold set and print how good the rankings are.",
    "train": "Learn a ranking model from decisions, and use it if it is better.",
    "models": "List ranking models, and go back to one.",
    "embargoes": "Show the register of arms embargoes, and fill it from a list.",
    "audit": "Check that the audit trails are whole.",
    "diagrams": "Draw the lives of records into docs/lives.md.",
    "replay": "Publish again what the stores hold.",
    "dead-letters": "List events that could not be understood, or try them again.",
    "backup": "Write what the services hold, as of one moment, into a folder.",
    "restore": "Put a backup in the place of what the services hold.",
    "restored": "Let restored databases win over what the topics hold.",
    "topics": "Make the topics that are missing, and show them.",
    "asyncapi": "Print the description of the topics: AsyncAPI 3.",
    "interfaces": "Tell what changed in APIs and topics since the last release.",
}
_EXPECTED = (
    StackError,
    StartError,
    GoldSetError,
    SettingsError,
    ProblemError,
    UnreachableError,
)


class _Commands(click.Group):
    """Loads a subcommand's module only when it is asked for, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = importlib.import_module(f"deploy.cli.{name}{'_' * keyword.iskeyword(name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except _EXPECTED as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="entraide")
def main() -> None:
    """Entraide matches States' requests for small-arms assistance with offers.

    `entraide up --example` starts everything and shows the first proposals.
    """
