"""The X display that window tests run on."""

import subprocess

import pytest


@pytest.mark.display
def test_a_display_of_its_own_takes_the_mouse(display):
    display.xdotool("mousemove", "120", "80")

    assert "x:120 y:80" in display.xdotool("getmouselocation")
    assert subprocess.run(["xdotool", "getmouselocation"], env={"DISPLAY": ":9999"}, check=False, capture_output=True).returncode
