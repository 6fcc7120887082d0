"""The faults that a house has to live through, each with its reason."""

from dataclasses import dataclass

from tests.faults.brokers import NODES
from tests.faults.injecting import (
    ALONE,
    CLOCKS,
    LINKS,
    RELAYS,
    Inject,
    die_ahead,
    full_disk,
    kill,
    pause_past_lease,
    poison,
    restart_all,
    restart_services,
    say_again,
    share_late,
    stop,
    two_of,
)
from tests.faults.releasing import bad_release


@dataclass(frozen=True)
class Fault:
    """A fault: `reason` says what it might break. `lasts` seconds, where it lasts.

    Ten are longer than a session of a consumer lasts (6 s), and as long as a producer tries; of
    leases, which last longer, others see to it. `kinds` are told of those that differ only in whom
    they are done to: any other is of a kind by itself. `short` is how the short runs do it, where
    that is not `inject`.
    """

    name: str
    reason: str
    inject: Inject
    kinds: tuple[str, ...] = ()
    lasts: float = 10.0
    short: Inject | None = None


PAIRS = (
    ("requests", "requests-worker", "an owner is away as a whole, with writes that nobody told of"),
    ("matcher", "matcher-worker", "commitments are half done and nobody is left to finish them"),
    ("requests-worker", "offers-worker", "both relays die holding leases of what they had sent"),
    ("offers-worker", "matcher-worker", "a topic loses its writer and its reader in one moment"),
    ("portal-worker", "matcher-worker", "two groups form anew over the same partitions"),
    ("portal", "requests", "keys that others ask for are gone while their asker starts"),
    ("requests-worker", "broker", "what was sent and not yet removed is in no log any more"),
    ("matcher-worker", "broker", "the index starts from a log that is only being filled"),
    ("matcher-worker", "database", "a shortlist is written, and the fence that guards it, or not"),
    ("broker", "database", "both servers die, so that the replay waits for its store"),
)
WHY_ALONE = {
    "kill": "whatever it was at is half done, and nobody tells it",
    "stop": "it goes on as if no time had passed, though its leases and sessions are over",
}
WHY_NODE = {
    "kill leading broker": "what it acknowledged others have, and they have to be found",
    "kill controlling broker": "who leads is decided by nobody until another controls",
    "kill all brokers but one": "what a single one has does not count, so events have to wait",
    "kill all brokers": "all has to be in the logs that they find again",
    "stop leading broker": "it goes on as the leader of what is led by another by then",
    "stop all brokers but one": "nothing is acknowledged, and what was sent comes late",
}
WHY_LINK = {
    "delay": "answers come after patience is over",
    "cut": "nobody can be reached, and it is told at once",
    "hold": "nobody can be reached, nothing tells it, and all of it comes late",
    "halve": "a message ends in its middle, so it was done or not",
    "reset": "connections die in the middle of a call",
}
WHY_CLOCK = {
    "ahead": "what is not over yet ends, and what it writes is of a time to come",
    "behind": "what is over goes on, and what it writes is older than what was there",
}

SEVERAL_BROKERS = "one of several brokers"


def _kinds(do: str, *names: str) -> tuple[str, ...]:
    """What it is to kill or stop these: one or two of them, and each server for itself."""
    servers = (f"{do} {name}" for name in names if name in {"broker", "database"})
    return (f"{do} {'one' if len(names) == 1 else 'two'}", *servers)


def _alone(name: str, inject: Inject) -> Fault:
    do, of = name.split()
    return Fault(name, WHY_ALONE[do], inject, _kinds(do, of))


def _clock(name: str, inject: Inject) -> Fault:
    way = name.split()[1]
    return Fault(name, WHY_CLOCK[way], inject, (f"clock {way}",))


TWO = "two relays and two matchers"
PAUSED = "relays paused past their leases"
BAD_RELEASE = "bad release of the portal's worker"

FAULTS: tuple[Fault, ...] = (
    *(_alone(name, inject) for name, inject in ALONE.items()),
    *(
        Fault(f"kill {one} and {other}", why, kill(one, other), _kinds("kill", one, other))
        for one, other, why in PAIRS
    ),
    *(
        Fault(
            f"stop {one} and {other}",
            f"{why}; and then they go on",
            stop(one, other),
            _kinds("stop", one, other),
        )
        for one, other, why in PAIRS
    ),
    *(Fault(name, WHY_NODE[name], inject, (SEVERAL_BROKERS,)) for name, inject in NODES.items()),
    *(Fault(name, WHY_LINK[name.split()[0]], inject) for name, inject in LINKS.items()),
    *(_clock(name, inject) for name, inject in CLOCKS.items()),
    Fault(
        "relays die an hour ahead",
        "leases that they hold run out an hour late",
        die_ahead(*RELAYS),
    ),
    Fault(PAUSED, "they write late, after others", pause_past_lease),
    Fault(
        TWO,
        "the same is published and ranked twice, and groups share out anew in the midst of batches",
        two_of("requests-worker", "offers-worker", "matcher-worker"),
    ),
    Fault(
        "a matcher stands still while another comes",
        "what comes between two shares of partitions is left out of those that come back",
        share_late,
        (TWO,),
    ),
    Fault(
        "said again in any order",
        "old events are the last word of their keys, and come twice",
        say_again,
    ),
    Fault("poison in each topic", "what cannot be understood holds up what follows", poison),
    Fault(
        BAD_RELEASE,
        "what it puts aside is forgotten, or all that comes is put aside",
        bad_release,
    ),
    Fault("full disk", "a store that could not write refuses everything from then on", full_disk),
    Fault(
        "rolling restart",
        "an update under load loses what was under way",
        restart_all,
        short=restart_services,
    ),
)
WHILE_TWO = ("said again in any order", "poison in each topic")
WHILE_PAUSED = (
    *LINKS,
    "stop matcher-worker",
    "clock ahead matcher",
    "clock behind portal",
    "full disk",
)
"""With these the time passes until the relays' leases are over."""
AFTER = (
    "stop broker and database",
    "relays die an hour ahead",
    "rolling restart",
    "kill requests",
    "kill portal-worker",
    "kill broker and database",
)
SHORT = (TWO, *WHILE_TWO, PAUSED, *WHILE_PAUSED, *AFTER)
"""Those that every run of the tests goes through, in this order and as briefly as can be: each is
done while the house recovers from the one before, and some while others last.
"""
LONG_ALONE = (BAD_RELEASE, SEVERAL_BROKERS)
"""Kinds that have no short form: a bad release is an operator's work of many steps, and brokers
that are several are Apache Kafka's.
"""
SHORT_SECONDS = 1.0


def kinds(name: str) -> tuple[str, ...]:
    """The kinds that the fault of that name is of."""
    return named(name).kinds or (name,)


def named(name: str) -> Fault:
    """The fault of that name."""
    return next(one for one in FAULTS if one.name == name)
