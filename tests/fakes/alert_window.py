"""A window with alerts in it, for stories: what is added, fired and clicked."""

import math

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from backend.alerts.alert import Alert
from backend.domain.instruments import InstrumentId
from backend.events import AlertFired
from tests.fakes.window import shown
from trii_desktop.alerts.making import price_alert

NOTHING = Qt.KeyboardModifier.NoModifier
AAPL = InstrumentId("AAPL", "XNAS")


class AlertHand:
    """A hand on the active chart of a window with alerts."""

    def __init__(self, desktop):
        self.desktop = desktop
        self.alerts = desktop.workbench.alerts
        self.chart = desktop.panels.chart
        self.viewport = self.chart.view._canvas.viewport()
        self.backend = desktop.desk.backend

    @property
    def on_chart(self):
        return self.alerts.current

    @property
    def layer(self):
        return self.on_chart.layer

    @property
    def rows(self):
        return list(self.backend.alerts.snapshot().rows.values())

    def row(self, alert_id):
        return self.backend.alerts.snapshot().rows[alert_id]

    def trigger(self, action):
        self.desktop.workbench.actions.refresh()
        self.desktop.workbench.actions.by_id[action].trigger()

    async def ready(self):
        """Wait until it is known where prices stand, and paint them."""
        drawings = self.desktop.workbench.drawings
        self.chart.view.grab()
        await shown(lambda: drawings.current.layer.map is not None, "where drawings stand")
        self.chart.view.grab()

    async def add(self, share=1.02) -> Alert:
        """A price alert at a share of the last price, painted."""
        price = round(self.alerts.last * share, 2)
        row = await self.alerts.edits.add(price_alert(str(AAPL), price, last=self.alerts.last, now_ns=self.alerts.now_ns))
        await self.painted(row.alert.id)
        return row.alert

    async def painted(self, alert_id):
        await shown(lambda: any(row.alert.id == alert_id for row in self.layer.rows), "the alert on the chart")
        self.chart.view.grab()

    def line(self, alert_id):
        self.chart.view.grab()
        return next((line for line in self.layer.lines if line.row.alert.id == alert_id), None)

    def at(self, x_share, y_px):
        """A place of the pane of prices, as the viewport counts."""
        ratio = self.chart.view.devicePixelRatioF()
        width, _ = self.chart.view._picture.plot_size
        top = self.chart.view._picture.main.plot.y
        return QPoint(round(x_share * width / ratio), math.floor((y_px + top) / ratio))

    def move(self, place, *, held=False, modifiers=NOTHING):
        buttons = Qt.MouseButton.LeftButton if held else Qt.MouseButton.NoButton
        everywhere = QPointF(self.viewport.mapToGlobal(place))
        event = QMouseEvent(QMouseEvent.Type.MouseMove, QPointF(place), everywhere, Qt.MouseButton.NoButton, buttons, modifiers)
        QApplication.sendEvent(self.viewport, event)

    def press(self, place):
        self.move(place)
        QTest.mousePress(self.viewport, Qt.MouseButton.LeftButton, NOTHING, place)

    def release(self, place):
        QTest.mouseRelease(self.viewport, Qt.MouseButton.LeftButton, NOTHING, place)

    def click(self, place):
        self.press(place)
        self.release(place)

    def fire(self, number=0, *, back=5, alert="gone", **more):
        """Let the bus tell a firing at the high of a bar."""
        snapshot = self.chart.view.model.snapshot
        bar = snapshot.bar(len(snapshot) - 1 - back)
        fired = AlertFired(
            **{
                "firing": f"f{number}", "alert": alert, "instrument": AAPL, "title": "AAPL", "words": f"AAPL rose above {number}.",
                "event_ns": bar.event_ns + 15 * 3_600_000_000_000, "price": bar.high, "sound": "chime", **more,
            }
        )  # fmt: skip
        self.desktop.desk.bridge.publish(fired)
        return fired


async def alert_hand(desktop) -> AlertHand:
    hand = AlertHand(desktop)
    await desktop.desk.bridge.call(hand.backend.alerts.begin())  # the program does so after its first chart
    await hand.ready()
    return hand
