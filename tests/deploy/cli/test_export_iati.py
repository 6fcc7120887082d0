"""`entraide export iati`: a file that is there whole or not at all, read a page at a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli import export_iati as export
from deploy.cli.main import main
from entraide.client import Answer, UnreachableError

MATCH: Mapping[str, Any] = {
    **dict.fromkeys(("serves", "held", "told", "partners", "allied", "funders"), ()),
    "request": "r",
    "offer": "o",
    "organisation": "org-1",
    "country": "SEN",
    "status": "committed",
    "themes": ["marking"],
    "figures": (),
    "year": 2026,
    "modality": None,
    "history": [{"action": "commit", "at": "2026-01-02T00:00:00+00:00"}],
}


class Services:
    """Answers as the services would, of so many pages of one match each."""

    pages = 3
    away_at = 9

    def __init__(self, *_: Any) -> None:
        self.asked: list[Any] = []

    def get(self, service: str, path: str, **query: Any) -> Answer:
        self.asked.append((service, query))
        if service != "matcher":
            assert isinstance(query["id"], list)
            name = {"id": "org-1", "name": "An agency", "type": "ngo"}
            texts = {"title": "A title", "description": "A text.", "language": "en"}
            known = {"/v1/organisations": name, "/v1/offers": {"id": "o", **texts}}
            found = [known[path]] if path in known else []
            return Answer({"items": found, "next": None})
        page = int(query["cursor"] or 0)
        if page == self.away_at:
            raise UnreachableError("the matcher is not there")
        more = str(page + 1) if page + 1 < self.pages else None
        items = [{**MATCH, "id": f"r{page}.o"}] if self.pages else []
        return Answer({"items": items, "next": more})


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> type[Services]:
    class Own(Services):
        pass

    monkeypatch.setattr(export, "Client", Own)
    monkeypatch.setattr(export, "find_target", lambda *_: None)
    return Own


def test_every_page_is_in_the_file(services: type[Services], tmp_path: Path) -> None:
    path = tmp_path / "out.xml"
    done = CliRunner().invoke(main, ["export", "iati", str(path), "--organisation", "org-1"])
    assert done.exit_code == 0, done.output
    assert "3 matches" in done.output
    text = path.read_text()
    assert text.count("<iati-activity ") == 3
    assert text.count("<narrative>A title</narrative>") == 3
    assert "secondary-reporter" not in text
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("pages", "away_at"), [(3, 2), (0, 9)])
def test_a_file_that_breaks_off_leaves_what_was_there(
    services: type[Services], tmp_path: Path, pages: int, away_at: int
) -> None:
    services.pages, services.away_at = pages, away_at
    path = tmp_path / "out.xml"
    path.write_text("before")
    done = CliRunner().invoke(main, ["export", "iati", str(path)])
    assert done.exit_code == 1
    assert ("not there" if pages else "nothing is committed") in done.output
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_no_page_is_read_before_it_is_written(services: type[Services]) -> None:
    client = services()
    source = export.Reading(client, confidential=True, advance=lambda *_: None)  # type: ignore[arg-type]
    written = export.pieces(source, export.datetime.now(export.UTC), own=None)
    counts = [source.count for _ in written]
    assert counts == [1, 1, 2, 3, 3]
    assert client.asked[0][1]["confidential"] == "true"
