"""`python -m services.matcher.engine.compiling`: compile the engine's loops before they are needed.

A process that meets a loop that nobody compiled on this machine compiles it, which takes seconds of
a core each; what this writes beside the modules every later process only reads. For an image, whose
files nobody may write later, and for tests, of which several processes would compile the same.
"""

from datetime import date

from services.matcher.engine.affinity import shipped
from services.matcher.engine.alliances import Formation
from services.matcher.engine.asks import Ask
from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import ALWAYS, Line, OfferProfile, RequestProfile, Text
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.records import LARGE, Records
from services.matcher.engine.shortcut import offers_compared

_TODAY = date(2026, 1, 1)
_LINES = (Line(1, THEME_CODES[0], KIND_CODES[0], 1000, None, None, None),)


def compile_all() -> None:
    """Ask a large register of records that say next to nothing for all that an engine is asked for.

    Takes most of a minute of a core; a few seconds where all is compiled already.
    """
    engine = Engine(prior_model(), Geography.of_vocabulary(_TODAY), _TODAY)
    names = [f"{number:06}" for number in range(LARGE + 1)]
    records = Records(Geography.of_vocabulary(_TODAY), _TODAY)
    for name in names:
        for register in (engine, records):
            register.put_request(_request(name))
            register.put_offer(_offer(name))
    engine.shortlist(names[0])
    engine.affected(names[0])
    engine.requests_for(names[0])
    engine.duplicates("request", names[0])
    engine.duplicates("offer", names[0])
    offers_compared(records, engine.model, records.requests.row(names[0]), shared=True)
    formation = Formation(shipped(), Geography.of_vocabulary(_TODAY))
    for name in names[:2]:
        formation.put(Ask(_request(name), _TODAY.toordinal(), usable=True))
    formation.settle(2)


def _request(name: str) -> RequestProfile:
    return RequestProfile(
        id=name,
        open=True,
        country="SEN",
        priority=None,
        window=ALWAYS,
        lines=_LINES,
        text=Text(),
    )


def _offer(name: str) -> OfferProfile:
    return OfferProfile(
        id=name,
        open=True,
        organisation=name,
        window=ALWAYS,
        lines=_LINES,
        countries=frozenset(),
        regions=frozenset(),
        groups=frozenset(),
        unconditional=True,
        ceiling=None,
        ceiling_currency=None,
        text=Text(),
    )


if __name__ == "__main__":
    compile_all()
