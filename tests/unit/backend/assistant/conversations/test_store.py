"""Conversations are kept whole, found by their words, shown by branches, and leave nothing behind when removed."""

import json

import pytest

from backend.assistant.conversations.checks import CONTENT_BYTES_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX
from backend.assistant.conversations.conversation import Speaker, Turn
from backend.assistant.conversations.store import ConversationStore
from backend.errors import Conflict, CorruptData, InvalidInput, NotFound
from backend.events import ConversationsChanged
from tests.fakes.conversing import TELLING, chain, decrypted, index_terms, open_conversations, open_words, said


async def test_a_conversation_is_there_after_a_restart_with_its_turns_and_title(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation(instrument="AAPL.XNAS")
        await chain(store, row.id, ["How did Apple do in 2012?", "It rose."])

    async with open_conversations(home, clock) as store:
        (kept,) = await store.rows()
        turns = await store.branch(kept.id)

    assert (kept.title, kept.n_turns, kept.instrument, kept.leaf) == ("How did Apple do in 2012", 2, "AAPL.XNAS", turns[-1].id)
    assert [turn.text for turn in turns] == ["How did Apple do in 2012?", "It rose."]
    assert turns[1].parent == turns[0].id


async def test_every_change_is_told_once_and_after_it_can_be_read(home, clock):
    heard = []
    async with open_conversations(home, clock, heard) as store:
        row = await store.begin_conversation()
        (first,) = await chain(store, row.id, ["One"])
        await store.rename(row.id, "Name")
        await store.pin(row.id, True)
        await store.choose_mode(row.id, "deep")
        await store.choose_branch(first)
        removed = await store.remove(row.id)
        await store.restore(removed)
        with pytest.raises(NotFound):
            await store.rename("no such", "Name")
        with pytest.raises(NotFound):
            await store.choose_mode("no such", "deep")

    assert heard == [ConversationsChanged(row.id)] * 8


async def test_another_answer_is_a_sibling_and_either_branch_can_be_shown(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation()
        ids = await chain(store, row.id, ["Q1", "A1", "Q2", "A2"])
        other = await store.add_turn(said(row.id, "A1 again", ids[0], speaker=Speaker.ASSISTANT))
        shown = [turn.text for turn in await store.branch(row.id)]
        siblings = await store.siblings(ids[1])
        back = [turn.text for turn in await store.choose_branch(ids[1])]
        kept = (await store.row(row.id)).leaf

    assert shown == ["Q1", "A1 again"]
    assert [(turn.text, turn.n_siblings, turn.sibling) for turn in siblings] == [("A1", 2, 0), ("A1 again", 2, 1)]
    assert (other.n_siblings, other.sibling) == (2, 1)
    assert back == ["Q1", "A1", "Q2", "A2"]
    assert kept == ids[3]


async def test_the_newest_turns_of_a_branch_and_those_before_them_can_be_asked_for(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation()
        await chain(store, row.id, [str(n) for n in range(9)])
        newest = await store.branch(row.id, n_max=4)
        before = await store.branch(row.id, newest[0].parent, n_max=3)

    assert [turn.text for turn in newest] == ["5", "6", "7", "8"]
    assert [turn.text for turn in before] == ["2", "3", "4"]


async def test_a_removed_conversation_can_be_restored_as_it_was(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation()
        ids = await chain(store, row.id, ["Question of apples", "Answer"])
        await store.add_turn(Turn("mine", row.id, ids[0], Speaker.ASSISTANT, 5, "Other", b"\x00\xff"))
        await store.rename(row.id, "Kept name")
        await store.choose_mode(row.id, "deep")
        before = (await store.row(row.id), await store.branch(row.id), await store.siblings("mine"))
        removed = await store.remove(row.id)
        assert await store.rows() == ()
        assert await store.search("apples") == ()
        await store.restore(removed)
        after = (await store.row(row.id), await store.branch(row.id), await store.siblings("mine"))
        found = await store.search("apples")
        with pytest.raises(Conflict):
            await store.restore(removed)

    assert after == before
    assert [hit.turn for hit in found] == [ids[0]]


async def test_removed_words_are_in_no_page_of_the_file_and_not_in_the_index(home, clock):
    secret = "quicksilver"
    async with open_conversations(home, clock) as store:
        kept = await store.begin_conversation()
        gone = await store.begin_conversation()
        for n in range(150):  # enough for the index to be merged many times, which gives pages back
            await store.add_turn(
                said(gone.id, f"{secret}{n} lies in the {secret} drawer " + "word " * 40, content=secret.encode() * 50)
            )
            await store.add_turn(said(kept.id, f"porcelain{n} stays where it is"))
        assert len(await store.search(secret)) == 20
    path = home.ledgers / "words.db"
    assert secret.encode() in decrypted(path)

    async with open_conversations(home, clock) as store:
        await store.remove(gone.id)
    async with open_words(home) as ledger:
        terms = await ledger.write(index_terms)
        (n_hits,) = await ledger.read(
            lambda db: db.execute("SELECT count(*) FROM turn_words WHERE turn_words MATCH 'quicksilver*'").fetchone()
        )
    pages = decrypted(path)

    assert n_hits == 0
    assert "porcelain7" in terms
    assert not [term for term in terms if secret in term]
    assert b"porcelain" in pages
    assert secret.encode() not in pages


async def test_the_index_agrees_with_the_turns_after_removals(home, clock):
    async with open_conversations(home, clock) as store:
        rows = [await store.begin_conversation() for _ in range(5)]
        for n, row in enumerate(rows * 4):
            await store.add_turn(said(row.id, f"word{n} common"))
        for row in rows[::2]:
            await store.remove(row.id)
    async with open_words(home) as ledger:
        await ledger.write(
            lambda db: db.execute("INSERT INTO turn_words (turn_words, rank) VALUES ('integrity-check', 1)").fetchall()
        )  # raises where index and content differ


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("a AND", True),  # both are words of the turn
        ("NOT apple", False),
        ("pear OR plum", False),
        ("text:apple", False),
        ("apple*", True),
        ("appl* pear", False),
        ("^apple", True),
        ("apple - pear", True),
        ("NEAR(apple pear, 2)", False),
        ("{text} : apple", False),
        ('"apple', True),
        ('app" OR "pear', False),
        ("\0apple", True),
        ('"', False),
        ('""', False),
        ("(", False),
        ("*", False),
        ("'; --", False),
        ("e\u0301", False),
        ("a" * 5_000, False),
        ("a " * 5_000, True),
    ],
)
async def test_whatever_is_typed_is_searched_as_words_and_is_no_syntax(home, clock, typed, is_found):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation()
        await store.add_turn(said(row.id, "An apple and a pear"))
        found = await store.search(typed)
        listed = await store.rows(query=typed)

    assert bool(found) is is_found
    assert len(listed) <= 1


async def test_words_are_found_without_accents_and_case_and_the_last_may_be_unfinished(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation("Über Märkte")
        turn = await store.add_turn(said(row.id, "Die Börse in Zürich öffnet um neun; der 50-Tage-Schnitt steigt"))
        for typed in ("zurich", "BÖRSE zür", "bo\u0308rse", "50-tage", "neun öff", 'schnitt "steigt'):
            assert [hit.turn for hit in await store.search(typed)] == [turn.id], typed
        for typed in ("zur ", "schnitt fällt", "50-jahre"):
            assert await store.search(typed) == (), typed
        (hit,) = await store.search("zürich öffnet")

    assert "\2Zürich\3 \2öffnet\3" in hit.words
    assert hit.title == "Über Märkte"


async def test_an_excerpt_marks_only_what_matched_whatever_was_typed(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation()
        turn = await store.add_turn(said(row.id, "fake \2mark\3 and a \x1b[31mtrue\x00 one\n\ttab"))
        (hit,) = await store.search("one")

    assert turn.text == "fake mark and a [31mtrue one\n\ttab"
    assert hit.words.count("\2") == hit.words.count("\3") == 1


async def test_a_list_holds_pinned_ones_first_and_finds_titles_and_turns(home, clock):
    async with open_conversations(home, clock) as store:
        rows = []
        for title in ("Alpha 100%", "Bêta_one", "Gamma"):
            clock.advance(10)
            rows.append(await store.begin_conversation(title))
        await store.add_turn(said(rows[1].id, "nothing but pears"))
        clock.advance(10)
        await store.add_turn(said(rows[2].id, "last of all"))
        await store.pin(rows[0].id, True)
        listed = [row.title for row in await store.rows()]
        by_query = {typed: [row.title for row in await store.rows(query=typed)] for typed in ("%", "_", "PEAR", "beta", "zzz")}

    assert listed == ["Alpha 100%", "Gamma", "Bêta_one"]
    assert by_query == {"%": ["Alpha 100%"], "_": ["Bêta_one"], "PEAR": ["Bêta_one"], "beta": ["Bêta_one"], "zzz": []}


async def test_a_conversation_is_called_after_its_first_question_until_a_person_names_it(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation()
        untitled = row.title
        first = await store.add_turn(said(row.id, "please tell me the **best** month of SP500. And why?"))
        titled = (await store.row(row.id)).title
        before = await store.rename(row.id, "  My \n title ")
        await store.add_turn(said(row.id, "Another beginning", first.parent))
        named = (await store.row(row.id)).title

    assert (untitled, titled, before, named) == ("New conversation", "The best month of SP500", titled, "My title")


async def test_the_mode_that_a_conversation_is_switched_to_stands_until_the_next_question(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation()
        (first,) = await chain(store, row.id, ["Q1"])
        switched = await store.choose_mode(row.id, "deep")
        await store.add_turn(said(row.id, "A1", first, speaker=Speaker.ASSISTANT))
        answered = await store.row(row.id)
        await store.add_turn(said(row.id, "Q2", answered.leaf))
        asked = await store.row(row.id)

    assert (row.mode, switched.mode, answered.mode, asked.mode) == ("", "deep", "deep", "")


async def test_what_is_too_large_or_misplaced_is_refused_and_nothing_is_stored(home, clock):
    async with open_conversations(home, clock) as store:
        row, other = await store.begin_conversation(), await store.begin_conversation()
        elsewhere = await store.add_turn(said(other.id, "elsewhere"))
        for turn, error in (
            (said(row.id, "x" * (TEXT_CHARS_MAX + 1)), InvalidInput),
            (said(row.id, "x", content=bytes(CONTENT_BYTES_MAX + 1)), InvalidInput),
            (said(row.id, "half \ud800"), InvalidInput),
            (said(row.id, "x", elsewhere.id), InvalidInput),
            (said(row.id, "x", "no such turn"), NotFound),
            (said("no such conversation", "x"), NotFound),
            (Turn("i" * 65, row.id, "", Speaker.PERSON, 0, "x", b""), InvalidInput),
            (Turn(elsewhere.id, row.id, "", Speaker.PERSON, 0, "x", b""), Conflict),
        ):
            with pytest.raises(error):
                await store.add_turn(turn)
        for title in ("", "  \n", "x" * (TITLE_CHARS_MAX + 1)):
            with pytest.raises(InvalidInput):
                await store.rename(row.id, title)
        with pytest.raises(InvalidInput):
            await store.branch(row.id, elsewhere.id)

        assert (await store.row(row.id)).n_turns == 0
        assert await store.branch(row.id) == ()


async def test_the_same_turn_again_changes_nothing_and_another_one_of_its_id_is_refused(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation()
        turn = Turn("mine", row.id, "", Speaker.PERSON, 7, "Hello", b"{}")
        first = await store.add_turn(turn)
        assert await store.add_turn(turn) == first
        with pytest.raises(Conflict):
            await store.add_turn(Turn("mine", row.id, "", Speaker.PERSON, 7, "Other", b"{}"))

        assert (await store.row(row.id)).n_turns == 1


async def test_ten_thousand_turns_in_one_conversation_are_not_gone_through_for_the_newest(home, clock):
    """Work is counted in thousands of SQLite's own steps, which are the same on any machine."""
    n_thousands = [0]

    def count():
        n_thousands[0] += 1
        return 0

    def listen(db):
        db.set_progress_handler(count, 1_000)

    async with open_words(home) as ledger:
        store = ConversationStore(ledger, [].append, clock, TELLING)
        row = await store.begin_conversation()
        await ledger.write(lambda db: _fill(db, row.id, 10_000))
        await ledger.read(listen)
        await ledger.write(listen)
        took = {}
        for name, ask in {
            "newest": lambda: store.branch(row.id, n_max=50),
            "search": lambda: store.search("rare777"),
            "rows": store.rows,
            "add": lambda: store.add_turn(said(row.id, "one more", "t9999")),
            "whole": lambda: store.branch(row.id),
        }.items():
            before = n_thousands[0]
            assert await ask()
            took[name] = n_thousands[0] - before
        assert await store.search("common", 20)
        assert len(await store.branch(row.id)) == 10_001
        assert max(took[name] for name in ("newest", "search", "rows", "add")) < took["whole"] / 50, took


def _fill(db, conversation, n_turns):
    for n in range(n_turns):
        db.execute(
            "INSERT INTO turns (id, conversation, parent, speaker, at_ns, text, content) VALUES (?, ?, ?, 'person', ?, ?, x'7b7d')",
            (f"t{n}", conversation, f"t{n - 1}" if n else None, n, f"common words and rare{n} ones"),
        )
    db.execute("UPDATE conversations SET n_turns = ?, leaf = ? WHERE id = ?", (n_turns, f"t{n_turns - 1}", conversation))


async def test_an_exported_conversation_tells_facts_and_sources_and_its_markup_is_its_own(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation("A <b>bold</b> | title", instrument="AAPL.XNAS")
        question = await store.add_turn(said(row.id, "Close?"))
        await store.add_turn(said(row.id, "It was 12.50.", question.id, speaker=Speaker.ASSISTANT, content=b"12.5"))
        other = await store.add_turn(said(row.id, "Or 13.", question.id, speaker=Speaker.ASSISTANT, content=b"13"))
        markdown = await store.export(row.id, "markdown")
        told = json.loads(await store.export(row.id, "json"))

    assert markdown.startswith("# A \\<b\\>bold\\</b\\> \\| title\n\nAbout AAPL.XNAS.\n\n## You, 2024-01-08T14:30:00Z\n\nClose?\n")
    assert "Or 13." in markdown
    assert "It was 12.50." not in markdown
    assert "| Close \\| last | 13.00 | close\\[n\\] | import |" in markdown
    assert [turn["text"] for turn in told["turns"]] == ["Close?", "It was 12.50.", "Or 13."]
    assert told["turns"][1]["facts"][0] | {} == {
        "id": "F1", "name": "close", "label": "Close | last", "value": 12.5, "shown": "12.50", "unit": "price",
        "as_of": "1970-01-01", "source": "import", "formula": "close[n]", "inputs": ["1 bar"],
    }  # fmt: skip
    assert (told["shown"], told["turns"][1]["model"], told["turns"][0]["parent"]) == (other.id, "Starter", None)


async def test_an_answer_that_cannot_be_read_stops_an_export_loudly(home, clock):
    async with open_conversations(home, clock) as store:
        row = await store.begin_conversation()
        await store.add_turn(said(row.id, "Broken", speaker=Speaker.ASSISTANT, content=b"not json"))
        with pytest.raises(CorruptData):
            await store.export(row.id, "json")

    assert TELLING.decode(b"1").facts["F1"].number == 1
