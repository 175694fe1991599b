"""A text that goes round in circles is known as one at the third time; texts whose lines are alike for good reasons are not."""

import pytest

from backend.assistant.engines.repeating import Repeats, end_of_first

NO = "The answer is no.\n\n"
LOOPS = {
    f"The answer to this question is no.\n\n{NO * 3}": f"The answer to this question is no.\n\n{NO.rstrip()}",
    "It rose in the year. " * 3: "It rose in the year.",
    "It rose in the year. " * 40: "It rose in the year.",
    "The trend is down. The volume is low. " * 3: "The trend is down. The volume is low.",
    "- **Buy it** at the low\n- Buy it at the low\n- Buy it at the low\n": "- **Buy it** at the low",
    "1. Watch the level.\n2. Watch the level.\n3. Watch the level.\n": "1. Watch the level.",
    "F15 Change over a year: -18.41%\nF16 Change over a year: -18.41%\nF17 Change over a year: -18.41%\n": (
        "F15 Change over a year: -18.41%"
    ),
    "So: " + "F1: F1: F2: F3: " * 8: "So: F1",
    "It is very " + "very " * 40: "It is very",
    "no, " * 20: "no,",
    "Yes.\n\n" * 20: "Yes.",
    "up and down and then " * 9: "up and down and then",
    "Words first. " + "the price of the stock is the price " * 6: "Words first. the price of the stock is the price",
}  # fmt: skip
STRAIGHT = (
    "| day | close | note |\n|---|---|---|\n" + "| a day | n/a | none at all |\n" * 5,
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    "```python\n" + "    values.append(next(source))\n" * 4 + "```\n",
    "```python\nxs = [" + "0, " * 30 + "]\n```\n",
    "```\n" + "}\n" * 12 + "```\n",
    "\n".join(f"- Support lies at {{F{n}}}." for n in range(2, 12)),
    "\n".join(f"{n}. Look at level {n} of the chart." for n in range(1, 12)),
    "The support is 418.60. The next support is 358.01. The farther support is 348.62.\n",
    "AAPL: the trend is down.\nMSFT: the trend is down.\nSPX: the trend is down.\nWTI: the trend is down.\n",
    "The trend is down. It may turn.\nVolume is low.\nThe trend is down. It may last.\nRSI is low.\nThe trend is down. So it is.\n",
    "No. No. No.\n",
    "Ha ha ha, that is a good one.\n",
    "-" * 200 + "\n" + "=" * 200 + "\n",
    "It rose in the year. It rose in the year. Then it fell.\n",
    "Buy low, sell high, and buy low again; sell high again, and buy low.\n",
    "Facts: F1, F2, F3, F4, F5, F6 and F7 agree.\n",
    "",
)


@pytest.mark.parametrize(("text", "kept"), LOOPS.items(), ids=range(len(LOOPS)))
def test_what_goes_round_in_circles_is_kept_once(text, kept):
    end = end_of_first(text)

    assert end >= 0
    assert text[:end].rstrip() == kept


@pytest.mark.parametrize("text", STRAIGHT, ids=range(len(STRAIGHT)))
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_lines_that_are_alike_for_good_reasons_are_not_stopped(text, step):
    repeats = Repeats()

    assert not any(repeats.feed(text[at : at + step]) for at in range(0, len(text), step))


@pytest.mark.parametrize("step", [1, 3, 17])
def test_a_circle_is_noticed_soon_after_the_third_time(step):
    text, repeats, at = f"Let us see. {'The answer is no. ' * 30}", Repeats(), 0
    while not repeats.feed(text[at : at + step]):
        at += step

    assert at < len("Let us see. " + "The answer is no. " * 6)
    assert text[: repeats.kept] == "Let us see. The answer is no."
