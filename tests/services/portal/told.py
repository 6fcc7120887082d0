"""Who was told of what, by the names that tests give accounts."""

from services.portal.documents import Account
from services.portal.note_documents import Notification


def told(people: dict[str, Account]) -> set[tuple[str, str, str]]:
    """Who was told of which step as what."""
    names = {account.id: name for name, account in people.items()}
    found = [(names[one.account], one.action, one.kind) for one in Notification.objects]
    assert len(found) == len(set(found))
    return set(found)


def told_of(people: dict[str, Account], action: str) -> set[str]:
    return {name for name, about, _ in told(people) if about == action}
