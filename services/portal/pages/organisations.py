"""Organisations to choose from by name, and the one that somebody named."""

from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from services.portal.domain.people import ORGANISATION_ID
from services.portal.pages.asking import ask, get, look_up
from services.portal.pages.wording import here, isolated, list_text
from services.portal.services import RefusedError
from shared.vocabulary.alphabetical import sort_key

NONE_SUCH = lazy_gettext("No organisation is registered by this name.")
_PATH = "/v1/organisations"
_MOST = 200


def offered() -> list[tuple[str, str]]:
    """What may be written for an organisation, and what more is told of it: its name and its id;
    the other way round where several have the name.

    The newest, as many as a field can help with; any other is found by `named` all the same. None
    where the register is away.
    """
    answers = look_up({"all": ask("offers", _PATH, limit=_MOST)})
    found = [(one["name"], one["id"]) for every in answers.values() for one in every.body["items"]]
    alike = Counter(_folded(name) for name, _id in found)
    told = [
        (id_, isolated(name)) if alike[_folded(name)] > 1 else (name, id_) for name, id_ in found
    ]
    return sorted(told, key=lambda one: sort_key(one[0], here()))


def named(text: str) -> list[str]:
    """The ids of the organisations that a text names: the one that has it as its id, else all of
    that name. Raises AwayError."""
    if ORGANISATION_ID.fullmatch(text) and _listed(id=[text]):
        return [text]
    try:
        found = _listed(q=text)
    except RefusedError as error:
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        return []  # there is no word in it
    return [str(one["id"]) for one in found if _folded(one["name"]) == _folded(text)]


def which_of(ids: Sequence[str]) -> str:
    """That several organisations are called so, with their ids to choose from."""
    message = _(
        "Several organisations are called this. Write the id of the one that you mean: %(ids)s",
        ids=list_text(sorted(ids)),
    )
    return str(message)


def _listed(**query: object) -> Sequence[Any]:
    found: Sequence[Any] = get("offers", _PATH, limit=_MOST, **query).body["items"]
    return found


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
