"""What a log and its readers must never show, as checks of Kafka look for it: lost writes, skips, steps back and duplicates.

A history is what one reader took in, in order: (epoch, place, id), and None where it was told to start from elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence

Step = tuple[int, int, str] | None
Log = Mapping[int, str]  # place: id


def skips(history: Sequence[Step]) -> list[str]:
    """Places that a reader passed over."""
    found, last = [], None
    for step in history:
        if step is not None and last is not None and step[1] > last + 1:
            found.append(f"skipped from {last} to {step[1]}")
        last = None if step is None else step[1]
    return found


def steps_back(history: Sequence[Step]) -> list[str]:
    """Places, or epochs, that a reader took in after later ones."""
    found: list[str] = []
    last: Step = None
    for step in history:
        if step is not None and last is not None and step[1] <= last[1]:
            found.append(f"took {step[1]} after {last[1]}")
        if step is not None and last is not None and step[0] < last[0]:
            found.append(f"epoch {step[0]} at {step[1]} after epoch {last[0]}")
        last = step
    return found


def duplicates(history: Sequence[Step]) -> list[str]:
    """Ids that a reader took in twice without being told to start from elsewhere in between."""
    found: list[str] = []
    seen: dict[str, int] = {}
    for step in history:
        if step is None:
            seen.clear()
        elif seen.setdefault(step[2], step[1]) != step[1]:
            found.append(f"{step[2]} at {seen[step[2]]} and at {step[1]}")
    return found


def foreign(history: Sequence[Step], logs: Mapping[int, Log]) -> list[str]:
    """What a reader took in that no log ever held there. ``logs`` by epoch."""
    return [
        f"{identity} at {place} of epoch {epoch}"
        for epoch, place, identity in (step for step in history if step is not None)
        if logs.get(epoch, {}).get(place) != identity
    ]


def lost_writes(acked: Iterable[tuple[str, int]], log: Log, readers: Iterable[tuple[Log, int]]) -> list[str]:
    """Acknowledged (id, place) that the log no longer holds there, or that a reader beyond it does not have.

    ``readers``: what each one holds, and its cursor; only places from the first it holds are looked at.
    """
    found, seen = [], list(readers)
    for identity, place in acked:
        if log.get(place) != identity:
            found.append(f"{identity} was acknowledged at {place}, where the log holds {log.get(place)}")
        found += [
            f"{identity} at {place} is missing from a copy that goes to {cursor}"
            for held, cursor in seen
            if held and min(held) <= place <= cursor and held.get(place) != identity
        ]
    return found
