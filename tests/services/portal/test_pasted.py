"""A record is named by the address of its page as well as by its id."""

import pytest

from services.portal.pages.pasted import KEPT_BY, MOST, record_in

ID = "0192f0c1-7c1e-7d55-9d2b-0a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("pasted", "found"),
    [
        (ID, ("", ID)),
        (f"  {ID}\n", ("", ID)),
        (f"https://portal.example/requests/{ID}", ("requests", ID)),
        (f"https://portal.example/offers/{ID}/edit/lines?language=ar#line-1", ("offers", ID)),
        (f"portal.example/requests/{ID}/", ("requests", ID)),
        (f"/v1/requests/{ID}", ("requests", ID)),
        (f"https://portal.example/public/offers/{ID}", ("offers", ID)),
        (f"https://portal.example/matches/{ID}.{ID}", ("matches", f"{ID}.{ID}")),
        (f"http://127.0.0.1:8003/v1/proposals/{ID}.{ID}/life", ("proposals", f"{ID}.{ID}")),
        (f"/embargoes/{ID}", ("embargoes", ID)),
        ("/v1/organisations/XM-DAC%3A12", ("organisations", "XM-DAC:12")),
        ("/v1/states/SEN", ("states", "SEN")),
        ("XM-DAC:12", ("", "XM-DAC:12")),
        ("https://portal.example/requests", ("", "https://portal.example/requests")),
        ("https://portal.example/account", ("", "https://portal.example/account")),
        ("http://[", ("", "http://[")),
        ("//", ("", "//")),
        ("", ("", "")),
    ],
)
def test_an_address_names_its_record(pasted: str, found: tuple[str, str]) -> None:
    assert record_in(pasted) == found


def test_no_address_is_read_without_end() -> None:
    assert record_in("x" * (MOST + 1)) == ("", "x" * MOST)


def test_every_register_keeps_something() -> None:
    assert set(KEPT_BY.values()) == {"requests", "offers", "matcher"}
