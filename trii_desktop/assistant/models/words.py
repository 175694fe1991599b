"""Words and figures of models as the dialog shows them."""

from types import MappingProxyType
from typing import Final

from backend.assistant.answers import Mode
from backend.assistant.models.model import ModelCard, Standing
from backend.assistant.models.work import Doing, Work
from trii_desktop.widgets.numbers import DASH, format_bytes, format_compact, format_count, format_seconds, format_time

TITLES: Final = MappingProxyType(
    {Mode.FAST: "Fast", Mode.DEEP: "Deep Thinking", Mode.ANALYSIS: "Stock Analysis", Mode.SEARCH: "Normal Search"}
)
SHORT: Final = MappingProxyType({Mode.FAST: "Fast", Mode.DEEP: "Deep", Mode.ANALYSIS: "Analysis", Mode.SEARCH: "Search"})
DOING: Final = MappingProxyType(
    {
        Doing.COPYING: "Copying",
        Doing.DOWNLOADING: "Downloading",
        Doing.CHECKING: "Reading",
        Doing.TRYING: "Loading it for a trial",
        Doing.EXAMINING: "Examining",
    }
)
_NARROW: Final = "\u202f"
_HARD: Final = "\u00a0"
NOT_SAID: Final = "not said"


def format_share(share: float) -> str:
    """``92 %``."""
    return f"{round(100 * share)}{_NARROW}%"


def format_speed(card: ModelCard) -> str:
    """Tokens a second as last examined; a dash where it was not."""
    newest = max(card.examined, key=lambda one: one.at_ns, default=None)
    return f"{newest.tokens_per_s:,.0f}" if newest is not None else DASH


def format_context(n_tokens: int) -> str:
    """``2K``, ``128K`` or ``1M`` tokens, in powers of 1,024 as they come; a dash where unknown."""
    if not n_tokens:
        return DASH
    thousands = n_tokens / 1_024
    return f"{thousands / 1_024:.3g}M" if thousands >= 1_024 else f"{thousands:.3g}K" if thousands >= 1 else f"{n_tokens}"


def format_wait(milliseconds: float) -> str:
    """``85 ms`` or ``1.4 s``."""
    return f"{milliseconds:,.0f}{_HARD}ms" if milliseconds < 1_000 else f"{milliseconds / 1_000:,.1f}{_HARD}s"


def mode_words(card: ModelCard, mode: Mode) -> str:
    """What is said beside a mode: whether it is fit there, and how it did."""
    examined, adapter = card.examined_for(mode), card.adapter_for(mode)
    with_it = f"With the adapter {adapter.name}. " if adapter is not None else ""
    if examined is None:
        return "Makes vectors, no text" if card.is_embedding else f"{with_it}Not examined yet"
    speed = f"irst word after {format_wait(examined.first_token_ms)}, {examined.tokens_per_s:,.0f} tokens a second."
    if examined.is_fit:
        return f"{with_it}Fit: did as told in {format_share(examined.obedience)} of cases, f{speed}"
    return f"{with_it}{examined.words} F{speed}"


def standing_words(card: ModelCard) -> tuple[str, str]:
    """How far it may be trusted, and the role in which that is said."""
    match card.standing:
        case Standing.REFUSED:
            return f"It is not loaded. {card.words}".strip(), "error"
        case Standing.UNTRIED:
            return f"Not loaded on this computer yet. {card.words}".strip(), "muted"
        case Standing.TRIED:
            return "It loads. Examine it to see what it can do here.", "muted"
    fit = [TITLES[one.mode] for one in card.examined if one.is_fit]
    if fit:
        return f"Fit for {listed(fit)}.", "good"
    return "Not fit for any mode it was examined for: answers keep to plain wording.", "warning"


def figures(card: ModelCard) -> tuple[tuple[str, str], ...]:
    """Every figure of a model and where it came from, as name and text."""
    kind = f"{card.architecture or NOT_SAID}{', makes vectors' if card.is_embedding else ''}"
    parameters = f"{format_compact(card.n_parameters)} ({format_count(card.n_parameters)})" if card.n_parameters else NOT_SAID
    return (
        ("Size", f"{format_bytes(card.n_bytes)} ({format_count(card.n_bytes)} bytes)"),
        ("Kind", kind),
        ("Parameters", parameters),
        ("Quantisation", card.quantisation or NOT_SAID),
        ("Context", _tokens(card.n_ctx_train)),
        ("Layers", format_count(card.n_layers) if card.n_layers else NOT_SAID),
        ("Vocabulary", _tokens(card.n_vocab)),
        ("Sees by", card.projector.name if card.projector is not None else "nothing: no projector"),
        ("Chat template", "its own" if card.has_template else "none: it may not follow a conversation"),
        ("Licence", card.licence or NOT_SAID),
        ("From", card.origin),
        ("Added", format_time(card.added_ns, is_dated=False)[:16] + " UTC"),
        ("SHA-256", card.sha256),
        ("File", card.path),
    )


def work_words(work: Work) -> str:
    """What is done, how far it is, how fast it goes and how long it will take."""
    if work.words:
        return work.words
    if work.doing is Doing.EXAMINING:
        for_mode = f"Examining for {TITLES[work.mode]}" if work.mode is not None else DOING[work.doing]
        return f"{for_mode}: {work.n_done} of {work.n_total} prompts" if work.n_total else for_mode
    parts = [DOING[work.doing]]
    if work.n_done:
        parts[0] += f" {format_bytes(work.n_done)}" + (f" of {format_bytes(work.n_total)}" if work.n_total else "")
    if work.per_s:
        parts.append(f"{format_bytes(work.per_s)}/s")
    if work.left_s is not None and work.n_done < work.n_total:
        parts.append(f"{format_seconds(work.left_s)} left")
    return ", ".join(parts)


def listed(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def _tokens(n: int) -> str:
    return f"{format_count(n)} tokens" if n else NOT_SAID
