"""The commands that operators' pages tell to type: collected, run with stand-ins, looked at.

A page's blocks run by bash as they stand, one after another in one directory; only `docker`,
`kubectl` and `entraide load`, which want an engine, a cluster or running services, are stand-ins
that note what they were called with.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

from deploy.cli.main import main

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "docs" / "operating.md",
    ROOT / "deploy" / "kubernetes" / "README.md",
    ROOT / "deploy" / "monitoring" / "README.md",
    *sorted((ROOT / "docs" / "runbooks").glob("*.md")),
)
PROGRAMS = frozenset({"docker", "kubectl", "entraide", "make", "python", "openssl", "chmod"})
_STAND_IN = """#!/bin/bash
{ printf '%s\\x1f' "${0##*/}" "$@"; printf '\\x1e'; } >> "$STAND_INS_NOTE"
"""
_SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """What became of a page's blocks: what stand-ins were called with, and what stands in .env."""

    calls: Sequence[Sequence[str]]
    env: Mapping[str, str]
    directory: Path


def blocks(page: Path) -> list[str]:
    """The page's fenced blocks that are commands; those in YAML are not."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    assert {language for language, _ in found} <= {"", "sh", "yaml"}
    return [text for language, text in found if language != "yaml"]


def told(page: Path) -> list[list[str]]:
    """Commands that stand in the page's sentences and tables, as words."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]
    commands = [shlex.split(span.replace("\\|", "|")) for span in spans if " " in span]
    return [words for words in commands if words[0] in PROGRAMS and "…" not in words]


def run_blocks(page: Path, directory: Path) -> Ran:
    """Run a page's blocks in a new directory; raises AssertionError where one fails."""
    note, programs = directory / "calls", directory / "programs"
    own = directory / ".venv" / "bin"
    for folder in (programs, own, directory / "keys"):
        folder.mkdir(parents=True)
    python = Path(sys.executable)
    real = shlex.quote(str(python.with_name("entraide")))
    written = {
        programs / "docker": _STAND_IN,
        programs / "kubectl": _STAND_IN,
        own / "python": f'#!/bin/sh\nexec {shlex.quote(str(python))} "$@"\n',
        own / "entraide": _STAND_IN.replace(
            "{ printf", f'[ "$1" = load ] || exec {real} "$@"\n{{ printf', 1
        ),
    }
    for path, text in written.items():
        path.write_text(text)
        path.chmod(0o700)
    note.touch()
    script = directory / "commands.sh"
    script.write_text("\n".join(blocks(page)))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ENTRAIDE_")},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "STAND_INS_NOTE": str(note),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", script],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    env = directory / ".env"
    lines = env.read_text().splitlines() if env.exists() else []
    return Ran(
        [call.split("\x1f")[:-1] for call in note.read_text().split("\x1e")[:-1]],
        dict(line.split("=", 1) for line in lines),
        directory,
    )


COMPOSE: Mapping[str, frozenset[str]] = {
    "build": frozenset(),
    "exec": frozenset(),
    "logs": frozenset({"--since="}),
    "ps": frozenset({"--all"}),
    "pull": frozenset(),
    "restart": frozenset(),
    "run": frozenset({"--rm", "--no-deps", "--volume="}),
    "stop": frozenset(),
    "up": frozenset({"--build", "--detach", "--no-deps", "--scale="}),
}
"""Compose's commands and those of their options that pages use; `=`: one that takes a value."""

KUBECTL: Mapping[str, frozenset[str]] = {
    "apply": frozenset({"--kustomize=", "--selector="}),
    "exec": frozenset(),
    "logs": frozenset(),
    "rollout restart": frozenset(),
    "scale": frozenset({"--all", "--replicas="}),
    "wait": frozenset({"--for=", "--selector=", "--timeout="}),
}

INSIDE = {
    "df": "a program of MongoDB's image; there is no container to run it in",
    "pg_dump": "PostgreSQL's own, in its image; there is no database of Keycloak's to save",
}
"""What pages run in others' images, and why no test here runs it."""


def options_of(
    words: Sequence[str], known: frozenset[str], mixed: bool
) -> tuple[dict[str, str], list[str]]:
    """The options among words, and what is left; asserts that each is `known`.

    Where they are not `mixed` with other words, all is left that follows the first other word.
    """
    found: dict[str, str] = {}
    rest: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--" or (not mixed and not word.startswith("-")):
            rest += waiting if word == "--" else [word, *waiting]
            break
        if not word.startswith("-"):
            rest.append(word)
            continue
        name, equals, value = word.partition("=")
        if f"{name}=" in known:
            found[name] = value if equals else waiting.pop(0)
        else:
            assert name in known, word
            found[name] = ""
    return found, rest


