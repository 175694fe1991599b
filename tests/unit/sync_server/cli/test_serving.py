"""What ``trii-sync serve`` asks of the system before it listens."""

import asyncio
import platform
import re
import subprocess
import sys

import pytest

from sync_server.cli.serving import FILES_MAX, allow_connections, first_code
from sync_server.errors import Refused
from sync_server.protocol.codes import Code


@pytest.mark.posix
def test_a_server_may_hold_as_many_connections_as_the_system_lets_it():
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES_MAX if before[1] == resource.RLIM_INFINITY else min(before[1], FILES_MAX)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most - 1, before[1]))

        allow_connections()

        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Away:
    """Invitations of a database that is away for so many questions."""

    def __init__(self, n_away, after_ms=1):
        self.n_away = n_away
        self.after_ms = after_ms

    async def first_code(self, org):
        if self.n_away:
            self.n_away -= 1
            raise Refused(Code.BUSY, "The server cannot store anything now.", status=503, after_ms=self.after_ms)
        return f"a code of {org}"


async def test_a_server_that_serves_already_asks_its_database_again_for_the_first_owners_code():
    assert await first_code(Away(2), "o1", asyncio.Event()) == "a code of o1"


async def test_what_will_not_pass_is_told_at_once():
    with pytest.raises(Refused):
        await first_code(Away(1, after_ms=0), "o1", asyncio.Event())


async def test_a_server_that_is_to_stop_waits_for_no_database():
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, stop.set)
    assert await first_code(Away(10**6, after_ms=60_000), "o1", stop) == ""


@pytest.fixture
def glibc():
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("is about the allocator of glibc")


@pytest.mark.usefixtures("glibc")
def test_threads_share_two_arenas_of_the_allocator():
    program = """
import ctypes, threading
from sync_server.cli.serving import bound_arenas
bound_arenas()
libc, barrier = ctypes.CDLL(None), threading.Barrier(8)
def work():
    barrier.wait()
    for _ in range(200):
        libc.malloc(2_000)
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w")))
libc.fflush(None)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert 1 <= len(re.findall("<heap nr", said)) <= 2
