"""Proposals over HTTP: what is listed, to whom, in which order and language; decisions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.matcher.documents import Match, RecordView, Shortlist
from services.matcher.engine.wording import sentences
from services.matcher.proposal_lists import waiting_lists
from services.matcher.proposals import stored_lists, views_of
from services.matcher.reactions import keep_records
from shared.events.envelope import Event
from shared.language import signature
from shared.language.concepts import thesaurus
from shared.vocabulary import LANGUAGES
from shared.web.database import current_database
from shared.web.idempotency import COLLECTION
from tests.services.matcher.engine.sentences import check_sentence
from tests.services.matcher.records import need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World
from tests.services.written import reads

UNODA, NGO = "66f0000000000000000000d1", "66f0000000000000000000d2"
MARKING = need(1, quantity=4)
SECRET = need(2, theme="border-control", kind="infrastructure", confidential=True, unit=None)
POST = provision(1, theme="border-control", kind="infrastructure", unit=None)


@pytest.fixture
def known(world: World) -> World:
    """Two requests (one with a confidential line) and three offers of two donors."""
    world.hears(
        [
            request_event("r1", needs=[MARKING, SECRET]),
            request_event("r2", country="MLI", needs=[MARKING]),
            offer_event("o1", conditions=[]),
            offer_event("o2", organisation=NGO, donor_type="state", donor_country="BRA"),
            offer_event("o3", organisation=NGO, provisions=[POST], signature=None),
        ]
    )
    return world


def pairs(items: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Proposals and their ranks, in their order."""
    return [(item["id"], item["rank"]) for item in items]


def test_proposals_come_as_the_engine_ranks_them(known: World, coordinator: Caller) -> None:
    items = coordinator.items("/v1/proposals", request="r1")
    engine = known.feed.engine.shortlist("r1").entries
    assert [(i["offer"], i["score"], i["rank"]) for i in items] == [
        (e.offer, e.score, e.rank) for e in engine
    ]
    first = items[0]
    assert (first["country"], first["organisation"]) == ("SEN", UNODA)
    assert (first["status"], first["model"]) == ("proposed", "prior-5")
    serves = first["serves"][0]
    assert (serves["need"], serves["provision"], serves["quantity"], serves["of"]) == (1, 1, 4, 4)
    assert first["reasons"][0]["sentence"]
    assert first["modality"] == "multilateral"
    assert {i["offer"]: i["modality"] for i in items}["o2"] == "south-south"


def test_a_long_page_asks_the_database_no_oftener_than_a_short_one(
    world: World, coordinator: Caller
) -> None:
    offers = [offer_event(f"o{at}", organisation=f"66f00000000000000000{at:04}") for at in range(9)]
    world.hears([request_event("r1", needs=[MARKING]), *offers])
    asked = []
    for limit in (1, 9):
        with reads() as made:
            items = coordinator.get("/v1/proposals", request="r1", limit=limit).json["items"]
        assert len(items) == limit
        asked.append(made)
    assert asked[0] == asked[1]
    assert asked[0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"offer": "o1"}, ["r2.o1", "r1.o1"]),
        ({"state": "MLI"}, ["r2.o1", "r2.o2"]),
        ({"state": "SEN", "offer": "o2"}, ["r1.o2"]),
        ({"request": "r1", "offer": "o3"}, ["r1.o3"]),
        ({"request": "nobody"}, []),
        ({"state": "FRA"}, []),
        ({"region": "Western Africa", "offer": "o1"}, ["r2.o1", "r1.o1"]),
        ({"region": "Western Africa", "state": "MLI", "offer": "o1"}, ["r2.o1"]),
        ({"region": "Eastern Africa"}, []),
        ({"region": "Eastern Africa", "state": "MLI"}, []),
        ({"status": "proposed", "theme": "border-control"}, ["r1.o3"]),
        ({"status": "endorsed"}, []),
    ],
)
def test_filters(
    known: World, coordinator: Caller, query: dict[str, str], expected: list[str]
) -> None:
    assert [item["id"] for item in coordinator.items("/v1/proposals", **query)] == expected


