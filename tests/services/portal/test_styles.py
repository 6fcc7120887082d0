"""Classes of the stylesheets: one that style.css does not have is one room's alone."""

import re
from collections import defaultdict

from services.portal.catalogues import PORTAL

PAGES = PORTAL / "pages"
SHARED = "style.css"
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_SELECTOR = re.compile(r"([^{}]+)\{")
_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
_USED = re.compile(r'class="([^"{]*)')


def defined(name: str) -> set[str]:
    """The classes that a stylesheet's selectors name."""
    text = _COMMENT.sub("", (PAGES / name).read_text("utf-8"))
    return {one for rule in _SELECTOR.findall(text) for one in _CLASS.findall(rule)}


OWN = {
    path.name: defined(path.name) - defined(SHARED)
    for path in sorted(PAGES.glob("*.css"))
    if path.name != SHARED
}


def test_no_two_rooms_define_one_class() -> None:
    rooms = defaultdict(set)
    for name, classes in OWN.items():
        for one in classes:
            rooms[one].add(name)
    assert rooms
    assert {one: names for one, names in rooms.items() if len(names) > 1} == {}


def test_a_rooms_classes_are_used_by_its_templates_alone() -> None:
    templates = PAGES / "templates"
    users = defaultdict(set)
    for path in sorted(templates.rglob("*.html")):
        room = path.relative_to(templates).parts[0]
        for one in " ".join(_USED.findall(path.read_text("utf-8"))).split():
            users[one].add(room)
    for name, classes in OWN.items():
        rooms = {room for one in classes for room in users[one]}
        assert rooms <= {name.removesuffix(".css")}, name
