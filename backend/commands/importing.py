"""`trii import`: bars from files and folders into the store, with a report of every row that was not simply taken."""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from backend.commands.context import CommandContext
from backend.commands.failures import exit_code, explain
from backend.commands.import_text import plan_facts, plan_lines, report_facts, report_lines
from backend.commands.json_text import encode
from backend.commands.progress import ProgressBar, hide, showing
from backend.errors import InvalidInput, TriiError
from backend.jobs.imports import Imported
from backend.market.importers import Choices, ImportPlan, ImportReport, Progress
from backend.market.importers.plan import TimeForm


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Import every path; one that fails is told and does not stop the others. The code is that of the first failure."""
    choices = read_choices(arguments)
    results: list[dict[str, Any]] = []
    failures: list[TriiError] = []
    for path in arguments.paths:
        try:
            found = await context.backend.importer.survey(context.path(path), choices)
        except TriiError as e:
            await _tell_failure(context, str(path), e, results, failures)
            continue
        for name, why in found.skipped:
            await _tell_skipped(context, name, why, results)
        if arguments.dry_run:
            for plan in found.plans:
                await _show_plan(context, plan, results)
        else:
            await _import(context, found.plans, arguments.rows, results, failures)
    if context.as_json:
        await context.put_json({"dry_run": bool(arguments.dry_run), "imports": results})
    return exit_code(failures[0]) if failures else 0


def read_choices(arguments: argparse.Namespace) -> Choices:
    """What the options decide instead of the detection. Raises InvalidInput."""
    delimiter = {"tab": "\t", "\\t": "\t", "space": " "}.get(arguments.delimiter, arguments.delimiter)
    if delimiter is not None and len(delimiter) != 1:
        raise InvalidInput(
            f"The delimiter {delimiter!r} is not one character.", hint="Use --delimiter ';' or --delimiter tab.", code="usage"
        )
    return Choices(
        instrument=arguments.instrument,
        interval=arguments.interval,
        timezone=arguments.timezone,
        encoding=arguments.encoding,
        delimiter=delimiter,
        header_row=arguments.header_row,
        date_order=arguments.date_order,
        time_form=None if arguments.time_form is None else TimeForm(arguments.time_form),
        decimal=arguments.decimal,
        thousands=arguments.thousands,
        columns=dict(arguments.column) or None,
        symbol=arguments.symbol,
        stamp=arguments.stamp,
        kind=arguments.kind,
        currency=arguments.currency,
        calendar=arguments.calendar,
        name=arguments.name,
    )


async def _import(
    context: CommandContext, plans: Sequence[ImportPlan], n_listed: int, results: list[dict[str, Any]], failures: list[TriiError]
) -> None:
    """The tables of one path, as one job; each is told as it ends."""
    for plan in plans:
        if not plan.is_ready:
            await _tell_failure(context, plan.name, _undecided(plan), results, failures)
    ready = tuple(plan for plan in plans if plan.is_ready)
    if not ready:
        return
    imports, bar = context.backend.imports, ProgressBar()

    def report(state: Progress) -> None:
        bar.turn_to(state.name)
        bar.report(state)

    job = await imports.submit(ready)
    try:
        async with showing(context, bar), aclosing(imports.follow(job.id, report)) as ended:
            async for table in ended:
                await hide(context, bar)
                await _tell_outcome(context, table, n_listed, results, failures)
    except asyncio.CancelledError:
        stopped = await imports.stop(job.id)
        await context.tell(f"Stopped. {stopped.words or 'Nothing was imported.'}")
        raise


async def _tell_outcome(
    context: CommandContext, table: Imported, n_listed: int, results: list[dict[str, Any]], failures: list[TriiError]
) -> None:
    if table.error is not None:
        await _tell_failure(context, table.name, table.error, results, failures)
        return
    report = table.report
    assert report is not None, "What this process imports it has the report of."
    if not report.n_accepted and report.n_refused and not report.n_same:
        failures.append(_all_refused(report))
    results.append(report_facts(report, n_listed))
    if not context.as_json:
        for line in report_lines(report, n_listed):
            await context.say(line)


async def _show_plan(context: CommandContext, plan: ImportPlan, results: list[dict[str, Any]]) -> None:
    results.append(plan_facts(plan))
    if not context.as_json:
        for line in plan_lines(plan):
            await context.say(line)


async def _tell_skipped(context: CommandContext, name: str, why: TriiError, results: list[dict[str, Any]]) -> None:
    """A file without a table among others that have one is no failure, but it is named."""
    results.append({"name": name, "skipped": {"code": why.code, "message": why.message, "hint": why.hint}})
    if not context.as_json:
        await context.tell(f"{name}: passed over: {why.message}")


async def _tell_failure(
    context: CommandContext, name: str, error: TriiError, results: list[dict[str, Any]], failures: list[TriiError]
) -> None:
    failures.append(error)
    results.append({"name": name, "error": {"code": error.code, "message": error.message, "hint": error.hint}})
    told = explain(error, as_json=context.as_json, has_colour=context.terminal.facts.has_colour)
    await context.terminal.tell(told if context.as_json else encode(f"{name}: ") + told)


def _undecided(plan: ImportPlan) -> InvalidInput:
    return InvalidInput(
        " ".join(plan.problems),
        hint="See 'trii import FILE --dry-run' and say it with the options of 'trii import --help'.",
        code="import.undecided",
    )


def _all_refused(report: ImportReport) -> InvalidInput:
    return InvalidInput(f"Every row of {report.name} was refused.", code="import.all_refused")
