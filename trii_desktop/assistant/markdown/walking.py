"""Walks the tokens of markdown-it and makes blocks of them; a token that is not known here shows nothing but its text."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from markdown_it.token import Token

from trii_desktop.assistant.markdown.blocks import Block, BlockKind, Cell, Run, host_of

DEPTH_MAX: Final = 6  # deeper lists and quotations stand no further to the right
_NUMBER: Final = re.compile(r"[-+\u2212]?[$\u20ac\u00a3]?\d")
_BULLET: Final = "\u2022"
_STYLES: Final[dict[str, Callable[[Run, bool], Run]]] = {
    "strong": lambda look, is_on: replace(look, is_bold=is_on),
    "em": lambda look, is_on: replace(look, is_italic=is_on),
    "s": lambda look, is_on: replace(look, is_struck=is_on),
}


@dataclass(slots=True)
class _Item:
    """An item under way: the words before its first block, taken by it."""

    marker: str


@dataclass(slots=True)
class _Table:
    rows: list[list[Cell]] = field(default_factory=list)
    aligned: list[str] = field(default_factory=list)


class Walk:
    """One walk. ``runs`` makes runs of a text and the look that it has."""

    def __init__(self, runs: Callable[[str, Run], list[Run]]) -> None:
        self._runs = runs
        self._blocks: list[Block] = []
        self._lists: list[int | None] = []  # the next number, None for bullets
        self._items: list[_Item] = []
        self._quote = 0
        self._level = 0
        self._table: _Table | None = None

    def walk(self, tokens: Sequence[Token]) -> tuple[Block, ...]:
        """The blocks of all tokens."""
        for token in tokens:
            self._take(token)
        return tuple(self._blocks)

    def _take(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._put_inline(self._inline(token.children or []))
            case "fence" | "code_block":
                language = (token.info or "").split()[:1]
                runs = tuple(self._runs(token.content.rstrip("\n"), Run("", is_code=True)))
                said = "".join(run.text for run in self._runs(language[0], Run(""))) if language else ""
                self._put(Block(BlockKind.CODE, runs, language=said[:24]))
            case "hr":
                self._put(Block(BlockKind.RULE))
            case "heading_open":
                self._level = int(token.tag[1:])
            case "heading_close":
                self._level = 0
            case "blockquote_open" | "blockquote_close":
                self._quote += token.nesting
            case _:
                self._take_list(token)
                self._take_table(token)

    def _take_list(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                number = self._lists[-1]
                self._items.append(_Item(_BULLET if number is None else f"{number}."))
                if number is not None:
                    self._lists[-1] = number + 1
            case "list_item_close":
                item = self._items[-1]
                if item.marker:  # an item without words
                    self._put(Block(BlockKind.PARAGRAPH))
                self._items.pop()
            case _:
                pass

    def _take_table(self, token: Token) -> None:
        match token.type:
            case "table_open":
                self._table = _Table()
            case "table_close" if self._table is not None:
                table, self._table = self._table, None
                aligned = tuple(said or _natural(table.rows[1:], place) for place, said in enumerate(table.aligned))
                self._put(Block(BlockKind.TABLE, rows=tuple(map(tuple, table.rows)), aligned=aligned))
            case "tr_open" if self._table is not None:
                self._table.rows.append([])
            case "th_open" if self._table is not None:
                style = str(token.attrGet("style") or "")
                self._table.aligned.append(style.removeprefix("text-align:"))
            case _:
                pass

    def _put_inline(self, runs: tuple[Run, ...]) -> None:
        if self._table is not None:
            self._table.rows[-1].append(runs)
        elif self._level:
            self._put(Block(BlockKind.HEADING, runs, level=self._level))
        else:
            self._put(Block(BlockKind.PARAGRAPH, runs))

    def _put(self, block: Block) -> None:
        marker = ""
        if self._items:
            marker, self._items[-1].marker = self._items[-1].marker, ""
        depth = min(len(self._items), DEPTH_MAX)
        self._blocks.append(replace(block, depth=depth, marker=marker, quote=min(self._quote, DEPTH_MAX)))

    # --- inside a block -----------------------------------------------------------------------------------------------

    def _inline(self, tokens: Sequence[Token]) -> tuple[Run, ...]:
        made: list[Run] = []
        look = Run("")
        held: dict[str, int] = {}
        said_from = 0
        for token in tokens:
            name = token.type.removesuffix("_open").removesuffix("_close")
            if name in _STYLES:
                held[name] = held.get(name, 0) + token.nesting
                look = _STYLES[name](look, held[name] > 0)
            elif token.type == "link_open":
                look, said_from = replace(look, link=str(token.attrGet("href") or "")), len(made)
            elif token.type == "link_close":
                said = "".join(run.text for run in made[said_from:])
                host = host_of(look.link)
                if host and host not in said:
                    made.append(Run(f" ({host})", link=look.link, is_aside=True))
                look = replace(look, link="")
            elif token.type == "image":
                host = host_of(str(token.attrGet("src") or ""))
                made.append(Run("picture not loaded: ", is_aside=True))
                made += self._inline(token.children or []) or [Run(host, is_aside=True)]
            elif token.type == "code_inline":
                made += self._runs(token.content, replace(look, is_code=True))
            elif token.type in ("softbreak", "hardbreak"):
                made.append(replace(look, text=" " if token.type == "softbreak" else "\n"))
            else:
                made += self._runs(token.content, look)
        return tuple(_joined(made))


def _natural(rows: Sequence[Sequence[Cell]], place: int) -> str:
    """How a column is aligned of which nothing is said: numbers below their last digits, words at the left."""
    said = ["".join(run.text for run in row[place]).strip() for row in rows if place < len(row)]
    return "right" if said and all(_NUMBER.match(words) for words in said) else "left"


def _joined(runs: list[Run]) -> list[Run]:
    """Neighbours of one look as one run; marked ones stand alone."""
    made: list[Run] = []
    for run in runs:
        if made and run.mark == made[-1].mark == "plain" and replace(run, text=made[-1].text) == made[-1]:
            made[-1] = replace(run, text=made[-1].text + run.text)
        elif run.text:
            made.append(run)
    return made
