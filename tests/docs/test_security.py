"""The page on security names tests that are there; locks have hashes."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def named_in(file: Path) -> set[str]:
    """The tests that a file runs: its own, and those that several files take from one."""
    found = set()
    for one in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(one, ast.FunctionDef):
            found.add(one.name)
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith("tests."):
            there = ROOT / f"{str(one.module).replace('.', '/')}.py"
            if there.exists():
                found |= {name.name for name in one.names} & named_in(there)
    return found


def test_every_threat_names_a_test_that_is_there() -> None:
    table = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| ") and "`tests/" in line]
    assert len(rows) > 40
    missing = []
    for row in rows:
        (found,) = NAMED.findall(row)
        file, name = found
        if name not in named_in(ROOT / file):
            missing.append(row)
    assert missing == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_hashes(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) > 40
    for line in lines:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+", line, re.IGNORECASE), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line
    assert "--index-url" not in text


def test_installing_checks_the_hashes() -> None:
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--require-hashes --no-build-isolation --requirement $(LOCK)" in made
    assert "--require-hashes" in (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
