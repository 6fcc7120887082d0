"""The columns of a list that goes out: names in six languages, HXL tags, what stands in a cell."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.portal.catalogues import N_, say
from services.portal.sheets.columns import Labels, country_labels, labels_of, language_labels
from services.portal.state_names import status_labels
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES

Record = Mapping[str, Any]
Row = Mapping[str, Any]
Names = Mapping[str, Mapping[str, Record]]
"""Records that rows name, by `requests`, `offers`, `organisations` and their ids."""

_CODE = N_("%(name)s (code)")


@dataclass(frozen=True)
class Field:
    """A column by its key in a row: its title (an English text that is translated), its HXL tag.

    One of codes (`labels`), or of ids of other records (`named`: their register), is two columns:
    what programs read, and what people do.
    """

    key: str
    title: str
    tag: str
    labels: Labels | None = None
    named: str = ""

    def header(self, language: str) -> list[str]:
        """The names of its columns."""
        name = say(language, self.title)
        return [say(language, _CODE, name=name), name] if self._twice else [name]

    def tags(self) -> list[str]:
        """The HXL tags of its columns: hashtag and attributes."""
        if not self._twice:
            return [self.tag]
        return [f"{self.tag}+{'id' if self.named else 'code'}", f"{self.tag}+name"]

    def cells(self, row: Row, names: Names, language: str) -> list[Any]:
        """What stands in its columns."""
        value = row.get(self.key)
        if self.named:
            found = self._names_of(names)
            return [_joined(value), _joined(_each(value, found, ""))]
        if self.labels is not None:
            return [_joined(value), _joined(_each(value, self.labels(language), None))]
        return [_joined(value)]

    def _names_of(self, names: Names) -> Mapping[str, str]:
        found = names.get(self.named, {})
        return {id_: str(one.get("name") or one.get("title") or "") for id_, one in found.items()}

    @property
    def _twice(self) -> bool:
        return self.labels is not None or bool(self.named)


@dataclass(frozen=True)
class Listing:
    """A list: what it is called, who keeps it and where, its columns, a record's rows.

    `path` is the service's; one with `{}` is of one record, whose id is put there.
    """

    title: str
    service: str
    path: str
    fields: Sequence[Field]
    rows: Callable[[Record], Sequence[Row]]

    def header(self, language: str) -> list[str]:
        """The first row of a file."""
        return [name for field in self.fields for name in field.header(language)]

    def tags(self) -> list[str]:
        """The second row of a file that says its columns in HXL."""
        return [tag for field in self.fields for tag in field.tags()]

    def named(self, records: Iterable[Record]) -> dict[str, set[str]]:
        """The ids that these records' rows name, by register."""
        found: dict[str, set[str]] = {one.named: set() for one in self.fields if one.named}
        rows = [row for record in records for row in self.rows(record)]
        for field in self.fields:
            if field.named:
                for row in rows:
                    value = row.get(field.key)
                    values = value if isinstance(value, list) else [value]
                    found[field.named].update(str(one) for one in values if one)
        return found

    def cells(self, record: Record, names: Names, language: str) -> list[list[Any]]:
        """The rows of a record, each as its cells."""
        return [
            [cell for field in self.fields for cell in field.cells(row, names, language)]
            for row in self.rows(record)
        ]


def coded(key: str, title: str, tag: str, vocabulary: Any) -> Field:
    """A column of codes of a vocabulary."""
    return Field(key, title, tag, labels_of(vocabulary))


def as_it_is(record: Record) -> list[Row]:
    """The only row of a record that has no lines."""
    return [record]


def by_lines(member: str, prefix: str = "") -> Callable[[Record], list[Row]]:
    """The rows of a record, one for each of its lines in `member`; one where there are none.

    Of what record and line both have, the line's stands under `prefix` before its name.
    """

    def rows(record: Record) -> list[Row]:
        lines = record.get(member) or [{}]
        return [
            {**record, **{(f"{prefix}{key}" if key in record else key): line[key] for key in line}}
            for line in lines
        ]

    return rows


def flat(record: Record, **places: Sequence[str]) -> Row:
    """A record with what stands deeper in it beside the rest: a key, and the way to its value."""
    return {**record, **{key: _at(record, place) for key, place in places.items()}}


def _at(record: Any, place: Sequence[str]) -> Any:
    for name in place:
        if not isinstance(record, Mapping):
            return None
        record = record.get(name)
    return record


def _each(value: Any, names: Mapping[str, str], unknown: str | None) -> Any:
    """The name of each code; of one that has none `unknown`, or the code itself."""
    if isinstance(value, list):
        return [_each(one, names, unknown) for one in value]
    if not isinstance(value, str):
        return value
    return names.get(value, value if unknown is None else unknown)


def _joined(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "; ".join(str(one) for one in value)
    if isinstance(value, bool):
        return str(value).lower()
    return value


ID = Field("id", N_("Id here"), "#meta+id")
STATE = Field("country", N_("State"), "#country+v_iso3", country_labels)
TITLE = Field("title", N_("Title"), "#description+title")
TEXT = Field("description", N_("Description"), "#description+text")
LANGUAGE = Field("language", N_("Language"), "#meta+language", language_labels)
STATUS = Field("status", N_("Where it stands"), "#status", status_labels)
THEME = coded("theme", N_("Theme"), "#sector", THEMES)
KIND = coded("kind", N_("Kind of help"), "#service", KINDS)
UNIT = Field("unit", N_("Of what"), "#indicator+unit")
CURRENCY = Field("currency", N_("Currency"), "#currency+code")
DONOR = Field("organisation", N_("Donor"), "#org+funder", named="organisations")
REQUEST = Field("request", N_("Request"), "#activity+request", named="requests")
OFFER = Field("offer", N_("Offer"), "#activity+offer", named="offers")
FIRST = Field("from", N_("First day"), "#date+start")
LAST = Field("to", N_("Last day"), "#date+end")
MADE = Field("created_at", N_("Made"), "#date+created")
CHANGED = Field("updated_at", N_("Changed"), "#date+updated")
SCORE = Field("score", N_("Score"), "#indicator+score+num")
"""Columns that several lists have."""
