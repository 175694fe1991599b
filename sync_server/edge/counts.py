"""What the edge counts, as Prometheus reads it."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest


class Counts:
    """Numbers of one server; ``registry`` is its own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lines = Gauge("trii_sync_connections", "Connections that stand.", registry=self.registry)
        self._received = Counter("trii_sync_messages_received", "Messages from devices.", registry=self.registry)
        self._received_bytes = Counter("trii_sync_received_bytes", "Bytes of messages from devices.", registry=self.registry)
        self._sent = Counter("trii_sync_messages_sent", "Messages given to connections.", registry=self.registry)
        self._slow = Counter("trii_sync_slow_readers", "Connections let go because they read too slowly.", registry=self.registry)
        self._closed = Counter("trii_sync_closes", "Connections that the server ended.", ["code"], registry=self.registry)
        self._events = Counter("trii_sync_events", "Events entered in rooms.", registry=self.registry)
        self._answers = Counter("trii_sync_http_answers", "Answers over HTTP.", ["method", "status"], registry=self.registry)
        self._answered: dict[tuple[str, int], Counter] = {}
        self._answer_s = Histogram("trii_sync_http_seconds", "Time to answer over HTTP.", registry=self.registry)
        self._unscrubbed = Gauge("trii_sync_erasures_unscrubbed", "Erasures whose bytes are not gone.", registry=self.registry)
        self._scrubs = Counter("trii_sync_scrubs", "Times that erased bytes were scrubbed away.", registry=self.registry)
        self.lines = self._lines.set
        self._n_sent = self._n_sent_told = 0  # counted for every reader of every message: a plain number
        self.slow = self._slow.inc

    def received(self, n_bytes: int) -> None:
        """A message came."""
        self._received.inc()
        self._received_bytes.inc(n_bytes)

    def sent(self) -> None:
        """A message was given to a connection."""
        self._n_sent += 1

    def closed(self, code: int) -> None:
        """The server ended a connection."""
        self._closed.labels(str(code)).inc()

    def entered(self, n_events: int) -> None:
        """A batch was committed."""
        self._events.inc(n_events)

    def answered(self, method: str, status: int, took_s: float) -> None:
        """A request over HTTP was answered."""
        counter = self._answered.get((method, status))
        if counter is None:  # to look one up by its labels costs more than to count
            counter = self._answered[method, status] = self._answers.labels(method, str(status))
        counter.inc()
        self._answer_s.observe(took_s)

    def scrubbed(self, n_waiting: int, is_done: bool) -> None:  # noqa: FBT001 - both are told in one call
        """So many erasures wait to be scrubbed; whether a run has just ended."""
        self._unscrubbed.set(n_waiting)
        self._scrubs.inc(is_done)

    def to_text(self) -> bytes:
        """Everything, in Prometheus' text form."""
        self._sent.inc(self._n_sent - self._n_sent_told)
        self._n_sent_told = self._n_sent
        return generate_latest(self.registry)
