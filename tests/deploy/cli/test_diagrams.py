"""The drawn lives are those that the services go by, and all of them."""

import importlib
import pkgutil

from click.testing import CliRunner

import services.matcher
from deploy.cli import diagrams
from deploy.cli.main import main
from shared.lifecycle import Lifecycle


def test_the_page_is_up_to_date() -> None:
    told = CliRunner().invoke(main, ["diagrams", "--check"])
    assert told.exit_code == 0, told.output


def test_a_page_that_is_not_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(diagrams, "PLACE", tmp_path / "lives.md")
    assert CliRunner().invoke(main, ["diagrams", "--check"]).exit_code == 1
    assert CliRunner().invoke(main, ["diagrams"]).exit_code == 0
    assert CliRunner().invoke(main, ["diagrams", "--check"]).exit_code == 0


def test_every_life_is_drawn() -> None:
    found = pkgutil.iter_modules(services.matcher.__path__, "services.matcher.")
    rules = [one.name for one in found if one.name.endswith(("domain", "_rules"))]
    modules = [importlib.import_module(name) for name in ("shared.lifecycle", *rules)]
    lives = {
        id(value) for one in modules for value in vars(one).values() if isinstance(value, Lifecycle)
    }
    assert lives == {id(life) for life in diagrams.LIVES.values()}


def test_every_state_and_step_is_on_the_page() -> None:
    page = diagrams.page()
    for life in diagrams.LIVES.values():
        assert all(f'state "{state}"' in page for state in life.states)
        assert all(f"| {action} |" in page for action in life.steps)
    assert "  authenticated --> circulated: circulate" in page
    assert "  partly_covered --> covered: cover" in page
