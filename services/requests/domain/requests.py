"""What a request holds, and who may read and do what with it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.requests.documents import AssistanceRequest, Evidence, NeedLine, Objective
from shared.language.particulars import Author
from shared.lifecycle import REQUEST
from shared.registers.inferred import confirmed_lines
from shared.registers.lines import Use, check_codes, keep_sources, number_lines, require_room
from shared.registers.measures import hundredths, thousandths
from shared.registers.records import ExternalId, Link, Window, new_record_fields
from shared.registers.rights import Actor, Table, require_right
from shared.registers.steps import require_same, require_unfinished
from shared.registers.texts import Texts, inferred_of, read_texts
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import (
    CHANNELS,
    GENDER_MARKERS,
    PARTNERS,
    PRIORITIES,
    SUSTAINABILITY_MEASURES,
)
from shared.vocabulary.themes import THEMES
from shared.web.identity import Identity, covers
from shared.web.problems import forbidden, invalid
from shared.web.visibility import Sight, sees, sight

NOUN = "request"

RIGHTS: Table = {
    "change": frozenset({"owner", "operator"}),
    "submit": frozenset({"owner", "operator"}),
    "authenticate": frozenset({"coordinator"}),
    "return": frozenset({"coordinator"}),
    "object": frozenset({"owner", "operator"}),
    "circulate": frozenset({"owner", "coordinator", "operator"}),
    "close": frozenset({"owner", "coordinator", "operator"}),
    "withdraw": frozenset({"owner", "operator"}),
    "merge": frozenset({"coordinator"}),
    "unmerge": frozenset({"coordinator"}),
    "compare": frozenset({"owner", "operator"}),
    "endorse": frozenset({"donor"}),
    "show-endorsement": frozenset({"owner", "operator"}),
    "advise": frozenset({"owner", "coordinator", "operator"}),
    "audit": frozenset({"owner", "auditor", "operator"}),
}


def actor_for(identity: Identity, country: str) -> Actor:
    """As whom the identity acts on a record of that State.

    A coordinator of other regions acts, and reads, as a donor does.
    """
    if identity.role == "requester" and identity.state == country:
        return "owner"
    if not covers(identity, country):
        return "donor"
    actor: Actor = identity.role  # type: ignore[assignment] # a token has one of the roles
    return actor


def may_read(identity: Identity, request: AssistanceRequest, *, party: bool = False) -> bool:
    """Whether the request exists for this reader.

    The State itself, auditors and operators see everything, coordinators what was submitted
    and is not a draft again, others what is circulated and of a level that they see
    (shared.web.visibility). `party`: whether the reader is a donor that is a party to it.
    """
    actor = actor_for(identity, request.country)
    if actor in {"owner", "auditor", "operator"}:
        return True
    if actor == "coordinator":
        return request.was_submitted() and request.status != REQUEST.initial
    reader = sight(identity, request.country, party=party)
    return request.status in REQUEST.shown and sees(reader, request.confidentiality)


def require_action(identity: Identity, action: str, request: AssistanceRequest) -> None:
    """Return if the identity may take the action; raises the 404 or the 403 problem."""
    actor = actor_for(identity, request.country)
    require_right(RIGHTS, action, actor, readable=may_read(identity, request), noun=NOUN)


def new_request(
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    idempotency_key: str | None = None,
) -> AssistanceRequest:
    """A draft that is not stored yet, from a body that `RequestBody` has loaded.

    `key` is the deployment's key for term hashes. The id is derived from the external id, else
    from the idempotency key, else new. Raises the 403 problem for another State's request and the
    422 problem for content that breaks a rule.
    """
    country = payload["country"]
    if actor_for(identity, country) not in {"owner", "operator"}:
        raise forbidden(f"You may register requests of {identity.state or 'no State'} only.")
    request = AssistanceRequest(
        **new_record_fields(NOUN, (country,), payload, identity, now, idempotency_key),
        status=REQUEST.initial,
        country=country,
    )
    _fill(request, payload, now, key)
    return request


def change_request(
    request: AssistanceRequest,
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
) -> None:
    """Replace what the request holds by a loaded `RequestBody`.

    Raises problems: 404 or 403 for who may not, 409 for a finished request, 422 for content that
    breaks a rule.
    """
    require_action(identity, "change", request)
    require_unfinished(REQUEST, request.status)
    require_same("country", request.country, payload["country"])
    require_same("external_id", request.external_id, ExternalId.of(payload["external_id"]))
    _fill(request, payload, now, key)


def confirm_needs(
    request: AssistanceRequest,
    chosen: Sequence[Mapping[str, Any]],
    identity: Identity,
    now: datetime,
) -> None:
    """Make needs of inferred lines, which the `lines` of a loaded `ConfirmNeedsBody` choose.

    Raises problems: 404 or 403 for who may not change the request, 409 for a finished one, 422
    for lines that are not there or would break a rule.
    """
    require_action(identity, "change", request)
    require_unfinished(REQUEST, request.status)
    lines = confirmed_lines(inferred_of(request), chosen, "quantity")
    require_room(len(request.needs) + len(lines), "lines")
    numbers, next_line = number_lines(lines, (), request.next_line, "lines")
    needs = [
        _need(n, {"objectives": (), "sites": (), "visibility": None, **line})
        for n, line in zip(numbers, lines, strict=True)
    ]
    errors = check_codes(_line_uses(needs, {}, "lines"), now.date())
    if errors:
        raise invalid(errors)
    request.needs, request.next_line = [*request.needs, *needs], next_line


def _fill(
    request: AssistanceRequest, payload: Mapping[str, Any], now: datetime, key: bytes
) -> None:
    before = {need.line: need for need in request.needs}
    numbers, next_line = number_lines(payload["needs"], before, request.next_line, "needs")
    needs = [_need(n, line) for n, line in zip(numbers, payload["needs"], strict=True)]
    keep_sources(needs, before)
    errors = check_codes(_uses(request, payload, needs, before), now.date())
    if errors:
        raise invalid(errors)
    request.needs, request.next_line = needs, next_line
    for name in ("title", "description", "priority", "channel", "gender_marker"):
        setattr(request, name, payload[name])
    request.initiatives = list(dict.fromkeys(payload["initiatives"]))
    request.partners = list(dict.fromkeys(payload["partners"]))
    request.confidentiality = payload["confidentiality"]
    request.window = Window.of(payload["window"])
    request.source_report = _link(payload["source_report"])
    request.action_plan = _link(payload["action_plan"])
    request.objectives = [Objective(**objective) for objective in payload["objectives"]]
    request.evidence = [Evidence(**evidence) for evidence in payload["evidence"]]
    read_texts(request, _texts(request), payload["language"], key)


def _need(number: int, line: Mapping[str, Any]) -> NeedLine:
    return NeedLine(
        line=number,
        theme=line["theme"],
        kind=line["kind"],
        quantity=thousandths(line["quantity"]),
        unit=line["unit"],
        amount=hundredths(line["amount"]),
        currency=line["currency"],
        priority=line["priority"],
        window=Window.of(line["window"]),
        objectives=[Objective(**objective) for objective in line["objectives"]],
        sites=list(dict.fromkeys(line["sites"])),
        confidential=line["confidential"] or line["visibility"] is not None,
        for_parties=line["visibility"] == Sight.PARTIES.level,
        sustainability=list(dict.fromkeys(line["sustainability"])),
    )


def _link(link: Mapping[str, Any] | None) -> Link | None:
    return Link(**link) if link else None


def _uses(
    request: AssistanceRequest,
    payload: Mapping[str, Any],
    needs: Sequence[NeedLine],
    before: Mapping[int, NeedLine],
) -> Iterator[Use]:
    """The codes taken into use: those of new or changed lines, and new ones elsewhere."""
    yield from _line_uses(needs, before, "needs")
    single = {"priority": PRIORITIES, "channel": CHANNELS, "gender_marker": GENDER_MARKERS}
    for name, vocabulary in single.items():
        if payload[name] != getattr(request, name):
            yield Use(name, vocabulary, payload[name])
    for place, partner in enumerate(payload["partners"]):
        if partner not in request.partners:
            yield Use(f"partners[{place}]", PARTNERS, partner)


def _line_uses(
    needs: Sequence[NeedLine], before: Mapping[int, NeedLine], name: str
) -> Iterator[Use]:
    for index, need in enumerate(needs):
        if before.get(need.line) == need:
            continue
        field = f"{name}[{index}]"
        yield Use(f"{field}.theme", THEMES, need.theme)
        yield Use(f"{field}.kind", KINDS, need.kind)
        yield Use(f"{field}.priority", PRIORITIES, need.priority)
        for place, measure in enumerate(need.sustainability):
            yield Use(f"{field}.sustainability[{place}]", SUSTAINABILITY_MEASURES, measure)


def _texts(request: AssistanceRequest) -> Texts:
    shown = [need for need in request.needs if not need.confidential]
    hidden = [need for need in request.needs if need.confidential]
    by_line = tuple((need.line, tuple(need.sites)) for need in request.needs if need.sites)
    sites = tuple(site for _, listed in by_line for site in listed)
    return Texts(
        title=request.title,
        description=request.description,
        more=(*map(_words, request.objectives), *_line_texts(shown)),
        confidential=tuple(_line_texts(hidden)),
        author=Author(country=request.country, sites=sites, by_line=by_line),
    )


def _line_texts(needs: Sequence[NeedLine]) -> Iterator[str]:
    for need in needs:
        yield from map(_words, need.objectives)
        yield from need.sites


def _words(objective: Objective) -> str:
    parts = (objective.text, objective.indicator, objective.baseline, objective.target)
    return "\n".join(part for part in parts if part)
