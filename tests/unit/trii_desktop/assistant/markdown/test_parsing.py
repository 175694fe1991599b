"""Markdown and marked numbers: what is read is what was written, whatever was written."""

import random
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.grounding.span import Mark, Span
from trii_desktop.assistant.markdown.blocks import BlockKind, host_of, runs_of
from trii_desktop.assistant.markdown.parsing import MarkdownReader, read_markdown, shown_text

HOSTILE = (
    "[click](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\nscript:alert(1))", "[x](file:///etc/passwd)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)", "[x](vbscript:x)", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "<a href='javascript:x'>y</a>", "![p](file:///etc/shadow)", "![p](https://tracker.example/pixel.png)", "<iframe src=//x>",
    "[a]: javascript:alert(1)\n\n[a]", "<javascript:alert(1)>", "[x](//evil.example)", "[x](http:evil)", "[x](https://)",
    "&lt;script&gt;", "&#x6a;avascript:x", "[x](&#x6a;avascript:alert(1))", "[x](ftp://a.example/b)", "[x](mailto:a@b.example)",
    "<a@b.example>", "\u202egnp.exe", "\x00\x01\x02", "[x](https://good.example@evil.example/)", "[x](https://a.example:99999/)",
)  # fmt: skip


def text_of(blocks, *, asides=False):
    return "".join(run.text for run in runs_of(blocks) if asides or not run.is_aside)


def marked(blocks):
    return [(run.text, run.mark, run.fact) for run in runs_of(blocks) if run.mark is not Mark.PLAIN]


def number(text, fact="F1"):
    return Span(text, Mark.NUMBER, fact, "F1 rounded")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_hostile_becomes_plain_words_and_no_link_but_to_the_web(hostile):
    for around in ("{}", "**{}**", "- {}", "|a|\n|-|\n|{}|", "> {}", "`{}`"):
        for run in runs_of(read_markdown((Span(around.format(hostile)),))):
            assert not run.link or re.fullmatch(r"https?://[^\s]+", run.link)
            assert not run.link or host_of(run.link)


def test_a_link_says_its_host_and_not_the_name_it_pretends():
    (block,) = read_markdown((Span("See [apple.com](https://apple.com@evil.example/x)."),))
    link = [run for run in block.runs if run.link]
    assert [run.text for run in link] == ["apple.com", " (evil.example)"]
    assert link[-1].is_aside


def test_a_picture_is_never_asked_for_and_says_so():
    (block,) = read_markdown((Span("![the chart](https://tracker.example/p.png)"),))
    assert "".join(run.text for run in block.runs) == "picture not loaded: the chart"
    assert not any(run.link for run in block.runs)


def test_html_is_shown_as_it_is_written():
    assert text_of(read_markdown((Span("a <b>bold</b> <script>x</script>"),))) == "a <b>bold</b> <script>x</script>"


@pytest.mark.parametrize(
    ("before", "after", "look"),
    [
        ("**up ", "** today", "is_bold"),
        ("*about ", "*", "is_italic"),
        ("~~was ", "~~", "is_struck"),
        ("`x = ", "`", "is_code"),
        ("[now ", "](https://a.example)", "link"),
    ],
)
@pytest.mark.parametrize("said", ["180.25", "\u22122.5 %", "$1,234", "1.", "**7**", "`5`", "3|4", "_9_", "<b>", "&amp;", "2)"])
def test_a_number_inside_anything_comes_out_as_it_went_in(before, after, look, said):
    blocks = read_markdown((Span(before), number(said), Span(after)))
    assert marked(blocks) == [(said, Mark.NUMBER, "F1")]
    assert all(getattr(run, look) for run in runs_of(blocks) if run.mark is Mark.NUMBER)


def test_numbers_in_tables_stand_in_their_cells():
    spans = (Span("|level|price|\n|:-|-:|\n|support|"), number("180"), Span("|\n|stop|"), Span("12", Mark.UNVERIFIED), Span("|\n"))
    (table,) = read_markdown(spans)
    assert table.kind is BlockKind.TABLE
    assert [[text_of((type(table)(BlockKind.PARAGRAPH, cell),)) for cell in row] for row in table.rows] == [
        ["level", "price"], ["support", "180"], ["stop", "12"],
    ]  # fmt: skip
    assert table.aligned == ("left", "right")
    assert table.rows[2][1][0].mark is Mark.UNVERIFIED


def test_numbers_stand_at_the_right_of_their_columns_where_nothing_else_is_said():
    rows = "|Monday|0.33%|+$613|55|\n|Friday|-0.17%|\u2212657|none|"
    (table,) = read_markdown((Span(f"|day|change|made|note|\n|---|---|---|---|\n{rows}\n"),))
    assert table.aligned == ("left", "right", "right", "left")
    (said,) = read_markdown((Span(f"|day|change|made|note|\n|---|:--|:-:|---|\n{rows}\n"),))
    assert said.aligned == ("left", "left", "center", "left")
    (empty,) = read_markdown((Span("|day|change|\n|---|---|\n"),))
    assert empty.aligned == ("left", "left")


def test_a_number_that_begins_a_line_is_no_list():
    (block,) = read_markdown((number("2024"), Span(". It rose.")))
    assert (block.marker, text_of((block,))) == ("", "2024. It rose.")


def test_numbers_in_an_address_belong_to_the_address():
    (block,) = read_markdown((Span("[report](https://a.example/"), Span("2024", Mark.UNVERIFIED), Span("/x)")))
    assert block.runs[0].link == "https://a.example/2024/x"


def test_numbers_in_code_keep_their_lines():
    (block,) = read_markdown((Span("```py\nx = "), number("5"), Span("\ny = 2\n```")))
    assert (block.kind, block.language, text_of((block,))) == (BlockKind.CODE, "py", "x = 5\ny = 2")