def check_docker(words: Sequence[str], compose: Mapping[str, Any]) -> None:
    """Assert that a call of docker names what there is; `compose` is the compose file."""
    match words:
        case ["stats", "--no-stream"]:
            return
        case ["build", "--file", file, "--tag", _, "."]:
            assert (ROOT / file).is_file()
            return
        case ["compose", *rest]:
            given, rest = options_of(rest, frozenset({"--profile="}), mixed=False)
        case _:
            raise AssertionError(words)
    services = compose["services"]
    profiles = {name for service in services.values() for name in service.get("profiles", [])}
    assert set(given.values()) <= profiles
    command, *rest = rest
    assert command in COMPOSE, command
    options, named = options_of(rest, COMPOSE[command], mixed=command not in ("exec", "run"))
    inside: list[str] = []
    if command in ("exec", "run"):
        named, inside = named[:1], named[1:]
        assert named
        assert inside or command == "run"
    scaled = [options["--scale"].partition("=")[0]] if "--scale" in options else []
    assert {*named, *scaled} <= services.keys(), words
    if inside:
        check_inside(inside)


def check_inside(words: Sequence[str]) -> None:
    """Assert that a container can run this: our command or module, or what is known of others."""
    match words:
        case ["entraide", *rest]:
            check_command(list(rest))
        case ["python", "-m", module, *_]:
            assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file(), module
        case [program, *_]:
            assert program in INSIDE, program


def check_command(words: list[str]) -> str:
    """Assert that `entraide` takes these words; returns its command, such as `accounts mail`."""
    found: click.Command = main
    context = click.Context(main)
    names = []
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        below = found.get_command(context, words[0])
        assert below is not None, words[0]
        names.append(words[0])
        found, words = below, words[1:]
    assert found is not main, words
    # In a context of its own: in the whole command's, options that follow a word are not read.
    _, rest, _ = found.make_parser(click.Context(found)).parse_args(list(words))
    arguments = [one for one in found.params if isinstance(one, click.Argument)]
    assert arguments or not rest, rest
    return " ".join(names)


def check_kubectl(words: Sequence[str], manifests: Sequence[Mapping[str, Any]]) -> None:
    """Assert that a call of kubectl names what the manifests have."""
    given, rest = options_of(words, frozenset({"--namespace="}), mixed=False)
    namespaces = {m["metadata"]["name"] for m in manifests if m["kind"] == "Namespace"}
    command = next(name for name in KUBECTL if rest[: len(name.split())] == name.split())
    rest = rest[len(command.split()) :]
    if command == "exec":
        named, inside = rest[:1], rest[1:]
        assert inside[0] == "--"
        check_inside(inside[1:])
        options: Mapping[str, str] = {}
    else:
        options, named = options_of(rest, KUBECTL[command], mixed=True)
    # What is applied names its own namespace; everything else must be told which.
    assert set(given.values()) == (set() if command == "apply" else namespaces)
    kinds = {"deploy": "Deployment", "job": "Job"}
    there = {(m["kind"], m["metadata"]["name"]) for m in manifests}
    for word in named:
        kind, slash, name = word.partition("/")
        if slash:
            assert (kinds[kind], name) in there, word
        else:
            assert kind in ("deployment", "pod"), word
    if "--kustomize" in options:
        assert re.fullmatch(r"overlays/yours(-restored)?", options["--kustomize"])
    if "--selector" in options:
        label, values = _selected(options["--selector"])
        has = {m["metadata"].get("labels", {}).get(label) for m in manifests}
        assert values <= has, options["--selector"]


def _selected(selector: str) -> tuple[str, set[str]]:
    """The label and the values of a selector: `label=value` or `label in (one, another)`."""
    some = re.fullmatch(r"(\S+) in \(([^)]*)\)", selector)
    if some is not None:
        return some[1], {value.strip() for value in some[2].split(",")}
    label, _, value = selector.partition("=")
    return label, {value}


def manifests_of(*folders: str) -> list[dict[str, Any]]:
    """Every manifest in these folders of deploy/kubernetes."""
    return [
        manifest
        for folder in folders
        for path in sorted((ROOT / "deploy" / "kubernetes" / folder).glob("*.yaml"))
        if path.name != "kustomization.yaml"
        for manifest in yaml.safe_load_all(path.read_text())
    ]
