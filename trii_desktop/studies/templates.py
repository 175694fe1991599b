"""Templates: the indicators of a chart saved under a name, and put on any chart from a list."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from backend.charts.study_templates import NAME_MAX, StudyTemplate, applied, template_of
from trii_desktop.charts.study_looks import look_of
from trii_desktop.desk import Desk
from trii_desktop.look import Look
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.studies.making import change_chart
from trii_desktop.widgets.ask import AskText
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, row


class TemplateList(QDialog):
    """Every template with what it holds; Enter or a double-click puts one on the chart, Delete deletes it."""

    chosen = Signal(object)
    deleted = Signal(object)
    wants_saving = Signal()

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent)
        self.setWindowTitle("Templates of indicators")
        self.setAccessibleName("Templates of indicators")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(460, 380)
        self.templates: tuple[StudyTemplate, ...] = ()
        self.view = QListWidget()
        self.view.setProperty("framed", True)
        self.view.setAccessibleName("Templates")
        self.view.itemActivated.connect(self._take)
        self.view.currentRowChanged.connect(self._enable)
        QShortcut(QKeySequence(Qt.Key.Key_Delete), self.view, self._delete, context=Qt.ShortcutContext.WidgetShortcut)
        words = "Save the indicators of a chart under a name, and put them on any other chart."
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(EmptyState("No templates yet", words, look, "indicator"))
        self.apply_button, self.delete_button = button("Put on the chart", primary=True), button("Delete")
        save, close = button("Save this chart’s…", name="Save this chart's indicators"), button("Close")  # noqa: RUF001 - a typographic apostrophe
        self.apply_button.clicked.connect(self._take)
        self.delete_button.clicked.connect(self._delete)
        save.clicked.connect(self.wants_saving)
        close.clicked.connect(self.accept)
        foot = row(save, self.delete_button, None, close, self.apply_button)
        self.setLayout(column(self._stack, foot, margins=(16,) * 4, gap=12))
        self.show_templates(())

    def show_templates(self, templates: tuple[StudyTemplate, ...]) -> None:
        """Show these; the choice stays where it was."""
        place = max(self.view.currentRow(), 0)
        self.templates = templates
        self.view.clear()
        for template in templates:
            held = ", ".join(look_of(study).title for study in template.studies)
            item = QListWidgetItem(f"{template.name}\n{held}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{template.name}: {held}")
            self.view.addItem(item)
        self.view.setCurrentRow(min(place, len(templates) - 1))
        self._stack.setCurrentIndex(0 if templates else 1)
        self._enable()

    def _enable(self, *_: object) -> None:
        has_any = self.view.currentRow() >= 0
        self.apply_button.setEnabled(has_any)
        self.delete_button.setEnabled(has_any)

    def _take(self, *_: object) -> None:
        if self.view.currentRow() >= 0:
            self.chosen.emit(self.templates[self.view.currentRow()])

    def _delete(self) -> None:
        if self.view.currentRow() >= 0:
            self.deleted.emit(self.templates[self.view.currentRow()])


class TemplateActions:
    """Methods that the action table names."""

    def __init__(self, window: QWidget, desk: Desk, active: ActiveChart) -> None:
        self._window = window
        self._desk = desk
        self._active = active
        self._store = desk.backend.templates
        self.dialog: TemplateList | None = None

    def save(self) -> None:
        """Ask for a name and keep the chart's indicators under it."""
        parent = self.dialog or self._window
        ask = AskText(parent, "Save template", "Name of the template", self.save_as)
        ask.field.setMaxLength(NAME_MAX)
        ask.open()

    def save_as(self, name: str) -> None:
        """Keep the chart's indicators under ``name``; one of this name gives way, and undo brings it back."""
        self._desk.start("Saving the template", self._save(name))

    def open_list(self) -> None:
        """Show every template."""
        if self.dialog is None:
            self.dialog = TemplateList(self._window, self._desk.look)
            self.dialog.chosen.connect(self.apply)
            self.dialog.deleted.connect(self.delete)
            self.dialog.wants_saving.connect(self.save)
            self.dialog.finished.connect(self._closed)
        self._desk.start("Reading the templates", self._refresh())
        self.dialog.show()
        self.dialog.raise_()

    def apply(self, template: StudyTemplate) -> None:
        """Put a template's indicators on the chart, in the place of its own."""
        change_chart(
            self._desk,
            self._active.current,
            partial(applied, template=template),
            f"The template {template.name} was put on the chart",
        )

    def delete(self, template: StudyTemplate) -> None:
        """Forget a template; undo brings it back."""
        self._desk.start("Deleting the template", self._delete(template.name))

    async def _save(self, name: str) -> None:
        made = template_of(self._active.current.state, name)
        before = await self._put(made)

        async def take_back() -> None:
            if before is None:
                await self._drop(made.name)
            else:
                await self._put(before)

        self._desk.did(f"The template {made.name} was saved", take_back, partial(self._put, made))

    async def _delete(self, name: str) -> None:
        gone = await self._drop(name)
        self._desk.did(f"The template {name} was deleted", partial(self._put, gone), partial(self._drop, name))

    async def _put(self, template: StudyTemplate) -> StudyTemplate | None:
        before = await self._desk.bridge.call(partial(self._store.save, template))
        await self._refresh()
        return before

    async def _drop(self, name: str) -> StudyTemplate:
        gone = await self._desk.bridge.call(partial(self._store.delete, name))
        await self._refresh()
        return gone

    async def _refresh(self) -> None:
        if self.dialog is not None:
            kept = await self._desk.bridge.call(self._store.all)
            if self.dialog is not None:
                self.dialog.show_templates(kept)

    def _closed(self) -> None:
        self.dialog = None
