"""Inputs for a target: any bytes, and its seeds with parts taken out, doubled and replaced."""

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import Target

MOST = 2_000
_TOKENS = (
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\n\n", b"\r", b"\t"),
    *(b"{", b"[" * 200, b"null", b"NaN", b"1e999", b"-0", b"9" * 400, b"1e-400", b'"\\ud800"'),
    *(
        b"{$gt: ''}",
        b'{"$where": "1"}',
        b"%00",
        b"%s" * 9,
        b"../",
        b"' OR 1=1",
        b"<![CDATA[",
        b"&x;",
    ),
    *(b'<!DOCTYPE a [<!ENTITY x "y">]>', b"<?xml encoding='utf-7'?>", b"<a>" * 40, b"]]>", b"PK"),
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"0000-00-00", b"9999-12-31T23:59:60Z"),
    *("١٢٣".encode(), "一百万".encode(), "\u202e".encode(), "\u0130".encode(), "ﬀ".encode()),
    *(b"fd00::1", b"::ffff:10.0.0.1", b"169.254.169.254", b"@", b"#", b"%2e", b":99999", b"xn--a"),
)


@st.composite
def mutated(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A seed that was changed in a few places."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(
            st.one_of(
                st.sampled_from(_TOKENS),
                st.binary(max_size=12),
                st.just(data[start:end] * 3),
                st.just(b""),
            )
        )
        data = data[:start] + piece + data[end:]
    return data


def try_inputs(target: Target, count: int, run: Callable[[bytes], object]) -> None:
    """Give so many inputs for a target to `run`; raises what it raises, for the smallest found."""

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(target))
    def tried(data: bytes) -> None:
        run(data)

    tried()


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """What a target is tried with."""
    return st.one_of(st.binary(max_size=MOST), mutated(target.seeds), st.sampled_from(target.seeds))
