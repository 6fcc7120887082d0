"""Controlled vocabularies: codes with labels in six languages, some of them retired on a date."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Generic, TypeVar

from shared.vocabulary.errors import CodeError, RetiredCode, UnknownCode
from shared.vocabulary.languages import LANGUAGES, check_language
from shared.vocabulary.tables import day, read_table


@dataclass(frozen=True)
class Term:
    """One entry of a vocabulary.

    `labels` and `notes` map each of the six languages to a text; `notes` may be empty.
    `retired` is the first day on which the code may no longer be used for something new.
    """

    code: str
    labels: Mapping[str, str] = field(compare=False)
    retired: date | None = None
    replaced_by: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict, compare=False)


__all__ = ["CodeError", "RetiredCode", "Term", "UnknownCode", "Vocabulary"]

T = TypeVar("T", bound=Term)


class Vocabulary(Generic[T]):
    """A named, ordered, unchangeable list of terms."""

    def __init__(self, name: str, terms: Iterable[T]) -> None:
        self.name = name
        self._terms: dict[str, T] = {}
        for term in terms:
            if term.code in self._terms:
                raise ValueError(f"{name} has the code '{term.code}' twice")
            self._terms[term.code] = term
        for term in self._terms.values():
            if term.replaced_by is not None and term.replaced_by not in self._terms:
                raise ValueError(f"{name}: '{term.code}' is replaced by an unknown code")

    def __contains__(self, code: object) -> bool:
        return code in self._terms

    def __iter__(self) -> Iterator[T]:
        return iter(self._terms.values())

    def __len__(self) -> int:
        return len(self._terms)

    def codes(self, on: date | None = None) -> tuple[str, ...]:
        """The codes usable on that day, in the list's order; without a day, those never retired."""
        return tuple(
            code
            for code, term in self._terms.items()
            if term.retired is None or (on is not None and on < term.retired)
        )

    def get(self, code: str) -> T:
        """The term of a code, retired ones included (old records are still shown); UnknownCode."""
        try:
            return self._terms[code]
        except KeyError:
            raise UnknownCode(self.name, code, self.codes()) from None

    def label(self, code: str, language: str) -> str:
        """The term's name in one of the six languages; UnknownCode for either."""
        check_language(language)
        return self.get(code).labels[language]

    def check(self, code: str, on: date) -> T:
        """The term, if its code may be used on that day; UnknownCode or RetiredCode if not."""
        term = self.get(code)
        if term.retired is not None and on >= term.retired:
            raise RetiredCode(self.name, code, term.retired, term.replaced_by)
        return term


def labels_of(row: Mapping[str, str]) -> Mapping[str, str]:
    """The six label columns of a table's row, as an unchangeable mapping."""
    return MappingProxyType({language: row[language] for language in LANGUAGES})


def load_terms(table: str) -> list[Term]:
    """The terms of a data file with the columns code, six languages, and perhaps retirement."""
    return [term_of(row) for row in read_table(table)]


def term_of(row: Mapping[str, str]) -> Term:
    """A term from a row with the columns code, six languages, and perhaps retirement."""
    return Term(
        code=row["code"],
        labels=labels_of(row),
        retired=day(row.get("retired", "")),
        replaced_by=row.get("replaced_by") or None,
    )
