"""Painting keeps every reference to None: the PySide6 release that does not aborts the interpreter after some thousand calls.

PySide6 6.12.0 under Python 3.11 dropped one reference on each void call; from Python 3.12 on None cannot die.
"""

import sys

import pytest
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen

N_ROUNDS = 2_000
CALLS_A_ROUND = 9
# Other code may take or drop some references meanwhile; the defect would move thousands.
SLACK = 200


def paint(painter: QPainter, n_rounds: int) -> None:
    pen, line, box = QPen(QColor("white")), QLineF(0, 0, 60, 40), QRectF(3, 3, 20, 20)
    for _ in range(n_rounds):
        painter.save()
        painter.setPen(pen)
        painter.setBrush(QColor("red"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.translate(QPointF(1, 1))
        painter.drawLine(line)
        painter.drawRect(box)
        painter.drawText(QPointF(4, 20), "1.5")
        painter.restore()


@pytest.mark.usefixtures("qapp")
def test_thousands_of_paint_calls_leave_the_count_of_none_where_it_was():
    image = QImage(64, 48, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    try:
        paint(painter, 10)
        before = sys.getrefcount(None)
        paint(painter, N_ROUNDS)
        after = sys.getrefcount(None)
    finally:
        painter.end()

    assert abs(after - before) < SLACK < N_ROUNDS * CALLS_A_ROUND / 10
    assert image.pixelColor(10, 10).alpha() > 0
