"""What a failed journey shows of its stack's logs."""

from pathlib import Path

from tests.logged import faults


def test_the_tracebacks_of_a_log_are_shown_each_with_what_it_came_of(tmp_path: Path) -> None:
    (tmp_path / "calm.log").write_text("[info] request\n")
    (tmp_path / "offers.log").write_text(
        "[info] request\n[error] a request failed\nTraceback (most recent call last):\n"
        '  File "a.py", line 1, in f\n    f()\nValueError: odd\n[info] request\n'
    )
    assert list(faults(tmp_path)) == [
        (
            "offers.log: 1 tracebacks",
            "[error] a request failed\nTraceback (most recent call last):\n"
            '  File "a.py", line 1, in f\n    f()\nValueError: odd',
        )
    ]
