"""The words that every service uses alike: themes, kinds, units, countries, organisations, money.

Facts stand in `data/`, each file with its source, date and licence; the modules here only load
them. Everything is read once and never changes while a process runs.
"""

from shared.vocabulary.languages import LANGUAGES
from shared.vocabulary.terms import CodeError, RetiredCode, Term, UnknownCode, Vocabulary

__all__ = ["LANGUAGES", "CodeError", "RetiredCode", "Term", "UnknownCode", "Vocabulary"]
