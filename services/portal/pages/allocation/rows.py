"""Rows of allocations, made of what the matcher tells: plain values for templates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.portal.pages.finding import find
from services.portal.pages.wording import here, told
from shared.vocabulary.alphabetical import sort_key

Items = Sequence[Mapping[str, Any]]
Records = Mapping[str, Mapping[str, Any]]

MOST_BARS = 12
"""Donors that are shown at once; the others are folded away."""


@dataclass(frozen=True)
class Names:
    """Titles of requests and offers, and organisations, by id, as far as they can be had just
    now."""

    requests: Records
    offers: Records
    organisations: Records

    def title(self, side: str, id_: str) -> str:
        """A record's title; its id where that is not known."""
        records = self.requests if side == "request" else self.offers
        return str(records.get(id_, {}).get("title") or id_)

    def language(self, side: str, id_: str) -> str | None:
        """The language of a record's title, where known."""
        records = self.requests if side == "request" else self.offers
        found: str | None = records.get(id_, {}).get("language")
        return found

    def donor(self, id_: str) -> str:
        """An organisation's name; its id where that is not known."""
        return str(self.organisations.get(id_, {}).get("name") or id_)


@dataclass(frozen=True)
class Pair:
    """A commitment that is proposed: `meets` and `gives` are (theme or None, amount in words)."""

    one: Mapping[str, Any]
    request: str
    request_language: str | None
    offer: str
    offer_language: str | None
    donor: str
    meets: Sequence[tuple[str | None, str]]
    gives: Sequence[tuple[str | None, str]]
    conditions: Sequence[str]


@dataclass(frozen=True)
class Unmet:
    """A need line of which something stays open; `of` is `whole` as it is written after "of",
    `offers` are (id, title, language)."""

    one: Mapping[str, Any]
    title: str
    language: str | None
    theme: str | None
    left: str
    whole: str
    of: str
    offers: Sequence[tuple[str, str, str | None]]


@dataclass(frozen=True)
class Donor:
    """What one organisation would be asked for, in words; `part` is its bar's length, 0 to 1."""

    id: str
    name: str
    commitments: int
    asked: Sequence[str]
    share: float
    part: float


def names_for(pairs: Items = (), unmet: Items = (), donors: Iterable[str] = ()) -> Names:
    """What the rows of these name."""
    found = find(
        request_titles=[one["request"] for one in (*pairs, *unmet)],
        offer_titles=[
            *(one["offer"] for one in pairs),
            *(offer for one in unmet for offer in one["offers"]),
        ],
        organisations=[*(one["organisation"] for one in pairs), *donors],
    )
    return Names(found["request_titles"], found["offer_titles"], found["organisations"])


def pair_row(one: Mapping[str, Any], names: Names) -> Pair:
    """A row of a proposed commitment."""
    meets, gives = (
        [(line["theme"], measured(line)) for line in one["lines"] if line["side"] == side]
        for side in ("request", "offer")
    )
    return Pair(
        one=one,
        request=names.title("request", one["request"]),
        request_language=names.language("request", one["request"]),
        offer=names.title("offer", one["offer"]),
        offer_language=names.language("offer", one["offer"]),
        donor=names.donor(one["organisation"]),
        meets=meets,
        gives=gives,
        conditions=list(dict.fromkeys(one["conditions"])),
    )


def unmet_row(one: Mapping[str, Any], names: Names) -> Unmet:
    """A row of a need that stays open."""
    return Unmet(
        one=one,
        title=names.title("request", one["request"]),
        language=names.language("request", one["request"]),
        theme=one["theme"],
        left=measured(one["unmet"]),
        whole=measured(one["open"]),
        of=measured(one["open"], of=True),
        offers=[
            (offer, names.title("offer", offer), names.language("offer", offer))
            for offer in one["offers"]
        ],
    )


def donor_rows(donors: Items, names: Names) -> list[Donor]:
    """Who would be asked, whoever would meet most need first."""
    most = max((one["share"] for one in donors), default=0) or 1
    rows = [
        Donor(
            id=one["organisation"],
            name=names.donor(one["organisation"]),
            commitments=one["commitments"],
            asked=[measured(asked) for asked in one["asked"]],
            share=one["share"],
            part=one["share"] / most,
        )
        for one in donors
    ]
    return sorted(rows, key=lambda row: (-row.share, sort_key(row.name, here())))


def measured(line: Mapping[str, Any], *, of: bool = False) -> str:
    """So much of something, in words; `of` in the case that these have after "of"."""
    if line["amount"] is not None:
        return told(float(line["amount"]), "money", line["unit"], of=of)
    count = line["quantity"]
    return told(None if count is None else float(count), "quantity", line["unit"], of=of)
