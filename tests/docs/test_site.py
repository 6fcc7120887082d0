"""The guides build as a site: links, anchors and pages are there, nothing is from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "properdocs", "build", "--strict", "--site-dir", str(folder))
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return folder


def test_every_document_is_a_page(site: Path) -> None:
    pages = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}
    documents = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    expected = {
        path.with_name("index") if path.name == "README.md" else path.with_suffix("")
        for path in documents
    }
    assert expected <= pages


def test_every_decision_is_listed(site: Path) -> None:
    listed = (site / "decisions" / "index.html").read_text()
    for decision in (ROOT / "docs" / "decisions").glob("0*.md"):
        assert f'href="{decision.stem}.html"' in listed


def test_lists_are_lists(site: Path) -> None:
    for path in site.rglob("*.html"):
        for paragraph in re.findall(r"<p>.*?</p>", path.read_text(), re.DOTALL):
            assert "\n- " not in paragraph, path.name


def test_make_builds_it_so() -> None:
    """`--quiet` would hide warnings from strictness, and let them pass."""
    assert "\t$(BIN)/properdocs build --strict\n" in (ROOT / "Makefile").read_text()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loading = re.compile(
        r"<(?:script|img|iframe)[^>]*\ssrc=\"?(?:https?:)?//|<link[^>]*\shref=\"?(?:https?:)?//"
    )
    for path in site.rglob("*.html"):
        assert not loading.search(path.read_text()), path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", path.read_text()), (
            path.name
        )
