"""Facts of the volume: how much traded, and whether that is usual."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from backend.assistant.facts.draft import Draft, Term, lacking, percent
from backend.assistant.facts.fact import Unit
from backend.assistant.facts.settings import SHORT, YEAR
from backend.assistant.facts.view import View

LAST: Final = Term("volume.last", "Volume", Unit.QUANTITY, "volume of the newest complete bar", decimals=0)
AVERAGE: Final = Term("volume.average_20", "Usual volume", Unit.QUANTITY, f"mean volume of the {SHORT} bars before", decimals=0)
RATIO: Final = Term(
    "volume.ratio_20", "Volume against its usual", Unit.RATIO, "volume / usual volume", ("@volume.last", "@volume.average_20")
)
PERCENTILE: Final = percent(
    "volume.percentile_252", "Rank of the volume", f"share of the {YEAR} bars before with less volume", ("@volume.last",)
)
TERMS: Final = (LAST, AVERAGE, RATIO, PERCENTILE)


def volume_facts(view: View) -> Iterator[Draft]:
    """The newest volume against the bars before it."""
    main = view.main
    volume = main.bars.volume
    if not main.has_volume:
        yield from lacking(TERMS, "No volume is stored for it.", main.source)
        return
    if np.isnan(volume[-1]):
        yield from lacking(TERMS, "The newest bar has no volume.", main.source)
        return
    last = float(volume[-1])
    yield main.draft(LAST, last)
    before = volume[-1 - SHORT : -1]
    is_whole = len(before) == SHORT and not np.isnan(before).any()
    usual = float(before.mean()) if is_whole else None
    why = "" if len(before) < SHORT else "Bars before have no volume."
    yield main.draft(AVERAGE, usual, SHORT + 1, why)
    yield main.draft(RATIO, last / usual if usual else None, SHORT + 1, why or "Nothing traded in the bars before.")
    year = volume[-1 - YEAR : -1]
    is_whole = len(year) == YEAR and not np.isnan(year).any()
    rank = 100 * float(np.mean(year < last)) if is_whole else None
    yield main.draft(PERCENTILE, rank, YEAR + 1, "" if len(year) < YEAR else "Bars before have no volume.")
