"""`entraide import` against real processes."""

import sys
from pathlib import Path
from subprocess import CompletedProcess, run

import pytest

from deploy.local.running import Stack
from tests.services.offers.iati_files import activity, file

pytestmark = pytest.mark.journey

ENTRAIDE = str(Path(sys.executable).with_name("entraide"))


def entraide(stack: Stack, *arguments: object) -> CompletedProcess[str]:
    command = [ENTRAIDE, *map(str, arguments), "--data-dir", str(stack.plan.directory.path)]
    return run(command, capture_output=True, text=True, timeout=120, check=False)


def counts(done: CompletedProcess[str]) -> dict[str, int]:
    assert done.stdout, done.stderr
    names, numbers = (line.split() for line in done.stdout.splitlines()[-2:])
    return {name: int(number) for name, number in zip(names, numbers, strict=True) if number != "0"}


@pytest.mark.long
def test_a_file_is_brought_in_once_changed_and_told_where_it_is_wrong(
    stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "activities.xml"
    path.write_bytes(file(*(activity(number) for number in range(1, 61))))
    seen = entraide(stack, "import", "iati", path, "--preview")
    assert seen.returncode == 0, seen.stderr
    assert counts(seen) == {"read": 60, "created": 60}
    assert "XT-TEST-60" in seen.stdout
    done = entraide(stack, "import", "iati", path)
    assert (done.returncode, counts(done)) == (0, {"read": 60, "created": 60}), done.stderr
    again = entraide(stack, "import", "iati", path)
    assert (again.returncode, counts(again)) == (0, {"read": 60, "unchanged": 60}), again.stderr

    ended = activity(2, status='<activity-status code="4"/>')
    path.write_bytes(file(activity(1), ended, activity(3, country="")))
    wrong = entraide(stack, "import", "iati", path)
    assert wrong.returncode == 1
    assert counts(wrong) == {"read": 3, "changed": 1, "unchanged": 1, "refused": 1}
    assert "activity 3, XT-TEST-3: recipient-country: It names no country." in wrong.stderr
    assert "1 activity is refused" in wrong.stderr

    path.write_bytes(file(activity(70), activity(71))[:-30])
    broken = entraide(stack, "import", "iati", path)
    assert (broken.returncode, broken.stdout) == (1, "")
    assert (
        "nothing was brought in. Line 4, activity 2: The file ends in the middle" in broken.stderr
    )
    path.write_bytes(file(activity(70)))
    assert counts(entraide(stack, "import", "iati", path)) == {"read": 1, "created": 1}


def test_whose_activities_they_are_must_be_known(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "activities.xml"
    path.write_bytes(file(activity(1)))
    done = entraide(stack, "import", "iati", path, "--organisation", "nobody")
    assert done.returncode == 1
    assert "There is no such organisation" in done.stderr


@pytest.mark.long
def test_a_national_report_becomes_drafts_once_or_not_at_all(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    header = "reference,title,description,theme,kind,quantity,unit"
    good = 'cli-2026-1,Marking,"Six machines. Illustrative.",Marking,Equipment,6,machines'
    path.write_text(f"{header}\n{good}\ncli-2026-2,Stores,New doors.,Marqage,Equipment,2,doors\n")
    wrong = entraide(stack, "import", "national-report", path, "--state", "SEN")
    assert wrong.returncode == 1
    assert "D3: “Marqage” is not known" in wrong.stderr
    path.write_text(f"{header}\n{good}\ncli-2026-2,Stores,New armoury doors.,,,,\n")
    shown = entraide(stack, "import", "national-report", path, "--state", "SEN", "--preview")
    assert "(told by the text)" in shown.stdout
    first = entraide(stack, "import", "national-report", path, "--state", "SEN")
    assert (first.returncode, counts(first)) == (0, {"created": 2}), first.stderr
    again = entraide(stack, "import", "national-report", path, "--state", "SEN")
    assert (again.returncode, counts(again)) == (0, {"known": 2}), again.stderr
