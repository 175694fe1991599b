"""The measured process of bench_start: starts one program and says when candle pixels were first on its window.

Run with the interpreter of the program's own environment. Uses PySide6 or PyQt6, whichever the program has loaded.
Standard output gets one line of JSON after the paint whose pixels were found to be candles.
"""

import csv
import json
import os
import sys
import time
from pathlib import Path

CANDLE_PIXELS_MIN = 400  # of each direction


def load_qt():
    """QtCore, QtGui and QtWidgets of the binding that the program uses."""
    import importlib

    name = "PySide6" if "PySide6" in sys.modules else "PyQt6"
    return tuple(importlib.import_module(f"{name}.{part}") for part in ("QtCore", "QtGui", "QtWidgets"))


def count_candle_pixels(image):
    """How many pixels are clearly green to teal, and how many clearly red: what candles are drawn in."""
    import numpy as np

    bits = image.constBits()
    if hasattr(bits, "setsize"):  # PyQt6
        bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    blue, green, red = (rows[:, i : 4 * image.width() : 4].astype(np.int16) for i in range(3))
    rising = (green > red + 40) & (green > 90) & (green >= blue)
    falling = (red > green + 60) & (red > blue + 40) & (red > 90)
    return int(rising.sum()), int(falling.sum())


def install(app):
    """Watch paints of views; after each, look whether candles are there, until they are."""
    core, gui, widgets = load_qt()

    def is_viewport(watched):
        return isinstance(watched, widgets.QWidget) and isinstance(watched.parentWidget(), widgets.QGraphicsView)

    class Probe(core.QObject):
        def __init__(self):
            super().__init__(app)
            self.n_paints = 0
            self.is_busy = False

        def eventFilter(self, watched, event):
            if event.type() == core.QEvent.Type.Paint and not self.is_busy and is_viewport(watched):
                self.n_paints += 1
                core.QTimer.singleShot(0, lambda: self.look(watched, time.monotonic_ns()))
            return False

        def look(self, widget, painted_ns):
            if self.is_busy:
                return
            self.is_busy = True  # the grab paints too
            self.cpu_s = time.process_time()
            image = widget.grab().toImage().convertToFormat(gui.QImage.Format.Format_RGB32)
            rising, falling = count_candle_pixels(image)
            if min(rising, falling) < CANDLE_PIXELS_MIN:
                self.is_busy = False
                return
            app.removeEventFilter(self)
            said = {
                "painted_ns": painted_ns,
                "cpu_s": self.cpu_s,
                "rising": rising,
                "falling": falling,
                "n_paints": self.n_paints,
                "pid": os.getpid(),
            }
            print(json.dumps(said), flush=True)
            if os.environ.get("PROBE_PICTURE"):
                widget.window().grab().save(os.environ["PROBE_PICTURE"])

    app.probe = Probe()
    app.installEventFilter(app.probe)


def load_rows(path):
    """The bars as rows of text."""
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def run_trii(words):
    """The real program by its real entry point; only the application object is handed to the probe."""
    from trii_desktop import __main__ as program

    started = program._Windows.run_window

    def run_window(self, ownership, arguments):
        from trii_desktop import app

        make = app.make_application

        def make_application():
            made = make()
            install(made)
            return made

        app.make_application = make_application
        return started(self, ownership, arguments)

    program._Windows.run_window = run_window
    sys.argv = ["trii", *words]
    return program.main()


def run_pyqtgraph(path):
    """The candle chart of pyqtgraph's own examples: one QPicture with all bars, in a plot with its usual axes."""
    os.environ["PYQTGRAPH_QT_LIB"] = "PySide6"
    import pyqtgraph as pg
    from pyqtgraph import QtCore, QtGui

    class CandlestickItem(pg.GraphicsObject):
        def __init__(self, bars):
            super().__init__()
            self.picture = QtGui.QPicture()
            painter = QtGui.QPainter(self.picture)
            painter.setPen(pg.mkPen("w"))
            for t, open_, close, low, high in bars:
                painter.setPen(pg.mkPen("g" if close >= open_ else "r"))
                painter.drawLine(QtCore.QPointF(t, low), QtCore.QPointF(t, high))
                painter.setBrush(pg.mkBrush("g" if close >= open_ else "r"))
                painter.drawRect(QtCore.QRectF(t - 0.3, open_, 0.6, close - open_))
            painter.end()

        def paint(self, painter, *_):
            painter.drawPicture(0, 0, self.picture)

        def boundingRect(self):
            return QtCore.QRectF(self.picture.boundingRect())

    app = pg.mkQApp()
    install(app)
    rows = load_rows(path)
    plot = pg.PlotWidget()
    names = ("Open", "Close", "Low", "High")
    plot.addItem(CandlestickItem([(i, *(float(row[name]) for name in names)) for i, row in enumerate(rows)]))
    plot.setXRange(len(rows) - 150, len(rows))
    plot.resize(1600, 900)
    plot.show()
    return app.exec()


def run_finplot(path):
    """The first example of finplot's page, on the same file."""
    import finplot
    import pandas as pd

    frame = pd.read_csv(path, index_col="Date", parse_dates=True)
    axis = finplot.create_plot("AAPL")
    finplot.candlestick_ochl(frame[["Open", "Close", "High", "Low"]], ax=axis)
    finplot.set_x_pos(frame.index[-150], frame.index[-1], ax=axis)
    from PyQt6.QtWidgets import QApplication

    app = QApplication.instance()
    install(app)
    finplot.show(qt_exec=False)
    for window in finplot.windows:
        window.resize(1600, 900)
    return app.exec()


def run_veighna(path):
    """VeighNa's chart widget as its own example sets it up."""
    from datetime import datetime

    from vnpy.chart import CandleItem, ChartWidget, VolumeItem
    from vnpy.trader.constant import Exchange, Interval
    from vnpy.trader.object import BarData
    from vnpy.trader.ui import create_qapp

    app = create_qapp()
    install(app)
    bars = [
        BarData(
            gateway_name="x",
            symbol="AAPL",
            exchange=Exchange.NASDAQ,
            datetime=datetime.fromisoformat(row["Date"]),
            interval=Interval.DAILY,
            volume=float(row["Volume"]),
            open_price=float(row["Open"]),
            high_price=float(row["High"]),
            low_price=float(row["Low"]),
            close_price=float(row["Close"]),
        )
        for row in load_rows(path)
    ]
    widget = ChartWidget()
    widget.add_plot("candle", hide_x_axis=True)
    widget.add_plot("volume", maximum_height=200)
    widget.add_item(CandleItem, "candle", "candle")
    widget.add_item(VolumeItem, "volume", "volume")
    widget.add_cursor()
    widget.update_history(bars)
    widget.resize(1600, 900)
    widget.show()
    return app.exec()


def main():
    """Start the program named first."""
    name, *words = sys.argv[1:]
    if name == "trii":
        return run_trii(words)
    return {"pyqtgraph": run_pyqtgraph, "finplot": run_finplot, "veighna": run_veighna}[name](words[0])


if __name__ == "__main__":
    sys.exit(main())
