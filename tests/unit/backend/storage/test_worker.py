"""A worker's callers are answered whatever happens on its thread."""

import pytest

from backend.errors import Unavailable
from backend.storage.connection import connect
from backend.storage.worker import Worker


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_ever_when_serving_itself_fails(tmp_path):
    def fail(connection, jobs):
        assert jobs[0].starts()
        raise RuntimeError("the disk is gone")

    worker = Worker("failing", lambda: connect(tmp_path / "a.db", bytes(32)), fail, jobs_max=1)
    worker.start()
    worker.opened.result(5)
    served, queued = worker.submit(lambda _: 1), worker.submit(lambda _: 2)
    for job in (served, queued):
        with pytest.raises(Unavailable):
            job.result(5)
    worker.closed.result(5)
    with pytest.raises(Unavailable):
        worker.submit(lambda _: 3)
