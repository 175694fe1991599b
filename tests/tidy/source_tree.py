"""The project's own files as the tidy rules see them: parsed once, with the names that calls resolve to."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("backend", "trii_desktop", "sync_server", "plugins")
GENERATED = {".git", ".venv", "build", "dist", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> dict[str, str]:
        """Local name → dotted origin, of every import in the file."""
        found = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    @cached_property
    def imports_text(self) -> str:
        """Every dotted name that the file imports, one a line."""
        return "\n".join(sorted({*self.imports.values(), *(value.rpartition(".")[0] for value in self.imports.values())}))

    def origin(self, node: ast.expr) -> str:
        """What an expression such as ``dt.datetime.now`` names once imports are followed: ``datetime.datetime.now``."""
        text = ast.unparse(node)
        head, dot, rest = text.partition(".")
        return self.imports.get(head, head) + dot + rest

    @cached_property
    def calls(self) -> tuple[tuple[str, ast.Call], ...]:
        """Every call with the origin of what it calls."""
        return tuple((self.origin(node.func), node) for node in self.nodes if isinstance(node, ast.Call))

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def classes(self) -> Iterator[ast.ClassDef]:
        for node in self.nodes:
            if isinstance(node, ast.ClassDef):
                yield node

    @property
    def is_product(self) -> bool:
        return self.path.startswith(tuple(f"{package}/" for package in PRODUCT))

    @property
    def module(self) -> str:
        """Dotted name, as import statements say it."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the project, product and tests."""
    paths = [ROOT / "dev.py"]
    for folder in (*PRODUCT, "tests"):
        paths += sorted(path for path in (ROOT / folder).rglob("*.py") if not GENERATED & set(path.parts))
    return tuple(Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths)


def product() -> tuple[Source, ...]:
    """Every Python file that is shipped."""
    return tuple(source for source in sources() if source.is_product)


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project: what git tracks or would, else (in an unpacked sdist) what lies here."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return tuple(ROOT / name for name in sorted(set(listing.split("\0"))) if name and (ROOT / name).is_file())
    return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and not GENERATED & set(path.relative_to(ROOT).parts))


def text_files(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Path from the root and text of every project file with one of these suffixes."""
    for path in files():
        if path.suffix in suffixes:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace")
