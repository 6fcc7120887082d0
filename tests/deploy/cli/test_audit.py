"""Checking audit trails from the command line."""

import base64
import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from deploy.cli.main import main
from shared.events.trail import COLLECTION, append
from shared.settings import Settings
from shared.web.database import connect_database

Run = Callable[..., Result]


@pytest.fixture
def run(make_settings: Callable[[str], Settings]) -> Run:
    """Runs a command over a trail of three entries."""
    settings = make_settings("matcher")
    store = connect_database(settings)
    append(store, "matcher", [{"key": f"{n}", "record": "r", "what": "read"} for n in range(3)])
    own: dict[str, str | None] = {n: None for n in os.environ if n.startswith("ENTRAIDE_")}
    named = {
        "ENTRAIDE_MONGODB": settings.mongodb,
        "ENTRAIDE_DATABASE": settings.database,
        "ENTRAIDE_KAFKA": settings.kafka,
        "ENTRAIDE_TERM_KEY": base64.b64encode(settings.term_key).decode(),
    }
    return lambda *arguments: CliRunner().invoke(main, ["audit", *arguments], env=own | named)


def test_a_whole_trail_and_what_is_expected_of_it(run: Run) -> None:
    done = run("verify", "matcher")
    assert done.exit_code == 0, done.output
    end = done.output.split()[-1]
    assert done.output.startswith("matcher: 3 entries, the last one matcher=3:")
    assert run("verify", "matcher", "--expect", end).exit_code == 0
    other = run("verify", "matcher", "--expect", f"matcher=3:{'0' * 64}")
    assert (other.exit_code, "entry 3: it is not the one" in other.output) == (1, True)
    cut = run("verify", "matcher", "--expect", f"matcher=4:{end.partition(':')[2]}")
    assert (cut.exit_code, "entry 4: it is not the one" in cut.output) == (
        1,
        True,
    )  # its end is off
    assert run("verify", "matcher", "--expect", "3").exit_code == 2


def test_a_fault_ends_with_an_error_that_says_where(
    run: Run, make_settings: Callable[[str], Settings]
) -> None:
    store = connect_database(replace(make_settings("matcher")))
    store[COLLECTION].update_one({"_id": 2}, {"$set": {"content.record": "another"}})
    done = run("verify", "matcher")
    assert (done.exit_code, "matcher: entry 2: altered" in done.output) == (1, True)
