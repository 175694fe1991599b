"""The bridge benchmark's outside world, a process of its own: seeded ticks on one socket, key presses on another.

Usage: python -m tests.benchmarks._bridge_feed SEED TICKS_PER_S SECONDS; prints its port. Whoever says T gets ticks as lines
of JSON with the time (CLOCK_MONOTONIC ns) at which each *should* be sent, so that a reader who holds the sender up is
charged for it; whoever says K gets the instants, 8 bytes each, at which a key is pressed.
"""

import json
import random
import socket
import struct
import sys
import threading
import time

N_INSTRUMENTS = 6
TICKS_A_FRAME = 10
STEP_S = 0.002
TICKS, KEYS = b"T", b"K"  # what a reader says first
STAMP = struct.Struct("<q")


def main() -> None:
    """Serve one run, then say how many ticks were sent."""
    seed, rate, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    frames = make_frames(seed, rate)
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        by_kind = {}
        while len(by_kind) < 2:
            connection, _ = server.accept()
            by_kind[connection.recv(1)] = connection
    ticks, keys = by_kind[TICKS], by_kind[KEYS]
    keyboard = threading.Thread(target=press_keys, args=(keys, seed, seconds))
    keyboard.start()
    n_frames = send_ticks(ticks, frames, rate, seconds)
    keyboard.join()
    print(n_frames * TICKS_A_FRAME, flush=True)


def make_frames(seed: int, rate: int) -> list[bytes]:
    """Ten seconds of frames without their times: a random walk of each instrument, one of them after the other."""
    rng = random.Random(seed)
    prices = [100.0 + 50 * i for i in range(N_INSTRUMENTS)]
    frames = []
    for _ in range(10 * rate // TICKS_A_FRAME):
        ticks = []
        for _ in range(TICKS_A_FRAME):
            i = rng.randrange(N_INSTRUMENTS)
            prices[i] = max(1.0, round(prices[i] + rng.gauss(0, 0.02), 2))
            ticks.append([i, prices[i], rng.randrange(1, 500)])
        frames.append(json.dumps(ticks, separators=(",", ":")).encode())
    return frames


def send_ticks(connection: socket.socket, frames: list[bytes], rate: int, seconds: float) -> int:
    """Send frames at ``rate`` until ``seconds`` are over, each line with its due time; the number sent."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    gap_ns = TICKS_A_FRAME * 1_000_000_000 // rate
    began_ns, sent, total = time.monotonic_ns(), 0, int(seconds * rate) // TICKS_A_FRAME
    while sent < total:
        due = min(total, (time.monotonic_ns() - began_ns) // gap_ns)
        if due > sent:
            lines = [b'{"t":%d,"n":%d,"d":%s}\n' % (began_ns + n * gap_ns, n, frames[n % len(frames)]) for n in range(sent, due)]
            connection.sendall(b"".join(lines))
            sent = due
        time.sleep(STEP_S)
    connection.shutdown(socket.SHUT_WR)
    return sent


def press_keys(connection: socket.socket, seed: int, seconds: float) -> None:
    """Press keys 10 to 30 ms apart, as a person who holds an arrow key down does."""
    rng = random.Random(seed + 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    until_ns = time.monotonic_ns() + int(seconds * 1e9)
    due_ns = time.monotonic_ns()
    while due_ns < until_ns:
        due_ns += rng.randrange(10_000_000, 30_000_000)
        time.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
        connection.sendall(STAMP.pack(time.monotonic_ns()))
    connection.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
