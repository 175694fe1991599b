"""The way between messages and charts: a chart goes into a message as a picture and as it stands, and comes back out of it."""

import msgspec

from backend.charts.chart_state import ChartState, VisibleBars, load_state, save_state
from backend.chat.message import LinkRow
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.events import Level
from trii_desktop.assistant.attachment import chart_seen
from trii_desktop.charts.still_picture import image_of
from trii_desktop.chat.uploads import Upload, pasted_picture
from trii_desktop.desk import Desk
from trii_desktop.live.feeds_dialog import EASY
from trii_desktop.live.live_actions import FIRST_OF
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.notifications import Offer

N_STATE_BYTES_MAX = 6_000  # of a chart's state as text: a message has room for 16 KiB in all
OPEN_VENUES = frozenset(FIRST_OF[kind].venue for kind in EASY)  # whose feeds need no account
_ROOM = 1.15  # of bars that are shown, how much more than those that are meant


class ChartLinks:
    """Acts on the active chart."""

    def __init__(self, desk: Desk, active: ActiveChart) -> None:
        self._desk = desk
        self._active = active
        self._by_file: Offer | None = None
        self._by_feed: Offer | None = None

    def lead(self, by_file: Offer | None, by_feed: Offer | None) -> None:
        """How prices come to this computer, offered where what was shared has none here."""
        self._by_file, self._by_feed = by_file, by_feed

    @property
    def is_shown(self) -> bool:
        """Whether there is a chart to share."""
        return self._active.current.shown is not None

    def shared_chart(self) -> tuple[Upload, LinkRow] | None:
        """The chart as a picture and as it stands, with the time in view; None where it shows nothing. Raises Unavailable."""
        link = self.shared_link(with_state=True)
        if link is None:
            return None
        name = f"{link.instrument} {link.spec}.png".replace("/", "-")
        return pasted_picture(image_of(self._active.current.view), name), link

    def shared_link(self, *, with_state: bool = False) -> LinkRow | None:
        """A link to the instrument with the bars in view."""
        chart = self._active.current
        seen = chart_seen(chart)
        if seen is None or seen.chart is None:
            return None
        text = save_state(chart.state).decode() if with_state else ""
        if len(text.encode()) > N_STATE_BYTES_MAX:
            text = ""
            self._desk.notices.say(
                "The chart has too much on it to be shared live.",
                "It goes as a picture, with a link to its bars.",
                level=Level.WARNING,
            )
        return LinkRow(str(seen.instrument), str(seen.chart.series.spec), seen.chart.from_ns, seen.chart.to_ns, text)

    def open(self, link: object) -> None:
        """Show what a card leads to on the active chart; undo brings back what was there."""
        assert isinstance(link, LinkRow), "Cards lead to links."
        self._desk.start("Opening what was shared", self._open_or_offer(link))

    def open_instrument(self, instrument: object) -> None:
        """Show an instrument on the active chart."""
        assert isinstance(instrument, InstrumentId), "Instruments are told by their ids."
        self._desk.start(f"Opening {instrument}", self._open_or_offer(LinkRow(str(instrument))))

    async def _open_or_offer(self, link: LinkRow) -> None:
        try:
            await self._open(link)
        except NotFound:
            code, _, venue = link.instrument.rpartition(".")
            picture = "The picture in the message shows it as it was shared. " if link.chart else ""
            words = f"{picture}Import a file of its prices, or connect a feed that has it; then it opens."
            offer = self._by_feed if venue in OPEN_VENUES else self._by_file
            self._desk.notices.say(f"{code or link.instrument} is not on this computer.", words, level=Level.WARNING, offer=offer)

    async def _open(self, link: LinkRow) -> None:
        chart = self._active.current
        if link.chart:
            state = load_state(link.chart.encode())
            if not state.instrument or not state.interval:
                raise InvalidInput("The chart that was shared names no instrument.", hint="Ask for it to be shared again.")
            await chart.change(state, f"Chart of {state.instrument} opened")
        else:
            await chart.open(InstrumentId.parse(link.instrument), BarSpec.parse(link.spec) if link.spec else None)
            if link.from_ns or link.to_ns:
                show_range(chart, link.from_ns or link.to_ns, link.to_ns or link.from_ns)
        chart.setFocus()


def show_range(chart: ChartPanel, from_ns: int, to_ns: int) -> None:
    """Bring the bars of a stretch of time into view, with some room around them."""
    bars = chart.view.model.snapshot
    if not len(bars):
        return
    first, last = (min(max(bars.row_at(ns), 0), len(bars) - 1) for ns in sorted((from_ns, to_ns)))
    n_bars = max((last - first + 1) * _ROOM, 20.0)
    visible = VisibleBars(n_bars, bars.event_ns_at(last), max(1.0, n_bars * (1 - 1 / _ROOM) / 2))
    state: ChartState = msgspec.structs.replace(chart.state, visible=visible)
    chart.change_now(state, "Bars shown")
