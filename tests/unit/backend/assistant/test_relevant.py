"""A prompt takes the facts that a question is about, with their own ids, in their own order."""

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.modes.relevant import relevant


def fact(number, name, label, value=1.0):
    return Fact(id=f"F{number}", name=name, label=label, value=value, unit=Unit.PRICE, as_of_ns=0, source="s", formula="f")


FACTS = FactSet(
    (
        fact(1, "price.last", "Last price"),
        *(fact(n, f"gap.{n}", f"Gap number {n}") for n in range(2, 40)),
        fact(40, "macd.line", "MACD 12 26 9"),
        fact(41, "volume.ratio_20", "Volume against its mean of 20 bars"),
        fact(42, "news.1", "News", None),
    )
)


def test_what_the_question_names_comes_first_and_order_and_ids_stay():
    chosen = relevant(FACTS, "Is the MACD rising, and the volume?", 4)
    assert [one.id for one in chosen.values()] == ["F1", "F2", "F40", "F41"]


def test_what_is_unavailable_goes_along_only_where_it_is_asked_for():
    assert "F42" not in relevant(FACTS, "How is it?", 50)
    assert "F42" in relevant(FACTS, "Any news?", 50)


def test_no_more_than_there_is_room_for():
    assert len(relevant(FACTS, "gap gap gap", 10)) == 10
    assert len(relevant(FactSet(()), "gap", 10)) == 0
