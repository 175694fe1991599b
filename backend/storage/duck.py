"""Queries over everything in the market store: an in-memory DuckDB reads segments and live rows, and owns nothing.

Tables that a query may name (all columns as in `backend.storage.segments`):

    bars     instrument, spec, source, event_ns, open, high, low, close, volume
    trades   instrument, source, event_ns, price, quantity, aggressor
    stock_quotes   bars under the column names of the first design: time, symbol, interval, source, open, high, low,
             close DECIMAL(18,8), volume BIGINT (null where unknown), vwap (null: bars do not tell it)
    stock_quotes_cents   the same with prices rounded to DECIMAL(10,2)

and any arrays given with the query, under their names. DuckDB is imported at the first query, not before.
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, LiteralString, Self, TypeAlias

import numpy as np
import pyarrow as pa

from backend.domain.bars import BarSpec
from backend.errors import InvalidInput, TriiError, Unavailable
from backend.storage.arrow_columns import column, text_column
from backend.storage.market_store import SAMPLE_SOURCE, MarketStore, source_rank
from backend.storage.segments import BAR_COLUMNS, TRADE_COLUMNS, Rows, SeriesKey, columns_of, concat_rows

MEMORY_BYTES: Final = 512 * 2**20
N_THREADS: Final = 2

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]

_LIVE_WINS: LiteralString = """
CREATE OR REPLACE VIEW bars AS
SELECT instrument, spec, source, event_ns, open, high, low, close, volume FROM segment_bars
ANTI JOIN live_bars USING (instrument, spec, source, event_ns)
UNION ALL SELECT instrument, spec, source, event_ns, open, high, low, close, volume FROM live_bars
"""
_NO_LIVE: LiteralString = """
CREATE OR REPLACE VIEW bars AS SELECT instrument, spec, source, event_ns, open, high, low, close, volume FROM segment_bars
"""
_TRADES: LiteralString = """
CREATE OR REPLACE VIEW trades AS
SELECT instrument, source, event_ns, price, quantity, aggressor FROM segment_trades
UNION ALL SELECT instrument, source, event_ns, price, quantity, aggressor FROM live_trades
"""
_STOCK_QUOTES: LiteralString = """
CREATE OR REPLACE VIEW stock_quotes AS
SELECT make_timestamp_ns(event_ns)::TIMESTAMPTZ AS time, instrument AS symbol, spec AS interval, source,
       open::DECIMAL(18, 8) AS open, high::DECIMAL(18, 8) AS high, low::DECIMAL(18, 8) AS low,
       close::DECIMAL(18, 8) AS close, if(isnan(volume), NULL, volume)::BIGINT AS volume, NULL::DECIMAL(18, 8) AS vwap
FROM bars
"""
_STOCK_QUOTES_CENTS: LiteralString = """
CREATE OR REPLACE VIEW stock_quotes_cents AS
SELECT time, symbol, interval, source, open::DECIMAL(10, 2) AS open, high::DECIMAL(10, 2) AS high,
       low::DECIMAL(10, 2) AS low, close::DECIMAL(10, 2) AS close, volume, vwap::DECIMAL(10, 2) AS vwap
FROM stock_quotes
"""
_CLOSES: LiteralString = """
SELECT instrument, event_ns, close FROM bars
WHERE spec = $spec AND event_ns >= $from_ns AND event_ns < $to_ns
  AND instrument NOT IN (SELECT instrument FROM several_sources)
"""
_CLOSES_OF_SEVERAL: LiteralString = """
SELECT instrument, event_ns, close FROM bars
WHERE spec = $spec AND event_ns >= $from_ns AND event_ns < $to_ns
  AND instrument NOT IN (SELECT instrument FROM several_sources)
UNION ALL
SELECT instrument, event_ns, arg_min(close, rank) AS close FROM bars JOIN several_sources USING (instrument, source)
WHERE spec = $spec AND event_ns >= $from_ns AND event_ns < $to_ns
GROUP BY instrument, event_ns
"""
_CENSUS: LiteralString = """
SELECT count(*) AS n_bars,
       count(*) FILTER (WHERE NOT coalesce(
           low <= least(open, close) AND high >= greatest(open, close) AND isfinite(low) AND isfinite(high)
           AND (volume >= 0 OR isnan(volume)), false)) AS n_impossible,
       count(*) - count(DISTINCT (instrument, spec, source, event_ns)) AS n_double
