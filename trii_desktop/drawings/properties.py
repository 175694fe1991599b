"""How selected drawings look and at which prices they stand; seen on the chart at once, every change a step of undo."""

from functools import partial
from typing import Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QDoubleSpinBox, QFormLayout, QLineEdit, QMenu, QSpinBox, QWidget

from backend.charts.drawings import (
    FIBONACCI_LEVELS,
    LEVEL_MAX,
    LEVELS_MAX,
    POSITIONS,
    PRICE_MAX,
    TEXT_PX_MAX,
    TEXT_PX_MIN,
    Drawing,
    DrawingKind,
    DrawingStyle,
)
from trii_desktop.charts.colors import ChartColors
from trii_desktop.drawings.controller import DrawingController
from trii_desktop.drawings.grips import with_price
from trii_desktop.drawings.kinds import GOES_ON, HAS_COLOUR, HAS_GROUND, HAS_LINES, HAS_TEXT, TITLES
from trii_desktop.widgets.ask import AskText
from trii_desktop.widgets.colours import ColourButton
from trii_desktop.widgets.dash_box import DashBox
from trii_desktop.widgets.layout import button, column, label, row

_FLAGS: Final = (
    ("is_filled", "Tint the ground", HAS_GROUND),
    ("is_extended", "Go on past the end", GOES_ON),
    ("is_extended_back", "Go on before the beginning", GOES_ON - {DrawingKind.RAY}),
)
_ANCHOR_NAMES: Final = {
    1: ("Price",),
    2: ("First price", "Second price"),
    3: ("First price", "Second price", "Price of the other line"),
}
_POSITION_NAMES: Final = ("Entry", "Target", "Stop")


