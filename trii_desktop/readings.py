"""What the program measures of itself, in words: for the status bar, and with more of it for the page of its health."""

from typing import Any, Final

import psutil

from backend.bus import Subscription
from backend.events import BarsSaved, FeedLagging, ReplayMoved
from trii_desktop.desk import Desk
from trii_desktop.reading import Reading
from trii_desktop.sight.feed_reading import feeds_reading
from trii_desktop.widgets.numbers import format_bytes, format_clock, format_seconds, format_time

STALE_S: Final = 60.0
LAG_MS_MAX: Final = 50.0
FRAME_MS_MAX: Final = 16.0
SAVE_MS_MAX: Final = 250.0
_NS_PER_S: Final = 1e9


class Readings:
    """Follows what is told as events and reads the metrics when asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._process = psutil.Process()
        self._saved_ns = desk.backend.clock.now_ns()  # nothing waits when a home has just been opened
        self._n_live = 0
        self._fed_ns: int | None = None  # when the newest live row was received
        self._replay_ns: int | None = None
        self._lags: dict[str, FeedLagging] = {}  # of feeds that lag now
        self._subscriptions: list[Subscription[Any]] = [
            desk.bridge.subscribe(BarsSaved, self._bars_saved),
            desk.bridge.subscribe(ReplayMoved, self._replay_moved),
            desk.bridge.subscribe(FeedLagging, self._feed_lagged),
        ]

    def brief(self) -> tuple[Reading, ...]:
        """What the status bar shows."""
        return (self._replay(), self._feed(), self._saved(), self._engine(), self._memory())

    def all(self) -> tuple[Reading, ...]:
        """Everything there is to say."""
        return (*self.brief(), self._frames(), self._saving(), self._commits())

    def close(self) -> None:
        """Follow no more."""
        for subscription in self._subscriptions:
            subscription.close()

    def _bars_saved(self, event: BarsSaved) -> None:
        self._saved_ns = event.up_to_ns
        if event.n_bars > self._n_live:
            self._n_live, self._fed_ns = event.n_bars, event.up_to_ns

    def _replay_moved(self, event: ReplayMoved) -> None:
        self._replay_ns = event.now_ns

    def _feed_lagged(self, event: FeedLagging) -> None:
        self._lags.pop(event.feed, None)
        if event.n_waiting or event.lag_ms:
            self._lags[event.feed] = event

    def _replay(self) -> Reading:
        meaning = "While it is on, every chart shows what was known at that moment, and nothing later."
        if self._replay_ns is None:
            return Reading("replay", "Replay", "off, charts show the present", "", meaning)
        at = f"{format_time(self._replay_ns, is_dated=False)} UTC"
        return Reading("replay", "Replay", at, f"Replay {at}", meaning, is_warning=True)

    def _feed(self) -> Reading:
        snapshot = self._desk.backend.live.snapshot()
        if snapshot.feeds:
            return feeds_reading(snapshot, self._desk.backend.clock.now_ns(), tuple(self._lags.values()))
        meaning = "How long ago the newest live price came. Files that are imported are no feed."
        if self._fed_ns is None:
            return Reading("feed", "Feed", "No live prices in this session", "No feed", meaning)
        age_s = max(0.0, (self._desk.backend.clock.now_ns() - self._fed_ns) / _NS_PER_S)
        is_stale = age_s > STALE_S
        words = f"{age_s:.1f} s" if age_s < 10 else format_seconds(age_s)
        brief = f"Feed silent for {words}" if is_stale else f"Feed {words}"
        return Reading("feed", "Feed", f"{words} ago", brief, meaning, is_stale)

    def _saved(self) -> Reading:
        at = format_clock(self._saved_ns)
        meaning = "Everything received up to this time is on the disk and survives a power cut."
        return Reading("saved", "Saved up to", at, f"Saved up to {at}", meaning)

    def _engine(self) -> Reading:
        lag = self._desk.backend.metrics.histogram("engine.lag_ms").read()
        meaning = f"How late the engine wakes up, 95 % of the time. Below {LAG_MS_MAX:.0f} ms nothing is felt."
        if not lag.n:
            return Reading("engine", "Engine", "not measured yet", "", meaning)
        value = f"{lag.p95:.1f} ms, at most {lag.max:.0f} ms"
        return Reading("engine", "Engine", value, f"Engine {lag.p95:.0f} ms", meaning, lag.p95 > LAG_MS_MAX)

    def _memory(self) -> Reading:
        held = format_bytes(self._process.memory_info().rss)
        return Reading("memory", "Memory", held, held, "Memory that this program holds, charts and their history included.")

    def _frames(self) -> Reading:
        frame = self._desk.backend.metrics.histogram("ui.frame_ms").read()
        meaning = f"Time to prepare and paint a chart, half of them and 95 % of them. Below {FRAME_MS_MAX:.0f} ms it is smooth."
        value = f"{frame.p50:.1f} ms, {frame.p95:.1f} ms" if frame.n else "none painted yet"
        return Reading("frames", "Frames", value, "", meaning, bool(frame.n) and frame.p95 > FRAME_MS_MAX)

    def _saving(self) -> Reading:
        save = self._desk.backend.metrics.histogram("market.save_ms").read()
        value = f"{save.p95:.0f} ms" if save.n else "no live bars yet"
        meaning = "How long a live bar takes to the disk, 95 % of them. A group is written every quarter of a second."
        return Reading("saving", "Saving bars", value, "", meaning, bool(save.n) and save.p95 > 2 * SAVE_MS_MAX)

    def _commits(self) -> Reading:
        commit = self._desk.backend.metrics.histogram("ledger.commit_ms").read()
        value = f"{commit.p95:.1f} ms" if commit.n else "none yet"
        return Reading(
            "commits", "Writing to the ledgers", value, "", "How long a change takes until it is on the disk, 95 % of them."
        )
