"""Which activities of a file can be told apart from the others."""

from services.offers.iati.faults import Fault, Refusal
from services.offers.iati.reading import MAX_CHARACTERS, MAX_ELEMENTS, Read


class Identifiers:
    """The identifiers of one file so far: the first activity with one counts, later ones do not."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}

    def check(self, read: Read) -> None:
        """Raise Fault for an activity that is too large, has no identifier, or a repeated one."""
        if read.element is None:
            message = f"It has more than {MAX_ELEMENTS} elements or {MAX_CHARACTERS} characters."
            raise Fault("iati-activity", "too-large", message)
        if read.identifier is None:
            raise Fault("iati-identifier", "required", "There is no iati-identifier.")
        first = self._first.setdefault(read.identifier, read.number)
        if first != read.number:
            message = f"Activity {first} of the file has the same identifier; that one counts."
            raise Fault("iati-identifier", "repeated", message)


def refusal_of(read: Read, fault: Fault) -> Refusal:
    """What is told of the activity's fault."""
    return Refusal(read.number, read.identifier, fault.field, fault.code, fault.message)
