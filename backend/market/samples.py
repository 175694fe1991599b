"""The bars that ship with the program: real daily prices, brought in by the same importer as any file, once."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.domain.instruments import InstrumentId
from backend.market.importers.importer import Importer
from backend.market.importers.plan import SOURCE_SAMPLE, Choices
from backend.market.importers.report import ImportReport


@dataclass(frozen=True, slots=True)
class Sample:
    """A shipped file and what it holds."""

    file: str
    instrument: InstrumentId
    name: str
    kind: str
    calendar: str

    @property
    def choices(self) -> Choices:
        """What is known of the file; all else is recognised as for any other."""
        return Choices(
            instrument=str(self.instrument),
            interval="1d",
            kind=self.kind,
            currency="USD",
            calendar=self.calendar,
            name=self.name,
            source=SOURCE_SAMPLE,
        )


SAMPLES: Final = (
    Sample("AAPL_1d.csv", InstrumentId("AAPL", "XNAS"), "Apple", "stock", "XNYS"),
    Sample("MSFT_1d.csv", InstrumentId("MSFT", "XNAS"), "Microsoft", "stock", "XNYS"),
    Sample("SP500_1d.csv", InstrumentId("SPX", "INDEX"), "S&P 500", "index", "XNYS"),
    Sample("NASDAQ_1d.csv", InstrumentId("COMP", "INDEX"), "NASDAQ Composite", "index", "XNYS"),
    Sample("VIX_1d.csv", InstrumentId("VIX", "INDEX"), "Cboe Volatility Index", "index", "XNYS"),
    Sample("WTI_1d.csv", InstrumentId("WTI", "FRED"), "Crude oil, West Texas Intermediate, spot", "commodity", "24/7"),
)
"""Every sample, the one for a first chart in front."""


FOLDER: Final = Path(__file__).resolve().parents[2] / "resources" / "samples"
"""Where the shipped files lie."""


async def load_samples(importer: Importer, samples: Iterable[Sample] = SAMPLES) -> tuple[ImportReport, ...]:
    """Import the samples that have never been imported into this home; a second call reads nothing.

    Samples the user has removed stay removed, for the log of imports remembers them. Raises what the importer raises.
    """
    done = {record.series for record in await importer.history(source=SOURCE_SAMPLE)}
    reports = []
    for sample in samples:
        if f"{sample.instrument} 1d" in done:
            continue
        plans = await importer.preview(FOLDER / sample.file, sample.choices)
        reports.extend([await importer.run(plan) for plan in plans])
    return tuple(reports)
