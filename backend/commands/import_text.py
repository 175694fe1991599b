"""What an import plans and what it did, as lines for people and as facts for JSON."""

from collections.abc import Iterator
from typing import Any, Final

from backend.commands.numbers import format_count, format_size
from backend.commands.tables import TextColumn, cut, format_table
from backend.commands.times import find_zone, format_times
from backend.domain.actions import CorporateAction, Dividend, Split
from backend.domain.instruments import Instrument
from backend.market.importers import ImportPlan, ImportReport, RowNote

SAMPLE_LINES: Final = 5
ROW_TEXT_COLUMNS: Final = 60
_COUNTS: Final = (
    ("n_accepted", "accepted"),
    ("n_same", "stored before"),
    ("n_missing", "without values"),
    ("n_refused", "refused"),
    ("n_overruled", "overruled by a later row"),
)
_OF_THE_ACCEPTED: Final = (
    ("n_replaced", "replaced other values, kept as a revision"),
    ("n_repaired", "repaired"),
    ("n_off_calendar", "outside the calendar's sessions"),
)


def plan_lines(plan: ImportPlan) -> Iterator[str]:
    """How a table would be read, and why."""
    yield f"{plan.name}  ({format_size(plan.size_bytes)}, {plan.layout or plan.format})"
    new = "a new instrument" if plan.is_new_instrument else "known"
    yield f"  into {plan.instrument.id} {plan.spec}  ({plan.instrument.name}, {new})"
    room = max((len(note.decision) for note in plan.notes), default=0)
    for note in plan.notes:
        doubt = "" if note.is_sure else "  (a guess)"
        yield f"  {note.decision:<{room}}  {note.value}: {note.reason}{doubt}"
    for problem in plan.problems:
        yield f"  UNDECIDED: {problem}"
    headings = tuple(
        TextColumn(f"{column.name}={column.role}" if column.role else column.name, may_be_cut=True) for column in plan.columns
    )
    rows = [tuple(row[: len(headings)]) + ("",) * (len(headings) - len(row)) for row in plan.sample[:SAMPLE_LINES]]
    for line in format_table(headings, rows).splitlines():
        yield f"    {line}"


def plan_facts(plan: ImportPlan) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "name": plan.name,
        "path": plan.path,
        "member": plan.member,
        "format": plan.format,
        "layout": plan.layout,
        "series": plan.series,
        "instrument": instrument_facts(plan.instrument),
        "is_new_instrument": plan.is_new_instrument,
        "timezone": plan.timezone,
        "stamp": plan.stamp,
        "symbol": plan.symbol,
        "source": plan.source,
        "size_bytes": plan.size_bytes,
        "dialect": {name: getattr(plan.dialect, name) for name in plan.dialect.__slots__},
        "columns": [{"index": c.index, "name": c.name, "role": c.role} for c in plan.columns],
        "notes": [{"decision": n.decision, "value": n.value, "reason": n.reason, "is_sure": n.is_sure} for n in plan.notes],
        "problems": plan.problems,
        "sample": plan.sample,
    }


def report_lines(report: ImportReport, n_listed: int) -> Iterator[str]:
    """What an import did; the first ``n_listed`` rows that were not simply taken, and where all of them lie."""
    yield f"{report.name}: {report.series} from {format_count(report.n_rows, 'row')} in {report.seconds:.2f} s"
    counts = [(getattr(report, name), words) for name, words in _COUNTS]
    yield "  " + ", ".join(f"{count:,} {words}" for count, words in counts if count or words == "accepted")
    for name, words in _OF_THE_ACCEPTED:
        if getattr(report, name):
            yield f"  of these {getattr(report, name):,} {words}"
    if report.n_other_symbol:
        yield f"  {report.n_other_symbol:,} of other instruments were left out"
    if report.revision_id is not None:
        yield f"  revision {report.revision_id}; 'trii revisions restore {report.revision_id}' brings the old values back"
    if report.actions:
        yield f"  found in the adjusted prices: {_describe_actions(report.actions)}"
    for remark in report.remarks:
        yield f"  {remark}"
    listed = report.rows[:n_listed]
    yield from (f"  line {note.line}: {note.kind.value.replace('_', ' ')}: {note.reason}  | {_shown(note)}" for note in listed)
    if report.n_notes > len(listed) and report.rows_path is not None:
        yield f"  {report.n_notes - len(listed):,} more rows are listed in {report.rows_path}"


def report_facts(report: ImportReport, n_listed: int) -> dict[str, Any]:
    """The same for JSON."""
    names = ("n_rows", "n_accepted", "n_same", "n_missing", "n_refused", "n_overruled", "n_repaired", "n_replaced")
    is_dated = report.series.spec.is_dated
    ends = [ns for ns in (report.first_ns, report.last_ns) if ns is not None]
    first, last = format_times(ends, find_zone("UTC"), is_dated=is_dated) if len(ends) == len(("first", "last")) else (None, None)
    return {
        "name": report.name,
        "path": report.path,
        "import_id": report.import_id,
        "series": report.series,
        "source": report.source,
        **{name: getattr(report, name) for name in names},
        "n_off_calendar": report.n_off_calendar,
        "n_other_symbol": report.n_other_symbol,
        "first": first,
        "last": last,
        "rows": [{"line": n.line, "kind": n.kind, "reason": n.reason, "text": n.text} for n in report.rows[:n_listed]],
        "n_notes": report.n_notes,
        "rows_path": report.rows_path,
        "actions": [action_facts(action) for action in report.actions],
        "remarks": report.remarks,
        "revision": report.revision_id,
        "seconds": round(report.seconds, 3),
    }


def instrument_facts(instrument: Instrument) -> dict[str, Any]:
    """An instrument for JSON."""
    return {
        "id": instrument.id,
        "name": instrument.name,
        "kind": instrument.kind,
        "currency": instrument.currency,
        "calendar": instrument.calendar,
        "timezone": instrument.timezone,
    }


def action_facts(action: CorporateAction) -> dict[str, Any]:
    """A split or dividend for JSON."""
    (day,) = format_times((action.ex_ns,), find_zone("UTC"), is_dated=True)
    if isinstance(action, Split):
        return {"kind": "split", "ex_date": day, "ratio": action.ratio}
    return {"kind": "dividend", "ex_date": day, "amount": action.amount}


def _describe_actions(actions: tuple[CorporateAction, ...]) -> str:
    n_dividends = sum(isinstance(action, Dividend) for action in actions)
    n_splits = len(actions) - n_dividends
    counts = ((n_splits, "split"), (n_dividends, "dividend"))
    return ", ".join(format_count(count, noun) for count, noun in counts if count)


def _shown(note: RowNote) -> str:
    return cut(note.text.replace("\t", " "), ROW_TEXT_COLUMNS)
