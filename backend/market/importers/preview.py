"""Plans: from the head of a table, the catalog and the user's choices to all that an import needs to know."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from backend.clock import Clock
from backend.domain.bars import DAY_NS, Bar, BarSpec, Int64s
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.market.catalog import Catalog
from backend.market.importers.cell_rows import block_of_cells
from backend.market.importers.checks import IsOpen, RowJudge, Rules, judge_all
from backend.market.importers.file_names import NameGuess, read_file_name, read_interval
from backend.market.importers.guess import (
    CRYPTO_VENUE,
    LOCAL_VENUE,
    SpecGuess,
    guess_instrument,
    guess_spec,
    guess_zone,
    make_instrument,
    parse_kind,
)
from backend.market.importers.limits import SHOWN_ROWS
from backend.market.importers.plan import Choices, ImportPlan, PlanNote, Role, TimeForm
from backend.market.importers.recognise import Recognised, recognise
from backend.market.importers.row_blocks import Reading, RowBlock
from backend.market.importers.tables import TableHead
from backend.market.importers.zones import check_timezone

_UNKNOWN: Final = InstrumentId("UNKNOWN", LOCAL_VENUE)
_READ_ROWS: Final = 500
_FALLBACK_SPEC: Final = BarSpec.parse("1d")


@dataclass(frozen=True, slots=True)
class Named:
    """An instrument for a plan, whether the catalog lacks it, and how it was found."""

    instrument: Instrument
    is_new: bool
    note: PlanNote
    problem: str = ""


async def make_plan(head: TableHead, choices: Choices, catalog: Catalog, clock: Clock, *, symbol: str = "") -> ImportPlan:
    """Plan the import of one table, or of the rows of one symbol in it. Raises InvalidInput for impossible choices."""
    found = recognise(head.sample, choices, head.dialect)
    named = await _find_instrument(head, found, choices, catalog, symbol)
    instrument, notes, problems = named.instrument, [*found.notes, named.note], list(found.problems)
    if named.problem:
        problems.append(named.problem)
    timezone, spec, is_descending, takes_labels = instrument.timezone, _FALLBACK_SPEC, False, False
    block = _sample_block(head, found, symbol) if found.place(Role.TIME) is not None else None
    if block is not None:
        guessed = _find_spec(head, found, block, choices)
        notes.append(PlanNote("interval", str(guessed.spec or "?"), guessed.reason, guessed.is_sure))
        spec = guessed.spec or _FALLBACK_SPEC
        if guessed.spec is None:
            problems.append("Which interval do the rows have? Nothing in the table tells.")
        timezone, zone_note = _find_zone(head, found, block, choices, instrument, spec)
        notes.extend([zone_note] if zone_note else [])
        is_descending = _runs_back(block.time_ns)
        takes_labels = spec.is_dated and block.is_instant and not (block.time_ns % DAY_NS).any()
        notes.extend(_order_notes(spec, block, is_descending=is_descending, takes_labels=takes_labels, timezone=timezone))
    plan = ImportPlan(
        path=head.place.path,
        inside=head.inside,
        n_inside=len(head.inside) - len(head.place.inside),
        format=head.format,
        layout=found.layout,
        dialect=found.dialect,
        columns=found.columns,
        instrument=instrument,
        is_new_instrument=named.is_new,
        spec=spec,
        timezone=timezone,
        stamp=choices.stamp or "open",
        is_descending=is_descending,
        takes_labels=takes_labels,
        symbol=symbol,
        source=choices.source,
        size_bytes=head.place.size_bytes,
        sample=tuple(tuple(row) for row in head.sample.rows[:SHOWN_ROWS]),
        sample_bars=(),
        notes=tuple(notes),
        problems=tuple(problems),
        choices=choices,
    )
    can_show = block is not None and found.place(Role.CLOSE) is not None
    return replace(plan, sample_bars=_sample_bars(plan, block, clock)) if can_show and block is not None else plan


def rules_of(plan: ImportPlan, now_ns: int, is_open: IsOpen | None = None) -> Rules:
    """What the rows of a plan must obey."""
    return Rules(
        timezone=plan.timezone,
        is_dated=plan.spec.is_dated,
        takes_labels=plan.takes_labels,
        may_be_negative=plan.instrument.may_be_negative,
        is_descending=plan.is_descending,
        now_ns=now_ns,
        stamp=plan.stamp,
        duration_ns=(plan.spec.duration_ns or 0) if plan.spec.is_intraday else 0,
        is_open=is_open,
    )


def _sample_block(head: TableHead, found: Recognised, symbol: str) -> RowBlock | None:
    places: dict[Role, int] = {column.role: column.index for column in found.columns if column.role is not Role.NONE}
    if Role.CLOSE not in places:
        places.setdefault(Role.CLOSE, places[Role.TIME])  # only the times are looked at
    reading = Reading.make(found.dialect, places, len(found.columns), symbol)
    rows = head.sample.rows[:_READ_ROWS]
    if found.place(Role.CLOSE) is None:
        reading.places.pop(Role.CLOSE)
    block = block_of_cells(rows, np.arange(1, len(rows) + 1, dtype=np.int64), reading, lambda i: " ".join(rows[i]))
    is_read = ~block.no_time
    if block.reasons:
        is_read[list(block.reasons)] = False
    block = block.keep(is_read)
    return block if len(block) else None


def _sample_bars(plan: ImportPlan, block: RowBlock, clock: Clock) -> tuple[Bar, ...]:
    judge = RowJudge(rules_of(plan, clock.now_ns()), lambda _: None)
    bars: list[Bar] = []
    for judged in judge_all(iter([block]), judge):
        bars.extend(judged.bars.bar(i) for i in range(min(SHOWN_ROWS, len(judged.bars))))
    return tuple(bars[:SHOWN_ROWS])


# --- instrument -------------------------------------------------------------------------------------------------------


async def _find_instrument(head: TableHead, found: Recognised, choices: Choices, catalog: Catalog, symbol: str) -> Named:
    if choices.instrument is not None:
        named = await _chosen(choices.instrument, catalog)
    else:
        named = await _guessed(head, found, catalog, symbol)
    if not named.is_new:
        return named
    return replace(named, instrument=_with_choices(named.instrument, choices))


def _with_choices(instrument: Instrument, choices: Choices) -> Instrument:
    if choices.kind is not None or choices.currency is not None or choices.name is not None:
        kind = parse_kind(choices.kind) if choices.kind else instrument.kind
        currency = (choices.currency or instrument.currency).strip().upper()
        instrument = replace(instrument, kind=kind, currency=currency, name=choices.name or instrument.name)
    return replace(instrument, calendar=choices.calendar) if choices.calendar else instrument


async def _chosen(text: str, catalog: Catalog) -> Named:
    stem, dot, _ = text.strip().rpartition(".")
    if dot and stem:
        wanted = InstrumentId.parse(text)
        known = await _known(catalog, wanted)
        note = PlanNote("instrument", str(wanted), "chosen")
        return Named(known or make_instrument(wanted), known is None, note)
    try:
        resolved = await catalog.resolve(text)
    except NotFound:
        guess = guess_instrument(NameGuess(text), "", "the chosen code")
        if guess is None:
            raise
        return Named(guess.instrument, True, PlanNote("instrument", str(guess.instrument.id), guess.reason, guess.is_sure))
    return Named(resolved, False, PlanNote("instrument", str(resolved.id), "chosen"))


async def _known(catalog: Catalog, id_: InstrumentId) -> Instrument | None:
    try:
        return await catalog.get(id_)
    except NotFound:
        return None


async def _guessed(head: TableHead, found: Recognised, catalog: Catalog, symbol: str) -> Named:
    for name, origin in _name_guesses(head, found, symbol):
        guess = guess_instrument(name, found.layout, origin)
        if guess is None:
            continue
        known = await _known(catalog, guess.instrument.id)
        if known is None and guess.instrument.id.venue in {LOCAL_VENUE, CRYPTO_VENUE}:
            known = await _only_one_called(catalog, guess.instrument.id.code)
        if known is not None:
            note = PlanNote("instrument", str(known.id), f"{origin}, and the catalog knows it", guess.is_sure)
            return Named(known, False, note)
        return Named(guess.instrument, True, PlanNote("instrument", str(guess.instrument.id), guess.reason, guess.is_sure))
    note = PlanNote("instrument", "?", "neither the file's name nor its columns tell", is_sure=False)
    return Named(make_instrument(_UNKNOWN), True, note, "Which instrument is this? Neither the file's name nor its columns tell.")


def _name_guesses(head: TableHead, found: Recognised, symbol: str) -> list[tuple[NameGuess, str]]:
    """Codes that may name the instrument, the best first."""
    guesses = []
    in_column = symbol or _only_value(head, found, Role.SYMBOL)
    if in_column:
        guesses.append((NameGuess(in_column.strip()), "its symbol column"))
    if len(head.inside) > len(head.place.inside):
        guesses.append((read_file_name(head.label), f"the name {head.label!r}"))
    guesses.append((read_file_name(head.place.file_name), "the file's name"))
    if head.place.inside:
        guesses.append((read_file_name(head.place.path.name), "the archive's name"))
    is_close_only = found.place(Role.HIGH) is None and found.place(Role.CLOSE) is not None
    if is_close_only and head.sample.names is not None and len(found.columns) == 2:
        guesses.append((NameGuess(found.columns[found.place(Role.CLOSE) or 0].name), "the name of its only column of values"))
    return guesses


def _only_value(head: TableHead, found: Recognised, role: Role) -> str:
    place = found.place(role)
    if place is None:
        return ""
    values = {row[place].strip() for row in head.sample.rows if place < len(row) and row[place].strip()}
    return values.pop() if len(values) == 1 else ""


async def _only_one_called(catalog: Catalog, code: str) -> Instrument | None:
    try:
        return await catalog.resolve(code)
    except (NotFound, InvalidInput):
        return None


# --- interval, zone, order --------------------------------------------------------------------------------------------


def _find_spec(head: TableHead, found: Recognised, block: RowBlock, choices: Choices) -> SpecGuess:
    if choices.interval is not None:
        return SpecGuess(BarSpec.parse(choices.interval), "chosen")
    named, origin = None, "the file's name"
    in_column = _only_value(head, found, Role.INTERVAL)
    if in_column:
        named, origin = read_interval(in_column, bare_is_minutes=True), "its interval column"
    if named is None:
        named = read_file_name(head.label).spec or read_file_name(head.place.file_name).spec
        origin = "the file's name"
    return guess_spec(block.time_ns, named, origin)


def _find_zone(
    head: TableHead, found: Recognised, block: RowBlock, choices: Choices, instrument: Instrument, spec: BarSpec
) -> tuple[str, PlanNote | None]:
    if choices.timezone is not None:
        zone = check_timezone(choices.timezone)
        return zone, PlanNote("time zone", zone, "chosen")
    if block.is_instant:
        words = "since 1970 UTC" if found.dialect.time_form is not TimeForm.TEXT else "each time tells its own"
        return instrument.timezone, PlanNote("time zone", instrument.timezone if spec.is_dated else "UTC", words)
    place = found.place(Role.TIME)
    hints = [head.sample.names[place]] if head.sample.names and place is not None else []
    guess = guess_zone(instrument, block.time_ns, spec, [*hints, head.place.file_name])
    return guess.timezone, PlanNote("time zone", guess.timezone, guess.reason, guess.is_sure)


def _runs_back(times: Int64s) -> bool:
    steps = np.diff(times)
    return int(np.count_nonzero(steps < 0)) > int(np.count_nonzero(steps > 0))


def _order_notes(spec: BarSpec, block: RowBlock, *, is_descending: bool, takes_labels: bool, timezone: str) -> Sequence[PlanNote]:
    notes = [PlanNote("order", "newest first", "most rows are older than the row before them")] if is_descending else []
    if spec.is_dated and block.is_instant:
        words = "midnights UTC are taken as dates" if takes_labels else f"instants are turned into dates in {timezone}"
        notes.append(PlanNote("dates of bars", words, "the rows carry instants"))
    return notes
