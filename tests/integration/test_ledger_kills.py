"""A ledger keeps every acknowledged row, and whole transactions only, when its process is killed."""

import random
import subprocess
import sys

import pytest

from backend.storage.connection import connect
from backend.storage.integrity import find_problems
from backend.storage.ledger import open_ledger
from tests.fakes.ledger_writer import KEY, MIGRATIONS, TWIN


def write_until_killed(home, n_acknowledged, n_tasks):
    """Start the writer, kill it after some acknowledgements, and return all that it printed whole."""
    command = [sys.executable, "-m", "tests.fakes.ledger_writer", str(home.root), str(n_tasks)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        lines = [writer.stdout.readline() for _ in range(n_acknowledged)]
        writer.kill()
        lines += writer.stdout.readlines()
    return {int(line) for line in lines if line.endswith("\n")}


async def check(home, acknowledged):
    async with open_ledger(home.ledgers / "money.db", KEY, MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger:
        assert ledger.notices == []
        rows = {n for (n,) in await ledger.read(lambda c: c.execute("SELECT n FROM rows").fetchall())}
    singles = {n for n in rows if n < TWIN}
    assert acknowledged <= singles, f"lost: {sorted(acknowledged - singles)[:5]}"
    assert {n - TWIN for n in rows if n > TWIN} == singles, "a transaction was torn"
    connection = connect(home.ledgers / "money.db", KEY)
    assert find_problems(connection) == ()
    connection.close()


async def kill_again_and_again(home, n_kills, seed):
    draw = random.Random(seed)
    acknowledged = set()
    for _ in range(n_kills):
        acknowledged |= write_until_killed(home, draw.randrange(0, 400), draw.choice([1, 2, 8, 32]))
        await check(home, acknowledged)
    return len(acknowledged)


async def test_every_acknowledged_row_survives_three_kills(home):
    assert await kill_again_and_again(home, 3, seed=random.SystemRandom().randrange(2**32)) > 0


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_every_acknowledged_row_survives_two_hundred_kills(home):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    assert await kill_again_and_again(home, 200, seed) > 10_000
