"""`trii bars`: show bars of one instrument, or write them to a file."""

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path

from backend.commands.bar_files import check_target, save_bars
from backend.commands.bar_query import BarQuery
from backend.commands.bar_text import csv_pieces, json_pieces, table_pieces
from backend.commands.context import CommandContext
from backend.commands.numbers import format_count, format_size
from backend.commands.range import load_bars, read_query
from backend.domain.bars import BarArrays


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Load the bars and write them to standard output, or to the file ``--out``."""
    target = None if arguments.out is None else check_target(context.path(arguments.out))
    instrument = await context.backend.catalog.resolve(arguments.instrument)
    query = await read_query(context, arguments, instrument)
    bars = await load_bars(context, query)
    if target is not None:
        await _save(context, query, bars, target)
        return 0
    make = csv_pieces if arguments.csv else json_pieces if context.as_json else table_pieces
    await _pour(context, make(query, bars))
    return 0


async def _pour(context: CommandContext, pieces: Iterator[bytes]) -> None:
    """Write piece by piece; each is made on a thread, so that the engine goes on meanwhile."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        await context.terminal.write(piece)


async def _save(context: CommandContext, query: BarQuery, bars: BarArrays, target: Path) -> None:
    n_bytes = await asyncio.to_thread(save_bars, query, bars, target)
    if context.as_json:
        await context.put_json({"path": target, "bytes": n_bytes, "n_bars": len(bars), "instrument": query.instrument.id})
    else:
        await context.tell(f"Wrote {format_count(len(bars), 'bar')} of {query.series} to {target} ({format_size(n_bytes)}).")
