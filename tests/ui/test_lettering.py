"""Texts are laid out once while they are in use, and forgotten afterwards."""

from PySide6.QtGui import QFont

from trii_desktop.charts.lettering import _KEPT_MAX, Lettering


def test_texts_in_use_stay_laid_out_while_prices_come_and_go(qapp):
    letters = Lettering(qapp.font().family(), 12, QFont.Weight.Normal, 1.0)
    laid_out = letters._laid_out("12:30")
    for cents in range(3 * _KEPT_MAX):
        letters.width(f"{cents / 100:.2f}")
        letters.width("12:30")
    assert letters._laid_out("12:30") is laid_out
    assert len(letters._kept) + len(letters._before) <= 2 * _KEPT_MAX
    assert letters.width("12:30") == Lettering(qapp.font().family(), 12, QFont.Weight.Normal, 1.0).width("12:30")
