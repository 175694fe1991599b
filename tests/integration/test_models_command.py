"""`trii models` on real models: every action in words and in JSON, with its exit codes."""

import contextlib
import json
from types import SimpleNamespace

import pytest

from backend.assistant.answers import Mode
from backend.assistant.models.work import Doing, Work
from backend.commands import models as command
from backend.commands.context import CommandContext
from backend.commands.failures import exit_code
from backend.commands.models import WorkBar
from backend.commands.table import build_parser
from backend.commands.terminal import TerminalFacts
from backend.errors import InvalidInput, TriiError
from tests.fakes.gguf_files import write_adapter, write_gguf, write_projector
from tests.fakes.model_server import serving
from tests.fakes.modelling import make_model, modelling


class Heard:
    """A terminal that keeps what it is told."""

    def __init__(self, *, is_tty):
        self.facts = TerminalFacts(out_is_tty=is_tty, err_is_tty=is_tty, width=160)
        self.out, self.err = "", ""

    async def write(self, data):
        self.out += data.decode()

    async def tell(self, data):
        self.err += data.decode()

    async def ask(self, prompt):
        return None

    async def read_input(self):
        return b""


class Shell:
    """Runs `trii models` on models that are open."""

    def __init__(self, m, folder):
        self.m = m
        self.folder = folder

    async def __call__(self, *words, is_tty=False):
        arguments = build_parser().read(("models", *map(str, words)))
        heard = Heard(is_tty=is_tty)
        backend = SimpleNamespace(assistant=SimpleNamespace(open=self._open))
        context = CommandContext(self.m.home, heard, self.folder, arguments.json, backend)
        try:
            code, error = await command.run(context, arguments), ""
        except TriiError as e:
            code, error = exit_code(e), str(e)
        return SimpleNamespace(code=code, out=heard.out, err=heard.err, error=error, json=_read(heard.out))

    async def _open(self):
        return SimpleNamespace(models=self.m.models)


def _read(text):
    with contextlib.suppress(ValueError):
        return json.loads(text)
    return None


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(make_model(name="Tiny"))
    return path


async def test_a_model_goes_its_way_from_a_file_to_a_mode_and_away(home, clock, tiny, tmp_path):
    async with modelling(home, clock) as m:
        trii = Shell(m, tmp_path)
        assert "no models" in (await trii("list")).err
        added = await trii("add", "tiny.gguf")
        assert (added.code, added.error) == (0, "")
        assert "Tiny, 48.8 KiB, is there." in added.out
        assert "trii models use MODE" in added.err
        (row,) = (await trii("list", "--json")).json
        assert (row["name"], row["standing"], row["modes"], row["examined"]) == ("Tiny", "tried", [], [])
        short = row["model"][:8]
        assert (await trii("use", "deep", "tin")).out == "Tiny is used for deep.\n"
        assert "Tiny" in (await trii("list")).out
        told = await trii("test", short, "--mode", "deep", "--mode", "fast", "--json")
        assert [one["mode"] for one in told.json] == ["deep", "fast"]
        assert "keep to plain wording" in (await trii("use", "fast", short)).err
        shown = await trii("show", short)
        assert f"SHA-256       {row['sha256']}" in shown.out
        assert "Used for      fast, deep" in shown.out
        assert "Not fit:" in shown.out
        assert (await trii("show", short, "--json")).json["n_layers"] == 30
        assert (await trii("use", "fast", "none", "--json")).json == {"mode": "fast", "model": None}
        gone = await trii("remove", "Tiny")
        assert "nothing is used for deep now" in gone.out
        assert m.files() == []
        assert (await trii("list", "--json")).json == []


async def test_an_adapter_goes_with_a_model_for_one_mode_and_away(home, clock, tiny, tmp_path):
    write_adapter(tmp_path / "manner.gguf")
    async with modelling(home, clock) as m:
        trii = Shell(m, tmp_path)
        await trii("add", "tiny.gguf")
        added = await trii("adapter", "tiny", "deep", "manner.gguf")
        assert (added.code, added.error) == (0, "")
        assert added.out.startswith("Tiny goes with Tiny Manner for deep. Try it: trii models test ")
        assert "Adapters      Tiny Manner for deep" in (await trii("show", "tiny")).out
        assert (await trii("show", "tiny", "--json")).json["adapters"][0]["mode"] == "deep"
        m.probes[:] = [InvalidInput("It ended its process.")]
        refused = await trii("adapter", "tiny", "fast", "manner.gguf")
        assert (refused.code, refused.error) == (4, "It ended its process.")
        assert (await trii("adapter", "tiny", "deep", "none")).out == "Tiny goes without Tiny Manner for deep.\n"
        assert (await trii("adapter", "tiny", "deep", "none")).code != 0


