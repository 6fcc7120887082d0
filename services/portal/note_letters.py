"""Letters that tell of notifications: of one at once, of several once a day."""

from collections.abc import Sequence

from services.portal.catalogues import N_, say
from services.portal.house import House
from services.portal.letters import Item, Letter
from services.portal.note_documents import Notification
from services.portal.sentences import sentence

NOTIFICATIONS = "notifications"
"""The portal's page of them."""
CHOICES = f"{NOTIFICATIONS}/choices"
"""The portal's page on which one chooses which come by mail."""

_READ_ON = N_("Read on in Entraide")
_CHOOSE = N_("Choose what you are told of by mail")
_DIGEST = N_("News from Entraide: %(number)s")
_DIGEST_OPENS = N_("This is new since your last daily mail:")
_MORE = N_("There is more than is shown here. The portal has all of it.")
MOST_LISTED = 50


def said_of(note: Notification, language: str) -> str:
    """What a notification says."""
    return sentence(language, note.record_type, note.action, note.facts)


def address_of(house: House, note: Notification) -> str:
    """The page that a notification is read on."""
    return f"{house.portal.url}/{NOTIFICATIONS}/{note.id}"


def note_letter(house: House, notes: Sequence[Notification], language: str) -> Letter:
    """The letter that tells of a notification."""
    (note,) = notes
    said = said_of(note, language)
    return Letter(
        subject=said,
        paragraphs=[said],
        link=(say(language, _READ_ON), address_of(house, note)),
        small=_choose(house, language),
    )


def digest_letter(house: House, notes: Sequence[Notification], language: str) -> Letter:
    """The letter that tells of a day's notifications, the oldest first."""
    listed = notes[:MOST_LISTED]
    paragraphs = [say(language, _DIGEST_OPENS)]
    if len(notes) > len(listed):
        paragraphs.append(say(language, _MORE))
    return Letter(
        subject=say(language, _DIGEST, number=len(notes)),
        paragraphs=paragraphs,
        items=[
            Item(said_of(note, language), address_of(house, note), say(language, _READ_ON))
            for note in listed
        ],
        link=(say(language, _READ_ON), f"{house.portal.url}/{NOTIFICATIONS}"),
        small=_choose(house, language),
    )


def _choose(house: House, language: str) -> list[tuple[str, str | None]]:
    return [(say(language, _CHOOSE), f"{house.portal.url}/{CHOICES}")]
