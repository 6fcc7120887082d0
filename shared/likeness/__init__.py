"""How alike two records of one side are: whether the same was asked for, or offered, twice.

Used by the matcher's engine on what its index holds, and by the registers on their own records, so
that both give the same pair the same score. Pure functions on codes, numbers and signatures.
"""
