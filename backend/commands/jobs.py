"""`trii jobs`: what runs in the background, what failed, and how to try it again."""

import argparse
from typing import Any

from backend.commands.context import CommandContext
from backend.commands.tables import TextColumn, printable
from backend.commands.times import format_instant
from backend.jobs.job import Job

_COLUMNS = (
    TextColumn("job", is_number=True),
    TextColumn("kind"),
    TextColumn("state"),
    TextColumn("attempts", is_number=True),
    TextColumn("due"),
    TextColumn("ended"),
    TextColumn("words"),
)


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    runner = context.backend.jobs
    if arguments.action == "list":
        jobs = await runner.jobs()
        if context.as_json:
            await context.put_json([_facts(job) for job in jobs])
        elif jobs:
            await context.put_table(_COLUMNS, [_row(job) for job in jobs])
        else:
            await context.tell("There were no jobs yet.")
        return 0
    job = await (runner.retry if arguments.action == "retry" else runner.cancel)(arguments.job)
    if context.as_json:
        await context.put_json(_facts(job))
    else:
        await context.say(f"Job {job.id} ({job.kind}) is {job.state} now. {job.error or job.words}".rstrip())
    return 0


def _row(job: Job) -> tuple[str, ...]:
    ended = format_instant(job.finished_ns) if job.finished_ns else ""
    words = printable(job.error or job.words)
    return (str(job.id), job.kind, str(job.state), str(job.n_attempts), format_instant(job.due_ns), ended, words)


def _facts(job: Job) -> dict[str, Any]:
    return {
        "job": job.id,
        "kind": job.kind,
        "state": str(job.state),
        "attempts": job.n_attempts,
        "due": format_instant(job.due_ns),
        "ended": format_instant(job.finished_ns) if job.finished_ns else None,
        "progress": job.progress,
        "words": job.words,
        "error": job.error,
    }
