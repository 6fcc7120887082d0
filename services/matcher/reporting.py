"""The matcher's facts for the report: what was given, how soon, in which form, what States said of
it afterwards, and needs found covered already.

Of matches that are committed or further; of those of the States that the reader oversees.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import Commitment, Match, decided_serves
from services.matcher.domain import KEPT, convert
from services.matcher.engine.cooperation import expert_state, modality
from services.matcher.engine.stated import unpacked
from services.matcher.engine.track_records import SCORES
from services.matcher.promised_lines import taken_serves, themes_of
from services.matcher.public_figures import line_dollars
from services.matcher.record_views import Line, View, views_by_record
from shared.lifecycle import GIVEN
from shared.registers.conditions import Condition
from shared.registers.match_figures import MATCH_FIGURES
from shared.registers.report import Codes, Fact, Form, place_codes
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.languages import LANGUAGES

WELL: Final = 4
"""Of five: what a State says from here on counts as reached."""
FIGURES: Final[Mapping[str, Form]] = {
    **MATCH_FIGURES,
    "covered": "sum",
    "covered-value": "sum",
}
_TIMES: Final = (
    ("days-agree", "endorse", "agree"),
    ("days-commit", "agree", "commit"),
    ("days-start", "commit", "start"),
    ("days-deliver", "start", "deliver"),
)
_SECONDS = 86_400
_AT_ONCE = 500
_place = lru_cache(maxsize=512)(place_codes)
Forms = Mapping[str, tuple[str, ...]]


def match_facts(states: Collection[str] | None, now: datetime) -> Iterator[Fact]:
    """The facts of the matches and coverage cases of these States; None for all."""
    inside: Condition = {} if states is None else {"country": {"$in": sorted(states)}}
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = Match.objects(__raw__={**inside, "status": {"$in": sorted(KEPT)}})
    batch: list[Match] = []
    # By request: all matches of one are needed to tell what is triangular.
    for match in found.order_by("request").no_cache():
        if len(batch) >= _AT_ONCE and match.request != batch[-1].request:
            yield from facts_of(batch, today)
            batch = []
        batch.append(match)
    yield from facts_of(batch, today)
    yield from _of_cases(CoverageCase.objects(__raw__={**inside, "status": "confirmed"}), today)


def facts_of(matches: Sequence[Match], today: datetime) -> Iterator[Fact]:
    """The facts of these matches: all that are committed of each of their requests."""
    offers = views_by_record("offer", (match.offer for match in matches))
    requests = views_by_record("request", (match.request for match in matches))
    held = [id_ for match in matches for id_ in match.holds]
    commitments: dict[str, list[Commitment]] = defaultdict(list)
    for one in Commitment.objects(id__in=held) if held else ():
        commitments[one.match].append(one)
    forms = _modalities(matches, offers, today)
    for match in matches:
        first: dict[str, datetime] = {}
        for step in match.history:
            first.setdefault(step.action, step.at)
        if "commit" in first:
            held, request = commitments[match.id], requests.get(match.request)
            themes = themes_of(taken_serves(decided_serves(match), held, request))
            codes = {
                "theme": tuple(sorted(themes)),
                "year": (str(first["commit"].year),),
                "modality": (forms[match.id],),
                "language": _language(request),
                **_place(match.country, today),
            }
            yield from _of_match(match, first, codes, held, today)


def _of_match(
    match: Match,
    first: Mapping[str, datetime],
    codes: Codes,
    commitments: Iterable[Commitment],
    today: datetime,
) -> Iterator[Fact]:
    id_, outcome = str(match.id), match.outcome
    yield Fact("matches", id_, codes, 1)
    for line in (line for one in commitments for line in one.lines):
        if line.side == "offer" and line.measure == "money":
            worth = _dollars(line.amount, line.unit, today)
            if worth is not None:
                yield Fact("matches-value", id_, codes, worth / 100)
    yield Fact("delivered", id_, codes, match.status in GIVEN, 1)
    if outcome is not None and outcome.in_time is not None:
        yield Fact("in-time", id_, codes, outcome.in_time, 1)
    if outcome is not None and outcome.received is not None:
        yield Fact("received", id_, codes, outcome.received, 1)
    for one in match.follow_ups:
        if one.asked_at is not None:
            yield Fact(f"answered-{one.months}", id_, codes, one.answered_at is not None, 1)
        for score in SCORES:
            if (said := getattr(one, score)) is not None:
                yield Fact(f"{score}-{one.months}", id_, codes, said >= WELL, 1)
        if one.objectives:
            yield Fact(f"reached-{one.months}", id_, codes, one.objectives_reached, one.objectives)
    for name, start, end in _TIMES:
        if start in first and end in first and first[end] >= first[start]:
            days = (first[end] - first[start]).total_seconds() / _SECONDS
            yield Fact(name, id_, codes, days)


def _modalities(
    matches: Iterable[Match], offers: Mapping[str, View], today: datetime
) -> dict[str, str]:
    """The form of cooperation of each match; triangular where for one request a State of the
    South gives its know-how and a donor that is another gives funds."""
    found: dict[str, str] = {}
    together: dict[str, list[Match]] = defaultdict(list)
    for match in matches:
        together[match.request].append(match)
    for several in together.values():
        experts, funders = set(), set()
        for match in several:
            offer = offers.get(match.offer)
            form, expert, kinds = "multilateral", None, set[str]()
            if offer is not None:
                kinds = {line.kind for line in unpacked(offer.stated).lines.values()}
                donor = (offer.donor_type, offer.donor_country)
                form = modality(*donor, match.country, today.date())
                expert = expert_state(*donor, kinds)
            found[match.id] = form
            if expert is not None and form == "south-south":
                experts.add(match.organisation)
            elif "funding" in kinds:
                funders.add(match.organisation)
        if experts and funders - experts:
            found |= {m.id: "triangular" for m in several if m.organisation in experts | funders}
    return found


def _of_cases(cases: Iterable[CoverageCase], today: datetime) -> Iterator[Fact]:
    held = list(cases)
    views = views_by_record("request", (case.request for case in held))
    for case in held:
        view, on = views.get(case.request), case.confirmed_on
        lines = {line.line: line for line in view.lines} if view is not None else {}
        stated = unpacked(None if view is None else view.stated).lines.get(case.line)
        codes = {
            "theme": () if stated is None else (stated.theme,),
            "year": () if on is None else (str(on.year),),
            "language": _language(view),
            **_place(case.country, today),
        }
        yield Fact("covered", str(case.id), codes, 1)
        line: Line | None = lines.get(case.line)
        worth = None if line is None else line_dollars(line, case.taken or 0, today.date())
        if worth is not None:
            yield Fact("covered-value", str(case.id), codes, worth / 100)


def _language(request: View | None) -> tuple[str, ...]:
    """That of the request's texts, if it is one that the report can be asked for."""
    known = None if request is None else unpacked(request.stated).language
    return (known,) if known in LANGUAGES else ()


def _dollars(cents: int, currency: str, today: datetime) -> int | None:
    try:
        return convert(cents, currency, "USD", today.date())
    except (NoRate, UnknownCode):
        return None
