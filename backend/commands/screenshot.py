"""`trii screenshot`: a chart as a PNG file, drawn by whoever can."""

import argparse
import asyncio
from pathlib import Path
from typing import Final

from backend.charts.chart_state import ChartState
from backend.charts.still_chart import ChartReader, StillChart, Stretch
from backend.commands.bar_files import replacing
from backend.commands.bar_query import BarQuery
from backend.commands.chart_words import state_of, with_comparison
from backend.commands.context import ChartRequest, CommandContext
from backend.commands.numbers import format_count
from backend.commands.range import nothing_found, read_query
from backend.domain.instruments import Instrument
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.storage.durable import explain_os_error

N_BARS: Final = 250


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Draw the bars asked for and write the picture."""
    target = _check_target(context.path(arguments.out))
    if context.renderer is None:
        raise Unavailable("This process cannot draw charts.", hint="Close it and try again.", code="chart.renderer")
    state = await _read_state(context, arguments)
    instrument = await _choose(context, arguments.instrument or state.instrument)
    query = await read_query(context, arguments, instrument)
    chart = await _read_chart(context, query, state)
    width_px, height_px = arguments.size
    request = ChartRequest(
        instrument,
        query.spec,
        chart.bars,
        arguments.theme,
        width_px,
        height_px,
        query.adjusted,
        state,
        chart.lines,
        chart.breaks,
        arguments.colours,
    )
    picture = await context.renderer.render(request)
    await asyncio.to_thread(_save, target, picture)
    if context.as_json:
        size = {"width_px": width_px, "height_px": height_px}
        counts = {"n_bars": len(chart.bars), "n_lines": len(chart.lines), "bytes": len(picture)}
        await context.put_json({"path": target, **size, "series": query.series, **counts})
    else:
        await context.tell(f"Drew {format_count(len(chart.bars), 'bar')} of {query.series} into {target}.")
    return 0


async def _read_state(context: CommandContext, arguments: argparse.Namespace) -> ChartState:
    """The chart asked for; options that were not given are taken from the saved one."""
    saved = None if arguments.state is None else await asyncio.to_thread(_read, context.path(arguments.state))
    state = state_of(arguments, saved)
    for text in arguments.compare:
        state = with_comparison(state, str((await context.backend.catalog.resolve(text)).id))
    arguments.interval = arguments.interval or state.interval or None
    arguments.adjusted = state.is_adjusted
    return state


async def _read_chart(context: CommandContext, query: BarQuery, state: ChartState) -> StillChart:
    """The bars and lines to draw. Raises NotFound without bars, InvalidInput where something cannot be computed."""
    n_last, to_ns = query.n_last, query.to_ns
    if (query.from_ns, to_ns, n_last) == (None, None, None):
        # As many as the saved chart shows, up to where it looks.
        n_last = max(round(state.visible.n_bars), 1) if state.visible.n_bars else N_BARS
        to_ns = None if state.visible.right_ns is None else state.visible.right_ns + 1
    reader = ChartReader(context.backend.history, context.backend.catalog, context.backend.calendars)
    chart = await reader.read(query.series, state, Stretch(query.from_ns, to_ns, n_last, query.as_of_ns, query.source))
    if not len(chart.bars):
        raise await nothing_found(context, query)
    for key, why in chart.errors.items():
        raise InvalidInput(f"{key} cannot be drawn: {why}", hint="Leave it out, or change its values.", code="screenshot.line")
    return chart


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise explain_os_error(e, "read the chart", path) from e


async def _choose(context: CommandContext, text: str) -> Instrument:
    if text:
        return await context.backend.catalog.resolve(text)
    stored = await context.backend.store.series()
    if not stored:
        raise NotFound(
            "There are no bars to draw.", hint="Import some with 'trii import FILE', or load 'trii samples'.", code="bars.none"
        )
    return await context.backend.catalog.get(stored[0].series.instrument)


def _check_target(path: Path) -> Path:
    if path.suffix.lower() != ".png":
        raise InvalidInput(f"{path.name!r} is not the name of a PNG file.", hint="End it in .png.", code="screenshot.out")
    if not path.parent.is_dir():
        raise InvalidInput(f"There is no folder {path.parent}.", hint="Make it first.", code="screenshot.out")
    return path


def _save(path: Path, picture: bytes) -> None:
    try:
        with replacing(path) as file:
            file.write(picture)
    except OSError as e:
        raise explain_os_error(e, "write the picture", path) from e
