"""A home made once, and a copy of it for each test that writes."""

import shutil
from pathlib import Path

from backend.storage.paths import Home


def copy_home(home: Home, root: Path) -> Home:
    """A copy of a closed home."""
    shutil.copytree(home.root, root)
    return Home(root)
