"""The kinds of assistance."""

from shared.vocabulary.terms import Term, Vocabulary, load_terms

KINDS: Vocabulary[Term] = Vocabulary("kinds", load_terms("kinds.tsv"))
"""training, equipment, expertise, infrastructure, funding"""
