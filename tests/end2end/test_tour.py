"""The tour as a process with no display: what `dev.py run` shows on a machine without a screen."""

import re

from PySide6.QtGui import QImage

from tests.fakes.screenshot import count_near
from tests.fakes.trii import Trii


def test_a_tour_of_a_new_home_draws_the_samples_and_tells_what_it_measured(home, tmp_path):
    trii = Trii(home, tmp_path)
    said = trii("tour", "--out", "tour.png")

    assert (said.code, said.err) == (0, "")
    assert "Instruments    6" in said.out
    assert re.search(r"Bars           26,\d{3}\n", said.out)
    assert re.search(r"Frame time     [\d.]+ ms median", said.out)
    assert re.search(r"Memory         \d+ MB", said.out)
    image = QImage(str(tmp_path / "tour.png"))
    assert (image.width(), image.height()) == (1600, 1000)
    assert count_near(image, "#26a69a") > 500
    assert count_near(image, "#ef5350") > 500


def test_a_second_tour_finds_the_samples_there_already(home, tmp_path):
    trii = Trii(home, tmp_path)
    first, second = trii("tour"), trii("tour")

    assert (first.code, second.code) == (0, 0)
    assert first.out.splitlines()[:3] == second.out.splitlines()[:3]
    assert (tmp_path / "trii-tour.png").is_file()


def test_a_tour_of_a_home_that_is_open_says_so(home, tmp_path):
    trii = Trii(home, tmp_path)
    with trii.headless():
        said = trii("tour")

    assert said.code == 6
    assert "is open in another process" in said.err
    assert not (tmp_path / "trii-tour.png").exists()


def test_a_picture_that_cannot_be_written_is_a_failure_with_its_place(home, tmp_path):
    said = Trii(home, tmp_path)("tour", "--out", "nowhere/tour.png")

    assert said.code == 5
    assert "nowhere/tour.png" in said.err
