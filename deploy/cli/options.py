"""Options that several subcommands share."""

from pathlib import Path

import click

from deploy.local.stack import DEFAULT_DIRECTORY

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_DIRECTORY,
    show_default=True,
    help="Directory of the local stack: data, keys, logs.",
)

LANGUAGES = ("en", "fr", "es", "ar", "ru", "zh")
