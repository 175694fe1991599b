"""What ``trii-sync serve`` asks of the system before it listens."""

import platform
import re
import subprocess
import sys

import pytest

from sync_server.cli.serving import FILES_MAX, allow_connections


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
