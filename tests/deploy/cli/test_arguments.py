"""What the command says to wrong arguments and missing surroundings: one clear sentence."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.cli.example import own_command
from deploy.cli.main import main
from deploy.local.stack import DataDirectory, locked, make_keys
from shared.web.keys import FileKeys
from shared.web.verification import TokenChecker


def run(*arguments: object, **environ: str) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=environ)


def test_help_lists_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for command in (
        *("up", "load", "token", "proposals", "evaluate"),
        *("train", "models", "replay", "dead-letters", "restored", "topics"),
    ):
        assert f"  {command} " in result.output
        assert run(command, "--help").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["token", "--role", "king"], "'king' is not one of"),
        (["token", "--role", "requester"], "--role requester needs --state"),
        (["token", "--role", "donor"], "--role donor needs --organisation"),
        (["token", "--role", "auditor", "--state", "SEN"], "--state is only for --role requester"),
        (["token", "--role", "requester", "--state", "XXX"], "'XXX' is not a code of countries"),
        (["token", "--role", "operator", "--lifetime", "soon"], "is not a time such as"),
        (["token", "--role", "operator", "--lifetime", "400d"], "366 days at most"),
        (["token", "--role", "operator", "--issuer", "x"], "--issuer is only for --key"),
        (["up", "--port-base", "80"], "80 is not in the range"),
        (["up", "--port-base", "65530"], "65530 is not in the range"),
        (["load", "nowhere"], "'nowhere' does not exist"),
        (["proposals"], "Missing argument 'REQUEST_ID'"),
        (["dance"], "No such command 'dance'"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        *(["proposals", "E-R01"], ["replay"], ["topics"], ["dead-letters", "list"]),
        *(["train"], ["models"], ["models", "use", "prior-2"]),
    ],
)
def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path, arguments: list[str]) -> None:
    result = run(*arguments, "--data-dir", tmp_path / "none")
    assert result.exit_code == 1
    assert "no stack runs on" in result.output
    assert "entraide up" in result.output


def test_a_directory_without_gold_files_is_refused(tmp_path: Path) -> None:
    result = run("load", tmp_path, "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "has none of" in result.output


def test_addresses_elsewhere_must_be_complete(tmp_path: Path) -> None:
    result = run("proposals", "R1", ENTRAIDE_URL_REQUESTS="http://127.0.0.1:1")
    assert result.exit_code == 2
    assert "set ENTRAIDE_URL_OFFERS, ENTRAIDE_URL_MATCHER, ENTRAIDE_TOKEN too" in result.output


def test_a_token_needs_keys_and_is_signed_with_them(tmp_path: Path) -> None:
    missing = run("token", "--role", "operator", "--data-dir", tmp_path)
    assert missing.exit_code == 1
    assert "has no keys yet" in missing.output
    directory = DataDirectory(tmp_path)
    with locked(directory):
        keys = make_keys(directory)
    result = run("token", "--role", "requester", "--state", "SEN", "--data-dir", tmp_path)
    assert result.exit_code == 0
    assert result.output.count(".") == 2
    again = run("token", "--role", "operator", "--key", directory.keys / "private.jwk")
    assert again.exit_code == 0
    assert json.loads(keys.jwks_file.read_text())["keys"][0]["kty"] == "OKP"


def test_a_token_names_the_issuer_and_audience_that_the_services_expect(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    with locked(directory):
        make_keys(directory)
    checks = FileKeys(directory.keys / "jwks.json")
    key = ["--key", directory.keys / "private.jwk"]
    environ = {"ENTRAIDE_ISSUER": "ours", "ENTRAIDE_AUDIENCE": "all"}
    local = ["--data-dir", tmp_path]
    for options, environment, issuer, audience in (
        (key, {}, "entraide", "entraide"),
        (key, environ, "ours", "all"),
        ([*key, "--issuer", "theirs"], environ, "theirs", "all"),
        (local, environ, "entraide", "entraide"),  # the local stack takes neither variable
    ):
        result = run("token", "--role", "auditor", *options, **environment)
        assert result.exit_code == 0, result.output
        checker = TokenChecker(checks, issuer, audience, lambda: datetime.now(UTC), b"key")
        assert checker.check(f"Bearer {result.output.strip()}").role == "auditor"


def test_the_example_says_how_the_command_is_typed_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "bin" / "entraide"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(own.with_name("python")))
    monkeypatch.setenv("PATH", str(own.parent))
    assert own_command() == "entraide"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert own_command() == str(own)
    monkeypatch.chdir(tmp_path)
    assert own_command() == "bin/entraide"


def test_a_directory_in_use_is_refused_with_the_owners_process(tmp_path: Path) -> None:
    with locked(DataDirectory(tmp_path)):
        result = run("up", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert f"a stack runs on {tmp_path} already" in result.output
    assert "--port-base" in result.output
