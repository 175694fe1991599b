"""Sizes as traders type them."""

import pytest

from trii_desktop.live.size_field import SizeField, parse_size


@pytest.mark.parametrize(
    ("text", "size"), [("", None), ("  ", None), ("0.5", 0.5), ("10k", 10_000), ("1,500", 1_500), ("2.5M", 2.5e6), ("1b", 1e9)]
)
def test_a_size_is_read_as_traders_write_it(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["0", "-1", "k", "nan", "inf", "1e400", "ten", "1k5"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError):
        parse_size(text)


def test_sizes_are_told_as_they_are_typed_and_what_cannot_be_read_is_marked(qapp):
    field, told = SizeField("Size", "all", ""), []
    field.chosen.connect(told.append)
    for text in ("1", "1k", "1kx", "1k", ""):
        field.setText(text)
        assert bool(field.property("invalid")) == (text == "1kx")
    assert told == [1.0, 1_000.0, None]
