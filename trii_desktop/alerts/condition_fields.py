"""The fields of one comparison, a set for each kind: each shows a leaf of a condition and gives back what it now says."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QSpinBox, QWidget

from backend.alerts.alert import (
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Leaf,
    Operator,
    PercentCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from backend.charts.drawings import Drawing, DrawingKind
from trii_desktop.alerts.fields import Choice, MomentBox, PriceBox
from trii_desktop.alerts.indicator_fields import IndicatorFields
from trii_desktop.drawings.kinds import TITLES
from trii_desktop.widgets.layout import column, label, row

_K: Final = DrawingKind
EDGES: Final = (("the upper edge", "upper"), ("the lower edge", "lower"))
_BARS_PX: Final = 96
HOUR_NS: Final = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about, as far as its fields must know.

    last : the newest price, NaN where there is none; drawings : of the instrument, those that have lines to meet
    now_ns : for moments that are proposed
    """

    decimals: int = 2
    last: float = float("nan")
    drawings: tuple[Drawing, ...] = ()
    now_ns: int = 0


class LeafFields(QObject):
    """What stands beside the kind of a comparison, and what beside its operator; ``changed`` comes with every choice.

    has_operator : whether two things are compared
    """

    changed = Signal()
    has_operator = True

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.subject = subject
        self.beside_kind = QWidget()
        self.beside_operator = QWidget()

    @abstractmethod
    def leaf(self, operator: Operator) -> Leaf | None:
        """What is chosen; None while something is missing."""

    @abstractmethod
    def show_leaf(self, leaf: Leaf) -> None:
        """Show it without telling it."""


class PriceFields(LeafFields):
    """The last price against a number."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._shown: PriceCondition | None = None
        self.value = PriceBox("Price", decimals=subject.decimals)
        self.value.show_number(round(subject.last, subject.decimals) if subject.last == subject.last else 0.0)
        self.value.valueChanged.connect(self.changed)
        self.beside_operator.setLayout(row(self.value, None))

    def leaf(self, operator: Operator) -> Leaf:
        """A price that was not touched keeps the moment at which it was chosen."""
        value = self.value.value()
        is_same = self._shown is not None and self._shown.value == value
        return PriceCondition(operator, value, self._shown.set_ns if is_same and self._shown is not None else self.subject.now_ns)

    def show_leaf(self, leaf: Leaf) -> None:
        """Show the price."""
        assert isinstance(leaf, PriceCondition)
        self._shown = leaf
        self.value.show_number(leaf.value)


class PercentFields(LeafFields):
    """A move in percent since something."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.value = PriceBox("Percent", decimals=2)
        self.value.show_number(5.0)
        self.value.setSuffix(" %")
        since = (("the previous session's close", "session"), ("the close before", "bars"), ("a price", "price"))
        self.since = Choice("Since", since)
        self.n_bars = QSpinBox()
        self.n_bars.setRange(1, 5_000)
        self.n_bars.setAccessibleName("Bars ago")
        self.n_bars.setSuffix(" bars")
        self.n_bars.setFixedWidth(_BARS_PX)
        self.reference = PriceBox("Reference price", decimals=subject.decimals)
        self.reference.show_number(subject.last)
        for signal in (self.value.valueChanged, self.n_bars.valueChanged, self.reference.valueChanged):
            signal.connect(self.changed)
        self.since.currentIndexChanged.connect(self._since_chosen)
        self.beside_kind.setLayout(row(label("since", "muted"), self.since, self.n_bars, self.reference, None, gap=6))
        self.beside_operator.setLayout(row(self.value, None))
        self._show_parts()

    def leaf(self, operator: Operator) -> Leaf:
        """The move that is meant."""
        since = str(self.since.currentData())
        n_bars = self.n_bars.value() if since == "bars" else 1
        return PercentCondition(operator, self.value.value(), since, n_bars, self.reference.value() if since == "price" else 0.0)

    def show_leaf(self, leaf: Leaf) -> None:
        """Show the move."""
        assert isinstance(leaf, PercentCondition)
        self.value.show_number(leaf.value)
        self.since.choose(leaf.since)
        self.n_bars.setValue(leaf.n_bars)
        if leaf.since == "price":
            self.reference.show_number(leaf.reference)
        self._show_parts()

    def _since_chosen(self) -> None:
        self._show_parts()
        self.changed.emit()

    def _show_parts(self) -> None:
        self.n_bars.setVisible(self.since.currentData() == "bars")
        self.reference.setVisible(self.since.currentData() == "price")


