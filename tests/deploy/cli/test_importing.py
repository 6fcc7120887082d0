"""Cutting an IATI file into parts, and adding up what becomes of them."""

import gzip
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli import import_, importing
from deploy.cli.importing import (
    PART_ACTIVITIES,
    PART_BYTES,
    Part,
    import_iati,
    parts,
    readable_twice,
)
from deploy.cli.main import main
from entraide.client import Answer, File
from services.offers.iati.faults import FileError
from services.offers.iati.reading import read_activities
from tests.services.offers.iati_files import activity, file

EMPTY = {"created": 0, "changed": 0, "unchanged": 0, "outside": 0, "refused": 0}
LONG = "<description><narrative>" + "Marking machines. " * 1_000 + "</narrative></description>"
RESULTS = "<result><title><narrative>Nobody reads this here</narrative></title></result>"


def cut(content: bytes) -> list[Part]:
    return list(parts(io.BytesIO(content)))


def identifiers(part: Part) -> list[str | None]:
    return [read.identifier for read in read_activities(io.BytesIO(part.content))]


class Service:
    """Takes every activity, except those with a number that ends in 3."""

    def __init__(self) -> None:
        self.sent: list[tuple[list[str | None], Mapping[str, object]]] = []

    def post_file(self, service: str, path: str, file: File, **query: object) -> Answer:
        assert (service, path) == ("offers", "/v1/activities/import")
        assert file.media_type == "application/xml"
        told = [read.identifier for read in read_activities(io.BytesIO(file.content))]
        self.sent.append((told, query))
        refusals = [
            {
                "number": place,
                "identifier": one,
                "field": "title",
                "code": "x",
                "message": "No.",
                "country": None,
            }
            for place, one in enumerate(told, start=1)
            if str(one).endswith("3")
        ]
        made = len(told) - len(refusals)
        body: dict[str, Any] = {
            **EMPTY,
            "created": made,
            "refused": len(refusals),
            "refusals": refusals,
            "activities": [{"identifier": one, "notes": []} for one in told],
        }
        return Answer(body)


def test_parts_are_small_files_and_hold_every_activity_once() -> None:
    count = 2 * PART_ACTIVITIES + 7
    found = cut(file(*(activity(number, region=RESULTS) for number in range(1, count + 1))))
    assert [len(part.numbers) for part in found] == [PART_ACTIVITIES, PART_ACTIVITIES, 7]
    assert [n for part in found for n in part.numbers] == list(range(1, count + 1))
    told = [one for part in found for one in identifiers(part)]
    assert told == [f"XT-TEST-{number}" for number in range(1, count + 1)]
    assert all(b"Nobody reads this here" not in part.content for part in found)


def test_long_activities_make_parts_of_few() -> None:
    found = cut(file(*(activity(number, description=LONG) for number in range(1, 21))))
    assert len(found) > 2
    assert max(len(part.content) for part in found) < PART_BYTES + 2 * len(LONG)


def test_languages_and_signs_survive_the_cut() -> None:
    title = '<title><narrative xml:lang="ar">وسم &amp; أسلحة &lt;خفيفة&gt;</narrative></title>'
    (part,) = cut(file(activity(title=title)).decode().replace("UTF-8", "UTF-16").encode("utf-16"))
    (read,) = read_activities(io.BytesIO(part.content))
    assert read.element is not None
    assert read.element.get("xml:lang") == "en"
    narrative = read.element.find("title/narrative")
    assert narrative is not None
    assert (narrative.get("xml:lang"), narrative.text) == ("ar", "وسم & أسلحة <خفيفة>")


def test_all_bytes_are_counted_and_packed_ones_as_they_lie() -> None:
    content = file(*(activity(number) for number in range(1, 200)))
    assert sum(part.read for part in cut(content)) == len(content)
    packed = gzip.compress(content)
    assert sum(part.read for part in cut(packed)) == len(packed)


