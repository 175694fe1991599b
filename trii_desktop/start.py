"""What the window shows first: what was asked for, what was open last, or the samples of a first start."""

from backend.charts.chart_state import ChartState
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound, TriiError
from backend.events import Level, notice_of
from trii_desktop.desk import Desk


async def choose_first(
    desk: Desk, wanted: str | None, last: ChartState, sample: InstrumentId
) -> tuple[InstrumentId | None, BarSpec | None]:
    """The instrument and the interval to open with; (None, None) where there is nothing to show.

    A home without instruments gets the samples first. ``wanted`` that is not there is told as a notice.
    """
    backend, call = desk.backend, desk.bridge.call
    if wanted:
        try:
            return (await call(backend.catalog.resolve(wanted))).id, None
        except TriiError as error:
            desk.notices.add(notice_of(error, f"{wanted} cannot be shown.", level=Level.WARNING))
    if last.instrument:
        try:
            known = await call(backend.catalog.get(InstrumentId.parse(last.instrument)))
            return known.id, BarSpec.parse(last.interval)
        except (InvalidInput, NotFound):
            desk.notices.say(f"{last.instrument} is not there any more.", "Another instrument is shown instead.")
    if not await call(desk.engine.instruments()):
        await call(desk.engine.bring_samples())
    stored = [found.series for found in await call(desk.engine.stored())]
    if not stored:
        return None, None
    first = next((series for series in stored if series.instrument == sample), stored[0])
    return first.instrument, first.spec
