"""Which region and groups a State belongs to, on a day."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from shared.vocabulary import countries
from shared.vocabulary.errors import UnknownCode

_GROUP_COLUMNS = {"ldc": "LDC", "lldc": "LLDC", "sids": "SIDS", "oda": "ODA"}


@dataclass(frozen=True)
class Geography:
    """Regions and groups of States as of the day `on`.

    `file_areas` and `file_groups` are facts by alpha-3 code that stand above the vocabulary's;
    `groups_in_file` are the groups that the file decides, for the States that it has.
    """

    on: date
    file_areas: Mapping[str, str] = field(default_factory=dict)
    file_groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    groups_in_file: frozenset[str] = frozenset()

    @classmethod
    def of_vocabulary(cls, on: date) -> "Geography":
        """The vocabulary's facts as of a day."""
        return cls(on)

    @classmethod
    def of_file(cls, path: Path, on: date) -> "Geography":
        """The facts of a table (alpha3, subregion, and any of ldc, lldc, sids, oda as 0 or 1).

        What the table does not have comes from the vocabulary. OSError if it cannot be read,
        ValueError if it has no columns alpha3 and subregion.
        """
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        columns = header.split("\t")
        if not {"alpha3", "subregion"} <= set(columns):
            raise ValueError(f"{path.name} needs the columns alpha3 and subregion")
        rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines if line]
        decided = {column: group for column, group in _GROUP_COLUMNS.items() if column in columns}
        return cls(
            on,
            {row["alpha3"]: row["subregion"] for row in rows},
            {
                row["alpha3"]: frozenset(
                    group for column, group in decided.items() if row[column] == "1"
                )
                for row in rows
            },
            frozenset(decided.values()),
        )

    def at(self, on: date) -> "Geography":
        """The same source as of another day; a file's facts stay as they are."""
        return replace(self, on=on)

    def area(self, alpha3: str) -> str | None:
        """The M49 region that eligibility may name; None for a code that is no country."""
        if alpha3 in self.file_areas:
            return self.file_areas[alpha3]
        try:
            return countries.country(alpha3).area
        except UnknownCode:
            return None

    def groups(self, alpha3: str) -> frozenset[str]:
        """Which of LDC, LLDC, SIDS and ODA the State is in; none for a code that is no country."""
        try:
            known = countries.groups(alpha3, self.on)
        except UnknownCode:
            known = frozenset()
        if alpha3 not in self.file_groups:
            return known
        return self.file_groups[alpha3] | (known - self.groups_in_file)
