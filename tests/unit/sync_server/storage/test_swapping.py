"""A decided restore is carried to its end, from wherever a crash left it; one that was not decided leaves no trace."""

from pathlib import Path

import pytest

from sync_server.errors import Refused
from sync_server.storage.swapping import PLAN, STAGE, Move, SwapPlan, decide, finish_restore


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def a_server(data: Path) -> SwapPlan:
    """An old server in ``data`` and a verified new one beside it."""
    for name in ("server.db", "server.db-wal", "server.db-shm", "keys.json", "files/whole/aa/x"):
        write(data / name, f"old {name}")
    stage = data / STAGE / "data"
    for name in ("keys.json", "files/whole/bb/y"):
        write(stage / name, f"new {name}")
    write(data / ".server.db.restoring", "new server.db")
    also = (str(data / "server.db-wal"), str(data / "server.db-shm"))
    moves = (
        Move(str(data / ".server.db.restoring"), str(data / "server.db"), also),
        Move(str(stage / "keys.json"), str(data / "keys.json")),
        Move(str(stage / "files"), str(data / "files")),
    )
    return SwapPlan(str(data / "replaced-1_ab"), "1_ab", moves, has_schema=False)


def content(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


def crash_after(plan: SwapPlan, n_steps: int) -> Path:
    """Make the first renames of a plan, in order."""
    aside = Path(plan.aside)
    aside.mkdir()
    steps = []
    for move in plan.moves:
        steps += [(Path(old), aside / Path(old).name) for old in (*move.also, move.target)] + [
            (Path(move.staged), Path(move.target))
        ]
    assert len(steps) == 8
    for source, target in steps[:n_steps]:
        source.rename(target)
    return aside


OLD = {name: f"old {name}" for name in ("server.db", "server.db-wal", "server.db-shm", "keys.json", "files/whole/aa/x")}
NEW = {name: f"new {name}" for name in ("server.db", "keys.json", "files/whole/bb/y")}


@pytest.mark.parametrize("n_steps", range(8))
async def test_a_restore_is_finished_from_every_point_a_crash_can_leave_it_at(tmp_path: Path, n_steps: int) -> None:
    plan = a_server(tmp_path)
    decide(tmp_path, plan)
    aside = crash_after(plan, n_steps + 1)
    assert await finish_restore(tmp_path, "sqlite://x") is True
    assert content(tmp_path) == {**NEW, **{f"{aside.name}/{name}": text for name, text in OLD.items()}}
    assert await finish_restore(tmp_path, "sqlite://x") is False


async def test_a_restore_into_an_empty_folder_leaves_nothing_beside_it(tmp_path: Path) -> None:
    stage = tmp_path / STAGE / "data"
    write(stage / "keys.json", "new keys.json")
    move = Move(str(stage / "keys.json"), str(tmp_path / "keys.json"))
    decide(tmp_path, SwapPlan(str(tmp_path / "replaced-2_cd"), "2_cd", (move,), has_schema=False))
    assert await finish_restore(tmp_path, "sqlite://x") is True
    assert content(tmp_path) == {"keys.json": "new keys.json"}


async def test_a_restore_that_was_not_decided_is_forgotten(tmp_path: Path) -> None:
    write(tmp_path / "keys.json", "old keys.json")
    write(tmp_path / STAGE / "data" / "keys.json", "half")
    write(tmp_path / STAGE / f"{PLAN}.partial", "{")
    assert await finish_restore(tmp_path, "sqlite://x") is False
    assert content(tmp_path) == {"keys.json": "old keys.json"}


async def test_a_plan_that_cannot_be_read_stops_the_start_instead_of_guessing(tmp_path: Path) -> None:
    for text in ("", "{", '{"aside":"a","stamp":"x\\"; DROP","moves":[],"has_schema":true}'):
        write(tmp_path / STAGE / PLAN, text)
        with pytest.raises(Refused, match="could not be finished"):
            await finish_restore(tmp_path, "sqlite://x")
