"""Named sets of studies in the money ledger: saved from one chart, applied to any other."""

from typing import Any, ClassVar, Final

import msgspec
from msgspec.structs import replace

from backend.charts.chart_state import MAIN_PANE, ChartState, Pane, Study, Value, check_state
from backend.errors import CorruptData, InvalidInput, NotFound, TriiError
from backend.storage.ledger import Ledger

NAME_MAX: Final = 60
TEMPLATES_MAX: Final = 200


class StudyTemplate(Value, frozen=True):
    """A set of studies with their parameters, looks and panes; ``panes`` from top to bottom with the one of the prices."""

    name: str
    studies: tuple[Study, ...]
    panes: tuple[Pane, ...] = (Pane(),)


def template_of(state: ChartState, name: str) -> StudyTemplate:
    """The studies of a chart under a name. Raises InvalidInput where there are none, or for a name that cannot be shown."""
    if not state.studies:
        raise InvalidInput("There is no indicator on the chart to save.", hint="Add one first.", code="template.empty")
    panes = tuple(Pane() if pane.id == MAIN_PANE else replace(pane, range=None) for pane in state.panes)
    return check_template(StudyTemplate(name.strip(), state.studies, panes))


def applied(state: ChartState, template: StudyTemplate) -> ChartState:
    """``state`` with the studies of ``template`` in the place of its own; the pane of the prices stays as it is."""
    panes = tuple(state.main if pane.id == MAIN_PANE else pane for pane in template.panes)
    return replace(state, studies=template.studies, panes=panes, maximised="")


def check_template(template: StudyTemplate) -> StudyTemplate:
    """``template`` where a chart can show it and a list its name; raises InvalidInput."""
    name = template.name
    if not name or len(name) > NAME_MAX or not name.isprintable() or name != name.strip():
        raise InvalidInput(
            f"{name!r} cannot name a template.", hint=f"Use 1 to {NAME_MAX} characters on one line.", code="template.name"
        )
    if not template.studies:
        raise InvalidInput(f"The template {name} holds no indicator.", hint="Save it from a chart anew.", code="template.empty")
    check_state(ChartState(panes=template.panes, studies=template.studies))
    return template


class TemplateStore:
    """Reads and changes templates; one name is one template, whatever its capitals."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def all(self) -> tuple[StudyTemplate, ...]:
        """Every template by name; raises CorruptData where one cannot be read."""
        rows = await self._ledger.read(lambda db: db.execute("SELECT body FROM study_templates ORDER BY key").fetchall())
        return tuple(_read(bytes(body)) for (body,) in rows)

    async def save(self, template: StudyTemplate) -> StudyTemplate | None:
        """Keep ``template`` and return the one of its name that it replaced. Raises InvalidInput."""
        check_template(template)
        key = template.name.casefold()

        def work(db: Any) -> StudyTemplate | None:
            before = db.execute("SELECT body FROM study_templates WHERE key = ?", (key,)).fetchone()
            (n_kept,) = db.execute("SELECT count(*) FROM study_templates").fetchone()
            if before is None and n_kept >= TEMPLATES_MAX:
                raise InvalidInput(
                    f"There are {n_kept} templates already.", hint="Delete one that you do not need.", code="template.full"
                )
            db.execute(
                "INSERT INTO study_templates (key, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                (key, msgspec.json.encode(template)),
            )
            return None if before is None else _read(bytes(before[0]))

        return await self._ledger.write(work)

    async def delete(self, name: str) -> StudyTemplate:
        """Forget a template and return it, for ``save`` to bring back. Raises NotFound."""
        key = name.casefold()

        def work(db: Any) -> StudyTemplate:
            found = db.execute("SELECT body FROM study_templates WHERE key = ?", (key,)).fetchone()
            if found is None:
                raise NotFound(f"There is no template {name}.", hint="Open the list anew.", code="template.unknown")
            db.execute("DELETE FROM study_templates WHERE key = ?", (key,))
            return _read(bytes(found[0]))

        return await self._ledger.write(work)


def _read(body: bytes) -> StudyTemplate:
    try:
        return check_template(msgspec.json.decode(body, type=StudyTemplate))
    except (msgspec.MsgspecError, TriiError) as e:
        raise CorruptData(f"A template of indicators cannot be read: {e}", hint="Restore a backup.", code="template.read") from e
