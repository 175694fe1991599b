"""Environments for peers that may not share ours: made once under build/peers, by pip, with their bytecode compiled."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "build" / "peers"


def peer_python(name: str, *packages: str) -> Path | None:
    """The interpreter of an environment that has ``packages``; None, with the reason printed, where it cannot be made."""
    folder = PEERS / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "complete"
    if stamp.exists():
        return python
    print(f"-- setting {name} up in {folder.relative_to(ROOT)} (a minute) ...", flush=True)
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
        [str(python), "-m", "compileall", "-q", str(folder / "lib")],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode and "compileall" not in step:
            print(f"   {name} is left out: {' '.join(done.stderr.split()[-40:]) or done.returncode}", flush=True)
            return None
    stamp.touch()
    return python