class DrawingProperties(QDialog):
    """Changes what is selected on one chart as one chooses; what is asked for follows the kind of the first one."""

    def __init__(self, parent: QWidget, controller: DrawingController, colors: ChartColors) -> None:
        super().__init__(parent)
        self._controller = controller
        selected = controller.selected
        self._kind = selected[0].kind
        title = TITLES[self._kind] if len(selected) == 1 else f"{len(selected)} drawings"
        self.setWindowTitle(title)
        self.setAccessibleName(f"Look of {title}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(360)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        self._add_looks(form, colors)
        self._add_values(form)
        self._problem = label("", "error", wraps=True)
        self._problem.hide()
        self.looks = button("Looks")
        self.looks.setMenu(QMenu(self.looks))
        self.looks.menu().aboutToShow.connect(self.fill_looks)
        close = button("Close", primary=True)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        self.setLayout(column(form, self._problem, 8, row(self.looks, None, close), margins=(16, 16, 16, 16)))
        self._show()
        controller.selection_changed.connect(self._show)

    def fill_looks(self) -> None:
        """Offer the looks that were kept for this kind."""
        menu, choices = self.looks.menu(), self._controller.choices
        named = choices.named.get(self._kind, {})
        menu.clear()
        for name in sorted(named, key=str.casefold):
            menu.addAction(name.replace("&", "&&"), partial(self._wear, named[name]))
        if named:
            menu.addSeparator()
        menu.addAction("Keep this look…", self._ask_name)
        gone = menu.addMenu("Remove")
        gone.setEnabled(bool(named))
        for name in sorted(named, key=str.casefold):
            gone.addAction(name.replace("&", "&&"), partial(choices.forget_named, self._kind, name))
        menu.addAction("Look of the beginning", self._controller.edits.reset_style)

    # --- what is asked for --------------------------------------------------------------------------------------------

    def _add_looks(self, form: QFormLayout, colors: ChartColors) -> None:
        self.colour = ColourButton(TITLES[self._kind], colors.line, colors.studies)
        self.colour.chosen.connect(self._set_colour)
        self.width_px = QSpinBox()
        self.width_px.setRange(1, 6)
        self.width_px.setSuffix(" px")
        self.width_px.valueChanged.connect(partial(self._set, "width"))
        self.dash = DashBox()
        self.dash.chosen.connect(partial(self._set, "dash"))
        self.text_px = QSpinBox()
        self.text_px.setRange(TEXT_PX_MIN, TEXT_PX_MAX)
        self.text_px.setSuffix(" px")
        self.text_px.valueChanged.connect(partial(self._set, "text_px"))
        for words, field, kinds in (
            ("Colour", self.colour, HAS_COLOUR),
            ("Width", self.width_px, HAS_LINES),
            ("Line", self.dash, HAS_LINES),
            ("Letters", self.text_px, HAS_TEXT),
        ):
            self._ask(form, words, field, is_asked=self._kind in kinds)
        self.flags: dict[str, QCheckBox] = {}
        for name, words, kinds in _FLAGS:
            if self._kind in kinds:
                box = self.flags[name] = QCheckBox(words)
                box.toggled.connect(partial(self._set, name))
                form.addRow("", box)

    def _add_values(self, form: QFormLayout) -> None:
        self.levels = QLineEdit()
        self.levels.editingFinished.connect(self._set_levels)
        self.risk = _price_field(2)
        self.risk.setRange(0, 1e12)
        self.risk.valueChanged.connect(self._controller.edits.stake)
        for words, field, is_asked in (
            ("Levels", self.levels, self._kind is DrawingKind.FIBONACCI),
            ("Money at risk", self.risk, self._kind in POSITIONS),
        ):
            self._ask(form, words, field, is_asked=is_asked)
        self.prices: list[QDoubleSpinBox] = []
        if len(self._controller.selected) == 1 and self._kind is not DrawingKind.VERTICAL:
            first = self._controller.selected[0]
            names = _POSITION_NAMES if self._kind in POSITIONS else _ANCHOR_NAMES[len(first.anchors)]
            for number, words in enumerate(names):
                field = _price_field(self._controller.layer.decimals)
                field.setAccessibleName(words)
                field.valueChanged.connect(partial(self._set_price, number))
                form.addRow(words, field)
                self.prices.append(field)

    def _ask(self, form: QFormLayout, words: str, field: QWidget, *, is_asked: bool) -> None:
        field.setAccessibleName(words)
        if is_asked:
            form.addRow(words, field)
        else:
            field.setParent(self)
            field.hide()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Show what is selected without changing it."""
        selected = [drawing for drawing in self._controller.selected if drawing.kind is self._kind]
        if not selected:
            self.close()
            return
        first, place = selected[0], self._controller.layer.place
        style = first.style
        asked = (self.width_px, self.text_px, self.levels, self.risk, *self.flags.values(), *self.prices)
        blockers = [QSignalBlocker(field) for field in asked]
        self.colour.show_colour(style.colour)
        self.width_px.setValue(style.width)
        self.dash.show_dash(style.dash)
        self.text_px.setValue(style.text_px)
        for name, box in self.flags.items():
            box.setChecked(getattr(style, name))
        if not self.levels.hasFocus():
            self.levels.setText(", ".join(f"{level:g}" for level in style.levels or FIBONACCI_LEVELS))
            self.levels.setCursorPosition(0)
        self.risk.setValue(first.risk)
        for field, anchor in zip(self.prices, first.anchors, strict=False):
            field.setEnabled(place is not None and not first.is_locked)
            if place is not None:
                field.setValue(place.price_of(anchor))
        for blocker in blockers:
            blocker.unblock()

    # --- what is chosen -----------------------------------------------------------------------------------------------

    def _set(self, name: str, value: object) -> None:
        def change(style: DrawingStyle) -> DrawingStyle:
            return msgspec.structs.replace(style, **{name: value})

        self._controller.edits.restyle("Change the look", change)

    def _wear(self, style: DrawingStyle) -> None:
        self._controller.edits.restyle("Change the look", lambda _: style)

    def _set_colour(self, colour: str) -> None:
        self._set("colour", self.colour.seen(colour) if colour else "")

    def _set_levels(self) -> None:
        try:
            levels = tuple(float(word) for word in self.levels.text().replace(";", ",").split(",") if word.strip())
        except ValueError:
            levels = ()
        is_possible = 0 < len(levels) <= LEVELS_MAX and all(abs(level) <= LEVEL_MAX for level in levels)
        self._problem.setVisible(not is_possible)
        if is_possible:
            self._set("levels", tuple(sorted(set(levels))))
        else:
            self._problem.setText(f"Write up to {LEVELS_MAX} numbers between -{LEVEL_MAX:g} and {LEVEL_MAX:g}, such as 0, 0.5, 1.")

    def _set_price(self, number: int, price: float) -> None:
        place, selected = self._controller.layer.place, self._controller.selected
        if place is not None and len(selected) == 1 and not selected[0].is_locked:
            self._controller.edits.place(with_price(selected[0], number, price, place))

    def _ask_name(self) -> None:
        AskText(self, "Keep", "Name of this look", self._keep).open()

    def _keep(self, name: str) -> None:
        first: Drawing = self._controller.selected[0]
        self._controller.choices.keep_named(self._kind, name, first.style)


def _price_field(decimals: int) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setRange(-PRICE_MAX / 2, PRICE_MAX / 2)
    field.setDecimals(decimals)
    field.setSingleStep(10.0**-decimals)
    field.setGroupSeparatorShown(True)
    field.setKeyboardTracking(False)
    field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    field.setMinimumWidth(160)
    return field
