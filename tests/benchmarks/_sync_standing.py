"""Thousands of connections that stand for half an hour, then are cut all at once and come back (P16)."""

import asyncio
import resource
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from tests.benchmarks._peers import ROOT
from tests.benchmarks._standing_device import Desk
from tests.benchmarks._standing_load import Job, Stood
from tests.benchmarks._sync_house import SyncHouse, sync_house

PER_PERSON: Final = 10  # connections that one person may have
PEOPLE_A_ROOM: Final = 50
FILES_BESIDE: Final = 200  # that a process holds beside its connections


def raise_files(n_connections: int) -> str:
    """Let this process and those it starts hold so many connections; what stands in the way, empty for nothing."""
    needed = n_connections + FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        return (
            f"{n_connections:,} connections need {needed:,} open files in one process, and this system allows {hard:,}: "
            f"raise the hard limit (ulimit -Hn, as root) or ask for fewer: --connections {max(0, hard - FILES_BESIDE)}."
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed if hard == resource.RLIM_INFINITY else hard, hard))
    return ""


async def compare_standing(folder: Path, n_connections: int, minutes: float) -> int:
    """The whole course, and what came of it. Gives 2 where the system does not allow so many connections."""
    missing = raise_files(n_connections)
    if missing:
        print(missing, file=sys.stderr)
        return 2
    n_people = -(-n_connections // PER_PERSON)
    print(
        f"\nP16: {n_connections:,} connections of {n_people:,} people in rooms of {PEOPLE_A_ROOM}, all at work:"
        f" each types, writes and reads about once a minute on one connection, and all hear it; {minutes:g} minutes\n",
        flush=True,
    )
    async with sync_house(folder, n_people, people_a_room=PEOPLE_A_ROOM) as house:
        job = Job(house.server.port, house.server.pid, n_connections, n_people, 60 * minutes, desks_of(house))
        stood = await asyncio.to_thread(run, job)
    show(job, stood)
    return 0


def desks_of(house: SyncHouse) -> list[Desk]:
    """The people with their rooms; who made a room has counted one operation in it."""
    found = []
    for at, member in enumerate(house.members):
        tokens, room = member.tokens, house.rooms[at // PEOPLE_A_ROOM]
        found.append(Desk(tokens.access, tokens.refresh, tokens.until_ms, member.device, room, int(at % PEOPLE_A_ROOM == 0)))
    return found


def run(job: Job) -> Stood:
    """The load in a process of its own; its progress is shown as it comes. Raises RuntimeError where it failed."""
    command = [sys.executable, "-m", "tests.benchmarks._standing_load"]
    done = subprocess.run(command, input=msgspec.json.encode(job), stdout=subprocess.PIPE, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError("The load ended early: see above.")
    return msgspec.json.decode(done.stdout, type=Stood)


def show(job: Job, stood: Stood) -> None:
    """Print it; what was lost is said first."""
    first, last = stood.tenths_kib[0], stood.tenths_kib[-1]
    each = (stood.rss_made_kib - stood.rss_before_kib) / job.n_connections
    lost = stood.n_expected - stood.n_heard
    rows = (
        ("messages taken / events heard", f"{stood.n_messages:,} / {stood.n_heard:,}", ""),
        ("events lost, gaps seen", f"{lost:,}, {stood.n_gaps:,}", "0, 0"),
        ("connections lost on the way", f"{stood.n_dropped:,} {stood.why_dropped}".rstrip(), "0"),
        ("KiB a connection", f"{each:.1f}", "30"),
        ("server's memory by tenths of the time, MiB", " ".join(f"{kib / 1024:.1f}" for kib in stood.tenths_kib), ""),
        ("growth from the first tenth to the last", f"{last / first - 1:+.2%}", "< 2 %"),
        (
            "CPU of a core: at work / all silent / the load's own",
            f"{stood.cpu:.0%} / {stood.cpu_quiet:.0%} / {stood.own_cpu:.0%}",
            "",
        ),
        ("made for the first time, 64 at a time", f"{stood.made_s:.1f} s, {stood.made_cpu_s:.1f} s of CPU", ""),
        ("all cut at once: back after", f"{stood.back_s:.1f} s, {stood.back_cpu_s:.1f} s of CPU", "< 60 s"),
        ("came back in", f"{stood.n_back:,} in {stood.n_tries:,} tries", ""),
        ("memory when all were back", f"{stood.rss_back_kib / 1024:.1f} MiB", ""),
    )
    print("| | measured | goal |\n|---|--:|--:|")
    print("\n".join(f"| {name} | {value} | {goal} |" for name, value, goal in rows), flush=True)
