"""The rows of the indicators menu."""

from typing import Final

from trii_desktop.actions.row import INDICATORS, ActionRow

_CHART: Final = "chart.is_shown"
_SELECTED: Final = "studies.has_selected_study"

ROWS: Final[tuple[ActionRow, ...]] = (
    ActionRow(
        "study.add",
        "&Add indicator…",
        INDICATORS,
        "studies.open_search",
        ("/",),
        _CHART,
        icon="pulse",
        words="study formula",
        short="Indicators",
    ),
    ActionRow("study.edit", "&Settings of the indicator…", INDICATORS, "studies.edit_selected", ("Ctrl+I",), "studies.can_edit"),
    ActionRow("study.add_on", "Add indicator &on this one…", INDICATORS, "studies.open_search_on_selected", (), _SELECTED),
    ActionRow("study.duplicate", "&Duplicate", INDICATORS, "studies.duplicate", (), _SELECTED),
    ActionRow("study.remove", "&Remove", INDICATORS, "studies.remove_selected", (), "studies.has_selected", icon="trash"),
    ActionRow("study.toggle", "S&how or hide all", INDICATORS, "studies.toggle_all", (), "studies.has_studies", starts_group=True),
    ActionRow("study.list", "&List of what is on the chart…", INDICATORS, "studies.open_list", (), _CHART, words="object tree"),
    ActionRow("template.save", "Sa&ve as template…", INDICATORS, "templates.save", (), "studies.has_studies", words="set"),
    ActionRow("template.list", "&Templates…", INDICATORS, "templates.open_list", (), _CHART, words="sets of indicators apply"),
    ActionRow("study.remove_all", "Remove a&ll indicators", INDICATORS, "studies.remove_all", (), "studies.has_studies"),
    ActionRow(
        "compare.add",
        "&Compare with…",
        INDICATORS,
        "studies.compare",
        ("Alt+C",),
        _CHART,
        starts_group=True,
        words="overlay",
        short="Compare",
        icon="plus",
    ),
    ActionRow("compare.remove", "Remove comparis&ons", INDICATORS, "studies.remove_comparisons", (), "studies.has_comparisons"),
)
