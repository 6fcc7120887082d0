"""The lines of a log that tell why its process ended."""

from deploy.local.excerpts import error_lines


def test_a_tracebacks_message_counts_most() -> None:
    log = """starting
an error on the way
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    raise ValueError("no")
shared.settings.SettingsError: set ENTRAIDE_KAFKA: Kafka bootstrap servers
"""
    assert error_lines(log) == [
        "shared.settings.SettingsError: set ENTRAIDE_KAFKA: Kafka bootstrap servers"
    ]


def test_else_the_lines_that_speak_of_trouble_without_colours() -> None:
    log = "fine\n\x1b[31mERROR: port in use\x1b[0m\nfine\nconnection refused\n"
    assert error_lines(log) == ["ERROR: port in use", "connection refused"]
    assert error_lines(log, limit=1) == ["ERROR: port in use"]


def test_else_the_last_lines() -> None:
    assert error_lines("a\n\nb\nc\n", limit=2) == ["b", "c"]
    assert error_lines("") == []


def test_a_traceback_that_was_cut_off_is_no_message() -> None:
    log = "Traceback (most recent call last):\n  File 'x'"
    assert error_lines(log) == ["Traceback (most recent call last):", "  File 'x'"]
