"""A file system of a few MiB in memory, to be filled up; needs root on Linux."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def why_no_small_disk() -> str:
    """What this machine lacks, empty when nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux to mount a small file system"
    return ""


@contextmanager
def small_disk(folder: Path, n_mib: int) -> Iterator[Path]:
    """Mount a disk of ``n_mib`` MiB at ``folder`` for the length of the block."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={n_mib}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