def paged(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    """The items of all pages of a list."""
    found, cursor = [], None
    while True:
        page = caller.get("/v1/proposals", **query, cursor=cursor).json
        found += page["items"]
        if (cursor := page["next"]) is None:
            return found


def asking(priorities: list[str | None]) -> list[Event]:
    """Requests r00, r01, … of these priorities; each other one is for another theme."""
    themes = ["marking", "record-keeping"]
    return [
        request_event(f"r{n:02}", priority=priority, needs=[need(1, theme=themes[n % 2])])
        for n, priority in enumerate(priorities)
    ]


def test_an_offers_list_begins_with_what_it_suits_best_and_the_states_priority_adds(
    world: World, call: Callable[..., Caller]
) -> None:
    steps = ["low", None, "critical", "medium", "critical", "high", "low", "critical", None]
    world.hears([*asking(steps), offer_event("o"), offer_event("other")])
    engine = [entry.request for entry in world.feed.engine.requests_for("o")]
    assert engine != sorted(engine)
    for caller in (call("coordinator"), call("donor", organisation=UNODA)):
        items = caller.items("/v1/proposals", offer="o")
        assert [item["request"] for item in items] == engine
        assert paged(caller, offer="o", limit=2) == items
    own = call("requester", state="SEN").items("/v1/proposals", offer="o")
    assert [item["request"] for item in own] == engine
    by_request = call("coordinator").get("/v1/proposals", state="SEN", limit=1).json["next"]
    refused = call("coordinator").get("/v1/proposals", offer="o", cursor=by_request)
    assert refused.status_code == 422


def test_lists_begin_with_the_states_most_urgent_requests_and_follow_what_they_say(
    world: World, call: Callable[..., Caller]
) -> None:
    steps = ["low", None, "critical", "medium", "critical", "high", "low", "critical", None]
    world.hears([*asking(steps), offer_event("o"), offer_event("other")])
    urgent = ["r02", "r04", "r07", "r05", "r03", "r00", "r06", "r01", "r08"]
    readers = (
        call("coordinator"),
        call("requester", state="SEN"),
        call("donor", organisation=UNODA),
    )
    for caller in readers:
        items = caller.items("/v1/proposals", status="proposed")
        assert list(dict.fromkeys(item["request"] for item in items)) == urgent
        ranks = [(urgent.index(item["request"]), item["rank"]) for item in items]
        assert ranks == sorted(ranks)
        assert paged(caller, status="proposed", limit=2) == items
    now = request_event("r08", 2, priority="critical", needs=[need(1)])
    world.hears([now])
    items = call("coordinator").items("/v1/proposals", status="proposed", best=1)
    assert [item["request"] for item in items] == ["r02", "r04", "r07", "r08", *urgent[3:-1]]


def test_lists_of_an_earlier_version_are_shown_before_they_are_ranked_again(
    world: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    world.hears([*asking(["high"] * 9), offer_event("o"), offer_event("other")])
    assert coordinator.decide("r03.o", "endorse").status_code == 200
    of_theme = pairs(coordinator.items("/v1/proposals", status="proposed", theme="marking"))
    collection = Shortlist._get_collection()
    collection.update_many({}, {"$unset": {"turn": 1, "waits_at": 1, "waits_for": 1}})
    collection.update_one({"request": "r00"}, {"$unset": {"themes": 1}})
    Shortlist.bring_up(collection)
    assert len(paged(coordinator, status="proposed", best=1)) == 8
    items = coordinator.items("/v1/proposals", status="proposed", theme="marking")
    assert set(pairs(items)) == set(of_theme)
    for caller in (coordinator, call("donor", organisation=UNODA)):
        items = paged(caller, state="SEN", limit=2)
        ids = [item["id"] for item in items]
        assert ids == list(dict.fromkeys(ids))
        assert {item["request"] for item in items} == {f"r{n:02}" for n in range(9)}


@pytest.mark.parametrize(
    "chosen",
    [
        {"conditions": []},
        {"window": {"from": "2026-08-01", "to": "2026-09-15"}},
        {"window": {"from": "2027-12-01", "to": "2028-12-31"}, "conditions": []},
        {"eligibility": {"countries": ["SEN"], "regions": [], "groups": []}},
        {"eligibility": {"countries": [], "regions": ["Western Africa"], "groups": ["LDC"]}},
    ],
)
def test_what_a_donor_chooses_never_changes_the_order_of_its_list(
    world: World, coordinator: Caller, chosen: dict[str, Any]
) -> None:
    steps = ["low", None, "critical", "medium", "critical", "high", "low", "critical", None]
    late = {"from": "2027-11-01", "to": "2028-11-30"}
    windowed = [
        request_event(f"w{n}", priority=priority, country=country, window=late)
        for n, (priority, country) in enumerate(
            [("high", "MLI"), ("medium", "SEN"), ("low", "MLI")]
        )
    ]
    world.hears([*asking(steps), *windowed, offer_event("o")])
    before = [item["request"] for item in coordinator.items("/v1/proposals", offer="o")]
    world.hears([offer_event("o", 2, **chosen)])
    after = [item["request"] for item in coordinator.items("/v1/proposals", offer="o")]
    assert len(after) > 2
    assert after == [one for one in before if one in after]


def test_only_likely_ones_are_listed_where_that_is_asked_for(
    known: World, coordinator: Caller
) -> None:
    everything = coordinator.items("/v1/proposals", status="proposed")
    score = sorted(item["score"] for item in everything)[2]
    likely = coordinator.items("/v1/proposals", status="proposed", score=score)
    assert 0 < len(likely) < len(everything)
    assert likely == [item for item in everything if item["score"] >= score]


def test_of_each_request_the_best_are_listed_and_counted_where_that_is_asked_for(
    known: World, coordinator: Caller
) -> None:
    everything = coordinator.items("/v1/proposals", status="proposed")
    best = coordinator.items("/v1/proposals", status="proposed", best=1)
    assert best == [item for item in everything if item["rank"] == 1]
    assert len(best) < len(everything)
    (counted_best,) = (
        item["count"]
        for item in coordinator.get("/v1/waiting", best=1).json["items"]
        if item["kind"] == "proposals"
    )
    assert counted_best == len(best)
    assert coordinator.get("/v1/proposals", status="proposed", best=0).status_code == 422


@pytest.mark.parametrize(
    ("query", "records"),
    [
        ({"request": "r1", "offer": "o2"}, {"r1", "o2"}),
        ({"state": "MLI", "best": 1}, {"r2", "o1"}),
    ],
)
def test_a_list_reads_the_records_of_what_it_may_show_and_no_others(
    known: World,
    coordinator: Caller,
    monkeypatch: pytest.MonkeyPatch,
    query: dict[str, Any],
    records: set[str],
) -> None:
    read: list[str] = []

    def noted(sides: list[tuple[str, str]]) -> Any:
        read.extend(record for _, record in sides)
        return views_of(sides)

    monkeypatch.setattr("services.matcher.proposal_lists.views_of", noted)
    assert len(coordinator.items("/v1/proposals", **query)) == 1
    assert set(read) == records


def test_nothing_is_counted_beyond_the_most(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("services.matcher.waiting", "shared.web.waiting"):
        monkeypatch.setattr(f"{place}.MOST", 3)
    items = coordinator.get("/v1/waiting").json["items"]
    proposals = next(one for one in items if one["kind"] == "proposals")
    assert proposals == {"kind": "proposals", "count": 3, "more": True}
    assert [one["more"] for one in items if one["kind"] != "proposals"] == [False] * 3


@pytest.mark.parametrize("many", [2, 3])
def test_where_many_wait_no_match_is_read_to_count_them(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """There are two lists, each of which has more than one that waits."""
    for place in ("services.matcher.waiting", "shared.web.waiting"):
        monkeypatch.setattr(f"{place}.MOST", 2)
    monkeypatch.setattr("services.matcher.waiting._MANY", many)
    with reads() as read:
        items = coordinator.get("/v1/waiting").json["items"]
    assert items[0] == {"kind": "proposals", "count": 2, "more": True}
    assert ("matches" in read) == (many == 3)


def test_what_was_decided_on_waits_no_more(known: World, coordinator: Caller) -> None:
    before = counted(coordinator)
    assert before["proposals"] == len(coordinator.items("/v1/proposals", status="proposed"))
    assert coordinator.decide("r1.o1", "endorse").status_code == 200
    listed = [item["id"] for item in coordinator.items("/v1/proposals", status="proposed")]
    assert "r1.o1" not in listed
    assert coordinator.items("/v1/proposals", status="endorsed")[0]["id"] == "r1.o1"
    assert counted(coordinator)["proposals"] == before["proposals"] - 1


def test_a_coordinator_of_a_region_is_told_of_what_waits_there(
    known: World, call: Callable[..., Caller]
) -> None:
    west = call("coordinator", regions=frozenset({"Western Africa"}))
    east = call("coordinator", regions=frozenset({"Eastern Africa"}))
    assert len(west.items("/v1/proposals", status="proposed", covered="true")) == 5
    assert east.items("/v1/proposals", status="proposed", covered="true") == []
    assert (counted(west)["proposals"], counted(east)["proposals"]) == (5, 0)


def counted(caller: Caller) -> dict[str, int]:
    items = caller.get("/v1/waiting").json["items"]
    return {item["kind"]: item["count"] for item in items if not item["more"]}


def test_a_page_looks_through_so_many_and_goes_on_from_there(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.matcher.api.proposals.LOOKED_AT", 2)

    def pages(**query: Any) -> list[list[str]]:
        found, cursor = [], None
        while cursor is not None or not found:
            after = {"cursor": cursor} if cursor else {}
            page = coordinator.get(
                "/v1/proposals", theme="border-control", limit=1, **query, **after
            ).json
            found.append([item["id"] for item in page["items"]])
            cursor = page["next"]
        assert [id_ for page in found for id_ in page] == ["r1.o3"]
        return found

    every = pages(region="Western Africa")
    assert len(every) > 2
    # Of what waits only lists are looked at of which some that waits is of the theme.
    assert len(pages(status="proposed")) < len(every)


def test_pages_follow_one_another_without_gap_or_repeat(known: World, coordinator: Caller) -> None:
    query = {"state": "SEN", "limit": 2}
    first = coordinator.get("/v1/proposals", **query).json
    second = coordinator.get("/v1/proposals", cursor=first["next"], **query).json
    assert second["next"] is None
    everything = pairs(coordinator.items("/v1/proposals", state="SEN"))
    assert pairs(first["items"]) + pairs(second["items"]) == everything
    assert len(everything) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_are_in_the_readers_language(
    known: World, coordinator: Caller, language: str
) -> None:
    (english,) = coordinator.items("/v1/proposals", request="r2", offer="o1", language="en")
    (item,) = coordinator.items("/v1/proposals", request="r2", offer="o1", language=language)
    sentences = [reason["sentence"] for reason in item["reasons"]]
    assert len(sentences) == len(english["reasons"])
    if language != "en":
        assert sentences != [reason["sentence"] for reason in english["reasons"]]


def test_the_browser_may_say_which_language(known: World, call: Callable[..., Caller]) -> None:
    caller = call("coordinator")
    french = caller.get("/v1/proposals/r1.o1", language="fr").json["reasons"]
    caller._headers["Accept-Language"] = "de, fr;q=0.8, en;q=0.5"
    assert caller.get("/v1/proposals/r1.o1").json["reasons"] == french


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "request"),
        ({"request": ""}, "request"),
        ({"state": "XYZ"}, "state"),
        ({"request": "r1", "language": "de"}, "language"),
        ({"request": "r1", "limit": "0"}, "limit"),
        ({"request": "r1", "cursor": "nonsense"}, "cursor"),
        ({"request": "r1", "colour": "red"}, "colour"),
    ],
)
def test_queries_that_cannot_be_answered_name_the_field(
    world: World, coordinator: Caller, query: dict[str, str], field: str
) -> None:
    answer = coordinator.get("/v1/proposals", **query)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json["errors"]]


RIGHTS = [
    ("coordinator", {}, ["r1.o1", "r1.o2", "r1.o3", "r2.o1", "r2.o2"]),
    ("auditor", {}, ["r1.o1", "r1.o2", "r1.o3", "r2.o1", "r2.o2"]),
    ("operator", {}, ["r1.o1", "r1.o2", "r1.o3", "r2.o1", "r2.o2"]),
    ("requester", {"state": "SEN"}, ["r1.o1", "r1.o2", "r1.o3"]),
    ("requester", {"state": "MLI"}, ["r2.o1", "r2.o2"]),
    ("requester", {"state": "FRA"}, []),
    ("donor", {"organisation": UNODA}, ["r1.o1", "r2.o1"]),
    # Of o3 only a confidential line is served: its donor hears nothing of it.
    ("donor", {"organisation": NGO}, ["r1.o2", "r2.o2"]),
    ("donor", {"organisation": "66f0000000000000000000d9"}, []),
]


@pytest.mark.parametrize(("role", "bound", "expected"), RIGHTS)
def test_who_sees_which_proposals(
    known: World,
    call: Callable[..., Caller],
    role: str,
    bound: dict[str, str],
    expected: list[str],
) -> None:
    caller = call(role, **bound)
    for query in ("state=SEN", "state=MLI", "offer=o1", "request=r1"):
        name, value = query.split("=")
        listed = {item["id"] for item in caller.items("/v1/proposals", **{name: value})}
        every = {item["id"] for item in call("auditor").items("/v1/proposals", **{name: value})}
        assert listed == every & set(expected)
    for proposal in ("r1.o1", "r1.o2", "r1.o3", "r2.o1", "r2.o2"):
        status = caller.get(f"/v1/proposals/{proposal}").status_code
        assert status == (200 if proposal in expected else 404)


def test_confidential_lines_are_left_out_for_donors(
    known: World, call: Callable[..., Caller]
) -> None:
    # Without a text only lines speak for it.
    provisions = [provision(1), {**POST, "line": 2}]
    everything = offer_event("o4", organisation=NGO, provisions=provisions, signature=None)
    known.hears([everything])
    path = "/v1/proposals/r1.o4"
    full = call("requester", state="SEN").get(path).json
    reduced = call("donor", organisation=NGO).get(path).json
    assert [serving["need"] for serving in full["serves"]] == [1, 2]
    assert [serving["need"] for serving in reduced["serves"]] == [1]
    assert (full["hidden_lines"], reduced["hidden_lines"]) == (0, 1)
    made_of_lines = {"theme", "main_need", "needs_served", "any_need", "quantity", "amount"}
    assert made_of_lines & {reason["code"] for reason in full["reasons"]}
    told = [*reduced["reasons"], *reduced["against"]]
    assert told
    assert not made_of_lines & {reason["code"] for reason in told}


@pytest.mark.parametrize(
    ("level", "before", "endorsed"),
    [
        ("public", 200, 200),
        ("restricted", 200, 200),
        ("parties", 404, 200),
    ],
)
def test_a_donor_hears_of_a_request_by_its_level(
    world: World,
    coordinator: Caller,
    call: Callable[..., Caller],
    level: str,
    before: int,
    endorsed: int,
) -> None:
    line = {**MARKING, "confidential": level == "parties", "visibility": level}
    world.hears([request_event("r1", needs=[line], visibility=level), offer_event("o1")])
    donor, path = call("donor", organisation=UNODA), "/v1/proposals/r1.o1"
    assert donor.get(path).status_code == before
    assert len(donor.items("/v1/proposals", offer="o1")) == (1 if before == 200 else 0)
    assert coordinator.decide("r1.o1", "endorse").status_code == 200
    seen = donor.get(path)
    assert seen.status_code == endorsed
    assert [serving["need"] for serving in seen.json["serves"]] == [1]


@pytest.mark.parametrize(
    ("level", "line"), [("restricted", "coordinators"), ("coordinators", "coordinators")]
)
def test_nobody_is_asked_about_what_it_may_not_see(
    world: World, coordinator: Caller, call: Callable[..., Caller], level: str, line: str
) -> None:
    secret = {**MARKING, "confidential": True, "visibility": line}
    world.hears([request_event("r1", needs=[secret], visibility=level), offer_event("o1")])
    refused = coordinator.decide("r1.o1", "endorse")
    assert (refused.status_code, refused.json["type"].rpartition(":")[2]) == (409, "unseen")
    assert Match.objects.count() == 0
    assert call("donor", organisation=UNODA).get("/v1/proposals/r1.o1").status_code == 404
    # Once the State shows the line to parties, the donor can be asked, and answers.
    shown = {**secret, "visibility": "parties"}
    world.hears([request_event("r1", 2, needs=[shown], visibility="parties"), offer_event("o1")])
    assert coordinator.decide("r1.o1", "endorse").status_code == 200
    assert call("donor", organisation=UNODA).answer("r1.o1").status_code == 200


@pytest.mark.parametrize("ends", ["decline", "reject", "withdraw", "narrow"])
def test_a_donor_that_was_asked_sees_what_became_of_it_and_no_line(
    world: World, coordinator: Caller, call: Callable[..., Caller], ends: str
) -> None:
    line = {**MARKING, "confidential": True, "visibility": "parties"}
    asked = {"needs": [line], "visibility": "parties"}
    world.hears([request_event("r1", **asked), offer_event("o1")])
    assert coordinator.decide("r1.o1", "endorse").status_code == 200
    donor, path = call("donor", organisation=UNODA), "/v1/proposals/r1.o1"
    if ends == "decline":
        said = donor.answer("r1.o1", "decline", reason="Our plan has changed.")
        assert (said.status_code, said.json["status"]) == (200, "declined")
    elif ends == "reject":
        coordinator.decide("r1.o1", "reject", reason="The State has enough.")
    elif ends == "withdraw":
        world.hears([request_event("r1", 2, **asked, status="withdrawn")])
    else:
        secret = {**line, "visibility": "coordinators"}
        world.hears([request_event("r1", 2, needs=[secret], visibility="coordinators")])
    shown = donor.get(path)
    assert shown.status_code == 200, shown.text
    assert shown.json["serves"] == []
    assert shown.json["hidden_lines"] == 1
    assert not any(shown.json[name] for name in ("evidence", "reasons", "lacking", "reason"))
    assert len(donor.life("r1.o1")["history"]) == (1 if ends == "narrow" else 2)
    assert call("donor", organisation=NGO).get(path).status_code == 404
    assert call("requester", state="MLI").get(path).status_code == 404
    elsewhere = call("coordinator", regions=frozenset({"Eastern Asia"}))
    assert elsewhere.get(path).status_code == 404


def test_of_a_text_for_coordinators_alone_no_donor_hears(
    world: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    world.hears([request_event("r1", needs=[], visibility="coordinators"), offer_event("o1")])
    assert coordinator.get("/v1/proposals/r1.o1").status_code == 200
    assert call("donor", organisation=UNODA).get("/v1/proposals/r1.o1").status_code == 404


def test_lines_for_parties_are_shown_to_who_was_endorsed(
    world: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    lines = [
        MARKING,
        {**SECRET, "visibility": "parties"},
        {**need(3, theme="tracing"), "confidential": True, "visibility": "coordinators"},
    ]
    gives = [provision(1), {**POST, "line": 2}, provision(3, theme="tracing")]
    world.hears([request_event("r1", needs=lines), offer_event("o1", provisions=gives)])
    donor, path = call("donor", organisation=UNODA), "/v1/proposals/r1.o1"

    def seen() -> tuple[list[int], int]:
        shown = donor.get(path).json
        return [serving["need"] for serving in shown["serves"]], shown["hidden_lines"]

    assert seen() == ([1], 2)
    assert coordinator.decide("r1.o1", "endorse").status_code == 200
    assert seen() == ([1, 2], 1)


DESCRIPTIONS = {
    "asked": "Quatre machines de marquage pour la police, et la formation des opérateurs.",
    "offered": "We lend marking machines. We do not provide training.",
}


def described(world: World) -> None:
    """One request and one offer with texts, the offer with fewer machines and less time."""
    asked = signature(
        {"title": "Marquage", "description": DESCRIPTIONS["asked"]}, "fr", b"key", "request"
    )
    offered = signature(
        {"title": "Loan", "description": DESCRIPTIONS["offered"]}, "en", b"key", "offer"
    )
    lines = [need(1, quantity=6), need(2, kind="training", unit="persons", confidential=True)]
    world.hears(
        [
            request_event(
                "r",
                needs=lines,
                signature=asked,
                window={"from": "2090-07-01", "to": "2091-12-31"},
            ),
            offer_event(
                "o",
                provisions=[provision(capacity=4)],
                signature=offered,
                window={"from": "2090-09-01", "to": "2091-12-31"},
            ),
        ]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_lacking_is_told_in_numbers_and_in_the_readers_language(
    world: World, coordinator: Caller, language: str
) -> None:
    described(world)
    shown = coordinator.get("/v1/proposals/r.o", language=language).json
    assert [(lack["code"], lack["need"]) for lack in shown["lacking"]] == [
        ("quantity", 1),
        ("unserved", 2),
        ("late", None),
        ("offer-excludes", None),
    ]
    short, _, late, excluded = shown["lacking"]
    assert (short["given"], short["needed"], short["unit"]) == (4, 6, "machines")
    assert (late["days"], late["date"]) == (62, "2090-09-01")
    assert "training" in excluded["concepts"]
    for lack in shown["lacking"]:
        check_sentence(lack["sentence"], language)
    assert coordinator.items("/v1/proposals", request="r", language=language) == [shown]


def test_of_confidential_lines_nothing_is_told_lacking(
    world: World, call: Callable[..., Caller]
) -> None:
    described(world)
    shown = call("donor", organisation=UNODA).get("/v1/proposals/r.o").json
    assert [lack["code"] for lack in shown["lacking"]] == ["quantity", "late", "offer-excludes"]
    assert all(lack["need"] != 2 for lack in shown["lacking"])
    assert "line 2" not in str(shown)


def test_evidence_comes_with_its_places_in_both_texts(
    world: World, call: Callable[..., Caller]
) -> None:
    described(world)
    for caller in (call("coordinator"), call("donor", organisation=UNODA)):
        shown = caller.get("/v1/proposals/r.o", language="fr").json
        found = {one["concept"]: one for one in shown["evidence"]}
        machines = found["marking-machine"]
        assert machines["label"] == thesaurus().get("marking-machine").label("fr")
        assert [named(span, "asked") for span in machines["request"]] == ["machines de marquage"]
        assert [named(span, "offered") for span in machines["offer"]] == ["marking machines"]
        (training,) = [one for one in shown["ruled_out"] if one["concept"] == "training"]
        assert training["by"] == "offer"
        assert [named(span, "asked") for span in training["request"]] == ["formation"]
        assert [named(span, "offered") for span in training["offer"]] == ["training"]
        assert (shown["request_version"], shown["offer_version"]) == ("1.1", "1.1")


def named(span: dict[str, Any], text: str) -> str:
    """What stands at a span of a description."""
    assert span["field"] == "description"
    return DESCRIPTIONS[text][span["start"] : span["end"]]


def test_records_kept_without_what_they_state_are_filled_by_a_replay(
    world: World, coordinator: Caller
) -> None:
    described(world)
    RecordView._get_collection().update_many({}, {"$unset": {"stated": ""}})
    bare = coordinator.get("/v1/proposals/r.o").json
    assert bare["evidence"][0]["request"] == []
    assert [lack["code"] for lack in bare["lacking"]] == ["quantity"]
    described(world)
    assert coordinator.get("/v1/proposals/r.o").json["evidence"][0]["request"] != []


def test_codes_that_the_text_contradicts_are_shown_to_those_who_oversee(
    world: World, call: Callable[..., Caller]
) -> None:
    text = {"title": "", "description": "A radio campaign against armed violence in schools"}
    told = {**signature(text, "en", b"key"), "themes": [["awareness", 0.91], ["marking", 0.02]]}
    world.hears([request_event("r", signature=told), offer_event("o")])
    for role in ("coordinator", "auditor"):
        shown = call(role).get("/v1/proposals/r.o", language="es").json
        (found,) = shown["contradictions"]
        assert (found["side"], found["coded"], found["theme"]) == (
            "request",
            ["marking"],
            "awareness",
        )
        assert found["probability"] == 0.91
        check_sentence(found["sentence"], "es")
    for caller in (call("requester", state="SEN"), call("donor", organisation=UNODA)):
        assert caller.get("/v1/proposals/r.o").json["contradictions"] == []


def test_lines_that_the_text_contradicts_are_shown_to_those_who_oversee(
    world: World, call: Callable[..., Caller]
) -> None:
    text = {"title": "", "description": "A depot"}
    told = {
        **signature(text, "en", b"key"),
        "kinds": [["infrastructure", 0.91]],
        "lines": [["marking", "equipment", 0.5, 60, "machines", None, None]],
        "numbers": [60],
    }
    world.hears([request_event("r"), offer_event("o", signature=told)])
    for role in ("coordinator", "auditor"):
        shown = call(role).get("/v1/proposals/r.o", language="ar").json
        kind, quantity = shown["line_contradictions"]
        assert (kind["side"], kind["of"], kind["coded"], kind["kind"], kind["line"]) == (
            *("offer", "kind", ["equipment"], "infrastructure", None),
        )
        assert (quantity["of"], quantity["line"], quantity["told"], quantity["unit"]) == (
            *("quantity", 1, 60, "machines"),
        )
        for found in (kind, quantity):
            check_sentence(found["sentence"], "ar")
    for caller in (call("requester", state="SEN"), call("donor", organisation=UNODA)):
        assert caller.get("/v1/proposals/r.o").json["line_contradictions"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_side_whose_lines_are_inferred_is_marked_so(
    world: World, call: Callable[..., Caller], language: str
) -> None:
    told = {
        **signature({"title": "", "description": ""}, "en", b"key"),
        "themes": [["marking", 1.0]],
    }
    bare = {"needs": [], "signature": {**told, "kinds": [["equipment", 1.0]]}}
    world.hears([request_event("bare", **bare), request_event("coded"), offer_event("o")])
    codes, marked = set(), set()
    for caller in (call("coordinator"), call("donor", organisation=UNODA)):
        shown = caller.get("/v1/proposals/bare.o", language=language).json
        (side,) = shown["inferred"]
        assert side["side"] == "request"
        check_sentence(side["sentence"], language)
        marked.update(reason["sentence"] for reason in (*shown["reasons"], *shown["against"]))
        codes.update(reason["code"] for reason in (*shown["reasons"], *shown["against"]))
    coded = call("coordinator").get("/v1/proposals/coded.o", language=language).json
    assert coded["inferred"] == []
    of_lines = codes & {"theme", "main_need", "needs_served", "any_need"}
    assert of_lines
    for name in of_lines:
        for template in sentences()["reasons"][name].values():
            before, _, after = template[language].partition("{percent}")
            assert not any(one.startswith(before) and one.endswith(after) for one in marked)


@pytest.mark.parametrize("id_", ["", "r1", "r1.", ".o1", "r1.nothing", "a" * 300])
def test_what_is_no_proposal_is_not_found(known: World, coordinator: Caller, id_: str) -> None:
    assert coordinator.get(f"/v1/proposals/{id_ or '.'}").status_code == 404


def test_what_is_no_longer_published_is_not_shown(known: World, coordinator: Caller) -> None:
    stale = [request_event("r2", 2, country="MLI", status="closed")]
    keep_records(lambda: stale[0].time)(stale)  # the shortlist is not worked again yet
    assert coordinator.items("/v1/proposals", state="MLI") == []
    assert coordinator.get("/v1/proposals/r2.o1").status_code == 404


def test_an_endorsement_is_kept_and_told(known: World, coordinator: Caller) -> None:
    answer = coordinator.decide("r1.o1", "endorse")
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["version"]) == ("endorsed", "1.1")
    assert answer.headers["ETag"] == '"1.1"'
    (step,) = answer.json["history"]
    assert (step["source"], step["target"], step["role"]) == ("proposed", "endorsed", "coordinator")
    (listed,) = coordinator.items("/v1/proposals", request="r1", offer="o1")
    assert listed["status"] == "endorsed"
    match = Match.objects.get(id="r1.o1")
    (pending,) = match.pending_events
    assert pending["data"]["status"] == "endorsed"
    assert (match.request_version, match.offer_version) == ("1.1", "1.1")


def test_a_rejected_pair_is_proposed_no_more_but_can_be_read(
    known: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    answer = coordinator.decide("r1.o1", "reject", reason="The State already has such machines.")
    assert answer.json["status"] == "rejected"
    assert "r1.o1" not in [i["id"] for i in coordinator.items("/v1/proposals", request="r1")]
    (pending,) = Match.objects.get(id="r1.o1").pending_events
    assert "reason" not in pending["data"]

    known.feed.engine.decline("r1", "o1")  # what the worker does on that event
    known.hears([])
    read = coordinator.get("/v1/proposals/r1.o1").json
    assert (read["status"], read["reason"]) == ("rejected", "The State already has such machines.")
    assert read["reasons"]
    seen = call("donor", organisation=UNODA).get("/v1/proposals/r1.o1").json
    assert (seen["status"], seen["reason"]) == ("rejected", None)

    again = coordinator.decide("r1.o1", "endorse")
    assert [step["target"] for step in again.json["history"]] == ["rejected", "endorsed"]


def test_a_rejection_needs_a_reason(known: World, coordinator: Caller) -> None:
    for body in ({}, {"reason": None}, {"reason": "  "}):
        answer = coordinator.decide("r1.o1", "reject", **body)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == "reason"
    assert Match.objects.count() == 0


def test_decisions_need_the_version_that_was_seen(known: World, coordinator: Caller) -> None:
    path = "/v1/proposals/r1.o1/decision"
    seen = coordinator.get("/v1/proposals/r1.o1").headers["ETag"]
    assert coordinator.post(path, {"decision": "endorse"}).status_code == 428
    assert coordinator.post(path, {"decision": "endorse"}, etag='W/"1.1"').status_code == 400
    assert coordinator.post(path, {"decision": "endorse"}, etag='"1.1"').status_code == 412
    known.hears([request_event("r1", 2, needs=[need(1, quantity=9)])])
    late = coordinator.post(path, {"decision": "endorse"}, etag=seen)
    assert late.status_code == 412
    assert (
        coordinator.post(path, {"decision": "endorse"}, etag=late.headers["ETag"]).status_code
        == 200
    )
    # Somebody else saw it before that decision.
    assert (
        coordinator.post(path, {"decision": "endorse"}, etag=late.headers["ETag"]).status_code
        == 412
    )


@pytest.mark.parametrize(
    ("role", "bound"),
    [
        ("requester", {"state": "SEN"}),
        ("donor", {"organisation": UNODA}),
        ("auditor", {}),
        ("operator", {}),
    ],
)
def test_only_coordinators_decide(
    known: World, call: Callable[..., Caller], role: str, bound: dict[str, str]
) -> None:
    assert call(role, **bound).decide("r1.o1", "endorse").status_code == 403


def test_an_endorsed_pair_cannot_be_endorsed_again(known: World, coordinator: Caller) -> None:
    coordinator.decide("r1.o1", "endorse")
    answer = coordinator.decide("r1.o1", "endorse")
    assert answer.status_code == 409
    assert answer.json["type"].endswith("illegal-transition")


def test_without_a_token_nothing_is_shown(known: World, call: Callable[..., Caller]) -> None:
    caller = call("coordinator")
    caller._headers = {}
    for path in ("/v1/proposals", "/v1/proposals/r1.o1", "/v1/ledger", "/v1/commitments"):
        assert caller.get(path).status_code == 401


def test_a_decision_sent_again_under_its_key_is_taken_once(
    known: World, coordinator: Caller
) -> None:
    path = "/v1/proposals/r1.o1/decision"
    body, etag = {"decision": "endorse"}, coordinator.get("/v1/proposals/r1.o1").headers["ETag"]
    first = coordinator.post(path, body, etag=etag, key="once")
    again = coordinator.post(path, body, etag=etag, key="once")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    other = coordinator.post(path, {"decision": "reject", "reason": "x"}, etag=etag, key="once")
    assert (other.status_code, other.json["type"].rpartition(":")[2]) == (
        422,
        "idempotency-key-reused",
    )
    assert coordinator.post(path, body, etag=etag, key="twice").status_code == 412
    assert len(Match.objects.get(id="r1.o1").history) == 1


@pytest.mark.parametrize("decision", ["endorse", "reject"])
def test_a_decision_whose_answer_was_lost_is_not_taken_again(
    known: World, coordinator: Caller, decision: str
) -> None:
    path, etag = "/v1/proposals/r1.o1/decision", coordinator.get("/v1/proposals/r1.o1").headers
    body = {"decision": decision, "reason": "No police there."}
    first = coordinator.post(path, body, etag=etag["ETag"], key="lost")
    lost = {"answer": None, "lease_until": datetime.now(UTC) - timedelta(hours=1)}
    current_database()[COLLECTION].update_many({}, {"$set": lost})
    again = coordinator.post(path, body, etag=etag["ETag"], key="lost")
    assert (again.status_code, again.json) == (200, first.json)
    match = Match.objects.get(id="r1.o1")
    assert (match.number, len(match.history), len(match.unkept)) == (1, 1, 1)


def test_a_queue_passes_by_lists_of_which_everything_is_decided(
    world: World, coordinator: Caller
) -> None:
    world.hears([*asking(["critical"] * 4 + ["low"]), offer_event("o"), offer_event("other")])
    best = coordinator.items("/v1/proposals", status="proposed", best=1)
    for item in best[:4]:
        assert coordinator.decide(item["id"], "endorse").status_code == 200

    def waiting(most: int | None) -> list[tuple[str, int]]:
        found = stored_lists().find(waiting_lists(most)).sort("turn", 1)
        return [(one["request"], one["waits_at"]) for one in found]

    assert len(waiting(1)) == 5  # until they are ranked again, none is left out
    items = coordinator.items("/v1/proposals", status="proposed", best=1)
    assert [item["request"] for item in items] == ["r04"]
    world.hears_itself()
    assert waiting(1) == [("r04", 1)]
    assert coordinator.items("/v1/proposals", status="proposed", best=1) == items
    # Others of them are listed all the same, and what is below the best still waits.
    every = coordinator.items("/v1/proposals", status="proposed")
    assert {request for request, _ in waiting(None)} == {item["request"] for item in every}
    shown = coordinator.items("/v1/proposals", status="endorsed")
    assert [item["id"] for item in shown] == [item["id"] for item in best[:4]]


def test_a_queue_of_a_theme_passes_by_lists_of_which_nothing_that_waits_is_of_it(
    known: World, coordinator: Caller
) -> None:
    def found(best: int | None) -> list[str]:
        lists = stored_lists().find(waiting_lists(best, "border-control"))
        return [one["request"] for one in lists]

    asked = {"status": "proposed", "theme": "border-control"}
    (waits,) = coordinator.items("/v1/proposals", **asked)
    assert found(None) == [waits["request"]]
    assert found(waits["rank"]) == [waits["request"]]
    assert found(waits["rank"] - 1) == []
    assert coordinator.decide(waits["id"], "reject", reason="Barred.").status_code == 200
    known.hears_itself()
    assert found(None) == coordinator.items("/v1/proposals", **asked) == []


def test_what_nobody_has_decided_any_more_waits_again(world: World, coordinator: Caller) -> None:
    world.hears([*asking(["critical"]), offer_event("o")])
    assert coordinator.decide("r00.o", "endorse").status_code == 200
    world.hears_itself()
    assert set(world.feed.acted("r00")) == {"o"}
    assert stored_lists().find_one()["waits_at"] == 0
    Match.objects.update(status="proposed", inc__number=1)
    world.hears_itself()
    assert set(world.feed.acted("r00")) == set()
    assert stored_lists().find_one()["waits_at"] == 1
