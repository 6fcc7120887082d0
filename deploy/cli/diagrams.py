"""`entraide diagrams`: the lives of records, drawn from the tables that they go by."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import click

from services.matcher.alliance_rules import ALLIANCE
from services.matcher.application_rules import APPLICATION
from services.matcher.coverage_rules import COVERAGE
from services.matcher.domain import COMMITMENT, DUPLICATE, PROPOSAL
from services.matcher.embargo_rules import EMBARGO
from services.matcher.joining_rules import JOINING
from shared.lifecycle import ASSISTANCE, ATTACHMENT, OFFER, REQUEST, Lifecycle

PLACE = Path(__file__).resolve().parents[2] / "docs" / "lives.md"
LIVES: Mapping[str, Lifecycle] = MappingProxyType(
    {
        "A request": REQUEST,
        "An offer": OFFER,
        "Assistance under way": ASSISTANCE,
        "A proposal that somebody acted on": PROPOSAL,
        "A commitment": COMMITMENT,
        "Two records that seem to be the same": DUPLICATE,
        "An alliance": ALLIANCE,
        "A need that is covered already": COVERAGE,
        "An application to a call": APPLICATION,
        "An offer to join a proposal": JOINING,
        "An arms embargo": EMBARGO,
        "A file attached to a record": ATTACHMENT,
    }
)
_HEAD = """# The lives of records

Drawn by `entraide diagrams` from the tables that the services go by; a test holds this page to
them. A step that is not here is refused (409). A state without a way out is final. A step back
leads to the state from before.
"""


@click.command()
@click.option("--check", is_flag=True, help="Only say whether the page is what it should be.")
def command(check: bool) -> None:
    """Draw the state machines into docs/lives.md.

    With --check nothing is written, and the exit code is 1 where the page is not up to date.
    """
    drawn = page()
    if not check:
        PLACE.write_text(drawn, encoding="utf-8")
        click.echo(f"{PLACE} is drawn.")
    elif not PLACE.exists() or PLACE.read_text(encoding="utf-8") != drawn:
        raise click.ClickException(f"{PLACE} is not up to date: run `entraide diagrams`")


def page() -> str:
    """The Markdown of all lives: of each a Mermaid diagram, and the same as a table."""
    return "\n".join([_HEAD, *(_life(name, life) for name, life in LIVES.items())])


def _life(name: str, life: Lifecycle) -> str:
    return "\n".join([f"## {name}\n", *_diagram(life), "", *_table(life), ""])


def _diagram(life: Lifecycle) -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for state in life.states:
        yield f'  state "{state}" as {_id(state)}'
    yield f"  [*] --> {_id(life.initial)}"
    for action, step in life.steps.items():
        for source in life.states:
            if source in step.sources and step.target is not None:
                yield f"  {_id(source)} --> {_id(step.target)}: {action}"
    for state in life.states:
        if life.is_final(state):
            yield f"  {_id(state)} --> [*]"
    yield "```"


def _table(life: Lifecycle) -> Iterator[str]:
    yield "| step | from | to |"
    yield "|---|---|---|"
    for action, step in life.steps.items():
        sources = ", ".join(state for state in life.states if state in step.sources)
        yield f"| {action} | {sources} | {step.target or 'the state from before'} |"


def _id(state: str) -> str:
    """A state's name as Mermaid takes it for an identifier."""
    return state.replace("-", "_")
