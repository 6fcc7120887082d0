"""What may be wrong with a file, with one of its activities, or with a field of one; and notes."""

from dataclasses import dataclass


class FileError(ValueError):
    """The file cannot be read, or no further; `code` is a word for programs.

    `line` and `activity` count from 1: the place where it breaks, and the activity that stands
    there, None for what is outside of all; many a file is one line.
    """

    def __init__(
        self, code: str, message: str, line: int | None = None, activity: int | None = None
    ) -> None:
        within = "" if activity is None else f", activity {activity}"
        super().__init__(message if line is None else f"Line {line}{within}: {message}")
        self.code = code
        self.message = message
        self.line = line
        self.activity = activity


class Fault(ValueError):  # noqa: N818 (not the program's: the file's)
    """A field that cannot be accepted: the element's name, a word for programs, what is wrong."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Note:
    """What was left open or out of an activity that is taken: a word for programs, and in English.

    `about` is what of the file the sentence names: a currency, or who reports.
    """

    code: str
    message: str
    about: str | None = None


@dataclass(frozen=True)
class Refusal:
    """An activity, or its part for one country, that is not taken, and why.

    `number` is its place in the file, from 1; `identifier` its iati-identifier where it has one.
    """

    number: int
    identifier: str | None
    field: str
    code: str
    message: str
    country: str | None = None
