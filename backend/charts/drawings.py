"""What a person draws on a chart, as values: anchored in time and raw price, so that they outlive intervals and splits."""

import enum
import math
import re
import uuid
from typing import Final

import msgspec

from backend.charts.chart_state import Dash, Value
from backend.errors import InvalidInput

DRAWING_VERSION: Final = 1
TEXT_LENGTH_MAX: Final = 500
LEVELS_MAX: Final = 24
LEVEL_MAX: Final = 100.0
TEXT_PX_MIN: Final = 8
TEXT_PX_MAX: Final = 64
PRICE_MAX: Final = 1e15
FIBONACCI_LEVELS: Final = (0.0, 0.236, 0.382, 0.5, 0.618, 0.786, 1.0)
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
TIME_MAX: Final = 2**62


class DrawingKind(enum.StrEnum):
    """What kind of thing a drawing is."""

    TREND_LINE = "trend_line"
    RAY = "ray"
    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    CHANNEL = "channel"
    RECTANGLE = "rectangle"
    FIBONACCI = "fibonacci"
    MEASURE = "measure"
    LONG = "long"
    SHORT = "short"
    TEXT = "text"


N_ANCHORS: Final = {
    DrawingKind.TREND_LINE: 2,
    DrawingKind.RAY: 2,
    DrawingKind.HORIZONTAL: 1,
    DrawingKind.VERTICAL: 1,
    DrawingKind.CHANNEL: 3,  # both ends of one line, and a point of the other
    DrawingKind.RECTANGLE: 2,
    DrawingKind.FIBONACCI: 2,
    DrawingKind.MEASURE: 2,
    DrawingKind.LONG: 3,  # entry at the left end; target and stop at the right end
    DrawingKind.SHORT: 3,
    DrawingKind.TEXT: 1,
}
POSITIONS: Final = (DrawingKind.LONG, DrawingKind.SHORT)


class Anchor(Value, frozen=True):
    """A point of a drawing.

    event_ns : UTC ns; of a bar of days or longer its session's label
    price : raw, as it was traded then; adjusted charts multiply it with the factor of that moment
    is_date : whether ``event_ns`` is a label rather than an instant
    """

    event_ns: int
    price: float
    is_date: bool = False


class DrawingStyle(Value, frozen=True):
    """How a drawing looks.

    colour : ``#rrggbb``, empty lets the theme choose; width : logical pixels, 1 to 6
    levels : shares of the distance between both anchors at which lines are drawn, for Fibonacci retracements
    is_extended, is_extended_back : whether lines go on past their second anchor, and past their first one
    text_px : logical pixels, 8 to 64
    """

    colour: str = ""
    width: int = 1
    dash: Dash = Dash.SOLID
    is_filled: bool = True
    is_extended: bool = False
    levels: tuple[float, ...] = ()
    is_extended_back: bool = False
    text_px: int = 12


class Drawing(Value, frozen=True):
    """One drawing of an instrument.

    id : never changes; made by whoever draws it
    risk : money at stake, for positions: says how many units that buys
    """

    id: str
    kind: DrawingKind
    anchors: tuple[Anchor, ...]
    style: DrawingStyle = DrawingStyle()
    text: str = ""
    risk: float = 0.0
    is_locked: bool = False
    is_shown: bool = True
    version: int = DRAWING_VERSION

    def moved_to(self, anchors: tuple[Anchor, ...]) -> "Drawing":
        """The same drawing elsewhere."""
        return msgspec.structs.replace(self, anchors=anchors)

    def cloned(self) -> "Drawing":
        """The same drawing with an id of its own, free to be moved."""
        return msgspec.structs.replace(self, id=new_id(), is_locked=False)


def new_id() -> str:
    """An id that no other drawing has."""
    return uuid.uuid4().hex


def save_drawing(drawing: Drawing) -> bytes:
    """The drawing as JSON text."""
    return msgspec.json.encode(drawing)


def load_drawing(text: bytes) -> Drawing:
    """Read what ``save_drawing`` wrote. Raises InvalidInput for anything else."""
    try:
        drawing = msgspec.json.decode(text, type=Drawing)
    except msgspec.MsgspecError as e:
        raise InvalidInput(f"A drawing cannot be read: {e}.", hint="Draw it anew.", code="drawing.text") from e
    return check_drawing(drawing)


def check_drawing(drawing: Drawing) -> Drawing:
    """``drawing`` where a chart can show it. Raises InvalidInput."""
    if drawing.version != DRAWING_VERSION:
        _refuse(f"has version {drawing.version}; this program reads version {DRAWING_VERSION}")
    if not drawing.id or len(drawing.id) > 64:
        _refuse(f"has the id {drawing.id[:80]!r}")
    if len(drawing.anchors) != N_ANCHORS[drawing.kind]:
        _refuse(f"of kind {drawing.kind} has {len(drawing.anchors)} anchors instead of {N_ANCHORS[drawing.kind]}")
    for anchor in drawing.anchors:
        if not (math.isfinite(anchor.price) and abs(anchor.price) < PRICE_MAX and abs(anchor.event_ns) <= TIME_MAX):
            _refuse(f"is anchored at {anchor.price} and {anchor.event_ns} ns")
    check_style(drawing.style)
    if len(drawing.text) > TEXT_LENGTH_MAX or not all(is_writable(c) for c in drawing.text):
        _refuse(f"says {drawing.text[:40]!r}, which is too long or cannot be shown")
    if not 0 <= drawing.risk < 1e15:
        _refuse(f"risks {drawing.risk}")
    return drawing


def is_writable(letter: str) -> bool:
    """Whether a text on a chart may have this character: what can be printed, line ends, joiners and non-joiners of letters."""
    return letter.isprintable() or letter in "\n\u200c\u200d"


def check_style(style: DrawingStyle) -> DrawingStyle:
    """``style`` where a chart can show it. Raises InvalidInput."""
    if (style.colour and not _COLOUR.fullmatch(style.colour)) or not 1 <= style.width <= 6:
        _refuse(f"has the colour {style.colour!r} and lines {style.width} pixels wide")
    if len(style.levels) > LEVELS_MAX or not all(math.isfinite(level) and abs(level) <= LEVEL_MAX for level in style.levels):
        _refuse(f"has the levels {style.levels}")
    if not TEXT_PX_MIN <= style.text_px <= TEXT_PX_MAX:
        _refuse(f"is written in letters of {style.text_px} pixels")
    return style


def _refuse(what: str) -> None:
    raise InvalidInput(f"A drawing {what}.", hint="Draw it anew.", code="drawing.value")
