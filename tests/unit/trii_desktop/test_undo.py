"""The one stack of undo and redo, compared with two plain lists over random histories."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from trii_desktop.undo import DEPTH, UndoStack

MOVES = st.lists(st.sampled_from(["push", "push once", "undo", "redo", "undo an older one"]), max_size=60)


class Written:
    """A text that steps change: each adds its number, and taking it back removes that."""

    def __init__(self) -> None:
        self.stack = UndoStack()
        self.text: list[int] = []
        self.n_pushed = 0

    def push(self, *, can_repeat: bool = True):
        number, self.n_pushed = self.n_pushed, self.n_pushed + 1

        async def take_back():
            await asyncio.sleep(0)
            self.text.remove(number)

        async def repeat():
            await asyncio.sleep(0)
            self.text.append(number)

        self.text.append(number)
        return self.stack.push(f"Number {number}", take_back, repeat if can_repeat else None)


@given(MOVES)
def test_any_history_is_that_of_two_lists(qapp, moves):
    async def story():
        written, done, undone = Written(), [], []
        for move in moves:
            match move:
                case "push" | "push once":
                    step = written.push(can_repeat=move == "push")
                    done, undone = [*done, (written.n_pushed - 1, step)], []
                case "undo":
                    step = await written.stack.undo()
                    assert step is (done[-1][1] if done else None)
                    if done:
                        last = done.pop()
                        undone += [last] if last[1].do_again else []
                case "redo":
                    step = await written.stack.redo()
                    assert step is (undone[-1][1] if undone else None)
                    if undone:
                        done.append(undone.pop())
                case _:
                    if done:
                        first = done.pop(0)
                        assert await written.stack.undo(first[1]) is first[1]
                        undone += [first] if first[1].do_again else []
            assert sorted(written.text) == sorted(number for number, _ in done)
            assert written.stack.newest is (done[-1][1] if done else None)
            assert written.stack.next_again is (undone[-1][1] if undone else None)

    asyncio.run(story())


async def test_steps_asked_for_at_once_are_taken_back_one_after_the_other_newest_first(qapp):
    stack, said = UndoStack(), []

    def push(number):
        async def take_back():
            said.append(f"begin {number}")
            await asyncio.sleep(0)
            said.append(f"end {number}")

        stack.push(str(number), take_back)

    for number in range(3):
        push(number)
    await asyncio.gather(stack.undo(), stack.undo(), stack.undo(), stack.undo())

    assert said == ["begin 2", "end 2", "begin 1", "end 1", "begin 0", "end 0"]
    assert stack.newest is None


async def test_a_step_that_fails_is_forgotten_and_the_next_one_can_be_taken_back(qapp):
    written = Written()
    written.push()

    async def fail():
        raise ZeroDivisionError

    written.stack.push("Broken", fail)
    try:
        await written.stack.undo()
    except ZeroDivisionError:
        assert (await written.stack.undo()).title == "Number 0"
    assert written.text == []


def test_only_the_newest_hundred_are_remembered(qapp):
    written = Written()
    steps = [written.push() for _ in range(DEPTH + 5)]

    assert not written.stack.is_known(steps[4])
    assert written.stack.is_done(steps[5])


async def test_a_withdrawn_step_leaves_the_stack_as_it_was_before_it(qapp):
    written = Written()
    written.push()
    await written.stack.undo()
    withdrawn = written.push()
    assert written.stack.next_again is None
    written.stack.withdraw(withdrawn)

    assert written.stack.newest is None
    assert written.stack.next_again.title == "Number 0"
