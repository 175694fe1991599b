"""Bounds of what an import reads, so that no file can exhaust memory, disk or patience."""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB

SAMPLE_BYTES: Final = 256 * KIB
"""Read from the head of a table to recognise it; a quarter as much from the tail of a plain file."""
SAMPLE_ROWS: Final = 2_000
SHOWN_ROWS: Final = 20
BLOCK_BYTES: Final = 16 * MIB
"""Text parsed at once; several times this is held in memory."""
BATCH_ROWS: Final = 262_144
"""Rows of a columnar file decoded at once."""
LINE_BYTES_MAX: Final = 64 * KIB
"""A longer line is no row of bars; it is refused and skipped."""
COLUMNS_MAX: Final = 256
SYMBOL_SCAN_BYTES: Final = 64 * MIB
"""How far a file is searched for the instruments it holds."""
SYMBOLS_MAX: Final = 1_000

MEMBERS_MAX: Final = 10_000
"""Files looked at inside an archive or a folder."""
DEPTH_MAX: Final = 3
"""Archives inside archives."""
UNPACKED_BYTES_MAX: Final = 64 * GIB
UNPACK_RATIO_MAX: Final = 200
"""A packed file that grows more than this is a bomb; tables of bars shrink 3 to 20 times."""
UNPACK_FREE_BYTES: Final = 64 * MIB
"""Below this size the ratio does not matter."""
JSON_WHOLE_BYTES_MAX: Final = 256 * MIB
"""JSON that cannot be read element by element must fit in memory."""
SHEET_FILE_BYTES_MAX: Final = 512 * MIB
SHEET_UNPACKED_BYTES_MAX: Final = 2 * GIB
SHEET_MEMORY_BYTES: Final = 3 * GIB
"""Address space of the process that reads a spreadsheet."""
SHEET_SILENCE_S: Final = 120.0
"""A spreadsheet reader that says nothing for so long is ended."""

REFUSED_ROWS_MAX: Final = 100_000
"""An import ends once more rows than this, and most of those read, are refused: the plan does not fit the file."""
ROW_TEXT_MAX: Final = 200
EXCESS_RELATIVE: Final = 1e-6
"""An open or close this far outside high and low, relative to the price, is a rounding error and is repaired."""
EARLIEST_YEAR: Final = 1800
FUTURE_DAYS: Final = 2
