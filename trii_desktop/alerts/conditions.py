"""Rows of comparisons that together are a condition: every one of them, or any of them, must be true."""

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

from backend.alerts.alert import AllOf, AnyOf, Condition, Leaf, Operator, PriceCondition, TimeCondition
from backend.alerts.checks import LEAVES_MAX
from trii_desktop.alerts.condition_fields import KINDS, LeafFields, PriceFields, Subject
from trii_desktop.alerts.fields import Choice
from trii_desktop.look import Look
from trii_desktop.widgets.layout import button, column, frame, label, row

OPERATORS: Final = (
    ("crosses", Operator.CROSSES),
    ("rises above", Operator.CROSSES_ABOVE),
    ("falls below", Operator.CROSSES_BELOW),
    ("is above", Operator.ABOVE),
    ("is at or above", Operator.AT_LEAST),
    ("is below", Operator.BELOW),
    ("is at or below", Operator.AT_MOST),
    ("is at", Operator.EQUAL),
)
ALL, ANY = "all", "any"
_KIND_PX: Final = 150
_TOP: Final = Qt.AlignmentFlag.AlignTop


class ConditionRow(QWidget):
    """One comparison: its kind, how the two sides are compared, and their fields. ``removed`` asks to be taken out."""

    changed = Signal()
    removed = Signal()

    def __init__(self, look: Look, subject: Subject) -> None:
        super().__init__()
        self._subject = subject
        self.kind = Choice("What is watched", [(words, kind) for kind, (words, _) in KINDS.items()])
        self.kind.setFixedWidth(_KIND_PX)
        self.operator = Choice("Comparison", OPERATORS)
        self.operator.setFixedWidth(_KIND_PX)
        self.remove = QToolButton()
        self.remove.setIcon(look.icon("close"))
        self.remove.setAccessibleName("Remove this condition")
        self.remove.setToolTip("Remove this condition")
        self.remove.clicked.connect(self.removed)
        self.fields: LeafFields = KINDS[PriceCondition][1](subject)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self.kind, 0, 0, _TOP)
        self._grid.addWidget(self.operator, 1, 0, _TOP)
        self.kind.currentIndexChanged.connect(self._kind_chosen)
        self.operator.currentIndexChanged.connect(self.changed)
        body = row(self._grid, self.remove, margins=(10, 10, 6, 10), gap=6)
        body.setStretch(0, 1)
        body.setAlignment(self.remove, _TOP)
        self.setLayout(column(frame("card", body)))
        self._place()  # last: what is shown or hidden without a parent flashes as a window of its own

    @property
    def leaf(self) -> Leaf | None:
        """What the row says; None while something is missing."""
        operator: Operator = self.operator.currentData()
        return self.fields.leaf(operator)

    def show_leaf(self, leaf: Leaf) -> None:
        """Show a comparison without telling it."""
        self.kind.choose(type(leaf))
        self._show_fields(type(leaf))
        if not isinstance(leaf, TimeCondition):
            self.operator.choose(leaf.operator)
        self.fields.show_leaf(leaf)

    def take_focus(self) -> None:
        """Give what is entered most often the keyboard: the number of a price, else the kind."""
        target = self.fields.value if isinstance(self.fields, PriceFields) else self.kind
        target.setFocus()
        if isinstance(self.fields, PriceFields):
            self.fields.value.selectAll()

    def follow(self, subject: Subject) -> None:
        """Another instrument is meant, or its drawings are known now."""
        leaf = self.leaf
        self._subject = subject
        self._show_fields(self.kind.currentData())
        if leaf is not None:
            self.fields.show_leaf(leaf)

    def _kind_chosen(self) -> None:
        self._show_fields(self.kind.currentData())
        self.changed.emit()

    def _show_fields(self, kind: type) -> None:
        old, self.fields = self.fields, KINDS[kind][1](self._subject)
        for part in (old.beside_kind, old.beside_operator):
            self._grid.removeWidget(part)
            part.setParent(None)
            part.deleteLater()
        old.deleteLater()
        self._place()

    def _place(self) -> None:
        self.fields.setParent(self)
        self._grid.addWidget(self.fields.beside_kind, 0, 1, _TOP)
        self._grid.addWidget(self.fields.beside_operator, 1, 1, _TOP)
        self.fields.changed.connect(self.changed)
        self.operator.setVisible(self.fields.has_operator)


