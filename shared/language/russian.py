"""Russian endings: the forms that a name takes in a sentence."""

_CASES = (
    ("ия", ("ия", "ии", "ию", "иеи")),
    ("ая", ("ая", "ои", "ую")),
    ("яя", ("яя", "еи", "юю")),
    ("ыи", ("ыи", "ого", "ому", "ым", "ом")),
    ("ии", ("ии", "его", "ему", "им", "ем", "ого", "ому", "ом", "ия", "ию", "ием")),
    ("ое", ("ое", "ого", "ому", "ым", "ом")),
    ("ые", ("ые", "ых", "ым", "ыми")),
    ("ие", ("ие", "их", "им", "ими")),
    ("аи", ("аи", "ая", "аю", "аем", "ае")),
    ("ь", ("ь", "я", "ю", "ем", "е", "и")),
    ("я", ("я", "и", "е", "ю", "еи")),
    ("ка", ("ка", "ки", "ке", "ку", "кои")),
    ("ча", ("ча", "чи", "че", "чу", "чеи")),
    ("а", ("а", "ы", "и", "е", "у", "ои")),
    ("ы", ("ы", "", "ов", "ам", "ами", "ах")),
)
_VOWELS = frozenset("аеиоуыэюя")
_SHORTEST = 3


def forms(word: str) -> frozenset[str]:
    """The likely forms of a folded noun or adjective; words in other vowels have one form."""
    if len(word) < _SHORTEST:
        return frozenset({word})
    for ending, endings in _CASES:
        if word.endswith(ending):
            stem = word[: len(word) - len(ending)]
            return frozenset(stem + other for other in endings if len(stem + other) >= _SHORTEST)
    if word[-1] in _VOWELS or not "а" <= word[-1] <= "я":
        return frozenset({word})
    return frozenset(word + ending for ending in ("", "а", "у", "ом", "е"))
