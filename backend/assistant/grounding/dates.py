"""Dates as English text writes them, read as far as they are said."""

import re
from typing import Final, TypeAlias

Date: TypeAlias = tuple[int | None, int | None, int | None]
"""Year, month and day; None where it is not said."""

MONTHS: Final = {
    name: month
    for month, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun",
            "july jul", "august aug", "september sept sep", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_NAMES: Final = "|".join(sorted((name.capitalize() for name in MONTHS), key=len, reverse=True))
# "may" and "march" are verbs too: they are months only with a capital.
_SMALL: Final = "|".join(name for name in sorted(MONTHS, key=len, reverse=True) if name not in {"may", "march", "mar"})
_MONTH: Final = rf"(?:{_NAMES}|{_SMALL}|{_NAMES.upper()})"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR: Final = r"(?:(?:1[6-9]|20|21)\d\d)"
DATES: Final = "|".join(
    (
        rf"(?P<iso>{_YEAR}[-/.](?:0?[1-9]|1[0-2])[-/.]{_DAY})(?!\d)",
        r"(?P<packed>(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)(?![.,]\d)",
        rf"(?P<iso_month>{_YEAR}-(?:0[1-9]|1[0-2]))(?![\d-])",
        rf"(?P<figures>\d{{1,2}}(?P<mark>[/.-])\d{{1,2}}(?P=mark)(?:{_YEAR}|\d\d))(?!\d)",
        rf"(?P<day_first>\d{{1,2}}(?:st|nd|rd|th)?(?:\s+|\.\s?|-)(?:of\s+)?{_MONTH}\b\.?(?:[,\s-]+(?:\d{{4}}|'\d\d))?)(?!\d)",
        (
            rf"(?P<month_first>\b{_MONTH}\b\.?\s+(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?(?!\d|[.,]\d|\s*(?:%|per\s?cent|points|bps))"
            rf"(?:\s*,?\s+(?:of\s+)?\d{{4}}(?![\d%]|[.,]\d))?)"
        ),
        rf"(?P<month_year>\b{_MONTH}\b\.?,?[\s-]+(?:of\s+)?(?:{_YEAR}|'\d\d))(?!\d|[.,]\d)",
        rf"(?P<period>(?:FY|CY|fiscal\s+year\s+)\s?'?(?:{_YEAR}|\d\d))(?!\d)",
    )
)
YEAR: Final = re.compile(_YEAR)


def read_dates(kind: str, text: str) -> tuple[Date, ...]:
    """Every way to read a date that a group of ``DATES`` found: 3/5/2024 has two."""
    parts = re.findall(r"\d+", text)
    figures = [int(part) for part in parts]
    if kind == "packed":
        return ((figures[0] // 10_000, figures[0] // 100 % 100, figures[0] % 100),)
    if kind == "figures":
        one, two, year = figures[0], figures[1], _year(parts[2])
        readings = dict.fromkeys(((one, two), (two, one)))
        return tuple((year, month, day) for month, day in readings if 1 <= month <= 12 and 1 <= day <= 31)
    if kind in {"iso", "iso_month", "period"}:
        whole = [*figures[1:], None, None]
        return ((_year(parts[0]), whole[0], whole[1]),)
    word = re.search(r"[A-Za-z]{3,}", re.sub(r"\d+(?:st|nd|rd|th)|\bof\b|\bthe\b", " ", text))
    month = MONTHS[word[0].lower()] if word else None
    if kind == "month_year":
        return ((_year(parts[0]), month, None),)
    is_day = 1 <= figures[0] <= 31
    return ((_year(parts[1]) if len(parts) > 1 else None, month, figures[0]),) if is_day else ()


def _year(figures: str) -> int:
    """Two figures are a year from 1970 to 2069."""
    year = int(figures)
    return year if len(figures) != 2 else 2000 + year if year < 70 else 1900 + year
