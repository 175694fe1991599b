"""Put what a restore has verified in the place of what was there: decided once, and carried on after a crash at any point.

Nothing is deleted: what was there is moved aside. For PostgreSQL the schema is renamed, which is one transaction.
"""

import asyncio
import shutil
from pathlib import Path
from typing import Annotated, Any, Final

import asyncpg  # type: ignore[import-untyped]  # it has no types
import msgspec

from sync_server.storage.durable import sync_folder, write_durably
from sync_server.storage.failures import cannot_open
from sync_server.storage.postgres import SCHEMA

STAGE: Final = ".restoring"
STAGED_SCHEMA: Final = "trii_restoring"
PLAN: Final = "decided.json"
_ASIDE_SCHEMA: Final = "trii_before_"
_RENAME: Final = "SELECT format('ALTER SCHEMA %I RENAME TO %I', $1::text, $2::text)"
_CONNECT_S: Final = 10.0


class Move(msgspec.Struct, frozen=True):
    """``staged`` takes the place of ``target``; ``also`` goes aside with the target."""

    staged: str
    target: str
    also: tuple[str, ...] = ()


Stamp = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f_]{1,30}$")]


class SwapPlan(msgspec.Struct, frozen=True):
    """What is decided: moves, where to put what was there, a stamp of its own for it, and whether a schema is exchanged too."""

    aside: str
    stamp: Stamp
    moves: tuple[Move, ...]
    has_schema: bool


def decide(data: Path, plan: SwapPlan) -> None:
    """From here on the restore happens, whatever else does."""
    write_durably(data / STAGE / PLAN, msgspec.json.encode(plan))


async def finish_restore(data: Path, url: str) -> bool:
    """Carry a decided restore to its end; whether there was one. Called before a server opens anything. Raises Refused.

    What a restore that was not decided has left behind is deleted.
    """
    stage = data / STAGE
    try:
        if not (stage / PLAN).exists():
            shutil.rmtree(stage, ignore_errors=True)
            return False
        plan = msgspec.json.decode((stage / PLAN).read_bytes(), type=SwapPlan)
        if plan.has_schema:
            await _swap_schemas(url, plan.stamp)
        await asyncio.to_thread(_carry_out_all, plan, stage)
    except (OSError, msgspec.MsgspecError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        hint = "Nothing is lost; start again once this is mended."
        raise cannot_open(f"A restore could not be finished: {error}.", hint) from error
    return True


async def drop_staged_schema(url: str) -> None:
    """Delete what an earlier restore, not decided, has left in PostgreSQL. Raises OSError and errors of asyncpg's."""
    connection = await asyncpg.connect(url, timeout=_CONNECT_S)
    try:
        await connection.execute(f'DROP SCHEMA IF EXISTS "{STAGED_SCHEMA}" CASCADE')
    finally:
        await connection.close()


def _carry_out_all(plan: SwapPlan, stage: Path) -> None:
    aside = Path(plan.aside)
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    for move in plan.moves:
        _carry_out(move, aside)
    sync_folder(aside)
    (stage / PLAN).unlink()
    shutil.rmtree(stage, ignore_errors=True)
    if not any(aside.iterdir()):
        aside.rmdir()


def _carry_out(move: Move, aside: Path) -> None:
    """Done once: a move whose staged file is gone has been made."""
    staged, target = Path(move.staged), Path(move.target)
    if not staged.exists():
        return
    for old in (*map(Path, move.also), target):
        if old.exists():
            shutil.move(old, aside / old.name)  # the database may lie on another disk than the folder
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged.rename(target)
    sync_folder(target.parent)


async def _swap_schemas(url: str, stamp: str) -> None:
    connection: Any = await asyncpg.connect(url, timeout=_CONNECT_S)
    try:
        async with connection.transaction():
            names = {row[0] for row in await connection.fetch("SELECT nspname FROM pg_namespace")}
            if STAGED_SCHEMA not in names:
                return
            if SCHEMA in names:
                await connection.execute(await connection.fetchval(_RENAME, SCHEMA, _ASIDE_SCHEMA + stamp))
            await connection.execute(await connection.fetchval(_RENAME, STAGED_SCHEMA, SCHEMA))
    finally:
        await connection.close()
