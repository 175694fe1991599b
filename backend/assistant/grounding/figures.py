"""Written figures: every usual way to mark thousands and decimals."""

import re
from decimal import Decimal
from typing import Final

_END: Final = r"(?![.,'_]?\d)"
FIGURES: Final = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?{_END}"
    rf"|\d{{1,2}}(?:,\d\d)+,\d{{3}}(?:\.\d+)?{_END}"
    rf"|\d{{1,3}}(?:\.\d{{3}})+,\d+{_END}|\d{{1,3}}(?:\.\d{{3}}){{2,}}{_END}"
    rf"|\d{{1,3}}(?:'\d{{3}})+(?:[.,]\d+)?{_END}|\d{{1,3}}(?:_\d{{3}})+(?:\.\d+)?{_END}"
    rf"|\d{{1,3}}(?:[ ]\d{{3}})+(?:[.,]\d+)?{_END}(?![ ]\d{{3}}\b)"
    rf"|\d+[.,]\d+{_END}|\d+{_END}|[.,]\d+{_END})"
)


def read_figures(said: str) -> tuple[Decimal, Decimal, int]:
    """Value, grain and number of digits of written figures with any thousands and decimal marks."""
    plain = re.sub(r"[ '_]", "", said)
    point, comma = plain.rfind("."), plain.rfind(",")
    if point >= 0 and comma >= 0:
        plain = plain.replace(".", "").replace(",", ".") if comma > point else plain.replace(",", "")
    elif comma >= 0:
        grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d\d)+,\d{3}", plain) and plain[0] != "0"
        plain = plain.replace(",", "") if grouped or plain.count(",") > 1 else plain.replace(",", ".")
    elif plain.count(".") > 1:
        plain = plain.replace(".", "")
    value = Decimal(plain)
    decimals = len(plain.partition(".")[2])
    return value, Decimal(1).scaleb(-decimals), max(1, len(plain.replace(".", "").lstrip("0")))
