"""The calls this project does without, each with its replacement and lines that try the rule itself."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.tidy.source_tree import Source

Found = Iterator[ast.AST]


@dataclass(frozen=True)
class Ban:
    """One rule: what it finds in a file, what to write instead, where it does not hold, and lines that prove it."""

    name: str
    instead: str
    find: Callable[[Source], Found]
    bad: tuple[str, ...]
    good: tuple[str, ...]
    applies: tuple[str, ...] = ("backend/", "trii_desktop/", "sync_server/", "plugins/")
    except_in: tuple[str, ...] = field(default=())

    def holds_in(self, path: str) -> bool:
        return path.startswith(self.applies) and not path.startswith(self.except_in)


def calling(*origins: str) -> Callable[[Source], Found]:
    """Calls of these functions, however they were imported; ``*.name`` is a method of anything."""

    def find(source: Source) -> Found:
        for origin, call in source.calls:
            method = "*." + origin.rpartition(".")[2]
            if origin in origins or ("." in origin and method in origins):
                yield call

    return find


def bare_stack(source: Source) -> Found:
    """Stacked layouts that are made for nothing yet."""
    return (call for origin, call in source.calls if origin.endswith("QStackedLayout") and not call.args)


def importing(*packages: str) -> Callable[[Source], Found]:
    """Imports of these packages or of anything in them."""

    def find(source: Source) -> Found:
        for node in source.nodes:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name == package or name.startswith(f"{package}.") for name in names for package in packages):
                yield node

    return find


def passing(keyword: str, *, true_only: bool = True) -> Callable[[Source], Found]:
    """Calls that pass this keyword (as True)."""

    def find(source: Source) -> Found:
        for _, call in source.calls:
            for given in call.keywords:
                is_true = isinstance(given.value, ast.Constant) and given.value.value is True
                if given.arg == keyword and (is_true or not true_only):
                    yield call

    return find


def print_to_stdout(source: Source) -> Found:
    for origin, call in source.calls:
        if origin == "print" and not any(given.arg == "file" for given in call.keywords):
            yield call


def loose_tasks(source: Source) -> Found:
    """Tasks that outlive the function which starts them: dropped, or kept on an object instead of by a TaskOwner."""
    for node in source.nodes:
        if isinstance(node, ast.Expr):
            value: ast.expr | None = node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript):
            value = node.value
        else:
            continue
        if isinstance(value, ast.Call):
            owner, _, name = source.origin(value.func).rpartition(".")
            is_loop = owner == "asyncio" or owner.endswith(("loop", "loop()"))
            if (name in ("create_task", "ensure_future") and is_loop) or name == "run_coroutine_threadsafe":
                yield node


def built_sql(source: Source) -> Found:
    """SQL put together from strings: f-strings, ``%``, ``+`` and ``format`` as the first argument of a query."""
    for origin, call in source.calls:
        if (
            origin.rpartition(".")[2] not in ("execute", "executemany", "executescript", "sql")
            or "." not in origin
            or not call.args
        ):
            continue
        query = call.args[0]
        if isinstance(query, ast.JoinedStr) and not variable_parts(query):
            continue
        formatted = isinstance(query, ast.Call) and ast.unparse(query.func).endswith((".format", ".join", ".replace"))
        if isinstance(query, ast.JoinedStr | ast.BinOp) or formatted:
            yield call


def variable_parts(text: ast.JoinedStr) -> list[str]:
    """What an f-string puts in, apart from constants of the module (in capitals)."""
    parts = [ast.unparse(part.value) for part in text.values if isinstance(part, ast.FormattedValue)]
    return [part for part in parts if not re.fullmatch(r"_?[A-Z][A-Z0-9_]*", part)]


def lambda_slots(source: Source) -> Found:
    """Lambdas that hold their panel, handed to a signal or a timer."""
    for origin, call in source.calls:
        if not origin.endswith((".connect", ".singleShot")):
            continue
        lambdas = [argument for argument in call.args if isinstance(argument, ast.Lambda)]
        if any(isinstance(node, ast.Name) and node.id == "self" for found in lambdas for node in ast.walk(found)):
            yield call


def broad_catches(source: Source) -> Found:
    """``except Exception`` and wider, unless the handler ends by raising."""
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(kind is None or ast.unparse(kind) in ("Exception", "BaseException") for kind in kinds)
        if broad and not isinstance(node.body[-1], ast.Raise):
            yield node


def qt_data_signals(source: Source) -> Found:
    """Signals that carry market data: arrays, ticks, bars."""
    for origin, call in source.calls:
        said = " ".join(ast.unparse(argument) for argument in call.args)
        if origin.endswith("QtCore.Signal") and re.search(r"Tick|Trade|Quote|Bar(?!Spec)|ndarray", said):
            yield call


def skipped_tests(source: Source) -> Found:
    """Marks that skip or excuse, and tests that skip themselves; a fixture may say what the machine lacks."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and source.origin(node).startswith(
            ("pytest.mark.skip", "pytest.mark.xfail", "pytest.importorskip", "pytest.xfail")
        ):
            yield node
    for function in source.functions():
        if function.name.startswith("test_"):
            yield from (
                node for node in ast.walk(function) if isinstance(node, ast.Call) and source.origin(node.func) == "pytest.skip"
            )


