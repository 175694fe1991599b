"""``trii-sync`` and ``python -m sync_server``."""

import sys

from sync_server.cli.commands import run


def main() -> int:
    """Run the command line; its exit code."""
    return run(sys.argv[1:], sys.stdout, sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
