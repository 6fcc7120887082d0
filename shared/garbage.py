"""How often a process looks for garbage that counting references does not find."""

import gc

_NEW, _ONCE, _TWICE = 20_000, 20, 20
"""Objects made since the last look, and how often such looks until those that outlived one, and
two, are gone through too: CPython's 700, 10 and 10 make a service that reads JSON look at each
record several times."""


def look_seldom() -> None:
    """Keep what there is now for as long as the process lives, and look for new garbage seldom.

    To be called once a process has made what it serves with. What is kept so, an index of a million
    records too, is not gone through any more; what of it is let go later goes as its last reference
    does, but for circles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW, _ONCE, _TWICE)
