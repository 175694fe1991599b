"""What ``trii-sync serve`` asks of the system before it listens."""

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
