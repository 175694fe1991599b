"""The sync server beside its peers: fan-out (P14), durable messages (P15), what a connection costs (P16), HTTP (P17).

Run as ``python dev.py bench bench_sync [--quick] [--connections N] [--seconds N] [--only accept|fan|http|standing]``. The server
is alone on one core, the load generator on the other. Fan-out is open loop: one publisher says 256 characters at due times, every
connection decodes every event, and lateness counts from the due time. Before anything is printed, every delivery must have come.
Costs are CPU of the server, user and system; "per core" is what one second of it would carry. Printed, never asserted on time.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from tests.benchmarks._fanout_load import Heard, Job
from tests.benchmarks._fanout_peers import SOCKET_IO, WS, Peer, certificate, nats_peer, node_peer, websockets_peer
from tests.benchmarks._fanout_synapse import synapse_peer
from tests.benchmarks._peers import ROOT
from tests.benchmarks._sync_accepting import accept
from tests.benchmarks._sync_house import SyncHouse, sync_house
from tests.benchmarks._sync_http import compare_http
from tests.benchmarks._sync_standing import compare_standing
from tests.fakes.postgres import fresh_postgres

PER_PERSON = 10  # connections that one person may have
RATES = (50, 250)
PEERS: tuple[Callable[[Path | None], AbstractContextManager[Peer | None]], ...] = (
    websockets_peer,
    lambda pem: node_peer("npm ws", "plain", WS, pem),
    lambda pem: node_peer("socket.io", "socketio", SOCKET_IO, pem),
    nats_peer,
)
SYNAPSE_CONNECTIONS, SYNAPSE_RATES = 20, (1, 4)  # what it carries on one core: milliseconds of CPU a delivery


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="200 connections and 3 s each")
    parser.add_argument("--connections", type=int, help="1,000, of standing 10,000")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--minutes", type=float, default=30.0, help="that connections stand")
    parser.add_argument("--only", choices=("accept", "fan", "http", "standing"), help="standing is run by name alone")
    options = parser.parse_args()
    options.connections = options.connections or (10_000 if options.only == "standing" else 1_000)
    if options.quick:
        options.connections, options.seconds = 200, 3.0
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        if options.only == "standing":
            return asyncio.run(compare_standing(Path(folder), options.connections, options.minutes))
        if options.only in (None, "accept"):
            asyncio.run(accept_all(Path(folder), options))
        if options.only in (None, "fan"):
            asyncio.run(fan_out(Path(folder) / "fan", options))
        if options.only in (None, "http"):
            asyncio.run(compare_http(Path(folder) / "http", options.seconds))
    return 0


async def accept_all(folder: Path, options: argparse.Namespace) -> None:
    """P15 on both databases."""
    print("\nP15: durable messages accepted end to end, 8 connections that push 100 at a time into rooms of their own\n")
    print("| database | accepted/s | CPU µs each | per core of server CPU/s |\n|---|--:|--:|--:|")
    async with sync_house(folder / "sqlite", 9) as house:
        show_accepted("SQLite", house, options.seconds)
    with fresh_postgres() as url:
        async with sync_house(folder / "postgresql", 9, url) as house:
            show_accepted("PostgreSQL (its own CPU apart)", house, options.seconds)


def show_accepted(name: str, house: SyncHouse, seconds: float) -> None:
    """One row."""
    done = accept(house, 8, seconds)
    print(
        f"| {name} | {done.n_ops / done.wall_s:,.0f} | {1e6 * done.cpu_s / done.n_ops:.1f} | {done.n_ops / done.cpu_s:,.0f} |",
        flush=True,
    )


async def fan_out(folder: Path, options: argparse.Namespace) -> None:
    """P14 and P16: the same load on everyone, in the clear and over TLS 1.3; on Synapse, what it carries."""
    print(f"\nP14, P16: one room, {options.connections} connections, 256 characters a message; one delivery is one event decoded\n")
    heads = ("server", "over", "messages/s", "deliveries/s", "CPU of a core", "µs each", "per core/s", "p50 / p95 / p99 ms")
    print(f"| {' | '.join((*heads, 'KiB a connection', 'connections made/s', 'load CPU'))} |\n|{'---|' * 11}")
    with certificate() as file:
        for pem in (None, file):
            await fan_out_ours(folder / ("tcp" if pem is None else "tls"), options, is_tls=pem is not None)
            for make in PEERS:
                fan_out_theirs(make(pem), options, is_tls=pem is not None)
    with synapse_peer(SYNAPSE_CONNECTIONS) as peer:
        for rate in SYNAPSE_RATES if peer else ():
            assert peer is not None
            tokens, seconds = list(peer.tokens), max(options.seconds, 10.0)
            job = Job(peer.dialect, peer.port, peer.pid, SYNAPSE_CONNECTIONS, rate, seconds, tokens=tokens, room=peer.room)
            show(f"{peer.name}, {SYNAPSE_CONNECTIONS} connections", job)


async def fan_out_ours(folder: Path, options: argparse.Namespace, *, is_tls: bool) -> None:
    """The rows of our server."""
    async with sync_house(folder, -(-options.connections // PER_PERSON), is_plain=not is_tls) as house:
        place = 0
        for rate in RATES:
            n = round(rate * options.seconds)
            job = Job(
                "trii",
                house.server.port,
                house.server.pid,
                options.connections,
                rate,
                options.seconds,
                is_tls=is_tls,
                tokens=[member.tokens.access for member in house.members],
                devices=[member.device for member in house.members],
                ops=house.ops(place + n)[place:],
            )
            place += n
            await asyncio.to_thread(show, "TRII sync", job)


def fan_out_theirs(made: AbstractContextManager[Peer | None], options: argparse.Namespace, *, is_tls: bool) -> None:
    """The rows of a peer; one that does not come up does not stop the others."""
    try:
        with made as peer:
            for rate in RATES if peer else ():
                assert peer is not None
                job = Job(peer.dialect, peer.port, peer.pid, options.connections, rate, options.seconds, is_tls=is_tls)
                show(peer.name, job)
    except (OSError, RuntimeError) as error:
        print(f"   a peer is left out: {error}", flush=True)


def show(name: str, job: Job) -> None:
    """Run one load and print its row."""
    command, over = [sys.executable, "-m", "tests.benchmarks._fanout_load"], "TLS" if job.is_tls else "TCP"
    done = subprocess.run(command, input=msgspec.json.encode(job), capture_output=True, cwd=ROOT, check=False)
    if done.returncode:
        why = done.stderr.decode(errors="replace").splitlines()[-1][:90]
        print(f"| {name} | {over} | {job.rate_per_s:.0f} | failed: {why} |", flush=True)
        return
    heard = msgspec.json.decode(done.stdout, type=Heard)
    each_us = 1e6 * heard.cpu_s / max(1, heard.n_delivered)
    whole = "" if heard.n_delivered == heard.n_expected else f" ({heard.n_expected - heard.n_delivered:,} did not come in time)"
    print(
        f"| {name} | {over} | {job.rate_per_s:.0f} "
        f"| {heard.n_delivered / heard.wall_s:,.0f}{whole} | {heard.cpu_s / heard.wall_s:.0%} "
        f"| {each_us:.2f} | {1e6 / max(each_us, 1e-9):,.0f} | {heard.p50_ms:.0f} / {heard.p95_ms:.0f} / {heard.p99_ms:.0f} "
        f"| {(heard.rss_kib - heard.rss_before_kib) / job.n_connections:.1f} | {heard.opened_per_s:,.0f} | {heard.own_cpu:.0%} |",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
