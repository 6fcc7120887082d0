"""Every command in the operators' pages: run as it stands, or looked at as far as can be here."""

import ast
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tests.deploy.commands import (
    KUBECTL,
    PAGES,
    ROOT,
    Ran,
    blocks,
    check_command,
    check_docker,
    check_inside,
    check_kubectl,
    manifests_of,
    run_blocks,
    told,
)
from tests.deploy.test_compose import OURS, CheckContainer, interpolated

RUN_BY: Mapping[str, str] = {
    "accounts end-sessions": "deploy/cli/test_accounts.py::"
    "test_after_a_restore_everybody_signs_in_again",
    "accounts erase": "deploy/cli/test_accounts.py::"
    "test_accounts_are_erased_by_command_and_after_a_restore_once_more",
    "accounts erased": "deploy/cli/test_accounts.py::"
    "test_accounts_are_erased_by_command_and_after_a_restore_once_more",
    "accounts invite": "deploy/cli/test_accounts.py::"
    "test_the_first_coordinator_is_invited_by_command",
    "accounts mail": "deploy/cli/test_accounts.py::"
    "test_the_first_coordinator_is_invited_by_command",
    "accounts new-keys": "deploy/cli/test_accounts.py::test_keys_that_may_have_leaked_are_replaced",
    "accounts reset": "deploy/cli/test_accounts.py::test_after_a_restore_everybody_signs_in_again",
    "audit verify": "journeys/together/test_audit.py::"
    "test_what_was_done_stands_in_whole_trails_until_somebody_touches_one",
    "backup": "deploy/cli/test_backup.py::test_the_command_writes_what_all_services_hold",
    "dead-letters list": "deploy/cli/test_dead_letters.py::"
    "test_letters_are_listed_and_sent_back_one_by_one_or_all",
    "dead-letters retry": "deploy/cli/test_dead_letters.py::"
    "test_letters_are_listed_and_sent_back_one_by_one_or_all",
    "models": "deploy/cli/test_train.py::test_a_better_model_is_learnt_listed_and_left_again",
    "models use": "deploy/cli/test_train.py::test_a_better_model_is_learnt_listed_and_left_again",
    "replay": "deploy/test_up.py",
    "restore": "deploy/cli/test_backup.py::"
    "test_topics_agree_with_a_restored_database_the_second_time_too",
    "restored": "deploy/cli/test_restored.py::test_the_epoch_is_raised_and_all_is_said_again",
    "topics": "deploy/test_up.py",
    "train": "deploy/cli/test_train.py::test_a_better_model_is_learnt_listed_and_left_again",
    "up": "deploy/test_up.py",
    "load": "deploy/test_up.py",
}
"""Which test runs each command of ours that pages tell to run in a container or a pod."""

ALSO_RUN_BY: Mapping[str, str] = {
    "asyncapi": "shared/events/test_asyncapi.py",
    "diagrams": "deploy/cli/test_diagrams.py",
    "embargoes": "deploy/cli/test_embargoes.py",
    "embargoes load": "deploy/cli/test_embargoes.py",
    "evaluate": "deploy/cli/test_evaluate.py",
    "export iati": "deploy/cli/test_export_iati.py",
    "export list": "deploy/cli/test_export.py",
    "import iati": "journeys/together/test_import.py",
    "import national-report": "journeys/together/test_import.py",
    "interfaces": "journeys/together/test_programs.py::"
    "test_what_the_stack_offers_breaks_nothing_of_the_last_release",
    "proposals": "journeys/together/test_using.py",
    "token": "journeys/together/test_using.py",
}
"""The same of the other pages. What docs/using.md has in its blocks is run there as it stands."""

