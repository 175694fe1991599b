"""Writes blocks into a Qt document, letter by letter and never as markup; what is there already stays."""

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontDatabase,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTableFormat,
)

from backend.assistant.grounding.span import COMPUTED, Mark
from trii_desktop.assistant.markdown.blocks import PAIRS, Block, BlockKind, Cell, Run
from trii_desktop.palettes import Palette

FACT: Final = "fact:"  # what an address begins with that names a fact
HIT: Final = "hit:"  # the same for the place of something found
UNVERIFIED_TIP: Final = "Unverified: no fact stands for this number."
UNCHECKED_TIP: Final = "Not checked: the model says so, and no code computed it."
QUOTED_TIP: Final = "Your number, as you wrote it: nothing here was computed."
INDENT_PX: Final = 20
_GAP_PX: Final = 8.0
_HEADINGS: Final = {1: 1.25, 2: 1.15, 3: 1.08}
_LINE: Final = "\u2028"
_ALIGNED: Final = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "center": Qt.AlignmentFlag.AlignHCenter,
    "right": Qt.AlignmentFlag.AlignRight,
}
_UNDERLINES: Final = {
    Mark.QUOTED: QTextCharFormat.UnderlineStyle.DashUnderline,
    Mark.JUDGED: QTextCharFormat.UnderlineStyle.DotLine,
    Mark.UNCHECKED: QTextCharFormat.UnderlineStyle.WaveUnderline,
}
_STRUCTURED: Final = frozenset({BlockKind.CODE, BlockKind.TABLE})
_PROPORTIONAL: Final = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
_WHOLE: Final = QTextLength(QTextLength.Type.PercentageLength, 100)
_FIXED: Final = QTextBlockFormat.LineHeightTypes.FixedHeight.value


@dataclass(frozen=True, slots=True)
class Written:
    """A block in the document: where it begins, and whether it took an empty paragraph that was there."""

    block: Block
    start: int
    took_empty: bool