class ConditionList(QWidget):
    """All rows, and whether all or any of them must be true. ``changed`` comes with every choice.

    A condition with groups inside groups, as a command can make one, is kept as it is and only told in words.
    """

    changed = Signal()

    def __init__(self, look: Look, subject: Subject) -> None:
        super().__init__()
        self._look = look
        self._subject = subject
        self._kept: Condition | None = None
        self.rows: list[ConditionRow] = []
        self.joined = Choice("Which of them", (("All of these", ALL), ("Any of these", ANY)))
        self.joined.setFixedWidth(_KIND_PX)
        self.joined.currentIndexChanged.connect(self.changed)
        self.add = button("Add a condition", quiet=True)
        self.add.clicked.connect(self._add_another)
        self._nested = label(
            "This alert was made by a command, with groups inside groups. They stay as they are.", "caption", wraps=True
        )
        self._nested.hide()
        self._rows = column(gap=6)
        self.setLayout(column(self.joined, self._nested, self._rows, row(self.add, None), gap=6))
        self._add(None)

    @property
    def condition(self) -> Condition | None:
        """What the rows say together; None while something is missing."""
        if self._kept is not None:
            return self._kept
        leaves = [made.leaf for made in self.rows]
        found = tuple(leaf for leaf in leaves if leaf is not None)
        if len(found) < len(leaves):
            return None
        if len(found) == 1:
            return found[0]
        return AllOf(found) if self.joined.currentData() == ALL else AnyOf(found)

    def show_condition(self, condition: Condition) -> None:
        """Show a condition without telling it."""
        parts: tuple[Condition, ...] = condition.of if isinstance(condition, AllOf | AnyOf) else (condition,)
        leaves = [part for part in parts if not isinstance(part, AllOf | AnyOf)]
        is_nested = len(leaves) < len(parts)
        self._kept = condition if is_nested else None
        self._nested.setVisible(is_nested)
        self.joined.choose(ANY if isinstance(condition, AnyOf) else ALL)
        for made in tuple(self.rows):
            self._take_out(made)
        for leaf in () if is_nested else leaves:
            self._add(leaf)
        self.add.setVisible(not is_nested)
        self._show_parts()

    def follow(self, subject: Subject) -> None:
        """Another instrument is meant, or its drawings are known now."""
        self._subject = subject
        for made in self.rows:
            made.follow(subject)

    def _add_another(self) -> None:
        self._add(None)
        self.rows[-1].kind.setFocus()
        self.changed.emit()

    def _add(self, leaf: Leaf | None) -> None:
        made = ConditionRow(self._look, self._subject)
        if leaf is not None:
            made.show_leaf(leaf)
        made.changed.connect(self.changed)
        made.removed.connect(partial(self._remove, made))
        self.rows.append(made)
        self._rows.addWidget(made)
        self._show_parts()

    def _remove(self, made: ConditionRow) -> None:
        self._take_out(made)
        self.rows[-1].kind.setFocus()
        self.changed.emit()

    def _take_out(self, made: ConditionRow) -> None:
        self.rows.remove(made)
        self._rows.removeWidget(made)
        made.setParent(None)
        made.deleteLater()
        self._show_parts()

    def _show_parts(self) -> None:
        for made in self.rows:
            made.remove.setVisible(len(self.rows) > 1)
        self.joined.setVisible(len(self.rows) > 1)
        self.add.setEnabled(len(self.rows) < LEAVES_MAX)
