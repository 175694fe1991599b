"""Ordering by a watermark, one trade at a time."""


def order(times: list[int], lateness: int) -> tuple[list[int], list[int], list[int]]:
    """Arrival rows that are ready, in the order they are set free; rows that came late; rows still held."""
    held: list[tuple[int, int]] = []
    ready: list[int] = []
    late: list[int] = []
    newest: int | None = None
    for row, time in enumerate(times):
        if newest is not None and time < newest - lateness:
            late.append(row)
            continue
        newest = time if newest is None else max(newest, time)
        held = sorted([*held, (time, row)])
        while held and held[0][0] <= newest - lateness:
            ready.append(held.pop(0)[1])
    return ready, late, [row for _, row in held]
