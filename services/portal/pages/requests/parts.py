"""The parts of a request's form: from the request to fields, and from fields to the request."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from services.portal.pages.forms import PageForm, RowForm, full_name
from services.portal.pages.requests import bodies
from services.portal.pages.requests.forms import (
    AimForm,
    EvidenceForm,
    LineForm,
    LinesForm,
    NeedForm,
    PapersForm,
    PlanForm,
    shown_choice,
)
from services.portal.pages.typed_in import TYPED_IN
from services.portal.pages.wording import here, list_text

Typed = MultiDict[str, str]
MOST_ROWS = 100
_OF_ROW = re.compile(r"(\w+)\[(\d+)\](?:\.(\w+))?")
_OF_FIELD = re.compile(r"(\w+?)(?:\.(\w+))?(?:\[\d+\])?")


@dataclass(frozen=True)
class Rows:
    """Things alike of which a part has several: in which member of the request they stand, and how
    one of them stands in fields and comes back out of them."""

    name: str
    form: type[RowForm]
    fields: Callable[[Mapping[str, Any]], dict[str, Any]]
    member: Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """A part of the form: its fields, its rows if it has any, and how both stand in a request.

    `fields` makes what stands in fields of a request, `members` is the way back. `advised` are the
    members that advice on this part is about.
    """

    form: type[PageForm]
    fields: Callable[[Mapping[str, Any]], dict[str, Any]]
    members: Callable[[Mapping[str, Any]], dict[str, Any]]
    advised: frozenset[str]
    rows: Rows | None = None


PARTS: Mapping[str, Part] = {
    "need": Part(NeedForm, bodies.text_fields, bodies.text_members, frozenset({"language"})),
    "lines": Part(
        LinesForm,
        lambda _view: {},
        lambda _data: {},
        frozenset({"needs"}),
        Rows("needs", LineForm, bodies.line_fields, bodies.line_member),
    ),
    "plan": Part(
        PlanForm,
        bodies.plan_fields,
        bodies.plan_members,
        frozenset({"window", "priority", "objectives"}),
        Rows("objectives", AimForm, bodies.aim_fields, bodies.aim_member),
    ),
    "papers": Part(
        PapersForm,
        bodies.paper_fields,
        bodies.paper_members,
        frozenset({"action_plan", "evidence", "source_report", "country"}),
        Rows("evidence", EvidenceForm, bodies.evidence_fields, bodies.evidence_member),
    ),
}
"""The parts in their order; "check" follows, which has no fields."""


@dataclass
class Sheet:
    """A part as it is being filled in."""

    part: Part
    form: PageForm
    rows: list[RowForm] = field(default_factory=list)

    @property
    def errors(self) -> bool:
        """Whether something is wrong."""
        return bool(self.problems())

    def problems(self) -> list[tuple[str, str]]:
        """What is wrong, as pairs of a field's id and a message."""
        return [one for form in (self.form, *self.rows) for one in form.problems()]

    def lacking(self) -> list[str]:
        """The names of the fields in which something is wrong."""
        return [full_name(at) for form in (self.form, *self.rows) for at in form if at.errors]

    def typed(self) -> list[tuple[str, str]]:
        """All that stands in it, as `typed_sheet` reads it in whatever language later."""
        found = [("rows", str(len(self.rows))), (TYPED_IN, here())]
        for at in (at for form in (self.form, *self.rows) for at in form):
            values = at.data if isinstance(at.data, list) else [at.data or ""]
            if at.short_name != "csrf_token":
                found += [(at.name, str(value)) for value in values]
        return found

    def written(self) -> list[RowForm]:
        """The rows in which something stands."""
        return [row for row in self.rows if not row.is_blank()]

    def validate(self) -> bool:
        """Whether all that stands there may be sent."""
        found = [self.form.validate(), *(row.validate() for row in self.written())]
        return all(found)

    def members(self, view: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the request that this part has, once valid; of `view` what it lacks."""
        found = self.part.members(_words(self.form))
        rows = self.part.rows
        if rows:
            kept = bodies.body_of(view)[rows.name] if view else []
            before = {str(one.get("line", "")): one for one in kept}
            found[rows.name] = [
                {**before.get(row.data.get("line") or "none", {}), **rows.member(_words(row))}
                for row in self.written()
            ]
        return found

    def blame(self, faults: Sequence[tuple[str, str]]) -> None:
        """Put what the service found wrong at its field; where no field has it, at its row or the
        form."""
        for path, message in faults:
            form, name = self._place(path)
            at = form._fields.get(name)
            if at is None:
                form.fail(message)
            else:
                form.fail_field(at, message)

    def _place(self, path: str) -> tuple[PageForm, str]:
        row = _OF_ROW.match(path)
        rows = self.written()
        if row and self.part.rows and row[1] == self.part.rows.name and int(row[2]) < len(rows):
            return rows[int(row[2])], row[3] or ""
        plain = _OF_FIELD.fullmatch(path)
        names = [name for name in plain.groups() if name] if plain else []
        return self.form, "_".join(names)

    def differences(self, other: "Sheet") -> Iterator[tuple[str, str]]:
        """What stands in the other where it says something else: labels and words."""
        pairs = [(self.form, other.form), *zip(self.rows, other.rows, strict=False)]
        for own, others in pairs:
            for name, at in others._fields.items():
                if name not in ("csrf_token", "line") and own[name].data != at.data:
                    yield full_name(at), shown_choice(at)
        for row in other.rows[len(self.rows) :]:
            yield row.heading, list_text(shown_choice(at) for at in row if at.data)


def _words(form: PageForm) -> dict[str, Any]:
    """What stands in the fields; empty for those that were not sent."""
    return {name: "" if value is None else value for name, value in form.data.items()}


def stored_sheet(part: Part, view: Mapping[str, Any]) -> Sheet:
    """A part as the request has it."""
    rows = [part.rows.fields(one) for one in view[part.rows.name]] if part.rows else []
    return Sheet(part, part.form(None, data=part.fields(view)), made_rows(part, rows))


def made_rows(part: Part, rows: Sequence[Mapping[str, Any]]) -> list[RowForm]:
    """Rows of what is to stand in them; none in a part that has none."""
    if part.rows is None:
        return []
    return [part.rows.form(f"row-{n}-", data=dict(row)) for n, row in enumerate(rows[:MOST_ROWS])]


def typed_sheet(part: Part, typed: Typed, left_out: int | None = None) -> Sheet:
    """A part as it was typed, one row left out where that was said."""
    count = typed.get("rows", "0")
    most = min(int(count), MOST_ROWS) if count.isascii() and count.isdigit() else 0
    form = part.rows.form if part.rows else RowForm
    numbers = [n for n in range(most if part.rows else 0) if n != left_out]
    rows = [form(f"row-{n}-", typed) for n in numbers]
    if left_out is not None:
        rows = made_rows(part, [row.data for row in rows])
    return Sheet(part, part.form(typed), rows)
