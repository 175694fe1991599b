"""`trii samples`: load the instruments that come with the program."""

import argparse

from backend.commands.context import CommandContext
from backend.commands.import_text import report_facts, report_lines
from backend.market.samples import load_samples


async def run(context: CommandContext, _arguments: argparse.Namespace) -> int:
    """Load them with source "sample", through the same importer as every other file."""
    reports = await load_samples(context.backend.importer)
    if context.as_json:
        await context.put_json({"imports": [report_facts(report, 0) for report in reports]})
        return 0
    for report in reports:
        for line in report_lines(report, 0):
            await context.say(line)
    return 0
