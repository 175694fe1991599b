"""The live benchmark's outside world, a process of its own: seeded trades on one socket, what a hand does on another.

Usage: python -m tests.benchmarks._live_world SEED TICKS_PER_S SECONDS SPEED; prints its port, and at the end how many trades
it sent. Whoever says T gets trades as a venue sends them, one line of JSON each. Whoever says H gets first the instant
(CLOCK_MONOTONIC ns) at which all begins, then STAMPs: when the hand *should* have moved, and what it did. Due times are
fixed beforehand: what is late is sent at once, nothing is left out.
"""

import socket
import struct
import sys
import threading
import time

import numpy as np

from tests.benchmarks._live_market import Tape, make_tape

TICKS, HAND = b"T", b"H"  # what a reader says first
STAMP = struct.Struct("<qq")
STEP_S = 0.004
LEAD_NS = 300_000_000
INPUTS_PER_S = 60


def main() -> None:
    """Serve one run."""
    seed, rate, seconds, speed = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    tape = make_tape(seed, int(rate * seconds), speed * 1e9 / rate)
    text, ends = make_lines(tape)
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        by_kind = {}
        while len(by_kind) < 2:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            by_kind[connection.recv(1)] = connection
    began_ns = time.monotonic_ns() + LEAD_NS
    by_kind[HAND].sendall(STAMP.pack(began_ns, 0))
    hand = threading.Thread(target=move_hand, args=(by_kind[HAND], seed, began_ns, seconds))
    hand.start()
    n_sent = send_trades(by_kind[TICKS], text, ends, (began_ns, rate))
    hand.join()
    print(n_sent, flush=True)


def make_lines(tape: Tape) -> tuple[bytes, list[int]]:
    """Every trade as text, and where each ends."""
    columns = (tape.instrument.tolist(), tape.after_ns.tolist(), tape.price.tolist(), tape.quantity.tolist())
    lines = [b'{"i":%d,"t":%d,"p":%.2f,"q":%d}\n' % row for row in zip(*columns, strict=True)]
    return b"".join(lines), np.cumsum([len(line) for line in lines]).tolist()


def send_trades(connection: socket.socket, text: bytes, ends: list[int], pace: tuple[int, int]) -> int:
    """Send each trade when it is due; how many."""
    began_ns, rate = pace
    view, sent, at = memoryview(text), 0, 0
    while sent < len(ends):
        due = min(len(ends), max(0, (time.monotonic_ns() - began_ns) * rate // 1_000_000_000 + 1))
        if due > sent:
            connection.sendall(view[at : ends[due - 1]])
            sent, at = due, ends[due - 1]
        time.sleep(STEP_S)
    connection.shutdown(socket.SHUT_WR)
    return sent


def move_hand(connection: socket.socket, seed: int, began_ns: int, seconds: float) -> None:
    """Do something about 60 times a second, at instants that no frame rate divides."""
    rng = np.random.default_rng(seed + 1)
    n_moves = int(seconds * INPUTS_PER_S)
    gaps = rng.uniform(0.4, 1.6, n_moves) / INPUTS_PER_S
    for number, due_s in enumerate(gaps.cumsum().tolist()):
        due_ns = began_ns + int(due_s * 1e9)
        time.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
        connection.sendall(STAMP.pack(due_ns, number))
    connection.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
