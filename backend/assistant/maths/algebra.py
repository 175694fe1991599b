"""The parent's end of the child in which sympy works: begun when first needed, kept warm, ended when it hangs or idles."""

import asyncio
import contextlib
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from backend.assistant.maths.expression import Tree
from backend.assistant.maths.reading import Sum
from backend.errors import InvalidInput

TIMEOUT_S: Final = 40.0  # of the clock; the child's own limit is of processor time
IDLE_S: Final = 300.0  # it takes 60 MB and some seconds to begin
_ROOT: Final = Path(__file__).resolve().parents[3]


class Algebra:
    """One child at most, which works out one sum after the other. Lives on the engine loop; ``close`` ends it.

    The child is spawned, never forked, and ends by itself when its input does, as where this process dies.
    """

    def __init__(self, *, idle_s: float = IDLE_S, timeout_s: float = TIMEOUT_S) -> None:
        self._idle_s = idle_s
        self._timeout_s = timeout_s
        self._child: asyncio.subprocess.Process | None = None
        self._rests: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int:
        """The child's process number; 0 where there is none."""
        return 0 if self._child is None or self._child.returncode is not None else self._child.pid

    async def work_out(self, asked: Sum) -> dict[str, Any]:
        """What the child tells of it. Raises InvalidInput where it takes too long, or cannot be worked out."""
        said = {
            "task": asked.task,
            "tree": _plain_tree(asked.tree),
            "unknown": asked.unknown,
            "bounds": [_plain_tree(bound) for bound in asked.bounds],
        }
        async with self._turn:
            if self._rests is not None:
                self._rests.cancel()
            try:
                async with asyncio.timeout(self._timeout_s):
                    found = json.loads(await self._answer(json.dumps(said).encode()))
            except (TimeoutError, ValueError, OSError) as e:
                await self._end()
                raise InvalidInput(
                    f"{asked.text} could not be worked out in the time there is.",
                    hint="Try a simpler form of it.",
                    code="maths.effort",
                ) from e
            except BaseException:
                await self._end()  # what it still says belongs to nobody
                raise
            self._rests = asyncio.get_running_loop().call_later(self._idle_s, self._let_go)
        assert isinstance(found, dict), "The child tells an object."
        if "failed" in found:
            raise InvalidInput(f"{asked.text} could not be worked out.", hint="Try a simpler form of it.", code="maths.effort")
        return found

    async def close(self) -> None:
        """End the child."""
        if self._rests is not None:
            self._rests.cancel()
        await self._end()

    async def _answer(self, line: bytes) -> bytes:
        child = await self._begun()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(line + b"\n")
        await child.stdin.drain()
        return await child.stdout.readline()

    async def _begun(self) -> asyncio.subprocess.Process:
        child = self._child
        if child is not None and child.returncode is None and child.stdin is not None and not child.stdin.is_closing():
            return child
        await self._end()
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "backend.assistant.maths.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=_ROOT,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        return self._child

    def _let_go(self) -> None:
        """End its input, so that it ends."""
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        await child.wait()


def _plain_tree(tree: Tree) -> Any:
    if isinstance(tree, Fraction):
        return f"#{tree}"
    return tree if isinstance(tree, str) else [tree[0], *(_plain_tree(part) for part in tree[1:])]
