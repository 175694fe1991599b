"""Changes of a chart's state as steps of undo and redo, whole ones and one that grows while an editor is open."""

from typing import Protocol

from backend.charts.chart_state import ChartState
from backend.charts.state_diff import StateChange, diff, joined, reversed_changes
from trii_desktop.undo import Step, UndoStack


class Changeable(Protocol):
    """A chart, as far as its steps know it."""

    @property
    def state(self) -> ChartState:
        """All that a person has chosen."""
        ...

    async def take(self, changes: tuple[StateChange, ...]) -> None:
        """Make ``changes``, opening another series if need be. Raises what opening raises, and nothing is changed then."""
        ...

    def take_now(self, changes: tuple[StateChange, ...]) -> None:
        """Make ``changes`` that need no other series."""
        ...


class _Made:
    """The changes of one step; an open editor may still replace them."""

    def __init__(self, chart: Changeable, changes: tuple[StateChange, ...]) -> None:
        self._chart = chart
        self.changes = changes

    async def take_back(self) -> None:
        """Take the changes back, and leave what was changed apart from them."""
        await self._chart.take(reversed_changes(self.changes))

    async def repeat(self) -> None:
        """Make the changes again."""
        await self._chart.take(self.changes)


class ChartSteps:
    """The steps of one chart on the window's undo stack."""

    def __init__(self, undo: UndoStack, chart: Changeable) -> None:
        self._undo = undo
        self._chart = chart
        self._steps: list[Step] = []

    async def make(self, state: ChartState, title: str) -> bool:
        """Bring the chart to ``state`` as one step; False, and no step, where nothing differs."""
        changes = diff(self._chart.state, state)
        if changes:
            await self._chart.take(changes)
            self.remember(title, changes)
        return bool(changes)

    def make_now(self, state: ChartState, title: str) -> bool:
        """The same at once, for a state of the series that is shown."""
        changes = diff(self._chart.state, state)
        if changes:
            self._chart.take_now(changes)
            self.remember(title, changes)
        return bool(changes)

    def remember(self, title: str, changes: tuple[StateChange, ...]) -> tuple[Step, _Made]:
        """Put changes that were made on the stack."""
        made = _Made(self._chart, changes)
        step = self._undo.push(title, made.take_back, made.repeat)
        self._steps = [*(old for old in self._steps if self._undo.is_known(old)), step]
        return step, made

    def begin(self, title: str) -> "GrowingStep":
        """A step for an editor: each ``show`` takes effect at once, all of them are one step, and ``cancel`` leaves none."""
        return GrowingStep(self, self._undo, self._chart, title)

    def close(self) -> None:
        """Forget all steps: their chart is gone."""
        self._undo.withdraw(*self._steps)
        self._steps.clear()


class GrowingStep:
    """What an editor changes while it is open, as one step of undo.

    The step is on the stack from the first change on, so that Ctrl+Z beside an open editor takes back what the editor did.
    """

    def __init__(self, steps: ChartSteps, undo: UndoStack, chart: Changeable, title: str) -> None:
        self._steps = steps
        self._undo = undo
        self._chart = chart
        self._title = title
        self._step: Step | None = None
        self._made: _Made | None = None

    def show(self, state: ChartState) -> None:
        """Bring the chart to ``state`` at once."""
        changes = diff(self._chart.state, state)
        if not changes:
            return
        self._chart.take_now(changes)
        if self._step is None or self._made is None or not self._undo.is_done(self._step):
            self._step, self._made = self._steps.remember(self._title, changes)
            return
        self._made.changes = joined(self._made.changes, changes)
        if not self._made.changes:
            self._undo.withdraw(self._step)
            self._step = None

    def cancel(self) -> None:
        """Take back what was shown, and forget the step."""
        if self._step is None or self._made is None:
            return
        if self._undo.is_done(self._step):
            self._chart.take_now(reversed_changes(self._made.changes))
        self._undo.withdraw(self._step)
        self._step = None
