"""Files as hostile and as broken as they come: what stands whole is read, nothing else is."""

import gzip
import io
import itertools
import resource
from typing import Any

import pytest

from services.offers.iati.faults import FileError
from services.offers.iati.reading import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_TAG_BYTES,
    Read,
    check_file,
    read_activities,
)
from tests.services.offers.iati_files import activity, file, text

HEAD = b'<iati-activities version="2.03">'


def reads(content: bytes, most: int | None = None) -> tuple[list[Read], FileError | None]:
    """What is read of a file, and how it ended."""
    found: list[Read] = []
    try:
        for read in read_activities(io.BytesIO(content), most=most):
            found.append(read)  # noqa: PERF402 (kept when the file breaks)
    except FileError as error:
        return found, error
    return found, None


def code(content: bytes) -> str | None:
    _, error = reads(content)
    return None if error is None else error.code


def test_activities_come_in_order_with_their_numbers() -> None:
    found, error = reads(file(activity(7), activity(8, identifier=""), activity(9)))
    assert error is None
    told = [(read.number, read.identifier) for read in found]
    assert told == [(1, "XT-TEST-7"), (2, None), (3, "XT-TEST-9")]


@pytest.mark.parametrize("version", ["2.01", "2.02", "2.03"])
def test_versions_that_are_read(version: str) -> None:
    assert code(file(activity(), version=version)) is None


@pytest.mark.parametrize("version", ["1.01", "1.05", "2.04", "3.0", "", "x" * 1000])
def test_versions_that_are_not(version: str) -> None:
    found, error = reads(file(activity(), version=version))
    assert found == []
    assert error is not None
    assert error.code == "version"
    assert "2.01, 2.02, 2.03" in str(error)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
    ],
)
def test_encodings_that_are_declared_are_read(encoding: str, declared: str) -> None:
    title = "<title><narrative>Équipement de marquage</narrative></title>"
    found, error = reads(text(activity(title=title), declared=declared).encode(encoding))
    assert error is None
    assert found[0].element is not None
    assert found[0].element.findtext("title/narrative") == "Équipement de marquage"


def test_a_wrong_encoding_is_told_and_what_stood_before_is_read() -> None:
    wrong = activity(2, title="<title><narrative>Équipement</narrative></title>")
    content = text(activity(1), wrong).encode("latin-1")
    found, error = reads(content)
    assert [read.identifier for read in found] == ["XT-TEST-1"]
    assert error is not None
    assert "another encoding than the file declares" in str(error)
    assert code(text(activity(), declared="UTF-16").encode()) == "encoding"
    assert code(text(activity(), declared="klingon").encode()) == "encoding"
    assert code(text(activity(), declared="shift_jis").encode()) == "encoding"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))
QUADRATIC = f'<!ENTITY a "{"x" * 100_000}">'
EXTERNAL = '<!ENTITY a SYSTEM "file:///etc/passwd">'
PARAMETER = '<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;'


@pytest.mark.parametrize(
    ("declared", "used"),
    [(LAUGHS, "&l9;"), (QUADRATIC, "&a;" * 10_000), (EXTERNAL, "&a;"), (PARAMETER, "")],
    ids=["billion laughs", "quadratic blow-up", "external entity", "parameter entity"],
)
def test_no_entity_is_ever_declared(declared: str, used: str) -> None:
    title = f"<title><narrative>{used}</narrative></title>"
    document = f"<!DOCTYPE iati-activities [{declared}]>{HEAD.decode()}{activity(title=title)}"
    found, error = reads(document.encode())
    assert found == []
    assert error is not None
    assert error.code == "doctype"