def comments(pattern: str) -> Callable[[Source], Found]:
    """Lines whose comment matches; told as nodes so that every rule reports a line."""
    compiled = re.compile(pattern)

    def find(source: Source) -> Found:
        for number, line in enumerate(source.text.splitlines(), 1):
            if compiled.search(line):
                yield ast.Pass(lineno=number, col_offset=0)

    return find


EVERYWHERE = ("backend/", "trii_desktop/", "sync_server/", "plugins/", "tests/", "dev.py")

BANS = (
    Ban(
        "nested event loop",
        "open() and await what it finishes with; qasync runs the only loop",
        calling("*.exec", "*.exec_"),
        bad=("dialog.exec()", "QMenu(self).exec_(point)"),
        good=("dialog.open()", "exec_driver()"),
        applies=("trii_desktop/", "plugins/", "tests/ui/"),
    ),
    Ban(
        "a stack of parts without a parent",
        "QStackedWidget: a QStackedLayout shows its first part before that has a parent, and it flashes as a window",
        bare_stack,
        bad=("from PySide6.QtWidgets import QStackedLayout\nQStackedLayout()",),
        good=("from PySide6.QtWidgets import QStackedLayout\nQStackedLayout(self)", "QStackedWidget()"),
        applies=("trii_desktop/", "plugins/"),
    ),
    Ban(
        "processEvents",
        "await, then repaint; in tests qtbot.waitUntil or qtbot.waitSignal",
        calling("*.processEvents", "*.qWait"),
        bad=("QApplication.processEvents()", "app.processEvents()", "QTest.qWait(50)"),
        good=("qtbot.waitUntil(is_drawn)",),
        applies=EVERYWHERE,
        except_in=("tests/benchmarks/",),  # they drive the frames that they measure
    ),
    Ban(
        "sleeping",
        "a condition with a deadline: tests.fakes.waiting, an Event, asyncio.sleep in a loop that ends",
        calling("time.sleep"),
        bad=("import time\ntime.sleep(1)", "from time import sleep\nsleep(0.1)", "import time as t\nt.sleep(1)"),
        good=("wait_until(is_done)", "clock.sleep(1)"),
        applies=EVERYWHERE,
        # Benchmarks pace the feeds that they measure; a command waits for another process before any loop runs.
        except_in=("tests/benchmarks/", "backend/cli.py"),
    ),
    Ban(
        "the system's clock",
        "a Clock from the arguments: clock.now_ns()",
        calling(
            "datetime.datetime.now",
            "datetime.datetime.utcnow",
            "datetime.datetime.today",
            "datetime.date.today",
            "time.time",
            "time.time_ns",
            "time.gmtime",
            "time.localtime",
        ),
        bad=(
            "import time\ntime.time_ns()",
            "from datetime import datetime\ndatetime.now()",
            "import datetime as dt\ndt.date.today()",
        ),
        good=(
            "clock.now_ns()",
            "import time\ntime.perf_counter_ns()",
            "import datetime as dt\ndt.datetime.fromtimestamp(0, dt.UTC)",
        ),
        except_in=("backend/clock.py", "sync_server/clock.py"),
    ),
    Ban(
        "tasks without an owner",
        "TaskOwner.start(name, coro), bridge.call(coro)",
        loose_tasks,
        bad=(
            "import asyncio\nasyncio.create_task(work())",
            "self.task = loop.create_task(work())",
            "import asyncio as a\na.ensure_future(x)",
        ),
        good=(
            "owner.start('drain', drain())",
            "group.create_task(work())",
            "import asyncio\nasync def f():\n    await asyncio.shield(asyncio.ensure_future(x))",
        ),
        # The owner itself, and the crossing, which cancels what it started.
        except_in=("backend/tasks.py", "trii_desktop/crossing.py"),
    ),
    Ban(
        "printing",
        "the command's out stream, the log or a Notice",
        print_to_stdout,
        bad=("print('done')",),
        good=("print('done', file=context.out)", "log.info('done')"),
        except_in=("backend/cli.py", "trii_desktop/__main__.py"),
    ),
    Ban(
        "objects from bytes",
        "msgspec structs, Arrow or JSON: loading must never run code",
        importing("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"),
        bad=("import pickle", "from pickle import loads", "import marshal"),
        good=("import msgspec", "import json"),
        applies=EVERYWHERE,
    ),
    Ban(
        "code from text",
        "a table of functions, ast.literal_eval or a parser",
        calling("eval", "exec", "compile"),
        bad=("eval(text)", "exec(text)", "compile(text, 'x', 'eval')"),
        good=("import ast\nast.literal_eval(text)", "import re\nre.compile(text)", "model.eval()"),
        applies=EVERYWHERE,
    ),
    Ban(
        "a shell",
        "a list of arguments: subprocess.run([...])",
        lambda source: iter([*passing("shell")(source), *calling("os.system", "os.popen")(source)]),
        bad=("import subprocess\nsubprocess.run('ls', shell=True)", "import os\nos.system('ls')"),
        good=("import subprocess\nsubprocess.run(['ls'])",),
        applies=EVERYWHERE,
    ),
    Ban(
        "SQL built from strings",
        "placeholders (?), or a constant chosen from a table of constants",
        built_sql,
        bad=(
            "c.execute(f'SELECT {x}')",
            "c.execute('SELECT ' + x)",
            "c.execute('SELECT %s' % x)",
            "db.sql('SELECT {}'.format(x))",
        ),
        good=(
            "c.execute('SELECT ?', (x,))",
            "c.execute(f'SELECT {_NAMES} FROM t')",
            "c.execute(QUERIES[kind], (x,))",
            "execute(f'{x}')",
        ),
    ),
    Ban(
        "fastmath=True",
        "a named set of flags without NaN and Inf flags, with a precision test beside it",
        passing("fastmath"),
        bad=("import numba\n@numba.njit(fastmath=True)\ndef f(): ...", "njit(fastmath=True)"),
        good=("njit(cache=True, nogil=True)", "njit(fastmath={'contract'})"),
        applies=EVERYWHERE,
    ),
    Ban(
        "lambdas as slots",
        "a bound method: a lambda keeps its panel alive and cannot be disconnected",
        lambda_slots,
        bad=("button.clicked.connect(lambda: self.save())", "QTimer.singleShot(0, lambda: self.save())"),
        good=(
            "button.clicked.connect(self.save)",
            "b.clicked.connect(lambda _checked=False: go())",
            "QTimer.singleShot(0, self.save)",
        ),
    ),
    Ban(
        "broad catches",
        "the exceptions that this call raises, translated to a TriiError",
        broad_catches,
        bad=("try: x()\nexcept Exception: log()", "try: x()\nexcept: log()", "try: x()\nexcept (OSError, BaseException): log()"),
        good=("try: x()\nexcept OSError: log()", "try: x()\nexcept BaseException:\n    undo()\n    raise"),
        except_in=(
            # task owner, bus, excepthooks, the top of the command line: each reports what it caught
            "backend/tasks.py",
            "backend/bus.py",
            "backend/alerts/firing_queue.py",  # whatever a channel raises is told, and the firing stored without it
            "backend/crash.py",
            "backend/cli.py",
            "backend/commands/runner.py",
            "trii_desktop/crash.py",
            # threads of their own: whatever ends a piece of work is handed to whoever waits for it
            "backend/engine.py",
            "backend/assistant/engines/model_thread.py",
            "backend/commands/stream_terminal.py",
            "backend/storage/transaction.py",
            "backend/storage/worker.py",
        ),
    ),
    Ban(
        "market data in Qt signals",
        "arrays with a version, looked at once a frame",
        qt_data_signals,
        bad=(
            "from PySide6.QtCore import Signal\nticked = Signal(Tick)",
            "from PySide6 import QtCore\ns = QtCore.Signal(np.ndarray)",
        ),
        good=("from PySide6.QtCore import Signal\nchosen = Signal(str)", "from PySide6.QtCore import Signal\ns = Signal(BarSpec)"),
    ),
    Ban(
        "patched parts",
        "the real part, or a fake from tests/fakes with tests of its own",
        importing("unittest.mock", "mock"),
        bad=("from unittest.mock import patch", "import unittest.mock"),
        good=("from tests.fakes.waiting import wait_until", "import unittest"),
        applies=EVERYWHERE,
    ),
    Ban(
        "tests that do not run",
        "a test that runs, or none; what a machine may lack is a mark in conftest.py that prints why",
        skipped_tests,
        bad=(
            "import pytest\n@pytest.mark.skipif(True, reason='x')\ndef test_x(): ...",
            "import pytest\n@pytest.mark.xfail\ndef test_x(): ...",
            "import pytest\ndef test_x():\n    pytest.skip('later')",
        ),
        good=(
            "import pytest\n@pytest.mark.display\ndef test_x(): ...",
            "import pytest\n@pytest.fixture\ndef small_disk():\n    pytest.skip('needs the right to mount')",
        ),
        applies=("tests/",),
        except_in=("tests/conftest.py",),
    ),
    Ban(
        "work left for later",
        "do it, or name its issue: TODO #12",
        comments(r"#\s*(TODO(?! #\d)|FIXME|XXX|HACK)\b"),
        bad=("x = 1  # TODO: later", "# FIXME"),
        good=("# TODO #12: when the feed is there", "x = 'TODO list'"),
        applies=EVERYWHERE,
        except_in=("tests/tidy/banned_calls.py",),
    ),
    Ban(
        "silenced tools",
        "the rule's code and a reason: # noqa: X123 - why, # type: ignore[code]  # why",
        comments(r"#\s*noqa(?!: [A-Z]+\d+(, ?[A-Z]+\d+)* +\S)|#\s*type:\s*ignore(?!\[[\w-]+(, ?[\w-]+)*\] *\S)"),
        bad=("x = 1  # noqa", "x = 1  # noqa: S101", "x = 1  # type: ignore", "x = 1  # type: ignore[arg-type]"),
        good=("x = 1  # noqa: S101 - the tests say so", "x = 1  # type: ignore[arg-type]  # numpy's stub is too narrow"),
        applies=EVERYWHERE,
        except_in=("tests/tidy/banned_calls.py",),
    ),
    Ban(
        "workarounds without an end",
        "WORKAROUND <url>: reason; remove when ...",
        comments(r"#.*\bWORKAROUND\b(?! https?://\S+: .+[Rr]emove when)"),
        bad=("# WORKAROUND: Qt is odd",),
        good=("# WORKAROUND https://bugreports.qt.io/browse/X-1: paints twice; remove when fixed",),
        applies=EVERYWHERE,
        except_in=("tests/tidy/banned_calls.py",),
    ),
)
