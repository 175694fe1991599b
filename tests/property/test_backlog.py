"""Waiting events, whatever comes in whatever order: nothing that must arrive is lost, and merged ones say the same."""

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.event_queue import Backlog
from backend.events import BarsChanged, Event, WindowRequested

SERIES = [Series(InstrumentId(code, "XNAS"), BarSpec.parse("1m")) for code in ("AAPL", "MSFT")]
EVENTS = st.one_of(
    st.builds(WindowRequested, st.text(max_size=3)),
    st.builds(BarsChanged, st.sampled_from(SERIES), st.integers(0, 100), st.just(0)),
)


def _numbered(events: list[Event]) -> list[Event]:
    """Changes of bars with versions that grow, as stores make them."""
    return [BarsChanged(e.series, e.from_ns, n) if isinstance(e, BarsChanged) else e for n, e in enumerate(events)]


@given(st.lists(st.tuples(EVENTS, st.integers(0, 2))))
def test_readers_learn_all_there_is_to_know_however_seldom_they_look(script):
    events = _numbered([event for event, _ in script])
    backlog, seen = Backlog(), []
    for event, (_, n_takes) in zip(events, script, strict=True):
        backlog.add(event)
        seen += [taken for taken in (backlog.take() for _ in range(n_takes)) if taken is not None]
    seen += iter(backlog.take, None)

    assert [e for e in seen if isinstance(e, WindowRequested)] == [e for e in events if isinstance(e, WindowRequested)]
    for series in SERIES:
        sent = [e for e in events if isinstance(e, BarsChanged) and e.series == series]
        got = [e for e in seen if isinstance(e, BarsChanged) and e.series == series]
        assert [e.version for e in got] == sorted({e.version for e in got})
        assert (got[-1].version if got else None) == (sent[-1].version if sent else None)
        assert min((e.from_ns for e in got), default=None) == min((e.from_ns for e in sent), default=None)
        for change in sent:  # whoever read this version also read from where
            assert any(e.version >= change.version and e.from_ns <= change.from_ns for e in got)


@given(st.lists(EVENTS, max_size=30))
def test_an_event_waits_only_once_for_each_key(events):
    backlog = Backlog()
    firsts = [backlog.add(event) for event in events]
    assert firsts == [n == 0 for n in range(len(events))]
    keys = [event.conflation_key() for event in iter(backlog.take, None)]
    known = [key for key in keys if key is not None]
    assert len(known) == len(set(known))
