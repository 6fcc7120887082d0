"""/duplicates/ID: two records that seem to be the same, where they differ, and the decision."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_babel import gettext as _

from entraide.client import Answer
from entraide.client.records.matcher import DuplicateView
from services.portal.pages import asking
from services.portal.pages.asking import ask
from services.portal.pages.cases.deciding import CaseForm, came_from, decide, filled, status_name
from services.portal.pages.cases.differences import Piece, differences
from services.portal.pages.cases.lines import Pair, pairs_of
from services.portal.pages.finding import names_of
from services.portal.pages.frame import account, for_signed_in, show
from services.portal.pages.keeping import keeping_typed
from services.portal.services import AwayError, RefusedError

_NEEDING = frozenset({"link", "dismiss"})
_FIELDS = ("title", "description")
_REGISTERS = {"request": "requests", "offer": "offers"}


@keeping_typed
@for_signed_in()
def duplicate(case_id: str) -> Response:
    """The pair side by side; a coordinator decides."""
    found = asking.get("matcher", f"/v1/duplicates/{case_id}")
    case = found.of(DuplicateView)
    sides = _sides(case)
    form = CaseForm().offering(_choices(case, sides))

    def send(form: CaseForm) -> None:
        _send(case, sides, form)

    def shown(form: CaseForm, status: int) -> Response:
        return show(
            "cases/duplicate.html",
            status,
            wide=True,
            case=case,
            sides=sides,
            texts=_texts(sides),
            lines=_lines(sides),
            register=_REGISTERS[case["side"]],
            donors=names_of(_body(side).get("organisation") for side in sides.values()),
            etag=found.etag,
            form=filled(form, found.etag) if form.decision.choices else None,
            status_name=status_name,
            back=came_from(),
        )

    return decide(form, found.etag, _NEEDING, send, shown)


def _sides(case: Mapping[str, Any]) -> dict[str, Answer | AwayError]:
    register = _REGISTERS[case["side"]]
    return asking.gather(
        left=ask(register, f"/v1/{register}/{case['left']['id']}"),
        right=ask(register, f"/v1/{register}/{case['right']['id']}"),
    )


def _texts(
    sides: Mapping[str, Answer | AwayError],
) -> dict[str, dict[str, list[Piece]]]:
    """Both sides' texts in pieces; empty where one is away. Other languages differ as a whole."""
    left, right = sides["left"], sides["right"]
    if isinstance(left, AwayError) or isinstance(right, AwayError):
        return {}
    found: dict[str, dict[str, list[Piece]]] = {"left": {}, "right": {}}
    same_language = left.body.get("language") == right.body.get("language")
    for name in _FIELDS:
        ours, theirs = left.body.get(name) or "", right.body.get(name) or ""
        pair = (
            differences(ours, theirs)
            if same_language
            else ([Piece(ours, True)], [Piece(theirs, True)])
        )
        found["left"][name], found["right"][name] = list(pair[0]), list(pair[1])
    return found


def _lines(sides: Mapping[str, Answer | AwayError]) -> list[Pair]:
    """Both sides' lines in pairs; none where one side is away."""
    left, right = sides["left"], sides["right"]
    if isinstance(left, AwayError) or isinstance(right, AwayError):
        return []
    return pairs_of(left.body, right.body)


def _choices(
    case: Mapping[str, Any], sides: Mapping[str, Answer | AwayError]
) -> list[tuple[str, str]]:
    if account().role != "coordinator":
        return []
    whole = not any(isinstance(side, AwayError) for side in sides.values())
    if case["status"] == "merged":
        return [("unmerge", _("Undo the merging: both stand by themselves again"))] if whole else []
    choices = []
    if whole and case["status"] in ("open", "linked", "dismissed"):
        choices += [
            ("keep-left", _("The same: keep the first, merge the second into it")),
            ("keep-right", _("The same: keep the second, merge the first into it")),
        ]
    if case["status"] in ("open", "dismissed"):
        choices.append(("link", _("Related, but not the same")))
    if case["status"] in ("open", "linked"):
        choices.append(("dismiss", _("They have nothing to do with one another")))
    return choices


def _send(case: Mapping[str, Any], sides: Mapping[str, Answer | AwayError], form: CaseForm) -> None:
    """Send the decision on what was seen: the case, or for a merge the record that goes."""
    register, decision = _REGISTERS[case["side"]], form.decision.data
    if decision in ("link", "dismiss"):
        body = {"decision": decision, "reason": form.said()}
        path = f"/v1/duplicates/{case['id']}/decision"
        asking.send("matcher", path, body, if_match=form.version.data)
        return
    if form.version.data != f'"{case["version"]}"':
        raise RefusedError("matcher", 412, {"title": "The case changed."})
    kept, gone = ("left", "right") if decision == "keep-left" else ("right", "left")
    if decision == "unmerge":
        gone = "left" if _body(sides["left"]).get("merged_into") else "right"
        sent, step = None, "unmerge"
    else:
        sent, step = {"into": case[kept]["id"]}, "merge"
    record = sides[gone]
    asking.send(
        register,
        f"/v1/{register}/{case[gone]['id']}/{step}",
        sent,
        if_match=record.etag if isinstance(record, Answer) else None,
        key=form.key.data,
    )


def _body(side: Answer | AwayError) -> Mapping[str, Any]:
    return {} if isinstance(side, AwayError) else side.body