GIVEN = {"ENTRAIDE_SMTP_HOST", "ENTRAIDE_SMTP_USER", "ENTRAIDE_MAIL_FROM"}
Compose = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> Compose:
    """The compose file as it stands."""
    read: Compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return read


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    """Every manifest, with those of a restore."""
    return manifests_of("base", "restored", "autoscaled")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Ran]:
    """Every page with its blocks run."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, by which pages make secrets")
    return {page: run_blocks(page, tmp_path_factory.mktemp("page")) for page in PAGES}


def calls(ran: Mapping[Path, Ran]) -> list[tuple[Path, list[str]]]:
    """What was called in blocks, and what is told in sentences."""
    in_blocks = [(page, list(call)) for page, one in ran.items() for call in one.calls]
    in_text = [(page, words) for page in PAGES for words in told(page) if not mentioned(words)]
    return [*in_blocks, *in_text]


def ours(words: list[str]) -> list[str] | None:
    """What follows `entraide` in a call, also where it runs in a container or a pod."""
    if words[0] == "kubectl":  # which has a namespace of that name
        words = words[words.index("--") :] if "--" in words else []
    return words[words.index("entraide") + 1 :] if "entraide" in words else None


def mentioned(words: list[str]) -> bool:
    """Whether a command is spoken of by its name alone, not to be typed so."""
    match words:
        case ["docker", "compose", command]:
            return command in ("exec", "up")
        case ["kubectl", command]:
            return command in KUBECTL
    return False


def told_elsewhere() -> list[list[str]]:
    """What the README, the guides and the other pages tell to type, in sentences and tables."""
    docs = ROOT / "docs"
    pages = (*ROOT.glob("*.md"), *docs.glob("*.md"), *docs.glob("guides/*.md"))
    found = (words for page in pages for words in told(page))
    return [words for words in found if not mentioned(words)]


def check(words: list[str], compose: Compose, manifests: list[dict[str, Any]]) -> None:
    """Assert that a command names what there is."""
    match words:
        case ["docker", *rest]:
            check_docker(rest, compose)
        case ["kubectl", *rest]:
            check_kubectl(rest, manifests)
        case ["entraide", *_]:
            check_inside(words)
        case ["make", target, *variables]:
            made = (ROOT / "Makefile").read_text()
            assert f"\n{target}:" in made, words
            assert all(f"$({one.partition('=')[0]})" in made for one in variables), words
        case ["python", "-m", module, *options]:
            source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text()
            for option in options:
                if option.startswith("--"):  # some are made of the names of fields
                    parts = option.removeprefix("--").split("-")
                    assert f'"{option}"' in source or all(part in source for part in parts), words
        case ["openssl" | "chmod", *_]:
            pass  # those in blocks have run; sentences repeat them, as another test holds
        case _:
            raise AssertionError(words)


def test_every_block_runs_and_calls_what_there_is(
    ran: dict[Path, Ran], compose: Compose, manifests: list[dict[str, Any]]
) -> None:
    found = calls(ran)
    assert len(found) > 100
    for _, words in found:
        check(words, compose, manifests)


def test_what_other_pages_tell_to_type_is_there(
    compose: Compose, manifests: list[dict[str, Any]]
) -> None:
    assert len(told_elsewhere()) > 60
    for words in told_elsewhere():
        check(words, compose, manifests)


@pytest.mark.parametrize(
    "wrong",
    [
        "docker compose exec nobody entraide replay",
        "docker compose exec portal",
        "docker compose exec portal entraide dance",
        "docker compose exec portal entraide replay --everything",
        "docker compose exec portal entraide topics requests.v1",
        "docker compose exec portal python -m deploy.nothing",
        "docker compose exec portal curl localhost",
        "docker compose --profile watching up --detach",
        "docker compose up --detatch",
        "docker compose up --scale matcher-workers=3",
        "docker build --file Dockerfile --tag x .",
        "kubectl --namespace default scale deployment --all --replicas=0",
        "kubectl --namespace entraide logs job/offers",
        "kubectl --namespace entraide exec deploy/portal -- entraide dance",
        "kubectl apply --kustomize overlays/mine",
        "kubectl apply --kustomize overlays/yours --selector app.kubernetes.io/name=none",
        "kubectl --namespace entraide wait --for=delete pod --selector 'x in (api, worker)'",
        "entraide evaluate GOLD_DIR --reports x",
        "make tests",
        "python -m bench.scale --workers 3 --nothing 1",
    ],
)
def test_a_wrong_command_would_be_found(
    compose: Compose, manifests: list[dict[str, Any]], wrong: str
) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        check(shlex.split(wrong), compose, manifests)


def test_what_is_told_of_openssl_and_chmod_is_run_somewhere() -> None:
    """Sentences repeat what blocks do, so that it is run."""
    for page in PAGES:
        text = "\n".join(blocks(ROOT / "docs" / "operating.md"))
        for words in told(page):
            if words[0] == "openssl":
                assert " ".join(words) in text.replace("'\\n'", r"\n"), words
            if words[0] == "chmod":
                assert (words[1], "umask 077" in text) == ("600", True)


def test_every_command_of_ours_is_run_by_a_test(ran: dict[Path, Ran]) -> None:
    named = {check_command(rest) for _, words in calls(ran) if (rest := ours(words))}
    assert named - {"accounts"} == RUN_BY.keys()  # a group of commands, spoken of as such
    elsewhere = {check_command(rest) for words in told_elsewhere() if (rest := ours(words))}
    assert elsewhere - RUN_BY.keys() - {"accounts", "dead-letters"} == ALSO_RUN_BY.keys()
    guide = (ROOT / "docs" / "using.md").read_text(encoding="utf-8")
    shell = "\n".join(re.findall(r"^```sh\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE))
    for command, test in {**RUN_BY, **ALSO_RUN_BY}.items():
        file, _, name = test.partition("::")
        text = (ROOT / "tests" / file).read_text(encoding="utf-8")
        if file.endswith("/test_using.py"):
            assert f"entraide {command} " in shell, command
            continue
        if name:
            tree = ast.parse(text)
            functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
            text = ast.unparse(functions[name])
        for word in command.split():
            # As a word of the command, or by a function of that name which adds it.
            said = re.search(rf"""["']{word}["']|\b{word}\(""", text)
            assert said, (command, test)


def test_the_handbooks_env_starts_every_container(
    ran: dict[Path, Ran], compose: Compose, check_container: CheckContainer
) -> None:
    handbook = ran[ROOT / "docs" / "operating.md"]
    services = interpolated(compose["services"], handbook.env)
    for name in OURS:
        service = services[name]
        settings = check_container(name, service["command"], service["environment"])
        assert settings.issuer == "http://127.0.0.1:8180/realms/entraide"
    assert (handbook.directory / ".env").stat().st_mode & 0o077 == 0
    # A key of one's own was made where the containers find it, and signed two kinds of tokens.
    (volume,) = services["requests"]["volumes"]
    assert settings.jwks_file is not None
    assert str(settings.jwks_file.parent) == volume.split(":")[1]
    assert (handbook.directory / "keys" / settings.jwks_file.name).is_file()


def test_what_the_handbook_names_as_issuer_is_the_keycloak_of_the_compose_file(
    ran: dict[Path, Ran], compose: Compose
) -> None:
    env = ran[ROOT / "docs" / "operating.md"].env
    services = interpolated(compose["services"], env)
    realm = yaml.safe_load((ROOT / "deploy/keycloak/entraide-realm.json").read_text())["realm"]
    path = f"/realms/{realm}"
    keycloak = services["keycloak"]
    assert env["ENTRAIDE_ISSUER"] == keycloak["environment"]["KC_HOSTNAME"] + path
    (port,) = keycloak["ports"]
    inside = f"http://keycloak:{port.split(':')[-1]}{path}/protocol/openid-connect/certs"
    usual = compose["x-service"]["environment"]["ENTRAIDE_JWKS_URL"]
    assert env["ENTRAIDE_JWKS_URL"].split(",") == [usual.split("-", 1)[1].rstrip("}"), inside]
    for name in ("KC_BOOTSTRAP_ADMIN_PASSWORD", "KC_DB_PASSWORD"):
        assert len(keycloak["environment"][name]) == 64
    assert len(services["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"]) == 64


def test_lines_for_env_are_variables_that_the_compose_file_reads(compose: Compose) -> None:
    read = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    lines = [
        line.partition("=")[0]
        for page in PAGES
        for block in blocks(page)
        for line in block.splitlines()
        if re.match(r"[A-Z_]+=", line)
    ]
    assert set(lines) >= GIVEN
    assert set(lines) <= read


def test_kubectl_takes_the_options(ran: dict[Path, Ran]) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    asked = {
        tuple(words[1 : words.index("--") if "--" in words else None])
        for _, words in calls(ran)
        if words[0] == "kubectl"
    }
    for words in asked:
        # It looks at the options before it tells of them, and asks no cluster.
        command = [kubectl, *words, "--help"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"{words}: {run.stderr}"