def test_what_a_service_says_is_added_up_with_the_files_own_numbers() -> None:
    service: Any = Service()
    content = file(*(activity(number) for number in range(1, 64)), activity(5), activity(64))
    summary = import_iati(io.BytesIO(content), service, "org-1", preview=False)
    assert summary.counts["read"] == 65
    assert summary.counts["created"] == 57
    assert summary.counts["refused"] == 8
    assert not summary.whole
    told = [(one.number, one.identifier, one.code) for one in summary.refusals]
    assert told == [
        *((number, f"XT-TEST-{number}", "x") for number in range(3, 64, 10)),
        (64, "XT-TEST-5", "repeated"),
    ]
    assert summary.activities == []
    assert all(query == {"organisation": "org-1", "preview": None} for _, query in service.sent)


def test_a_preview_brings_the_records_along() -> None:
    service: Any = Service()
    summary = import_iati(io.BytesIO(file(activity())), service, None, preview=True)
    assert summary.activities == [{"identifier": "XT-TEST-1", "notes": []}]
    assert service.sent[0][1] == {"organisation": None, "preview": "true"}
    assert summary.whole


def test_notes_are_told_of_what_is_taken_once_each_with_the_files_own_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = "It is suspended; it is kept as ongoing."
    told = [{"number": 1, "identifier": "XT-TEST-8", "notes": [note]}] * 2
    answer = Answer({**EMPTY, "created": 2, "refusals": [], "activities": told})

    class Noting:
        def __init__(self, *_: Any) -> None:
            pass

        def post_file(self, *_: Any, **__: Any) -> Answer:
            return answer

    monkeypatch.setattr(import_, "Client", Noting)
    monkeypatch.setattr(import_, "find_target", lambda *_: None)
    path = tmp_path / "a.xml"
    path.write_bytes(file(activity(7, identifier=""), activity(8)))
    done = CliRunner().invoke(main, ["import", "iati", str(path)])
    assert done.output.count(f"activity 2, XT-TEST-8: {note}") == 1
    assert "activity 1, without identifier: iati-identifier: " in done.output
    many = (activity(number) for number in range(1, 1_051))
    path.write_bytes(file(*many))  # 21 parts, two notes each, of which one is known
    monkeypatch.setattr(importing, "MOST_NOTES", 20)
    done = CliRunner().invoke(main, ["import", "iati", str(path)])
    assert done.output.count(note) == 20
    assert "... and 2 more such notes" in done.output
    path.write_bytes(file(activity(8))[:-9])
    done = CliRunner().invoke(main, ["import", "iati", str(path)])
    assert done.exit_code == 1
    assert "nothing was brought in. Line 4: The file ends in the middle" in done.output


@pytest.mark.parametrize("preview", [False, True])
def test_of_a_file_that_breaks_nothing_is_sent(preview: bool) -> None:
    service: Any = Service()
    content = file(*(activity(number) for number in range(1, 60)))
    for broken in (content[:-100], content[:-5], gzip.compress(content)[:-9]):
        with pytest.raises(FileError) as refused:
            import_iati(io.BytesIO(broken), service, None, preview=preview)
        assert refused.value.code == "truncated"
        assert refused.value.line
    assert service.sent == []


def test_what_comes_through_a_pipe_is_read_twice_too() -> None:
    service: Any = Service()
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as written:
        written.write(file(activity(1)))
    seen: list[int] = []
    with os.fdopen(reader, "rb") as pipe, readable_twice(pipe) as content:
        summary = import_iati(content, service, None, preview=False, checked=seen.append)
    assert (summary.counts["created"], sum(seen)) == (1, len(file(activity(1))))


def test_a_file_without_one_activity_is_refused_and_nothing_is_sent() -> None:
    service: Any = Service()
    with pytest.raises(FileError, match="begins with <html>"):
        import_iati(io.BytesIO(b"<html/>"), service, None, preview=False)
    assert service.sent == []


def test_a_file_that_is_not_there_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["import", "iati", "nowhere.xml"])
    assert result.exit_code == 2
    assert "does not exist" in result.output
