"""A model told by `trii models`: its row, its details, and the same for programs."""

from typing import Any, Final

from backend.assistant.answers import Mode
from backend.assistant.models.model import Examined, ModelCard, Standing
from backend.commands.numbers import format_size
from backend.commands.times import format_instant

_STANDS: Final = {
    Standing.UNTRIED: "untried",
    Standing.REFUSED: "refused",
    Standing.TRIED: "loads",
    Standing.READY: "tried",
}
SHORT: Final = 8


def row(card: ModelCard) -> tuple[str, ...]:
    """A model's row in the list."""
    fastest = max((one.tokens_per_s for one in card.examined), default=0.0)
    return (
        card.id[:SHORT],
        card.name,
        format_size(card.n_bytes),
        card.quantisation,
        f"{card.n_ctx_train:,}" if card.n_ctx_train else "",
        card.licence,
        "embeddings" if card.is_embedding else _STANDS[card.standing],
        f"{fastest:.0f}" if fastest else "",
        listed(tuple(one.mode for one in card.examined if one.is_fit)),
        listed(card.modes),
    )


def details(card: ModelCard) -> list[tuple[str, str]]:
    """Everything of a model, as names and texts."""
    stands = f"{_STANDS[card.standing]}: {card.words}" if card.words else _STANDS[card.standing]
    return [
        ("Model", card.id),
        ("Name", card.name),
        ("Stands", stands),
        ("Used for", listed(card.modes) or "nothing"),
        ("Adapters", "; ".join(f"{one.name} for {one.mode}" for one in card.adapters) or "none"),
        ("Sees by", card.projector.name if card.projector else "nothing: it has no projector"),
        ("Size", f"{format_size(card.n_bytes)} ({card.n_bytes:,} bytes)"),
        ("Kind", f"{card.architecture}{', embeddings' if card.is_embedding else ''}"),
        ("Parameters", f"{card.n_parameters:,}" if card.n_parameters else "not said"),
        ("Quantised", card.quantisation or "not said"),
        ("Context", f"{card.n_ctx_train:,} tokens" if card.n_ctx_train else "not said"),
        ("Layers", f"{card.n_layers:,}" if card.n_layers else "not said"),
        ("Vocabulary", f"{card.n_vocab:,} tokens" if card.n_vocab else "not said"),
        ("Template", "its own" if card.has_template else "none: it may not follow a conversation"),
        ("Licence", card.licence or "not said"),
        ("From", card.origin),
        ("Added", format_instant(card.added_ns)),
        ("SHA-256", card.sha256),
        ("File", card.path),
    ]


def examined_row(one: Examined) -> tuple[str, ...]:
    """What it showed for a mode, as a row."""
    speed = (f"{one.first_token_ms:,.0f} ms", f"{one.tokens_per_s:,.1f}", f"{one.obedience:.0%}")
    return (str(one.mode), "yes" if one.is_fit else "no", *speed, one.words)


def listed(modes: tuple[Mode, ...]) -> str:
    """Modes in one text."""
    return ", ".join(map(str, modes))


def facts(card: ModelCard) -> dict[str, Any]:
    """A model for programs."""
    return {
        "model": card.id,
        "name": card.name,
        "standing": str(card.standing),
        "words": card.words,
        "modes": [str(mode) for mode in card.modes],
        "n_bytes": card.n_bytes,
        "architecture": card.architecture,
        "n_parameters": card.n_parameters,
        "quantisation": card.quantisation,
        "n_ctx_train": card.n_ctx_train,
        "n_layers": card.n_layers,
        "n_vocab": card.n_vocab,
        "has_template": card.has_template,
        "is_embedding": card.is_embedding,
        "licence": card.licence,
        "origin": card.origin,
        "added": format_instant(card.added_ns),
        "sha256": card.sha256,
        "path": card.path,
        "examined": [examined_facts(one) for one in card.examined],
        "projector": {"name": card.projector.name, "sha256": card.projector.sha256} if card.projector else None,
        "adapters": [{"mode": str(one.mode), "name": one.name, "sha256": one.sha256} for one in card.adapters],
    }


def examined_facts(one: Examined) -> dict[str, Any]:
    """What it showed for a mode, for programs."""
    return {
        "mode": str(one.mode),
        "is_fit": one.is_fit,
        "words": one.words,
        "first_token_ms": round(one.first_token_ms, 1),
        "tokens_per_s": round(one.tokens_per_s, 1),
        "obedience": round(one.obedience, 4),
        "at": format_instant(one.at_ns),
    }
