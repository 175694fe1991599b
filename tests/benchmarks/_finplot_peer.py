"""The chart benchmark's peer, run in an environment of its own: finplot draws the same bars, and says how long frames take.

Usage: python _finplot_peer.py BARS.npy WIDTH HEIGHT N_FRAMES PANES VISIBLE...; prints one JSON object. Columns behind the bars are
lines; PANES says in which pane each is drawn, as 0,0,1.
"""

import json
import sys
import time

import finplot as fplt
import numpy as np
import pandas as pd
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication

N_PIXELS_MIN = 500


def main() -> None:
    """Draw, pan and update; report milliseconds a frame and how many pixels of candles were seen."""
    path, width, height, n_frames = sys.argv[1], *map(int, sys.argv[2:5])
    table = np.load(path)
    panes = [int(pane) for pane in sys.argv[5].split(",") if pane]
    frame = pd.DataFrame(table[:, :6], columns=["time", "open", "high", "low", "close", "volume"])
    frame["time"] = pd.to_datetime(frame["time"])
    frame = frame.set_index("time")
    axes = fplt.create_plot("", maximize=False, rows=max(panes, default=0) + 1)
    axes = axes if isinstance(axes, list) else [axes]
    axis = axes[0]
    candles = fplt.candlestick_ochl(frame[["open", "close", "high", "low"]], ax=axis)
    fplt.volume_ocv(frame[["open", "close", "volume"]], ax=axis.overlay())
    for number, pane in enumerate(panes):
        fplt.plot(pd.Series(table[:, 6 + number], index=frame.index), ax=axes[pane])
    fplt.show(qt_exec=False)
    window = fplt.windows[0]
    window.resize(width, height)
    QApplication.processEvents()
    result = {"pan": {}, "update": {}, "pixels": {}, "visible": {}}
    for span in (20_000, 2_000):  # straight from everything to 200 bars it draws no candles at all
        axis.vb.update_y_zoom(len(frame) - span, len(frame) - 1)
        window.viewport().repaint()
    for visible in map(int, sys.argv[6:]):
        span = min(visible, len(frame) * 9 // 10)  # with every bar in view finplot does not pan
        axis.vb.update_y_zoom(len(frame) - span, len(frame) - 1)
        window.viewport().repaint()
        step = max(span // 200, 1)
        axis.vb.pan_x(steps=-12 * step)
        QApplication.processEvents()
        window.viewport().repaint()

        def pan(i: int, step: int = step) -> None:
            axis.vb.pan_x(steps=step if i % 20 < 10 else -step)

        result["pan"][visible] = timed(window, n_frames, pan)
        result["pixels"][visible] = candle_pixels(window)
        result["visible"][visible] = axis.vb.viewRect().width()
    axis.vb.update_y_zoom(len(frame) - 200, len(frame) - 1)
    window.viewport().repaint()

    def update(i: int) -> None:
        frame.iloc[-1, frame.columns.get_loc("close")] += 0.01 if i % 2 else -0.01
        candles.update_data(frame[["open", "close", "high", "low"]])

    result["update"][200] = timed(window, max(n_frames // 4, 10), update)
    print(json.dumps(result))


def timed(window: fplt.FinWindow, n_frames: int, change: object) -> list[float]:
    """Milliseconds of each change with its paint."""
    took = []
    for i in range(n_frames):
        began = time.perf_counter()
        change(i)
        window.viewport().repaint()
        took.append((time.perf_counter() - began) * 1e3)
    return took


def candle_pixels(window: fplt.FinWindow) -> int:
    """Pixels in finplot's colours of rising and falling candles."""
    QApplication.processEvents()
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    pixels = np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4)[:, :, 2::-1].astype(int)
    wanted = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in ("#26a69a", "#ef5350")]
    return sum(int(np.all(np.abs(pixels - one) < 12, axis=2).sum()) for one in wanted)


if __name__ == "__main__":
    main()