class OtherSideFields(LeafFields):
    """An indicator against a number, the price, or another indicator."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.left = IndicatorFields("Indicator")
        self.against = Choice("Compared with", (("a number", "number"), ("the price", "price"), ("another indicator", "other")))
        self.value = PriceBox("Number", decimals=0)
        self.value.show_number(30.0)
        self.other = IndicatorFields("Other indicator")
        self.left.changed.connect(self.changed)
        self.other.changed.connect(self.changed)
        self.value.valueChanged.connect(self.changed)
        self.against.currentIndexChanged.connect(self._against_chosen)
        self.left.show_ref(IndicatorRef("rsi"))
        self.beside_kind.setLayout(column(self.left))
        self.beside_operator.setLayout(column(row(self.against, self.value, None, gap=6), self.other, gap=6))
        self._show_parts()

    def leaf(self, operator: Operator) -> Leaf:
        """The comparison that is meant."""
        against = self.against.currentData()
        if against == "other":
            return IndicatorCondition(self.left.ref, operator, other=self.other.ref)
        if against == "price":
            return IndicatorCondition(self.left.ref, operator, is_price=True)
        return IndicatorCondition(self.left.ref, operator, self.value.value())

    def show_leaf(self, leaf: Leaf) -> None:
        """Show the comparison."""
        assert isinstance(leaf, IndicatorCondition)
        self.left.show_ref(leaf.left)
        self.against.choose("other" if leaf.other is not None else "price" if leaf.is_price else "number")
        self.value.show_number(leaf.value)
        if leaf.other is not None:
            self.other.show_ref(leaf.other)
        self._show_parts()

    def _against_chosen(self) -> None:
        self._show_parts()
        self.changed.emit()

    def _show_parts(self) -> None:
        self.value.setVisible(self.against.currentData() == "number")
        self.other.setVisible(self.against.currentData() == "other")


class DrawingFields(LeafFields):
    """A line of a drawing."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._lost: DrawingCondition | None = None  # its drawing is gone
        offered = [(drawing_words(one, subject.decimals), one.id) for one in subject.drawings]
        self.drawing = Choice("Drawing", offered, n_letters=20)
        self.line = Choice("Line")
        self._none = label("Draw a line on the chart first.", "muted", wraps=True)
        self._none.setVisible(not subject.drawings)
        self.drawing.currentIndexChanged.connect(self._drawing_chosen)
        self.line.currentIndexChanged.connect(self.changed)
        self.beside_operator.setLayout(column(row(self.line, self.drawing, None, gap=6), self._none, gap=6))
        self._show_lines()

    def leaf(self, operator: Operator) -> Leaf | None:
        """The line that is meant."""
        if self._lost is not None:
            return DrawingCondition(self._lost.drawing, operator, self._lost.line)
        drawing, line = self.drawing.currentData(), self.line.currentData()
        return DrawingCondition(str(drawing), operator, str(line)) if drawing is not None and line is not None else None

    def show_leaf(self, leaf: Leaf) -> None:
        """Show the line; where the drawing is gone, say so and keep it until another is chosen."""
        assert isinstance(leaf, DrawingCondition)
        is_there = any(one.id == leaf.drawing for one in self.subject.drawings)
        self._lost = None if is_there else leaf
        self._none.setText("Its drawing is gone: choose another." if self.subject.drawings else "Its drawing is gone.")
        self._none.setVisible(not is_there)
        if is_there:
            self.drawing.choose(leaf.drawing)
            self._show_lines()
            self.line.choose(leaf.line)

    def _drawing_chosen(self) -> None:
        self._lost = None
        self._none.setVisible(False)
        self._show_lines()
        self.changed.emit()

    def _show_lines(self) -> None:
        drawing = next((one for one in self.subject.drawings if one.id == self.drawing.currentData()), None)
        lines = lines_of(drawing) if drawing is not None else ()
        self.line.offer(lines)
        self.line.setVisible(len(lines) > 1)
        self.drawing.setVisible(bool(self.subject.drawings))


