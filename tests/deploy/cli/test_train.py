"""Training, listing models and going back, from the command line."""

import base64
import os
from collections.abc import Callable
from datetime import UTC, datetime

import mongoengine
import pytest
from click.testing import CliRunner, Result

from deploy.cli.main import main
from deploy.local.servers import LOOPBACK, free_port
from services.matcher.engine.ranking import prior_model
from services.matcher.models import active_model, ensure_prior
from shared.settings import Settings
from shared.web.database import connect_database
from tests.services.matcher.decided import keep
from tests.services.matcher.engine.simulated import decisions, taste

PRIOR = prior_model().version
Run = Callable[..., Result]


@pytest.fixture
def run(make_settings: Callable[[str], Settings]) -> Run:
    """Runs a command with the matcher's database named by the environment, as in production."""
    settings = make_settings("matcher")
    connect_database(settings)
    ensure_prior(datetime.now(UTC))
    own: dict[str, str | None] = {n: None for n in os.environ if n.startswith("ENTRAIDE_")}
    named = {
        "ENTRAIDE_MONGODB": settings.mongodb,
        "ENTRAIDE_DATABASE": settings.database,
        "ENTRAIDE_KAFKA": settings.kafka,
        "ENTRAIDE_TERM_KEY": base64.b64encode(settings.term_key).decode(),
        "COLUMNS": "120",
    }
    return lambda *arguments: CliRunner().invoke(main, arguments, env=own | named)


def rows(result: Result) -> dict[str, str]:
    """The lines of a table by their first word."""
    assert result.exit_code == 0, result.output
    return {line.split()[0]: line for line in result.output.splitlines() if line.strip()}


def test_a_better_model_is_learnt_listed_and_left_again(run: Run) -> None:
    keep(decisions(250, 11, taste()))
    dry = run("train", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert f"would take the place of {PRIOR}; this was a dry run" in dry.output
    assert active_model() == prior_model()

    done = run("train")
    assert done.exit_code == 0, done.output
    assert "250 decisions," in done.output
    assert "250 decisions of 15 States, held back" in done.output
    assert {"log", "order", "ECE", "score"} <= rows(done).keys()
    assert "learnt-1 is in use now" in done.output
    assert f"`entraide models use {PRIOR}` goes back" in done.output
    assert active_model().version == "learnt-1"

    listed = rows(run("models"))
    assert "in use" in listed["learnt-1"]
    assert "in use" not in listed[PRIOR]
    assert f"{PRIOR} " in listed["learnt-1"]
    assert " 250 " in listed["learnt-1"]
    assert "set by hand" in listed[PRIOR]

    back = run("models", "use", PRIOR)
    assert back.output == f"{PRIOR} is in use now instead of learnt-1\n"
    assert active_model() == prior_model()
    assert run("models", "use", PRIOR).output == f"{PRIOR} is in use already\n"
    assert "in use" in rows(run("models"))[PRIOR]


def test_a_model_that_is_no_better_says_why_and_is_kept(run: Run) -> None:
    keep(decisions(200, 12, truth=None))
    done = run("train")
    assert done.exit_code == 0, done.output
    assert f"learnt-1 is stored and not used. {PRIOR} stays in use: of the new one," in done.output
    assert active_model() == prior_model()
    assert "learnt-1" in rows(run("models"))


def test_with_few_decisions_it_says_what_is_lacking(run: Run) -> None:
    keep(decisions(12, 1, taste()))
    done = run("train")
    assert done.exit_code == 0, done.output
    assert f"{PRIOR} stays in use; too few decisions to compare it on: 12 decisions" in done.output


def test_a_model_that_is_not_there_cannot_be_used(run: Run) -> None:
    result = run("models", "use", "learnt-9")
    assert result.exit_code == 2
    assert "there is no model 'learnt-9'" in result.output


@pytest.mark.parametrize("command", [["train"], ["models"], ["models", "use", PRIOR]])
def test_a_database_that_is_away_is_told(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.web.database.SELECTION_TIMEOUT_MS", 200)
    environ = {
        "ENTRAIDE_MONGODB": f"mongodb://{LOOPBACK}:{free_port()}",
        "ENTRAIDE_KAFKA": "127.0.0.1:9",
        "ENTRAIDE_TERM_KEY": base64.b64encode(b"k" * 32).decode(),
    }
    result = CliRunner().invoke(main, command, env=environ)
    mongoengine.disconnect()
    assert result.exit_code == 1
    assert "Error: the database: " in result.output
