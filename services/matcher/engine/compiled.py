"""How loops are compiled, and the one thing they need that Python has no word for.

Compiled loops are plain ones over tables, without objects: Numba compiles them once a machine. No
order of adding depends on the order of rows, so a result is the same wherever it is reckoned.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.extending import intrinsic

from services.matcher.engine import keeping

CACHE_LINE = 64
"""Bytes that come from memory together."""

config.CACHE_LOCATOR_CLASSES = ",".join(  # type: ignore[attr-defined]
    f"{keeping.__name__}.{one.__name__}" for one in (keeping.Beside, keeping.Copied)
)


def compiled(loop: Any) -> Any:
    """A loop that is compiled at its first call, and kept for the next process where it can be."""
    try:
        return njit(nogil=True, cache=True)(loop)
    except (RuntimeError, OSError):  # there is no directory to keep the compiled code in
        return njit(nogil=True)(loop)


inlined: Any = njit(nogil=True, inline="always")
"""A part of compiled loops that stands in each of them."""


@inlined
def ascending(values):  # type: ignore[no-untyped-def]
    """The places of a few values in their order, of equals the first one first."""
    # np.argsort would take seconds to compile.
    order = np.empty(len(values), dtype=np.int64)
    for at in range(len(values)):
        spot = at
        while spot > 0 and values[order[spot - 1]] > values[at]:
            order[spot] = order[spot - 1]
            spot -= 1
        order[spot] = at
    return order


@inlined
def dot(mine, theirs):  # type: ignore[no-untyped-def]
    """The product of two vectors of signed bytes, of some thousands of numbers at most."""
    product = np.int32(0)
    for at in range(len(mine)):
        # Unless told, Numba takes each result for one of 64 bits: a quarter as many go at once.
        product = np.int32(product + np.int32(np.int32(mine[at]) * np.int32(theirs[at])))
    return product


@inlined
def admits(admission, eligibility):  # type: ignore[no-untyped-def]
    """Whether an eligibility is for a State, whose eligibility.Admission is given."""
    words, word, bit = admission
    return (words[eligibility, word] >> np.uint64(bit)) & np.uint64(1)


@intrinsic
def _prefetch(_typing, table, _row, _byte):  # type: ignore[no-untyped-def]
    """Ask for a row's memory from a byte on, without waiting for it."""

    def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        of = context.make_array(signature.args[0])(context, builder, arguments[0])
        start = builder.ptrtoint(of.data, ir.IntType(64))
        offset = builder.add(builder.mul(arguments[1], of.itemsize), arguments[2])
        pointer = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", (pointer,), ir.FunctionType(ir.VoidType(), [pointer, *[number] * 3])
        )
        # To be read, to be kept in all caches, data.
        how = [ir.Constant(number, value) for value in (0, 3, 1)]
        builder.call(function, [builder.inttoptr(builder.add(start, offset), pointer), *how])
        return ir.Constant(pointer, None)

    return types.void(table, types.intp, types.intp), made


@intrinsic
def _fresh(_typing, table):  # type: ignore[no-untyped-def]
    def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        of = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load_atomic(of.data, ordering="acquire", align=8)

    return types.int64(table), made


@inlined
def fresh(table):  # type: ignore[no-untyped-def]
    """The first number of a table as it is at this moment, whoever has written it; what they wrote
    before is to be seen then."""
    return _fresh(table)  # type: ignore[call-arg]


@compiled
def watch(given, done, most):  # type: ignore[no-untyped-def]
    """Return as soon as more is given than is done, or after so many looks; whether it is."""
    looked = 0
    while looked < most and fresh(given) <= done:
        looked += 1
    return looked < most


@intrinsic
def _claimed(_typing, taken, _count):  # type: ignore[no-untyped-def]
    def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        of = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", of.data, arguments[1], "acq_rel")

    return types.int64(taken, types.int64), made


@inlined
def claimed(taken, count):  # type: ignore[no-untyped-def]
    """How much was taken before so much more is, at once: two threads never take the same."""
    return _claimed(taken, count)  # type: ignore[call-arg]


@inlined
def ahead(at, many, last, following):  # type: ignore[no-untyped-def]
    """What comes so many places after another, if what is `following` comes after the `last`."""
    return at + many if at + many < last else following + at + many - last


@inlined
def fetch(table, row, first, last):  # type: ignore[no-untyped-def]
    """Ask for some bytes of a row that is soon to be read: rows far apart then come together."""
    for byte in range(first, last, CACHE_LINE):
        _prefetch(table, row, byte)  # type: ignore[call-arg]
