"""`entraide asyncapi`: the description of the topics."""

import json

import click

from shared.events.asyncapi import document


@click.command()
def command() -> None:
    """Print the AsyncAPI 3 document of the topics, made from the code and the events' schemas."""
    click.echo(json.dumps(document(), ensure_ascii=False, indent=1))
