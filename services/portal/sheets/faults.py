"""What is wrong with a spreadsheet, by cell, and how it is told in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.portal.catalogues import N_, say

DOUBTFUL = N_("Which currency is “%(text)s”? Choose and write one: %(candidates)s.")
"""What is asked where a name may stand for several currencies."""

_SENTENCES: Mapping[str, str] = {
    "format": N_("This is no spreadsheet that can be read here. Save it as .xlsx or as CSV UTF-8."),
    "old-workbook": N_(
        "This is a workbook of an old kind (.xls). Open it and save it as .xlsx or as CSV UTF-8."
    ),
    "open-workbook": N_(
        "This is an OpenDocument spreadsheet (.ods). Open it and save it as .xlsx or as CSV UTF-8."
    ),
    "word": N_(
        "This is a text document, such as Word writes. Copy its table into a spreadsheet, and save "
        "that as .xlsx or as CSV UTF-8."
    ),
    "pdf": N_(
        "This is a PDF. Copy its table into a spreadsheet, and save that as .xlsx or as CSV UTF-8."
    ),
    "encoding": N_("The letters of this file cannot be told. Save it as CSV UTF-8 or as .xlsx."),
    "quote": N_("A quotation mark begins here and does not end. Close it, or save the file anew."),
    "half-row": N_("The file ends in the middle of this row. Save it anew."),
    "locked": N_("The file is protected by a password. Save it without one."),
    "too-many-bytes": N_("The file is larger than %(most)s MB. Send it in parts."),
    "too-large": N_("The file is too large when unpacked."),
    "too-many-rows": N_("The file has more than %(most)s rows. Send it in parts."),
    "too-many-columns": N_("The file has more than %(most)s columns."),
    "empty": N_("The file has no rows beneath its first, which names the columns."),
    "no-column": N_("The column “%(column)s” is missing in the first row."),
    "unknown-column": N_("“%(text)s” is no column that is known here."),
    "unknown-column-like": N_("“%(text)s” is no column. Did you mean “%(like)s”?"),
    "twice": N_("This column stands here twice."),
    "merged": N_("These cells are merged. Split them, and fill in each."),
    "formula": N_("This formula has no result that could be read. Put its value in its place."),
    "missing": N_("“%(column)s” is missing here."),
    "too-long": N_("This is longer than %(most)s characters."),
    "reference": N_("A reference has 1 to 100 Latin letters, digits and marks, without spaces."),
    "number": N_("“%(text)s” is not a number."),
    "number-range": N_("“%(text)s” is too small, too large, or has too many decimals."),
    "day": N_("“%(text)s” is not a day. Write it as 2026-10-01."),
    "two-days": N_("“%(text)s” can be %(first)s or %(second)s. Write the one that you mean."),
    "order": N_("It ends before it begins."),
    "code": N_("“%(text)s” is not known in the column “%(column)s”."),
    "code-like": N_("“%(text)s” is not known in the column “%(column)s”. Did you mean “%(like)s”?"),
    "unit": N_("Say how many, or take out of what."),
    "currencies": DOUBTFUL,
    "currency": N_("Say in which currency, such as USD."),
    "no-rate": N_("There is no exchange rate of %(text)s here: it counts in no sum of US dollars."),
    "amount": N_("A currency needs an amount."),
    "differs": N_("This differs from row %(row)s, which has the same reference."),
    "differs-here": N_(
        "This differs from row %(row)s, which is of the same record. Write the same in both."
    ),
    "id": N_("There is no record of yours with the id “%(text)s”."),
    "rows": N_("The record has %(count)s rows. Add and take out lines on its page."),
    "lines": N_("This adds a line or takes one out. Do so on the record's page."),
    "over": N_(
        "This record is over and can no longer be changed. Leave its rows as they came out."
    ),
    "step": N_("The activity cannot become this from where it stands now."),
    "too-many": N_("A record may have %(most)s of these at most. This is one too many."),
    "too-large-record": N_(
        "This record says more than can be sent at once. Shorten its texts, or divide it into "
        "several records."
    ),
    "reference-twice": N_("Row %(row)s has the same reference."),
}


@dataclass(frozen=True)
class Fault:
    """Something wrong; `cell` is where ("C7"), empty for the file as a whole."""

    code: str
    cell: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        """What is wrong, without the cell."""
        return say(language, _SENTENCES[self.code], **self.values)

    def told(self, language: str) -> str:
        """What is wrong, and where if it is known."""
        return f"{self.cell}: {self.sentence(language)}" if self.cell else self.sentence(language)


class SheetError(Exception):
    """A file that cannot be read as a spreadsheet at all; `fault` says why."""

    def __init__(self, code: str, cell: str = "", **values: object) -> None:
        super().__init__(code)
        self.fault = Fault(code, cell, values)


def cell_name(row: int, column: int) -> str:
    """A cell as spreadsheets name it; row and column count from 0: "C7"."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"