def test_a_document_type_without_entities_is_refused_as_well() -> None:
    assert code(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">' + HEAD) == "doctype"


def test_an_entity_that_nobody_declared_is_a_break() -> None:
    title = "<title><narrative>&eacute;</narrative></title>"
    found, error = reads(file(activity(1), activity(2, title=title), activity(3)))
    assert [read.number for read in found] == [1]
    assert error is not None
    assert (error.code, error.line, error.activity) == ("malformed", 4, 2)


@pytest.mark.parametrize(
    "content", [b"", b"   \n", b"{}", b"id,title\n1,x\n", b"\x00\x01", b"%PDF-"]
)
def test_what_is_no_xml(content: bytes) -> None:
    assert code(content) in {"empty", "malformed", "truncated"}


def test_other_documents_are_named() -> None:
    _, error = reads(b'<iati-organisations version="2.03"/>')
    assert error is not None
    assert error.code == "not-iati"
    assert "<iati-organisations>" in str(error)


@pytest.mark.parametrize("lost", [1, 30, 200, 700])
def test_a_file_that_ends_early_gives_what_is_whole(lost: int) -> None:
    content = file(activity(1), activity(2))
    found, error = reads(content[: content.index(b"XT-TEST-2") + 700 - lost])
    assert [read.identifier for read in found] == ["XT-TEST-1"]
    assert error is not None
    assert (error.code, error.activity) == ("truncated", 2)
    assert str(error).startswith("Line 4, activity 2: The file ends in the middle")


def test_a_break_behind_the_last_activity_is_in_none() -> None:
    _, error = reads(file(activity(1))[:-20])
    assert error is not None
    assert (error.code, error.line, error.activity) == ("truncated", 3, None)


def test_a_file_is_checked_to_its_end_and_is_at_its_begin_then() -> None:
    content = file(activity(1), activity(2))
    read: list[int] = []
    stream = io.BytesIO(content)
    check_file(stream, advance=read.append)
    assert (sum(read), stream.read()) == (len(content), content)
    for lost in (2, 10, 100, 700):
        with pytest.raises(FileError):
            check_file(io.BytesIO(content[:-lost]))
    with pytest.raises(FileError, match="holds more than 100 bytes"):
        check_file(io.BytesIO(content), most=100)


def test_depth_tags_and_activities_are_bounded() -> None:
    assert code(HEAD + b"<iati-activity><budget>" + b"<a>" * MAX_DEPTH) == "too-deep"
    long_tag = b'<iati-activity a="' + b"x" * (MAX_TAG_BYTES * 2)
    assert code(HEAD + long_tag) == "too-large"
    assert code(HEAD + b"<!--" + b"x" * (MAX_TAG_BYTES * 2)) == "too-large"


@pytest.mark.parametrize(
    "filling",
    [
        "<title><narrative>" + "x" * (MAX_CHARACTERS + 1) + "</narrative></title>",
        "<title>" + "<narrative/>" * (MAX_ELEMENTS + 1) + "</title>",
    ],
    ids=["characters", "elements"],
)
def test_an_activity_that_is_too_large_is_let_go_and_the_next_is_read(filling: str) -> None:
    found, error = reads(file(activity(1, title=filling), activity(2)))
    assert error is None
    assert [(read.identifier, read.element is None) for read in found] == [
        ("XT-TEST-1", True),
        ("XT-TEST-2", False),
    ]


def test_parts_that_nobody_reads_do_not_count() -> None:
    result = "<result>" + "<indicator>x</indicator>" * (MAX_ELEMENTS + 1) + "</result>"
    ((read,), error) = reads(file(activity(region=result)))
    assert error is None
    assert read.element is not None
    assert read.element.find("result") is None


def test_gzip_in_one_and_in_several_members() -> None:
    content = file(activity(1), activity(2))
    for packed in (
        gzip.compress(content),
        gzip.compress(content[:500]) + gzip.compress(content[500:]),
    ):
        found, error = reads(packed)
        assert error is None
        assert len(found) == 2


@pytest.mark.parametrize("lost", [4, 20])
def test_gzip_that_ends_early(lost: int) -> None:
    found, error = reads(gzip.compress(file(activity()))[:-lost])
    assert error is not None
    assert error.code == "truncated"
    assert len(found) <= 1
    assert error.line


def test_gzip_that_is_damaged_or_unpacks_to_more_than_may_be() -> None:
    assert code(b"\x1f\x8b" + b"x" * 100) == "gzip"
    bomb = gzip.compress(HEAD + b" " * 10_000_000)
    found, error = reads(bomb, most=1_000_000)
    assert found == []
    assert error is not None
    assert error.code == "too-large"


class Growing(io.RawIOBase):
    """A file of activities, each with a long part that nobody reads, made as it is read."""

    def __init__(self, activities: int, unread: int) -> None:
        head, body, tail = file(activity()).partition(activity().encode())
        filling = b"<result><x>" + b"y" * unread + b"</x></result></iati-activity>"
        one = body.replace(b"</iati-activity>", filling)
        self._pieces = itertools.chain([head], itertools.repeat(one, activities), [tail])
        self._left = b""
        self.length = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = next(self._pieces, b"")
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        self.length += count
        return count


def test_a_file_of_200_megabytes_is_read_as_a_stream() -> None:
    stream = Growing(800, 262_144)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = sum(1 for one in read_activities(io.BufferedReader(stream)) if one.element is not None)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (read, stream.length > 200_000_000) == (800, True)
    assert grown < 50 * 1024, "kilobytes: the file was held in memory"
    with pytest.raises(FileError) as refused:
        check_file(io.BufferedReader(Growing(800, 262_144)), most=100_000_000)
    assert refused.value.code == "too-large"
