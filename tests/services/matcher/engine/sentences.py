"""What every sentence that is told must be like, in whatever language."""

import unicodedata

_ENDS = (".", "。")
_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SCRIPTS = {"ar": "ARABIC", "en": "LATIN", "es": "LATIN", "fr": "LATIN", "ru": "CYRILLIC"}


def check_sentence(sentence: str, language: str) -> None:
    """Assert that it is whole, in its language's script, and reads in its direction."""
    assert "{" not in sentence, sentence
    assert sentence.endswith(_ENDS), sentence
    assert "  " not in sentence, sentence
    letters = [sign for sign in sentence if sign.isalpha()]
    script = _SCRIPTS.get(language, "CJK")
    own = [sign for sign in letters if script in unicodedata.name(sign)]
    assert len(own) > 0.7 * len(letters), sentence
    if language == "ar":
        # The first strong letter gives a paragraph its direction where a page says "auto".
        assert unicodedata.bidirectional(letters[0]) == "AL", sentence
        assert _only_isolated(sentence), sentence


def _only_isolated(sentence: str) -> bool:
    """Whether all Latin letters stand between isolates, so that they turn nothing round."""
    depth = 0
    for sign in sentence:
        depth += (sign == "\u2068") - (sign == "\u2069")
        if sign.upper() in _LATIN and depth == 0:
            return False
    return depth == 0


def plain(text: str) -> str:
    """The text with usual spaces."""
    return text.replace("\xa0", " ").replace("\u202f", " ")
