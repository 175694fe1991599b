"""Imports: preview what a file holds, then read, check and publish it whole or not at all."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final, TypeAlias

from backend.errors import InvalidInput
from backend.market.importers.import_log import load_record, load_records
from backend.market.importers.parts import ImportParts
from backend.market.importers.plan import Choices, ImportPlan, Survey, Window
from backend.market.importers.report import ImportRecord, ImportReport, Progress

_HISTORY: Final = 1_000

Tell: TypeAlias = Callable[[Progress], None]


class Importer:
    """Brings files into the market store. Lives on the engine thread; files are read on threads of their own.

    Recognition and readers are imported when they are first asked for: no first chart waits for them.
    """

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: ImportParts) -> None:
        self._parts = parts

    async def preview(self, path: Path, choices: Choices | None = None) -> tuple[ImportPlan, ...]:
        """A plan for every table of a file, archive or folder, from a sample of each; nothing is imported.

        Raises NotFound, Unavailable, InvalidInput where no table is found.
        """
        return (await self.survey(path, choices)).plans

    async def survey(self, path: Path, choices: Choices | None = None) -> Survey:
        """A plan for every table, and what was passed over because it holds none. Raises as `preview`."""
        from backend.market.importers.surveying import survey  # noqa: PLC0415 - see the class

        return await survey(path, choices or Choices(), self._parts.catalog, self._parts.clock)

    async def history(self, limit: int = _HISTORY, *, source: str | None = None) -> tuple[ImportRecord, ...]:
        """The newest imports, under one source or all, newest first."""
        return await self._parts.ledger.read(lambda connection: tuple(load_records(connection, limit, source)))

    def new_id(self) -> str:
        """An id for an import that begins now or later; ids sort by time."""
        return f"{self._parts.clock.now_ns():016x}{secrets.token_hex(4)}"

    async def record(self, import_id: str) -> ImportRecord | None:
        """The line of one import in the log; None where it was never published."""
        return await self._parts.ledger.read(lambda connection: load_record(connection, import_id))

    async def run(
        self, plan: ImportPlan, *, progress: Tell | None = None, window: Window | None = None, import_id: str = ""
    ) -> ImportReport:
        """Read, check and publish one table by one commit; when cancelled before that commit, or failed, nothing has changed.

        progress : called on this thread, at most ten times a second
        window : only these bytes of a plain text file, as a watched folder asks for
        import_id : from `new_id`, for who must be able to ask afterwards whether it was published; else it gets one
        Raises InvalidInput (undecided plan, broken file, hopeless rows), NotFound, Unavailable (disk full).
        """
        if plan.problems:
            raise InvalidInput(
                f"{plan.name} cannot be imported yet. {' '.join(plan.problems)}",
                hint="Decide it in the preview, or with the options of `trii import`.",
                code="import.undecided",
            )
        from backend.market.importers.import_run import run_plan  # noqa: PLC0415 - see the class

        return await run_plan(self._parts, plan, progress, window, import_id or self.new_id())
