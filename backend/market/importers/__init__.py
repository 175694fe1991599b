"""Files into bars: recognise, preview, correct, check every row, publish at once."""

from backend.market.importers.importer import Importer
from backend.market.importers.plan import Choices, Column, Dialect, FileFormat, ImportPlan, PlanNote, Role, Survey
from backend.market.importers.report import ImportRecord, ImportReport, Progress, RowKind, RowNote

__all__ = [
    "Choices",
    "Column",
    "Dialect",
    "FileFormat",
    "ImportPlan",
    "ImportRecord",
    "ImportReport",
    "Importer",
    "PlanNote",
    "Progress",
    "Role",
    "RowKind",
    "RowNote",
    "Survey",
]
