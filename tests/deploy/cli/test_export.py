"""Lists as files, from what the services answer."""

import csv
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli import export
from deploy.cli.main import main
from deploy.cli.saving import pages_of, pieces
from entraide.client import UnreachableError
from services.portal.lists.matching import MATCHING


class Answers:
    """Answers as the services do: a list of three matches on two pages, one offer."""

    def get(self, _service: str, path: str, **query: Any) -> SimpleNamespace:
        """The body for a path."""
        if path == "/v1/offers":
            assert query["id"] == ["o1", "o2"] or query["id"] == ["o3"]
            return SimpleNamespace(body={"items": [{"id": "o1", "title": "Machines"}]})
        if path != "/v1/matches":
            return SimpleNamespace(body={"items": []})
        assert query["status"] == "committed"
        if query["cursor"] is None:
            return SimpleNamespace(body={"items": [match("1"), match("2")], "next": "more"})
        return SimpleNamespace(body={"items": [match("3")], "next": None})


def match(number: str) -> dict[str, Any]:
    """A match."""
    return {
        "id": f"r.o{number}",
        "request": "r",
        "offer": f"o{number}",
        "organisation": "org-1",
        "country": "SEN",
        "status": "committed",
        "serves": [{"need": 1, "theme": "marking", "kind": "training"}],
    }


def test_a_list_is_written_page_by_page_with_the_names_of_other_records() -> None:
    client: Any = Answers()
    counts: list[int] = []
    found = pages_of(client, MATCHING["matches"], {"status": "committed"}, counts.append)  # type: ignore[arg-type]
    text = b"".join(pieces(client, MATCHING["matches"], "csv", found, "fr")).decode("utf-8-sig")
    _, tags, *rows = csv.reader(io.StringIO(text))
    told = [dict(zip(tags, row, strict=True)) for row in rows]
    assert counts == [2, 1]
    assert [row["#meta+id"] for row in told] == ["r.o1", "r.o2", "r.o3"]
    assert [row["#activity+offer+name"] for row in told] == ["Machines", "", ""]
    assert told[0]["#country+v_iso3+name"] == "Sénégal"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["matches", "--format", "xlsx"], "--out FILE"),
        (["matches", "--where", "status"], "NAME=VALUE"),
        (["everything"], "not one of"),
    ],
)
def test_what_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    for service in ("REQUESTS", "OFFERS", "MATCHER"):
        monkeypatch.setenv(f"ENTRAIDE_URL_{service}", "http://127.0.0.1:9")
    monkeypatch.setenv("ENTRAIDE_TOKEN", "none")
    found = CliRunner().invoke(main, ["export", "list", *arguments])
    assert found.exit_code == 2
    assert told in found.output


@pytest.mark.parametrize("ending", ["csv", "jsonl", "xlsx"])
def test_a_file_that_breaks_off_leaves_what_was_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
) -> None:
    class Leaving(Answers):
        """The second page does not come, the first time."""

        away = True

        def get(self, _service: str, path: str, **query: Any) -> SimpleNamespace:
            if query.get("cursor") and Leaving.away:
                raise UnreachableError("the matcher is not there")
            return super().get(_service, path, **query)

    monkeypatch.setattr(export, "Client", lambda *_: Leaving())
    monkeypatch.setattr(export, "find_target", lambda *_: None)
    file = tmp_path / "matches"
    file.write_text("before")
    asked = ["export", "list", "matches", "--where", "status=committed", "--format", ending]
    found = CliRunner().invoke(main, [*asked, "--out", str(file)])
    assert found.exit_code == 1
    assert "not there" in found.output
    assert (file.read_text(), list(tmp_path.iterdir())) == ("before", [file])
    Leaving.away = False
    done = CliRunner().invoke(main, [*asked, "--out", str(file)])
    assert done.exit_code == 0, done.output
    assert file.read_bytes() != b"before"
    assert list(tmp_path.iterdir()) == [file]