def test_lists_have_their_numbers_and_depth():
    blocks = read_markdown((Span("3. three\n4. four\n   - inside\n     more\n\n- other"),))
    assert [(b.marker, b.depth, text_of((b,))) for b in blocks] == [
        ("3.", 1, "three"), ("4.", 1, "four"), ("\u2022", 2, "inside more"), ("\u2022", 1, "other"),
    ]  # fmt: skip


def test_nesting_without_end_is_shown_whole_and_soon():
    for text in ("> " * 5_000 + "x", "- " * 3_000 + "x", "[" * 5_000, "*" * 5_000 + "a", "`" * 4_999, "(" * 9_000):
        blocks = read_markdown((Span(text), number("7"), Span(" end")))
        assert marked(blocks) == [("7", Mark.NUMBER, "F1")]


def test_letters_that_turn_text_around_or_look_like_ours_are_not_shown():
    assert shown_text("a\u202eb\U000f0000c\x07d\r\ne") == "ab\ufffdcd\ne"
    assert text_of(read_markdown((Span("\U000f0001 stays"),))) == "\ufffd stays"


def test_five_thousand_malformed_texts_are_read_without_an_error_and_lead_nowhere():
    draw = random.Random(5)
    pieces = [*HOSTILE, "```", "~~~", "|", "|-|", "\n", "\n\n", "    ", "\t", "> ", "- ", "1. ", "#", "**", "__", "~~", "`", "[",
              "](", ")", "!",
              "<", ">", "&", "\\", "http://a.example", "é", "\U0001f4c8", "0", "word "]  # fmt: skip
    for _ in range(5_000):
        spans = []
        for _ in range(draw.randint(1, 9)):
            mark = draw.choice((Mark.PLAIN, Mark.PLAIN, Mark.NUMBER, Mark.UNVERIFIED, Mark.QUOTED))
            spans.append(Span("".join(draw.choices(pieces, k=draw.randint(1, 4))), mark, "F1" if mark is Mark.NUMBER else ""))
        blocks = read_markdown(spans)
        shown = marked(blocks)
        wanted = [(shown_text(s.text), s.mark, s.fact) for s in spans if s.mark is not Mark.PLAIN and s.text]
        links = unquote("".join(run.link for run in runs_of(blocks)))
        hidden = []
        for one in wanted:
            if shown and shown[0] == one:
                shown.pop(0)
            elif one[0]:
                hidden.append(one[0])
        assert not shown
        assert all(text in links for text in hidden)
        assert all(host_of(run.link) for run in runs_of(blocks) if run.link)


def test_what_was_found_shows_its_own_letters_without_the_signs_that_disarm_them():
    (block,) = read_markdown((Span("- "), Span(r"Bands \[20\*2\]", Mark.HIT, "3"), Span(": "), Span(r"a \_ b", Mark.HIT)))
    assert [(run.text, run.mark, run.fact) for run in block.runs] == [
        ("Bands [20*2]", Mark.HIT, "3"), (": ", Mark.PLAIN, ""), ("a _ b", Mark.HIT, ""),
    ]  # fmt: skip


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Co", "Cc")), max_size=12)
PIECES = st.one_of(
    st.builds(Span, WORDS),
    st.builds(
        Span,
        st.sampled_from(["**", "*", "`", "\n\n", "\n- ", "|a|b|\n|-|-|\n|", "|", "~~", "\n```\n", "# ", "> "]),
    ),
    st.builds(lambda n: Span(f"{n:,.2f}", Mark.NUMBER, "F1"), st.floats(0, 1e9)),
    st.builds(lambda n: Span(f"{n} %", Mark.UNVERIFIED), st.integers(-999, 999)),
    st.builds(lambda n: Span(str(n), Mark.QUOTED), st.integers(0, 99)),
)


@given(st.lists(PIECES, max_size=24))
def test_every_marked_number_is_shown_once_in_order_and_as_what_it_is(spans):
    shown = marked(read_markdown(spans))
    assert shown == [(s.text, s.mark, s.fact) for s in spans if s.mark is not Mark.PLAIN]


@given(
    st.lists(st.text("abc xyz,.", min_size=1, max_size=20).map(str.strip).filter(lambda t: t[:1].isalpha()), min_size=1, max_size=9)
)
def test_plain_words_are_shown_to_the_letter(lines):
    said = "\n\n".join(lines)
    assert [text_of((b,)) for b in read_markdown((Span(said),))] == [re.sub(r"\s+$", "", line) for line in lines]


STREAMED = (
    "# Title\n\nFirst **bold** words.\n\nSecond paragraph,\nsame line.\n\n- one\n- two\n\n  more of two\n\nAfter the list.\n\n"
    "```py\nx = 1\n\ny = 2\n```\n\nThen text.\n\n|a|b|\n|-|-|\n|1|2|\n\nLast [link](https://a.example/b) `code`."
)


def test_text_that_comes_letter_by_letter_ends_as_text_that_comes_at_once():
    reader = MarkdownReader()
    for n in range(0, len(STREAMED) + 1, 3):
        so_far = reader.read((Span(STREAMED[:n]),), is_over=False)
        assert so_far == read_markdown((Span(STREAMED[:n]),)), STREAMED[:n][-40:]
    assert reader.read((Span(STREAMED),)) == read_markdown((Span(STREAMED),))


def test_an_answer_that_is_told_anew_is_read_anew():
    reader = MarkdownReader()
    reader.read((Span("One.\n\nTwo.\n\nThree"),), is_over=False)
    assert text_of(reader.read((Span("Other.\n\nTwo."),), is_over=False)) == "Other.Two."
