"""Every kernel is explained, releases the GIL, and has a slow, obvious twin that a test compares it with."""

import ast

import pytest

from tests.tidy.source_tree import ROOT, Source, product, sources

KERNELS = [source for source in product() if source.path.startswith("backend/kernels/") and not source.path.endswith("__init__.py")]


KEEP_THE_LOCK = {"aggregate_few", "update_all", "peek_all"}
"""Calls of a microsecond on the tick path (decision 0188)."""


@pytest.mark.parametrize("kernel", KERNELS, ids=[kernel.path for kernel in KERNELS])
def test_every_kernel_module_has_a_naive_twin_that_a_test_compares_it_with(kernel: Source):
    family = kernel.path.rpartition("/")[2].removesuffix(".py")
    twin = ROOT / "tests" / "naive" / f"{family}.py"
    comparing = [
        source.path
        for source in sources()
        if f"tests.naive.{family}" in source.imports_text and kernel.module in source.imports_text
    ]

    assert twin.exists(), f"Write {twin.name} in tests/naive: the same results by plain loops."
    assert "numba" not in twin.read_text(encoding="utf-8")
    assert comparing or reached_through_facade(family), f"No test compares {kernel.path} with its twin."


def reached_through_facade(family: str) -> bool:
    """A kernel behind a facade is compared by the facade's test, which still imports the twin."""
    return any(f"tests.naive.{family}" in source.imports_text for source in sources() if "/test_" in source.path)


def undocumented(kernel: Source) -> list[str]:
    """Sweeps whose docstring does not tell shapes and the twin, and kernels that hold the GIL or are compiled anew each run."""
    found = []
    for function in kernel.functions():
        decorators = [ast.unparse(decorator) for decorator in function.decorator_list if "njit" in ast.unparse(decorator)]
        # A formula that is inlined has no compiled code of its own.
        compiled = [text for text in decorators if "inline='always'" not in text]
        wanted = ("cache=True",) if function.name in KEEP_THE_LOCK else ("cache=True", "nogil=True")
        if any(word not in text for text in compiled for word in wanted):
            found.append(f"{kernel.path}:{function.lineno} {function.name}: @njit(cache=True, nogil=True)")
        if function.name.endswith("_sweep"):
            said = ast.get_docstring(function) or ""
            found += [
                f"{kernel.path}:{function.lineno} {function.name}: say {word!r}" for word in ("[", "Twin:") if word not in said
            ]
    return found


def test_every_sweep_tells_shapes_and_its_twin_and_releases_the_gil():
    assert not [line for kernel in KERNELS for line in undocumented(kernel)]


def test_an_unexplained_sweep_is_found():
    text = 'import numba\n@numba.njit\ndef ema_sweep(close, out):\n    """Smooth."""\n'

    assert len(undocumented(Source("backend/kernels/sample.py", text))) == 3
