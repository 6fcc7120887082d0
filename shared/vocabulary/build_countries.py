"""Writes the tables of countries, their names and their income groups; run by a developer.

The facts come from the static file inside hdx-python-country (OCHA's taxonomy of countries and
territories), which is a development dependency only; nothing is downloaded.
"""

import gettext
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pycountry
from babel import Locale
from hdx.location.country import Country

from shared.vocabulary.languages import LANGUAGES

DATA = Path(__file__).parent / "data"
UN_LANGUAGES = {
    "ar": "Arabic",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "ru": "Russian",
    "zh": "Chinese",
}
INCOMES = {
    "Low": "low-income",
    "Lower middle": "lower-middle-income",
    "Upper middle": "upper-middle-income",
    "High": "high-income",
}
CHANGES = {
    "2024-07-01": {
        **dict.fromkeys(("BGR", "PLW", "RUS"), "high-income"),
        **dict.fromkeys(("DZA", "IRN", "MNG", "UKR"), "upper-middle-income"),
        "PSE": "lower-middle-income",
    },
    "2025-07-01": {
        **dict.fromkeys(("CPV", "WSM"), "upper-middle-income"),
        "CRI": "high-income",
        "NAM": "lower-middle-income",
        "ETH": "",
    },
    "2026-07-01": {
        **dict.fromkeys(("FSM", "JOR", "LKA", "PHL", "VNM"), "upper-middle-income"),
        "TGO": "lower-middle-income",
    },
}
"""What the World Bank changed since the year of which the library's file is (from July 2023)."""

COUNTRY_COLUMNS = ("alpha3", "alpha2", "m49", "region", "subregion", "intermediate", "un_member")


def library_version() -> str:
    """The version of hdx-python-country that is installed."""
    return version("hdx-python-country")


def taxonomy() -> dict[str, dict[str, Any]]:
    """The library's own records by alpha-3 code, from its file, without a download."""
    data = Country.countriesdata(use_live=False, include_unofficial=False)
    return dict(sorted(data["countries"].items()))


def country_rows() -> list[tuple[str, ...]]:
    """One row a country or area of ISO 3166-1, as COUNTRY_COLUMNS."""
    return [
        (
            alpha3,
            record["ISO 3166-1 Alpha 2-Codes"],
            str(record["m49 numerical code"]).zfill(3),
            record["Region Name"] or "",
            record["Sub-region Name"] or "",
            record["Intermediate Region Name"] or "",
            "1" if record["Appears in DGACM list"] == "Y" else "0",
        )
        for alpha3, record in taxonomy().items()
    ]


def name_rows() -> list[tuple[str, ...]]:
    """One row a country: alpha-3, then its name in the six languages.

    States bear the names that the United Nations use. For other areas CLDR's names are the better
    ones (the UN table has some in the genitive); an area that the UN table does not list bears its
    ISO name.
    """
    return [
        (alpha3, *(_name(alpha3, record, language) for language in LANGUAGES))
        for alpha3, record in taxonomy().items()
    ]


def income_rows() -> list[tuple[str, ...]]:
    """A row for each income group that a country was in: alpha-3, group, since, until."""
    rows = []
    for alpha3, record in taxonomy().items():
        group, since = INCOMES.get(record["World Bank Income Level"] or "", ""), ""
        for day, changed in CHANGES.items():
            if alpha3 in changed:
                rows.append((alpha3, group, since, day))
                group, since = changed[alpha3], day
        rows.append((alpha3, group, since, ""))
    return [row for row in rows if row[1]]


def _name(alpha3: str, record: dict[str, Any], language: str) -> str:
    un_name = str(record[f"M49 {UN_LANGUAGES[language]}"] or "")
    if un_name and record["Independent"] == "Y":
        return _tidy(un_name)
    if un_name:
        return str(Locale.parse(language).territories[record["ISO 3166-1 Alpha 2-Codes"]])
    return _iso_name(alpha3, language)


def _tidy(name: str) -> str:
    """One apostrophe and one dash throughout; the dash in Arabic names stands for the name."""
    return name.replace("'", "’").replace("_)", "-)")


def _iso_name(alpha3: str, language: str) -> str:
    entry = pycountry.countries.get(alpha_3=alpha3)
    if entry is None:
        raise LookupError(f"neither the United Nations nor ISO name {alpha3}")
    name = str(entry.name)
    if language == "en":
        return name
    iso_language = "zh_CN" if language == "zh" else language
    translation = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[iso_language])
    return translation.gettext(name)


def write(path: Path, provenance: Iterable[str], header: Iterable[str], rows: Any) -> None:
    """Write a table with its provenance lines."""
    lines = [f"# {line}" for line in provenance] + ["\t".join(header)]
    lines += ["\t".join(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Write the tables."""
    source = f"hdx-python-country {library_version()}, its static file (UN M49, UNTERM, ISO 3166-1)"
    made = "made: python -m shared.vocabulary.build_countries"
    licence = "licence: MIT (the package); codes and names are public UN and ISO facts"
    write(
        DATA / "countries.tsv",
        (f"source: {source}", "date: 2026-11-23", licence, made),
        COUNTRY_COLUMNS,
        country_rows(),
    )
    write(
        DATA / "country_names.tsv",
        (
            f"source: {source}; other areas: Unicode CLDR through Babel, pycountry",
            "date: 2026-11-23",
            f"{licence}; CLDR: Unicode-3.0; iso-codes translations in pycountry: LGPL-2.1",
            made,
        ),
        ("alpha3", *LANGUAGES),
        name_rows(),
    )
    write(
        DATA / "incomes.tsv",
        (
            "source: World Bank country classifications by income level, fiscal year 2024 as in "
            f"hdx-python-country {library_version()}, with the changes of July 2024, 2025 and 2026",
            "date: 2026-07-01",
            "licence: CC BY 4.0, The World Bank",
            made,
            "note: since is empty for the group of fiscal year 2024 and before; until is the first "
            "day without it; countries and areas that the World Bank does not classify have no row",
        ),
        ("alpha3", "income", "since", "until"),
        income_rows(),
    )


if __name__ == "__main__":
    main()
