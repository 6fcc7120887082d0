"""What a file may be called: in six languages, and nothing that leads elsewhere or deceives."""

import pytest

from shared.attachments.names import MAX_NAME, checked_name, extension
from shared.web.problems import Problem


@pytest.mark.parametrize(
    "name",
    [
        *("report.pdf", "Plan d'action (v2) - final.docx", "خطة العمل.pdf", "行动计划.xlsx"),
        *(
            "План действий.odt",
            "a.b.c.csv",
            "como.txt",
            "nul-report.txt",
            "a" * (MAX_NAME - 4) + ".pdf",
        ),
        "نیم\u200cفاصله.pdf",
    ],
)
def test_names_that_people_give(name: str) -> None:
    assert checked_name(name) == name


def test_names_are_kept_in_one_form() -> None:
    assert checked_name("De\u0301po\u0302t.pdf") == "Dépôt.pdf"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(("", "required"), ("   ", "required"), ("a" * MAX_NAME + ".pdf", "too_long")),
        *(("../../etc/passwd.txt", "path"), ("..\\win.txt", "path"), ("C:evil.txt", "path")),
        *((".htaccess", "path"), ("a.pdf.", "path"), (" a.pdf", "path"), ("a.pdf ", "path")),
        *(("a?.pdf", "path"), ('a".pdf', "path"), ("a|b.pdf", "path"), ("a*.pdf", "path")),
        *(("a\x00.pdf", "text"), ("a\r\nX-Evil: 1.pdf", "text"), ("a\x7f.pdf", "text")),
        *(("invoice\u202efdp.exe", "text"), ("a\u2066b.pdf", "text"), ("a\u200fb.pdf", "text")),
        *(("a\u200bb.pdf", "text"), ("a\ufeff.pdf", "text"), ("a\u2028b.pdf", "text")),
        *(("a\ud800.pdf", "text"), ("a\ue000.pdf", "text"), ("a\U000e0041.pdf", "text")),
        *(("CON.pdf", "reserved"), ("nul", "reserved"), ("Com1.tar.txt", "reserved")),
        *(("lpt¹.txt", "reserved"), ("AUX.csv", "reserved")),
    ],
)
def test_names_that_are_refused(name: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        checked_name(name)
    (error,) = refused.value.errors
    assert (refused.value.status, error.field, error.code) == (422, "name", code)


def test_extensions() -> None:
    assert [extension(one) for one in ("a.PDF", "a.pdf.exe", "pdf", ".pdf")] == [
        *("pdf", "exe", "", "")
    ]