FROM bars WHERE instrument BETWEEN $first AND $last
"""
_NAMES: LiteralString = "SELECT DISTINCT instrument FROM bars ORDER BY instrument"
_CENSUS_INSTRUMENTS: Final = 200
_ALL_TIMES: Final = (-(2**63), 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Census:
    """All bars counted: how many there are, how many no bar may be, and how many stand there twice."""

    n_bars: int
    n_impossible: int
    n_double: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """One query and what it is run over."""

    sql: LiteralString
    parameters: Parameters
    arrays: Mapping[str, pa.Table]
    files: list[tuple[Path, str]]
    live: Mapping[SeriesKey, Rows]
    stop: threading.Event = field(default_factory=threading.Event)


class QueryEngine:
    """Runs read-only SQL over the store, one query at a time on a thread of its own; used as ``async with``.

    Segments that a query reads stay on disk until it has ended. Files outside the store and the network are out of
    reach, and only SELECT statements are run.
    """

    def __init__(self, store: MarketStore, spill: Path, *, memory_bytes: int = MEMORY_BYTES, n_threads: int = N_THREADS) -> None:
        self._store = store
        self._spill = spill
        self._memory_bytes = memory_bytes
        self._n_threads = n_threads
        self._thread = ThreadPoolExecutor(1, "market-query")
        self._turn = asyncio.Lock()
        self._connection: Any = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        async with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                await asyncio.get_running_loop().run_in_executor(self._thread, connection.close)
        self._thread.shutdown(wait=True)

    async def query(
        self, sql: LiteralString, parameters: Parameters = (), *, arrays: Mapping[str, pa.Table] | None = None
    ) -> pa.Table:
        """Rows of one SELECT; values go in as parameters, whole tables as ``arrays`` by name.

        Cancelling the caller stops the query. Raises InvalidInput for SQL that is wrong or does more than read,
        Unavailable when it needs more memory than allowed.
        """
        async with self._turn:
            with self._store.files() as (files, live):
                return await self._run(_Asked(sql, parameters, arrays or {}, files, live))

    async def closes(self, spec: BarSpec, *, from_ns: int | None = None, to_ns: int | None = None) -> pa.Table:
        """Closing prices of every instrument with bars of ``spec``: instrument, event_ns, close, in no order.

        Sources count as in `MarketStore.load`. Times as there: ``from_ns`` ≤ event_ns < ``to_ns``.
        """
        limits = {
            "spec": str(spec),
            "from_ns": _ALL_TIMES[0] if from_ns is None else from_ns,
            "to_ns": _ALL_TIMES[1] if to_ns is None else to_ns,
        }
        several = self._several_sources(spec)
        sql = _CLOSES_OF_SEVERAL if several.num_rows else _CLOSES
        return await self.query(sql, limits, arrays={"several_sources": several})

    async def census(self) -> Census:
        """Count every bar once more, by other means than the store's own; for doctors."""
        names = (await self.query(_NAMES))["instrument"].to_pylist()
        found = Census(0, 0, 0)
        # In portions, for a distinct count of everything would need more memory than a query may use.
        for first in range(0, len(names), _CENSUS_INSTRUMENTS):
            portion = names[first : first + _CENSUS_INSTRUMENTS]
            (row,) = (await self.query(_CENSUS, {"first": portion[0], "last": portion[-1]})).to_pylist()
            found = Census(found.n_bars + row["n_bars"], found.n_impossible + row["n_impossible"], found.n_double + row["n_double"])
        return found

    def _several_sources(self, spec: BarSpec) -> pa.Table:
        """Which sources to read, with their rank, of instruments that have more than one."""
        sources: dict[str, list[str]] = {}
        for key in self._store.series_keys():
            if key.spec == str(spec):
                sources.setdefault(key.instrument, []).append(key.source)
        rows = []
        for instrument, names in sources.items():
            if len(names) > 1:
                ranked = sorted((name for name in names if name != SAMPLE_SOURCE), key=source_rank)
                rows += [(instrument, name, rank) for rank, name in enumerate(ranked)]
        ones = [1] * len(rows)
        return pa.Table.from_arrays(
            [
                text_column([row[0] for row in rows], ones),
                text_column([row[1] for row in rows], ones),
                column(np.array([row[2] for row in rows], np.int64)),
            ],
            names=["instrument", "source", "rank"],
        )

    async def _run(self, asked: _Asked) -> pa.Table:
        future = asyncio.get_running_loop().run_in_executor(self._thread, self._answer, asked)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            asked.stop.set()
            while not future.done():
                if self._connection is not None:
                    self._connection.interrupt()  # may come just before the query begins, hence again and again
                await asyncio.wait([future], timeout=0.05)
            future.exception()
            raise

    def _answer(self, asked: _Asked) -> pa.Table:
        import duckdb  # noqa: PLC0415 - 0.2 s that the first chart must not wait for

        try:
            if self._connection is None:
                self._connection = self._connect()
            connection = self._connection
            kinds = [statement.type for statement in connection.extract_statements(asked.sql)]
            if kinds != [duckdb.StatementType.SELECT]:
                hint = "Market data is changed through the store."
                raise InvalidInput("A query must be one SELECT.", hint=hint, code="query.kind")
            self._show(connection, asked.files, asked.live)
            for name, table in asked.arrays.items():
                connection.register(name, table)
            if asked.stop.is_set():
                raise Unavailable("The query was stopped.", code="query.stopped")
            try:
                return connection.sql(asked.sql, params=asked.parameters or None).to_arrow_table()
            finally:
                for name in asked.arrays:
                    connection.unregister(name)
        except duckdb.Error as e:
            raise _translate(e, duckdb) from e

    def _connect(self) -> Any:
        import duckdb  # noqa: PLC0415 - as above

        connection = duckdb.connect(
            ":memory:",
            config={
                "threads": self._n_threads,
                "memory_limit": f"{self._memory_bytes}B",
                "temp_directory": str(self._spill),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            },
        )
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET allowed_directories = $1", [[str(self._store.folder), str(self._spill)]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    def _show(self, connection: Any, files: list[tuple[Path, str]], live: Mapping[SeriesKey, Rows]) -> None:
        """Give the views this query's files and live rows."""
        bars = {key: rows for key, rows in live.items() if not key.is_trades}
        trades = {key: rows for key, rows in live.items() if key.is_trades}
        connection.register("live_bars", _live_table(bars, BAR_COLUMNS))
        connection.register("live_trades", _live_table(trades, TRADE_COLUMNS))
        for kind, empty in (("bar", "live_bars"), ("trade", "live_trades")):
            paths = [str(path) for path, of_kind in files if of_kind == kind]
            segments = connection.read_parquet(paths) if paths else connection.table(empty).limit(0)
            segments.create_view(f"segment_{kind}s", replace=True)
        connection.execute(_LIVE_WINS if bars else _NO_LIVE)
        for view in (_TRADES, _STOCK_QUOTES, _STOCK_QUOTES_CENTS):
            connection.execute(view)


def _live_table(rows: Mapping[SeriesKey, Rows], names: Sequence[str]) -> pa.Table:
    counts = [len(piece) for piece in rows.values()]
    columns: dict[str, Any] = {
        name: text_column([key[place] for key in rows], counts) for place, name in enumerate(SeriesKey._fields)
    }
    if rows:
        columns |= {name: column(values) for name, values in columns_of(concat_rows(list(rows.values()))).items()}
    else:
        columns["event_ns"] = column(np.empty(0, np.int64))
        columns |= {name: column(np.empty(0, np.int8 if name == "aggressor" else np.float64)) for name in names}
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def _translate(error: Exception, duckdb: Any) -> TriiError:
    if isinstance(error, duckdb.OutOfMemoryException):
        return Unavailable(f"The query needs more memory than it may use: {error}", hint="Ask for less.", code="query.memory")
    if isinstance(error, duckdb.InterruptException):
        return Unavailable("The query was stopped.", code="query.stopped")
    if isinstance(error, duckdb.IOException):
        return Unavailable(f"The query could not read its files: {error}", hint="Verify the store.", code="query.files")
    return InvalidInput(f"The query cannot be run: {error}", code="query.wrong")