class VolumeFields(LeafFields):
    """The volume of a bar."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.value = PriceBox("Volume", decimals=0)
        self.value.show_number(2.0)
        self.against = Choice("Compared with", (("times its average", "average"), ("traded", "quantity")))
        self.average = QSpinBox()
        self.average.setRange(1, 1_000)
        self.average.setValue(20)
        self.average.setAccessibleName("Bars of the average")
        self.average.setSuffix(" bars")
        self.average.setFixedWidth(_BARS_PX)
        for signal in (self.value.valueChanged, self.average.valueChanged):
            signal.connect(self.changed)
        self.against.currentIndexChanged.connect(self._against_chosen)
        self.beside_operator.setLayout(row(self.value, self.against, self.average, None, gap=6))

    def leaf(self, operator: Operator) -> Leaf:
        """The volume that is meant."""
        average = self.average.value() if self.against.currentData() == "average" else 0
        return VolumeCondition(operator, self.value.value(), average)

    def show_leaf(self, leaf: Leaf) -> None:
        """Show the volume."""
        assert isinstance(leaf, VolumeCondition)
        self.value.show_number(leaf.value)
        self.against.choose("average" if leaf.average else "quantity")
        self.average.setValue(leaf.average or 20)
        self.average.setVisible(bool(leaf.average))

    def _against_chosen(self) -> None:
        self.average.setVisible(self.against.currentData() == "average")
        self.changed.emit()


class TimeFields(LeafFields):
    """A moment."""

    has_operator = False

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.at = MomentBox("Time")
        self.at.show_moment(subject.now_ns // HOUR_NS * HOUR_NS + HOUR_NS)
        self.at.dateTimeChanged.connect(self.changed)
        self.beside_kind.setLayout(row(self.at, None))

    def leaf(self, _operator: Operator) -> Leaf:
        """The moment that is meant."""
        return TimeCondition(self.at.at_ns)

    def show_leaf(self, leaf: Leaf) -> None:
        """Show the moment."""
        assert isinstance(leaf, TimeCondition)
        self.at.show_moment(leaf.at_ns)


KINDS: Final[dict[type, tuple[str, Callable[[Subject], LeafFields]]]] = {
    PriceCondition: ("Price", PriceFields),
    PercentCondition: ("Move in percent", PercentFields),
    IndicatorCondition: ("Indicator", OtherSideFields),
    DrawingCondition: ("Drawing", DrawingFields),
    VolumeCondition: ("Volume", VolumeFields),
    TimeCondition: ("Time", TimeFields),
}


def lines_of(drawing: Drawing) -> tuple[tuple[str, str], ...]:
    """The lines of a drawing that a price can meet, in words and as conditions name them; empty where it has none."""
    if drawing.kind in (_K.TREND_LINE, _K.RAY, _K.HORIZONTAL):
        return (("the line", "line"),)
    if drawing.kind in (_K.CHANNEL, _K.RECTANGLE):
        return EDGES
    if drawing.kind is _K.FIBONACCI:
        return tuple((f"the {level:g} level", f"level:{level!r}") for level in drawing.style.levels)
    return ()


def drawing_words(drawing: Drawing, decimals: int) -> str:
    """``Trend line from 181.20``, with its own words where it has some."""
    text = f" “{drawing.text.splitlines()[0]}”" if drawing.text else ""
    return f"{TITLES[drawing.kind]}{text} from {drawing.anchors[0].price:,.{decimals}f}"
