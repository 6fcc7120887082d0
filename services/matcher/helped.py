"""What came of donors' earlier help, from the events of matches: for the ranking worker."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from services.matcher.engine.track_records import Outcome, Standing, standing


class Helped:
    """The outcomes of all matches, by donor. Holds only those of which a State has said something.

    It keeps no versions: whoever tells it of a match does so in order.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._outcomes: defaultdict[str, dict[str, Outcome]] = defaultdict(dict)
        self._donors: dict[str, str] = {}
        self._changed: set[str] = set()

    def hear(self, match: str, data: Mapping[str, Any] | None) -> None:
        """Take in the data of a match's event, None for one that is gone."""
        outcome = None if data is None else Outcome.of_event(data)
        before = self._donors.get(match)
        donor = before if data is None or outcome is None else data["organisation"]
        if donor is None or (before == donor and self._outcomes[donor].get(match) == outcome):
            return
        if before is not None:
            del self._outcomes[before][match]
            del self._donors[match]
            self._changed.add(before)
        if outcome is not None:
            self._outcomes[donor][match] = outcome
            self._donors[match] = donor
            self._changed.add(donor)

    def changed(self) -> Iterator[tuple[str, Standing]]:
        """The donors of whom something was heard since the last time, each with its record."""
        for donor in sorted(self._changed):
            yield donor, standing(tuple(self._outcomes[donor].values()))
        self._changed.clear()
