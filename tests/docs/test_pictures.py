"""The guides' pictures: the script's list, the guides' and the files are the same. No browser."""

import re

from deploy.docs.pictures import FOLDER, pictures
from deploy.docs.story import CHAPTERS

GUIDES = sorted(FOLDER.parent.glob("*.md"))
_PICTURE = re.compile(r"!\[([^\]]*)\]\(pictures/([\w-]+)\.webp\)")
MOST_BYTES = 1_500_000
"""All of them together: guides are read on slow lines, too."""


def shown() -> dict[str, list[str]]:
    """The texts that stand for a picture, by its name."""
    found: dict[str, list[str]] = {}
    for guide in GUIDES:
        for text, name in _PICTURE.findall(guide.read_text()):
            found.setdefault(name, []).append(text)
    return found


def test_what_the_script_makes_is_shown_and_there() -> None:
    listed = [picture.name for picture in pictures()]
    assert len(set(listed)) == len(listed)
    assert set(listed) == set(shown())
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.webp" for name in listed}


def test_every_user_has_a_guide_with_a_picture() -> None:
    users = {"state", "donor", "coordinator", "public", "operator"}
    assert {guide.stem for guide in GUIDES} == users
    for guide in GUIDES:
        assert _PICTURE.search(guide.read_text()), guide.name


def test_every_picture_says_in_words_what_it_shows() -> None:
    for name, texts in shown().items():
        for text in texts:
            assert len(text.split()) >= 8, name
        assert len(texts) == 1, name


def test_pictures_are_webp_and_light() -> None:
    weights = {}
    for path in FOLDER.iterdir():
        content = path.read_bytes()
        assert (content[:4], content[8:12]) == (b"RIFF", b"WEBP"), path.name
        assert int.from_bytes(content[4:8], "little") == len(content) - 8, path.name
        weights[path.name] = len(content)
    assert sum(weights.values()) < MOST_BYTES, weights


def test_the_list_can_be_made() -> None:
    words = {"request", "offer", "match", "draft", "webhook", "duplicate", "alliance"}
    for picture in pictures():
        assert picture.after in CHAPTERS
        assert set(re.findall(r"{(\w+)}", picture.path)) <= words, picture.name
        assert picture.role in {None, "requester", "donor", "coordinator", "operator"}
