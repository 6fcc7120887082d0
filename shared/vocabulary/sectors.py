"""The OECD DAC (and IATI) sectors in and around small-arms control."""

from shared.vocabulary.terms import Term, Vocabulary, load_terms

SECTORS: Vocabulary[Term] = Vocabulary("sectors", load_terms("sectors.tsv"))

SALW_SECTOR = "15240"
"""The sector under which assistance in small-arms control is reported."""
