"""The doctor's look at the assistant: what models compute on, what is chosen, how soon answers come, what services cost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from backend.app import Backend
from backend.assistant.engines.engine import EngineState
from backend.assistant.engines.hardware import Hardware, read_hardware
from backend.assistant.health import AssistantHealth, engine_words, service_words
from backend.assistant.models.model import ModelCard
from backend.assistant.pace import pace_words
from backend.commands.findings import Finding, ok, warning
from backend.commands.numbers import format_size


async def look_at_assistant(backend: Backend) -> AsyncIterator[Finding]:
    """Nothing is loaded for it; a program of one command has answered nothing yet."""
    assistant = await backend.assistant.open()
    yield tell_device(await asyncio.to_thread(read_hardware))
    yield tell_models(await assistant.models.cards())
    for finding in tell_health(await assistant.health()):
        yield finding


def tell_models(cards: tuple[ModelCard, ...]) -> Finding:
    """Which model is used for what, and whether it is fit for that."""
    chosen = {str(mode): card.name for card in cards for mode in card.modes}
    examined = [(mode, card.examined_for(mode)) for card in cards for mode in card.modes]
    fit = [str(mode) for mode, shown in examined if shown is not None and shown.is_fit]
    used = ", ".join(f"{name} for {mode}" for mode, name in chosen.items()) or "None is chosen"
    words = f"fit for {', '.join(fit)}" if fit else "none has passed an examination, so wording is plain"
    broken = [card for card in cards if card.modes and not card.is_usable]
    if broken:
        return warning(
            "models", f"{broken[0].name} cannot be used: {broken[0].words}", "See: trii models list", chosen=chosen, fit=fit
        )
    return ok("models", f"{used}; {words}.", chosen=chosen, fit=fit)


def tell_device(hardware: Hardware) -> Finding:
    """What a model could compute on."""
    memory = f"{format_size(hardware.available_bytes)} of {format_size(hardware.total_bytes)} of memory free"
    facts: dict[str, Any] = {"n_cores": hardware.n_cores, "memory_free_bytes": hardware.available_bytes}
    facts["gpus"] = [{"name": one.name, "free_bytes": one.free_bytes, "is_usable": one.is_usable} for one in hardware.gpus]
    usable = hardware.gpu
    if usable is not None:
        cards = f"{usable.name}, {format_size(usable.free_bytes)} of {format_size(usable.total_bytes)} free"
        return ok("device", f"Models compute on {cards}; {memory}.", **facts)
    if hardware.gpus:
        words = f"{hardware.gpus[0].name} is there, but the installed engine cannot compute on it"
        return warning("device", f"{words}; {memory}.", "Set up an engine that was built for it.", **facts)
    return ok("device", f"Models compute on {hardware.n_cores} cores, for there is no graphics card; {memory}.", **facts)


def tell_health(health: AssistantHealth) -> list[Finding]:
    """The engine, the pace of each mode that was asked, services and money."""
    stats = health.engine
    facts: dict[str, Any] = {"state": str(stats.state), "n_waiting": stats.n_waiting, "n_restarts": stats.n_restarts}
    facts["n_gpu_layers"] = stats.loaded.n_gpu_layers if stats.loaded else 0
    facts["tokens_per_s"] = stats.last.tokens_per_s if stats.last else 0.0
    is_broken = stats.state is EngineState.BROKEN
    found = [
        warning("inference", engine_words(stats), stats.words, **facts)
        if is_broken
        else ok("inference", engine_words(stats), **facts)
    ]
    for pace in health.paces:
        if pace.waits.n:
            told = {"mode": str(pace.mode), "p50_ms": pace.waits.p50, "p95_ms": pace.waits.p95, "goal_ms": pace.goal_ms}
            words = f"{str(pace.mode).capitalize()}: {pace_words(pace)}."
            hint = "A smaller model, a graphics card or a service answers sooner."
            found.append(ok("answers", words, **told) if pace.is_met else warning("answers", words, hint, **told))
    money = f"{health.spent_usd:.2f} of {health.budget_usd:.2f} US$ are spent in {health.month}"
    told = {"spent_usd": health.spent_usd, "budget_usd": health.budget_usd, "reach": health.reach}
    words = f"{service_words(health.services).capitalize()}; {money}."
    is_low = health.budget_usd > 0 and health.spent_usd >= health.budget_usd
    hint = "No service is asked until the next month, or a larger budget."
    found.append(warning("services", words, hint, **told) if is_low else ok("services", words, **told))
    return found
