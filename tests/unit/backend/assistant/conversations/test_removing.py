"""Taking single turns out: what goes with one, what follows what afterwards, and that no trace stays in the file."""

import pytest

from backend.assistant.conversations.conversation import Speaker
from backend.errors import Conflict, NotFound
from tests.fakes.conversing import chain, decrypted, index_terms, open_conversations, open_words, said

ASSISTANT = Speaker.ASSISTANT


async def texts(store, conversation, leaf=""):
    return [turn.text for turn in await store.branch(conversation, leaf)]


async def dialogue(store, *words):
    row = await store.begin_conversation()
    return row.id, await chain(store, row.id, words)


async def test_a_question_goes_with_its_answers_and_what_followed_follows_the_turn_before(home, clock):
    async with open_conversations(home, clock) as store:
        talk, ids = await dialogue(store, "one?", "yes", "two?", "no", "three?", "maybe")
        again = await store.add_turn(said(talk, "no, again", ids[2], speaker=ASSISTANT))
        await store.choose_branch(ids[5])
        removed = await store.remove_turn(ids[2])
        assert {turn.id for turn in removed.turns} == {ids[2], ids[3], again.id}
        assert await texts(store, talk) == ["one?", "yes", "three?", "maybe"]
        assert (await store.row(talk)).n_turns == 4

        await store.restore_turns(removed)
        assert await texts(store, talk) == ["one?", "yes", "two?", "no", "three?", "maybe"]
        assert [turn.text for turn in await store.siblings(again.id)] == ["no", "no, again"]
        with pytest.raises(Conflict):
            await store.restore_turns(removed)


async def test_an_answer_with_another_version_goes_alone_and_what_followed_follows_the_other(home, clock):
    async with open_conversations(home, clock) as store:
        talk, ids = await dialogue(store, "one?", "yes", "two?", "no")
        other = await store.add_turn(said(talk, "no", ids[0], speaker=ASSISTANT))
        await store.choose_branch(ids[3])
        removed = await store.remove_turn(ids[1])
        assert [turn.id for turn in removed.turns] == [ids[1]]
        assert [turn.id for turn in await store.branch(talk)] == [ids[0], other.id, ids[2], ids[3]]


async def test_an_only_answer_at_the_end_leaves_its_question(home, clock):
    async with open_conversations(home, clock) as store:
        talk, ids = await dialogue(store, "one?", "yes", "two?", "no")
        await store.remove_turn(ids[3])
        assert await texts(store, talk) == ["one?", "yes", "two?"]


async def test_an_only_answer_that_was_followed_goes_with_its_question(home, clock):
    async with open_conversations(home, clock) as store:
        talk, ids = await dialogue(store, "one?", "yes", "two?", "no")
        await store.remove_turn(ids[1])
        assert await texts(store, talk) == ["two?", "no"]


async def test_the_shown_branch_leads_on_beside_a_removed_end(home, clock):
    async with open_conversations(home, clock) as store:
        talk, ids = await dialogue(store, "one?", "yes", "two?", "no")
        edited = await store.add_turn(said(talk, "two, edited?", ids[1]))
        await store.remove_turn(edited.id)
        assert await texts(store, talk) == ["one?", "yes", "two?", "no"]
        await store.remove_turn(ids[0])
        await store.remove_turn(ids[2])
        assert await texts(store, talk) == []
        assert (await store.row(talk)).n_turns == 0


async def test_a_turn_said_after_a_removal_stays_when_that_is_undone(home, clock):
    async with open_conversations(home, clock) as store:
        talk, ids = await dialogue(store, "one?", "yes", "two?", "no")
        removed = await store.remove_turn(ids[2])
        # Numbers of rows that became free are taken by other conversations meanwhile.
        _, other = await dialogue(store, "elsewhere?", "here")
        later = await store.add_turn(said(talk, "three?", ids[1]))
        await store.restore_turns(removed)
        assert await texts(store, talk) == ["one?", "yes", "two?", "no"]
        assert await texts(store, talk, later.id) == ["one?", "yes", "three?"]
        assert [turn.text for turn in await store.siblings(later.id)] == ["two?", "three?"]
        assert (await store.turn(other[1])).text == "here"
        assert (await store.row(talk)).n_turns == 5


async def test_a_title_that_came_from_a_removed_question_goes_with_it_and_comes_back(home, clock):
    async with open_conversations(home, clock) as store:
        talk, ids = await dialogue(store, "the quicksilver plan?", "yes", "of porcelain?", "no")
        removed = await store.remove_turn(ids[0])
        assert (await store.row(talk)).title == "Of porcelain"
        await store.restore_turns(removed)
        assert (await store.row(talk)).title == "The quicksilver plan"
        await store.rename(talk, "Mine")
        await store.remove_turn(ids[0])
        assert (await store.row(talk)).title == "Mine"


async def test_a_turn_that_is_not_there_is_refused_and_an_undo_without_its_conversation_too(home, clock):
    async with open_conversations(home, clock) as store:
        talk, ids = await dialogue(store, "one?", "yes")
        removed = await store.remove_turn(ids[0])
        with pytest.raises(NotFound):
            await store.remove_turn(ids[0])
        await store.remove(talk)
        with pytest.raises(NotFound):
            await store.restore_turns(removed)


async def test_words_of_a_removed_turn_are_in_no_page_of_the_file_and_not_in_the_index(home, clock):
    secret = "quicksilver7"
    async with open_conversations(home, clock) as store:
        _, ids = await dialogue(store, f"about {secret}?", f"It is {secret}.", "and porcelain7?", "no")
        assert await store.search(secret)
    path = home.ledgers / "words.db"
    assert secret.encode() in decrypted(path)

    async with open_conversations(home, clock) as store:
        await store.remove_turn(ids[0])
        assert await store.search(secret) == ()
        assert await store.rows(query=secret) == ()
    async with open_words(home) as ledger:
        terms = await ledger.write(index_terms)
        check = "INSERT INTO turn_words (turn_words, rank) VALUES ('integrity-check', 1)"
        await ledger.write(lambda db: db.execute(check).fetchall())
    pages = decrypted(path)

    assert "porcelain7" in terms
    assert secret not in terms
    assert secret.encode() not in pages
    assert b"porcelain" in pages
