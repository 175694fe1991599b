"""Time and sales and the order book in both themes against stored pictures; see ``test_chart_golden``."""

import numpy as np
import pytest

from backend.domain.ticks import TradeArrays
from backend.live.tape import Tape
from backend.settings import Appearance
from backend.telemetry.metrics import Metrics
from tests.fakes.shown_market import BITCOIN, FakeMarket, make_depth, make_trades
from tests.ui.test_chart_golden import GOLDEN, pixels, stored_or_written
from trii_desktop.frame import FrameClock
from trii_desktop.live.depth_panel import DepthPanel
from trii_desktop.live.tape_panel import TapePanel
from trii_desktop.look import Look
from trii_desktop.sight.freshness import Sight
from trii_desktop.theme import dress


def market_now():
    """Prints with a large one, late ones and newer ones, and a book around the last price."""
    market, tape = FakeMarket(), Tape()
    market.serve(BITCOIN.id)
    tape.add(make_trades(2_000))
    last = tape.newest(1)
    tape.add(TradeArrays(last.event_ns, last.price, np.array([12.5]), np.array([1], np.int8)))
    tape.add(make_trades(3, seed=9, start_ns=int(last.event_ns[-1]), price=float(last.price[-1])), is_late=True)
    tape.add(make_trades(6, seed=11, start_ns=int(tape.newest(1).event_ns[-1]), price=float(last.price[-1])))
    market.tapes[BITCOIN.id] = tape
    market.depths[BITCOIN.id] = make_depth(float(tape.newest(1).price[-1]))
    return market


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("what", ["tape", "tape-stale", "ladder", "curve"])
def test_the_market_looks_as_it_did(qapp, what, theme):
    dress(qapp)
    look, market = Look(qapp), market_now()
    look.wear(Appearance(theme=theme))
    kind = TapePanel if what.startswith("tape") else DepthPanel
    panel = kind(look, FrameClock(Metrics()), Sight(market, market.clock_ns))
    panel.subject.chart_shows(BITCOIN)
    painted = {"ladder": getattr(panel, "ladder", None), "curve": getattr(panel, "curve", None)}.get(what) or panel.view
    if what == "curve":
        panel.as_curve.setChecked(True)
    panel.take()
    panel.resize(320, 480)
    panel.grab()  # lays out what the second one shows
    painted.dim(is_dim=what == "tape-stale")
    image = panel.grab().toImage()
    golden = stored_or_written(GOLDEN / f"live-{what}-{theme}.png", image)
    off = np.abs(pixels(image) - pixels(golden)).max(axis=2)
    assert np.mean(off > 64) < 0.01, f"{np.sum(off > 64)} pixels differ."
    panel.close_panel()
    panel.deleteLater()
