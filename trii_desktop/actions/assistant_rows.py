"""The rows of the assistant menu."""

from typing import Final

from trii_desktop.actions.row import ASSISTANT, ActionRow

_CHART: Final = "chart.is_shown"

ROWS: Final[tuple[ActionRow, ...]] = (
    ActionRow(
        "assistant.ask",
        "&Ask a question",
        ASSISTANT,
        "assistant.focus_composer",
        ("Ctrl+L",),
        words="chat write composer AI",
        tip="Write a question to the assistant",
        icon="assistant",
        short="Ask",
    ),
    ActionRow(
        "assistant.analyse",
        "A&nalyse this chart",
        ASSISTANT,
        "assistant.analyse",
        ("Ctrl+Alt+A",),
        _CHART,
        words="stock analysis levels trade idea facts",
    ),
    ActionRow(
        "assistant.look",
        "&Look for patterns in this chart",
        ASSISTANT,
        "assistant.look",
        ("Ctrl+Alt+L",),
        _CHART,
        words="see vision picture candle double top flag",
        tip="Ask which patterns a model sees in the chart, and which of them code finds",
    ),
    ActionRow("assistant.new", "Ne&w conversation", ASSISTANT, "assistant.begin_new", ("Ctrl+Shift+A",)),
    ActionRow("assistant.stop", "&Stop the answer", ASSISTANT, "assistant.stop", (), "assistant.is_answering", starts_group=True),
    ActionRow(
        "assistant.again",
        "Answer a&gain",
        ASSISTANT,
        "assistant.regenerate",
        ("Ctrl+Alt+R",),
        "assistant.can_regenerate",
        words="regenerate retry",
    ),
    ActionRow(
        "assistant.attach", "Attach the &chart to the question", ASSISTANT, "assistant.attach_chart", (), _CHART, words="context"
    ),
    ActionRow(
        "assistant.clear",
        "Take sketches &off the chart",
        ASSISTANT,
        "assistant.clear_sketches",
        (),
        "assistant.has_sketches",
        words="remove analysis drawings",
    ),
    ActionRow(
        "assistant.show",
        "S&how the assistant",
        ASSISTANT,
        "assistant.toggle_panel",
        ("Ctrl+7",),
        "",
        "assistant.shows_panel",
        starts_group=True,
        words="dock chat",
    ),
    ActionRow(
        "assistant.history",
        "&Earlier conversations",
        ASSISTANT,
        "assistant.show_history",
        ("Ctrl+Shift+7",),
        words="history search",
    ),
    ActionRow(
        "assistant.export",
        "Save the con&versation\u2026",
        ASSISTANT,
        "assistant.export",
        (),
        "assistant.has_conversation",
        words="export",
    ),
    ActionRow(
        "assistant.models",
        "&Models\u2026",
        ASSISTANT,
        "assistant.open_models",
        (),
        words="local GGUF llama download",
        starts_group=True,
    ),
    ActionRow(
        "assistant.services",
        "Ser&vices\u2026",
        ASSISTANT,
        "assistant.open_services",
        (),
        words="OpenAI Anthropic key cloud",
    ),
    ActionRow(
        "assistant.instructions",
        "&Instructions\u2026",
        ASSISTANT,
        "assistant.open_instructions",
        (),
        words="prompt template system versions compare",
    ),
    ActionRow(
        "assistant.health",
        "&Diagnostics\u2026",
        ASSISTANT,
        "assistant.open_health",
        (),
        words="health GPU tokens speed queue budget spent status",
    ),
)