class DocumentWriter:
    """Keeps one document showing blocks. Only what differs from the blocks shown before is written again."""

    def __init__(self, document: QTextDocument, palette: Palette) -> None:
        self._document = document
        self._palette = palette
        self._written: list[Written] = []
        self._is_empty = True  # whether the last paragraph waits to be written in

    def wear(self, palette: Palette) -> None:
        """Write everything again in other colours, or with letters of another size."""
        blocks = tuple(one.block for one in self._written)
        self._palette = palette
        self._clear()
        self.show(blocks)

    def show(self, blocks: tuple[Block, ...]) -> bool:
        """Let the document say ``blocks``; whether it said anything else before."""
        n_same = 0
        for one, block in zip(self._written, blocks, strict=False):
            if one.block != block:
                break
            n_same += 1
        if n_same == len(self._written) == len(blocks):
            return False
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        self._cut(n_same)
        for block in blocks[len(self._written) :]:
            self._write(block)
        cursor.endEditBlock()
        return True

    # --- inside -------------------------------------------------------------------------------------------------------

    def _clear(self) -> None:
        self._document.clear()
        self._written, self._is_empty = [], True

    def _cut(self, n_kept: int) -> None:
        if n_kept >= len(self._written):
            return
        # A table or a frame is taken out whole: what begins with the paragraph before it.
        while n_kept and self._written[n_kept].block.kind in _STRUCTURED:
            n_kept -= 1
        if n_kept == 0:
            self._clear()
            return
        first = self._written[n_kept]
        cursor = QTextCursor(self._document)
        cursor.setPosition(first.start)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._written = self._written[:n_kept]
        self._is_empty = first.took_empty

    def _write(self, block: Block) -> None:
        cursor = QTextCursor(self._document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        start, took_empty = cursor.position(), self._is_empty
        is_first = not self._written
        if block.kind is BlockKind.TABLE and block.rows:
            self._put_table(cursor, block)
        elif block.kind is BlockKind.CODE:
            self._put_code(cursor, block)
        else:
            self._put_paragraph(cursor, block, is_first=is_first)
        self._written.append(Written(block, start, took_empty))

    def _put_paragraph(self, cursor: QTextCursor, block: Block, *, is_first: bool) -> None:
        made = QTextBlockFormat()
        is_tight = is_first or (block.depth and bool(block.marker))
        made.setTopMargin(0 if is_first else 3 if is_tight else _GAP_PX if not block.level else 14)
        made.setLineHeight(128.0, _PROPORTIONAL)
        made.setLeftMargin(INDENT_PX * (block.depth + block.quote))
        look = self._char_format()
        if block.level:
            made.setHeadingLevel(block.level)
            look.setFontWeight(QFont.Weight.DemiBold)
            look.setProperty(QTextFormat.Property.FontPixelSize, round(self._px() * _HEADINGS.get(block.level, 1.0)))
        if block.quote:
            look.setForeground(QBrush(QColor(self._palette.muted)))
        if block.kind is BlockKind.RULE:
            made.setProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth, _WHOLE)
            made.setBackground(QBrush(QColor(self._palette.border_strong)))
        if block.marker:
            made.setTextIndent(-INDENT_PX)
            made.setTabPositions([QTextOption.Tab(INDENT_PX, QTextOption.TabType.LeftTab)])
        if self._is_empty:
            cursor.setBlockFormat(made)
            cursor.setBlockCharFormat(look)
        else:
            cursor.insertBlock(made, look)
        self._is_empty = False
        if block.marker:
            quiet = QTextCharFormat(look)
            quiet.setForeground(QBrush(QColor(self._palette.muted)))
            cursor.insertText(f"{block.marker}\t", quiet)
        self._put_runs(cursor, block.runs, look)

    def _put_code(self, cursor: QTextCursor, block: Block) -> None:
        outside = QTextFrameFormat()
        outside.setBackground(QBrush(QColor(self._palette.field)))
        outside.setBorder(1)
        outside.setBorderBrush(QBrush(QColor(self._palette.border)))
        outside.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        outside.setPadding(8)
        outside.setTopMargin(_GAP_PX)
        outside.setBottomMargin(6)
        outside.setLeftMargin(INDENT_PX * (block.depth + block.quote))
        cursor.insertFrame(outside)
        inside = QTextBlockFormat()
        inside.setNonBreakableLines(False)
        cursor.setBlockFormat(inside)
        look = self._code_format()
        if block.language:
            quiet = self._char_format()
            quiet.setForeground(QBrush(QColor(self._palette.muted)))
            quiet.setProperty(QTextFormat.Property.FontPixelSize, max(self._px() - 2, 8))
            cursor.insertText(block.language + _LINE, quiet)
        self._put_runs(cursor, tuple(replace(run, is_code=False) for run in block.runs), look)
        self._end_structure()

    def _put_table(self, cursor: QTextCursor, block: Block) -> None:
        n_columns = max(len(row) for row in block.rows)
        is_pairs = block.language == PAIRS
        looks = QTextTableFormat()
        padding_px = 3 if is_pairs else 5
        looks.setCellPadding(padding_px)
        looks.setLeftMargin(-padding_px if is_pairs else 0)  # without a border its words stand below other words
        looks.setCellSpacing(0)
        looks.setBorder(0 if is_pairs else 1)
        looks.setBorderCollapse(True)
        looks.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        looks.setBorderBrush(QBrush(QColor(self._palette.border)))
        looks.setTopMargin(_GAP_PX)
        looks.setBottomMargin(6)
        looks.setHeaderRowCount(0 if is_pairs else 1)
        table = cursor.insertTable(len(block.rows), max(n_columns, 1), looks)
        for number, cells in enumerate(block.rows):
            for place, cell in enumerate(cells):
                is_head = place == 0 if is_pairs else number == 0
                look = self._head_format(is_bold=not is_pairs) if is_head else self._char_format()
                self._put_cell(table.cellAt(number, place).firstCursorPosition(), cell, _aligned(block, place), look)
        self._end_structure()

    def _put_cell(self, cursor: QTextCursor, cell: Cell, aligned: Qt.AlignmentFlag, look: QTextCharFormat) -> None:
        made = QTextBlockFormat()
        made.setAlignment(aligned)
        cursor.setBlockFormat(made)
        self._put_runs(cursor, cell, look)

    def _head_format(self, *, is_bold: bool) -> QTextCharFormat:
        made = self._char_format()
        made.setForeground(QBrush(QColor(self._palette.muted)))
        if is_bold:
            made.setFontWeight(QFont.Weight.DemiBold)
        return made

    def _end_structure(self) -> None:
        # Qt keeps a paragraph behind it: flat until it is written in.
        cursor = QTextCursor(self._document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        flat = QTextBlockFormat()
        flat.setLineHeight(1.0, _FIXED)
        cursor.setBlockFormat(flat)
        self._is_empty = True

    def _put_runs(self, cursor: QTextCursor, runs: tuple[Run, ...], look: QTextCharFormat) -> None:
        for run in runs:
            cursor.insertText(run.text.replace("\n", _LINE), self._run_format(run, look))

    def _run_format(self, run: Run, look: QTextCharFormat) -> QTextCharFormat:
        palette = self._palette
        made = self._code_format(look) if run.is_code else QTextCharFormat(look)
        if run.is_bold:
            made.setFontWeight(QFont.Weight.DemiBold)
        if run.is_italic:
            made.setFontItalic(True)
        if run.is_struck:
            made.setFontStrikeOut(True)
        if run.is_aside:
            made.setForeground(QBrush(QColor(palette.muted)))
        elif run.link:
            made.setForeground(QBrush(QColor(palette.accent_text)))
            made.setFontUnderline(True)
        if run.link:
            made.setAnchor(True)
            made.setAnchorHref(run.link)
        if run.mark is Mark.NUMBER and run.fact:
            made.setAnchor(True)
            made.setAnchorHref(FACT + run.fact)
            made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
            made.setUnderlineColor(QColor(palette.accent_text))
            made.setToolTip("Show where this number comes from")
        elif run.mark is Mark.HIT and run.fact:
            made.setAnchor(True)
            made.setAnchorHref(HIT + run.fact)
            made.setForeground(QBrush(QColor(palette.accent_text)))
            made.setToolTip("Open it")
        elif run.mark is not Mark.PLAIN:
            self._mark(made, run)
        return made

    def _mark(self, made: QTextCharFormat, run: Run) -> None:
        """What code does not stand behind, or only says is true, quieter than numbers of facts."""
        if run.mark in {Mark.UNVERIFIED, Mark.UNTRUE}:
            made.setForeground(QBrush(QColor(self._palette.muted)))
            made.setFontStrikeOut(True)
            made.setToolTip(UNVERIFIED_TIP if run.mark is Mark.UNVERIFIED else f"Untrue. {run.why}")
            return
        line = _UNDERLINES.get(run.mark)
        if line is None:
            return
        made.setUnderlineStyle(line)
        made.setUnderlineColor(QColor(self._palette.warning if run.mark is Mark.UNCHECKED else self._palette.muted))
        if run.mark is Mark.JUDGED:
            made.setAnchor(True)
            made.setAnchorHref(FACT + run.fact)
            made.setToolTip(f"True. {run.why}")
        elif run.mark is Mark.UNCHECKED:
            made.setToolTip(UNCHECKED_TIP)
        else:
            made.setToolTip(f"From your numbers, {run.why}." if run.why.startswith(COMPUTED) else QUOTED_TIP)

    def _char_format(self) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setForeground(QBrush(QColor(self._palette.text)))
        return made

    def _code_format(self, look: QTextCharFormat | None = None) -> QTextCharFormat:
        made = QTextCharFormat(look) if look is not None else self._char_format()
        made.setFontFamilies([QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family(), "monospace"])
        made.setProperty(QTextFormat.Property.FontPixelSize, max(self._px() - 1, 8))
        if look is not None:
            made.setBackground(QBrush(QColor(self._palette.raised)))
        return made

    def _px(self) -> int:
        return max(self._document.defaultFont().pixelSize(), 8)


def _aligned(block: Block, place: int) -> Qt.AlignmentFlag:
    return _ALIGNED.get(block.aligned[place] if place < len(block.aligned) else "left", Qt.AlignmentFlag.AlignLeft)