async def test_a_projector_goes_with_a_model_and_away(home, clock, tiny, tmp_path):
    write_projector(tmp_path / "mmproj.gguf", width=64)
    write_projector(tmp_path / "wide.gguf", width=80)
    async with modelling(home, clock) as m:
        trii = Shell(m, tmp_path)
        await trii("add", "tiny.gguf")
        write_gguf(next(m.home.models.glob("*.gguf")))  # a head that tells how wide it is
        added = await trii("projector", "tiny", "mmproj.gguf")
        assert (added.out, added.error) == ("Tiny sees pictures by Tiny Eyes.\n", "")
        assert "Sees by       Tiny Eyes" in (await trii("show", "tiny")).out
        refused = await trii("projector", "tiny", "wide.gguf")
        assert (refused.code, "gives 80 numbers a token, the model takes 64" in refused.error) == (4, True)
        assert (await trii("projector", "tiny", "none")).out == "Tiny goes without Tiny Eyes and sees no pictures.\n"
        assert (await trii("show", "tiny", "--json")).json["projector"] is None


async def test_a_download_is_shown_while_it_comes_and_its_rest_is_listed(home, clock, tmp_path):
    content = make_model(3_000_000, name="Big")
    async with modelling(home, clock) as m, serving(content) as server:
        trii = Shell(m, tmp_path)
        server.cuts = [1_200_000] + [0] * 10
        broken = await trii("download", server.url)
        assert (broken.code, "goes on from there" in broken.error) == (5, True)
        (waiting,) = (await trii("download", "--json")).json
        assert waiting == {"url": server.url, "sha256": "", "n_bytes": 1_200_000}
        assert "1.1 MiB" in (await trii("download")).out
        server.cuts = []
        done = await trii("download", server.url, is_tty=True)
        assert done.code == 0
        assert "Big" in done.out
        assert "No download waits" in (await trii("download")).err
        server.cuts = [0] * 10
        assert (await trii("download", server.url, "--sha256", "ab" * 32)).code == 5
        assert (await trii("download", server.url, "--discard")).code == 0
        assert "No download waits" in (await trii("download")).err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "none.gguf"), 3, "none.gguf"),
        (("add", "page.gguf"), 4, "not a GGUF"),
        (("add", "starter"), 5, "not installed"),
        (("download", "http://models.example/a.gguf"), 4, "without encryption"),
        (("download", "https://models.example/a.gguf", "--sha256", "12"), 4, "no SHA-256"),
        (("download", "--sha256", "ab" * 32), 2, "which download"),
        (("download", "https://models.example/a.gguf", "--discard"), 3, "no such download"),
        (("show", "x"), 3, "'x'"),
        (("use", "fast", "x"), 3, "'x'"),
        (("remove", "x"), 3, "'x'"),
        (("test", "x"), 3, "'x'"),
        (("show", "ti"), 4, "2 models begin"),
    ],
)
async def test_what_cannot_be_is_refused_in_words_with_its_code(home, clock, tmp_path, words, code, said):
    (tmp_path / "page.gguf").write_bytes(b"<html>")
    async with modelling(home, clock) as m:
        if words == ("show", "ti"):
            for seed in (1, 2):
                (tmp_path / "t.gguf").write_bytes(make_model(seed=seed, name="Tiny"))
                await m.models.add_file(tmp_path / "t.gguf")
        answer = await Shell(m, tmp_path)(*words)
        assert answer.code == code
        assert said in answer.error


async def test_a_mode_that_is_none_is_a_wrong_command_line():
    with pytest.raises(TriiError) as wrong:
        build_parser().read(("models", "use", "slow", "x"))
    assert exit_code(wrong.value) == 2


async def test_a_model_that_fails_its_trial_is_kept_and_told_as_refused(home, clock, tiny, tmp_path):
    async with modelling(home, clock) as m:
        m.probes = [InvalidInput("It crashed.")]
        trii = Shell(m, tmp_path)
        answer = await trii("add", tiny)
        assert (answer.code, "may not be loaded: It crashed." in answer.error) == (4, True)
        assert (await trii("use", "fast", "Tiny")).code == 4
        assert (await trii("list", "--json")).json[0]["standing"] == "refused"


async def test_the_starter_comes_back_by_its_word(home, clock, tiny, tmp_path):
    from backend.assistant.models.starter import Starter

    async with modelling(home, clock, starter=lambda: Starter(tiny, "package tiny 1")) as m:
        trii = Shell(m, tmp_path / "..")
        (row,) = (await trii("list", "--json")).json
        await trii("remove", row["model"])
        assert (await trii("add", "starter", "--json")).json["modes"] == [str(Mode.FAST)]
        assert tiny.exists()


def test_a_bar_tells_share_speed_and_what_is_left():
    bar = WorkBar("x")
    assert bar.line(80) == ""
    bar.take(Work("1", "big.gguf", Doing.DOWNLOADING, 1 << 30, 4 << 30, float(16 << 20)))
    assert bar.line(120).endswith(" 25%  downloading  1.0 GiB, 16.0 MiB/s, 3 min left")
    assert len(bar.line(40)) < 40
    bar.take(Work("1", "Tiny", Doing.EXAMINING, 3, 13))
    assert "examining  3 of 13" in bar.line(120)
    bar.take(Work("1", "big.gguf", Doing.DOWNLOADING, words="models.example is out of order. It is tried again."))
    assert "tried again" in bar.line(120)
