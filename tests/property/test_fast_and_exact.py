"""The columnar parser accepts what the exact one accepts and reads the same from it, on files broken in every way."""

import io
import math
import random

import numpy as np
import pytest

from backend.market.importers.numbers import PLAIN, NumberForm
from backend.market.importers.plan import Dialect, Role, TimeForm
from backend.market.importers.row_blocks import Reading
from backend.market.importers.text_rows import TextReader

PLACES = {Role.TIME: 0, Role.OPEN: 1, Role.HIGH: 2, Role.LOW: 3, Role.CLOSE: 4, Role.VOLUME: 5}
DIALECTS = {
    "iso": (Dialect(is_iso=True), "{y:04d}-{m:02d}-{d:02d} {h:02d}:{i:02d}:00"),
    "iso zoned": (Dialect(is_iso=True, has_zone=True), "{y:04d}-{m:02d}-{d:02d}T{h:02d}:{i:02d}:00Z"),
    "iso fractions": (Dialect(is_iso=True, has_fraction=True), "{y:04d}-{m:02d}-{d:02d} {h:02d}:{i:02d}:00.250"),
    "day first": (Dialect(date_order="dmy", delimiter=";", decimal=","), "{d}.{m}.{y} {h}:{i:02d}"),
    "month first": (Dialect(date_order="mdy", delimiter="\t"), "{m}/{d}/{y} {h}:{i:02d}"),
    "zoned clock": (Dialect(date_order="dmy", has_zone=True), "{d:02d}.{m:02d}.{y} {h:02d}:{i:02d} GMT+0100"),
    "epoch": (Dialect(time_form=TimeForm.EPOCH_MS, has_zone=True), "1{d:02d}{h:02d}{i:02d}000000"),
    "thousands": (Dialect(is_iso=True, delimiter=";", thousands=","), "{y:04d}-{m:02d}-{d:02d}"),
    "blanks": (Dialect(delimiter=" ", date_order="ymd"), "{y:04d}{m:02d}{d:02d}"),
}
JUNK = [
    "",
    " ",
    "NaN",
    "inf",
    "null",
    "-",
    "abc",
    '"',
    '"x',
    "1e5",
    "1_0",
    "٣",
    "0x1F",
    "9" * 400,
    "1,234.5",
    "1.234,5",
    "\x00",
    "\ufeff",
    "\r",
]
SEEDS = 60


class Source(io.BytesIO):
    @property
    def done_bytes(self):
        return self.tell()


def make_text(dialect, pattern, random_):
    lines = []
    for row in range(random_.randrange(3, 40)):
        stamp = pattern.format(y=2020, m=1 + row % 12, d=1 + row % 28, h=row % 24, i=row % 60)
        cells = [f"{random_.uniform(1, 5000):.{random_.randrange(4)}f}" for _ in range(5)]
        if dialect.thousands:
            cells = [f"{float(cell):,.2f}" for cell in cells]
        if dialect.decimal == ",":
            cells = [cell.replace(".", ",") for cell in cells]
        lines.append(dialect.delimiter.join([stamp, *cells]))
    return lines


def break_lines(lines, dialect, random_):
    for _ in range(random_.randrange(4)):
        place = random_.randrange(len(lines))
        cells = lines[place].split(dialect.delimiter)
        kind = random_.randrange(7)
        if kind == 0:
            cells[random_.randrange(len(cells))] = random_.choice(JUNK)
        elif kind == 1:
            cells = cells[: random_.randrange(len(cells) + 1)]
        elif kind == 2:
            cells.append(random_.choice(JUNK))
        elif kind == 3:
            cells = [f'"{cell}"' for cell in cells]
        elif kind == 4:
            cells[0] = random_.choice(
                ["2020-02-30", "30.02.2020 10:00", "2020-13-01 10:00", "99999999999999", "0001-01-01", "2020-01-02", ""]
            )
        elif kind == 5:
            cells = [""] * len(cells)
        else:
            cells[random_.randrange(len(cells))] += random_.choice([" ", '"', "\r", "\x00", "é"])
        lines[place] = dialect.delimiter.join(cells)
    return random_.choice(["\n", "\r\n"]).join(lines) + random_.choice(["", "\n", "\n\n"])


def read(text, dialect, *, is_exact_only):
    reading = Reading.make(dialect, dict(PLACES), 6)
    reader = TextReader(Source(text.encode()), reading, lambda: False, block_bytes=700, is_exact_only=is_exact_only)
    rows = []
    for block in reader.blocks():
        for i in range(len(block)):
            is_bad = i in block.reasons or any(flags[i] for flags in block.bad.values())
            if is_bad:
                rows.append((int(block.lines[i]), "refused"))
                continue
            values = tuple(float(block.values[role][i]) for role in list(PLACES)[1:])
            time_ns = None if block.no_time[i] else int(block.time_ns[i])
            rows.append((int(block.lines[i]), time_ns, *(None if math.isnan(v) else v for v in values)))
    return rows


@pytest.mark.parametrize("name", DIALECTS)
def test_both_readers_agree_on_every_row(name):
    dialect, pattern = DIALECTS[name]
    dialect = Dialect(**{f: getattr(dialect, f) for f in dialect.__slots__} | {"header_row": 0, "first_row": 1})
    for seed in range(SEEDS):
        random_ = random.Random(f"{name} {seed}")
        text = break_lines(make_text(dialect, pattern, random_), dialect, random_)
        assert read(text, dialect, is_exact_only=False) == read(text, dialect, is_exact_only=True), f"seed {seed}: {text!r}"


def test_numbers_of_both_readers_have_the_same_bits():
    random_ = random.Random(7)
    cells = [repr(random_.uniform(-1, 1) * 10 ** random_.randrange(-300, 300)) for _ in range(2000)]
    text = "\n".join(f"2020-01-02,{c},{c},{c},{c},{c}" for c in cells)
    dialect = Dialect(is_iso=True, header_row=0, first_row=1)
    fast, exact = (read(text, dialect, is_exact_only=flag) for flag in (False, True))
    assert np.array([row[2:] for row in fast]).tobytes() == np.array([row[2:] for row in exact]).tobytes()
    assert NumberForm() == PLAIN
