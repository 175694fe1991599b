"""Sentences held against facts: what is computed or quoted passes, everything else is marked, spans cover the text."""

import pytest

from backend.assistant.facts.fact import FactSet, Unit
from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Mark
from tests.fakes.grounded_facts import fact, known_facts

SIGNAL = fact("F15", "macd.signal", "MACD's signal", -11.57, Unit.INDEX, formula="ema(9) of the MACD")
KNOWN = Known(
    FactSet((*known_facts().values(), SIGNAL)),
    ["Is 150 a good price, with margins of 31.4 % and sales of $2.7 billion?", "| Sales | 1,452.4 |"],
)


def doubted(text: str, known: Known = KNOWN) -> list[str]:
    return [span.text for span in check_text(text, known) if span.mark is Mark.UNVERIFIED]


TRUE = (
    "The price closed at $182.53.",
    "It closed at 182.5349.",
    "At 182.5 it closed.",
    "About 180 dollars.",
    "It is over 180 now.",
    "A price of 183 is near.",
    "It fell 3.2 % on the day.",
    "It is down 3.20%.",
    "The change is -3.2 %.",
    "The change is \u22123.2%.",
    "The change (3.2%) hurts.",
    "It lost 3.2 percent.",
    "It was 3.2 % lower.",
    "A drop of 3.2% came.",
    "It rose 6.75 % over a month.",
    "It gained 6.8 percent.",
    "RSI 14 stands at 71.3.",
    "RSI(14) = 71.34",
    "The 14-day RSI reads 71.",
    "The 50-day average is 175.02.",
    "SMA 50 at 175.",
    "Above the 50 day moving average.",
    "The fifty-day average holds.",
    "Volume was 2.03 times its norm.",
    "Volume was twice its norm.",
    "Volume doubled.",
    "It ran at 203 % of its norm.",
    "Volume was 2.0x.",
    "12,345,678 shares",
    "12.3 million shares",
    "Volume: 12.35M",
    "Volume came to 12.35 mn.",
    "The drawdown was 21.4 %.",
    "It was touched four times.",
    "It was touched 4 times.",
    "The high came on September 21, 2012.",
    "2012-09-21",
    "21 Sep 2012",
    "In 2012 it peaked.",
    "In September 2012 it peaked.",
    "As of March 1, 2013.",
    "The coin costs 0.000012345.",
    "The coin costs 0.0000123.",
    "Is 150 much?",
    "Margins of 31.4 % were named.",
    "Sales of $2.7bn were named.",
    "Sales were 1,452.4.",
    "182.53 - 175.02 = 7.51",
    "The difference is 7.51 (F1 - F4).",
    "It is 4.3 % above the average ({F1} against {F4}).",
    "(182.53 - 175.02) / 175.02 = 4.29 %",
    "The S&P 500 and the Nasdaq 100 fell.",
    "See the Form 10-K.",
    "1. First\n2. Second",
    "Q3 was fine.",
    "\uff11\uff18\uff12.\uff15\uff13 is the close.",
    "One of them is right.",
    "The first level matters, the second does not.",
    "The close is **182.53**.",
    "| Close | 182.53 |",
    "The close is [182.53](https://example.org/9).",
    "At {F1}, after {F4} it fell by {F2} percent ({F2}).",
    "From **{F1}** to {F4}, {F1}'s level.",
    "In the last 20 bars volume grew.",
    "The RSI over the past 14 periods is high.",
    "The 20-bar volume norm holds.",
    "1. One step\n2. Another\n3. The last",
    'It closed at [182.53](https://example.org/9 "the close").',
    "Here are three key points:",
    "Step 1: look at the trend.",
    "Third, look at the volume.",
    "The price is one hundred eighty-two point five three.",
    "Part VIII of the report.",
    "II. The trend",
    "The funds XLV, MCD and MMM.",
    "An RSI score of {F3}.",
    "The quarter was good, e.g. for funds, i.e. for them.",
    "From {F4} to {F1}, {F4}\u2013{F1}, or {F1}/{F4}.",
    "The price \u2013 {F1} \u2013 holds.",
    "F1 and [F4] and F3.",
    "A high score, a low cost, many ways.",
    "A trend that is a negative one.",
)
FALSE = (
    *(
        (text, text)
        for text in ("-{F1}", "{F1}5", "5{F1}", "{F1}.5", "{F1}%", "{F1} million", "{F1}k", "x{F1}", "{F1}\u200b7", "minus {F1}")
    ),
    ("At {F1}{F4} it stands.", "}{F4}"),
    ("RSI is 182.53.", "182.53"),
    ("It rose 14 days in a row.", "14"),
    ("It rose for 20 days straight.", "20"),
    ("Our target is reached. 50. Then more.", "50"),
    ("Our target is\n50. Then more.", "50"),
    ("1. First\n2. Second\n50. More", "50"),
    ("See [71.3](190.99 is the price).", "190.99"),
    ("See \\[71.3\\](https://example.org/190.99).", "190.99"),
    ("It held for 2h.", "2h"),
    ("The US 500 firms agree.", "500"),
    ("I would say 7 of the best agree.", "7"),
    ("2 + 2 = 4", None),
    ("The 52-week high held.", "52"),
    ("RSI 14 stands at 4.", "4"),
    ("The drawdown of 3.2 % hurts.", "3.2 %"),
    ("The price closed at $182.63.", "$182.63"),
    ("It closed at 182.54.", "182.54"),
    ("It closed at 182.5350.", "182.5350"),
    ("It is over 190 now.", "190"),
    ("It rose 3.2 % on the day.", "3.2 %"),
    ("It is up 3.2%.", "3.2%"),
    ("The change is +3.2 %.", "+3.2 %"),
    ("The change is 3.2 %.", "3.2 %"),
    ("It fell 6.75 % over a month.", "6.75 %"),
    ("A change of -6.75 %.", "-6.75 %"),
    ("It is up 3.1 %.", "3.1 %"),
    ("RSI 41 stands well.", "41"),
    ("RSI(41) stands well.", "(41)"),
    ("A 37-day average holds.", "37"),
    ("The 37-period RSI holds.", "37"),
    ("SMA 51 holds.", "51"),
    ("The thirty-seven-day average holds.", "thirty-seven"),
    ("It is at 71.3 %.", "71.3 %"),
    ("It is worth 71.3 dollars.", "71.3 dollars"),
    ("It tripled.", "tripled"),
    ("Volume halved.", "halved"),
    ("It rose tenfold.", "tenfold"),
    ("12.4 million shares", "12.4 million"),
    ("1.23 million shares", "1.23 million"),
    ("123 million shares", "123 million"),
    ("It was touched five times.", "five times"),
    ("The high came on September 22, 2012.", "September 22, 2012"),
    ("In 2014 it peaked.", "2014"),
    ("In October 2012 it peaked.", "October 2012"),
    ("On 31 February 2012 it peaked.", None),
    ("2012-19-21", "2012-19-21"),
    ("At 23:59 it closed.", "23:59"),
    ("It has a 70 % chance.", "70 %"),
    ("Two thirds of analysts agree.", "Two thirds"),
    ("Half of them agree.", "Half"),
    ("Dozens agree.", "Dozens"),
    ("A couple of days ago.", "A couple"),
    ("Odds are 3:1.", "3:1"),
    ("A 2-for-1 split... of \u00bd.", None),
    ("It pays 25 bps.", "25 bps"),
    ("A double-digit gain is near.", "double-digit"),
    ("1\u200b83.53 is the close.", "1\u200b83.53"),
    ("18**3**.53 is the close.", "18**3**.53"),
    ("&#49;84 is the close.", "&#49;84"),
    ("\uff11\uff18\uff13.\uff15\uff13 is the close.", None),
    ("\u0661\u0668\u0664 is the close.", "\u0661\u0668\u0664"),
    ("v182 is the close.", "v182"),
    ("1O2 is the close.", None),
    ("18O is the close.", "18O"),
    ("182.53.1 is the close.", None),
    ("It is 1e9.", "1e9"),
    ("It is 10\u00b2.", "10\u00b2"),
    ("Is 151 much?", "151"),
    ("Margins of 31.5 % were named.", "31.5 %"),
    ("Sales of $2.8bn were named.", "$2.8bn"),
    ("Sales were 1,452.5.", "1,452.5"),
    ("182.53 - 175.02 = 7.61", "7.61"),
    ("The difference is 7.52 (F1 - F4).", "7.52"),
    ("It is 4.4 % above the average ({F1} against {F4}).", "4.4 %"),
    ("182.53 - 150 = 182.53", "182.53"),
    ("The difference is 7.51.", "7.51"),
    ("F99 says so.", "F99"),
    ("See {F99}.", "{F99}"),
    ("The S&P 501 fell.", "501"),
    ("182. First", "182"),
    ("Margins rose 31.4 dollars.", "31.4 dollars"),
    ("\u4e09\u767e is the close.", "\u4e09\u767e"),
    ("The close is one eight four.", "one eight four"),
    ("five\nmillion", "five\nmillion"),
    ("2.03 million", "2.03 million"),
    ("182.53k", "182.53k"),
    ("182.53 bn", "182.53 bn"),
    ("It is -182.53.", "-182.53"),
    ("$\\frac{3}{7}$", None),
    ("1{,}834", "1{,}834"),
    ("<b>18</b>4 it is.", None),
    ("tw\u0435nty it is.", "tw\u0435nty"),
    ("Revenue grew 14.2% year over year.", "14.2%"),
    ("RSI is LXXII.", "LXXII"),
    ("Price: CDXXX", "CDXXX"),
    ("It cost XC dollars.", "XC"),
    ("It was MMXII.", "MMXII"),
    ("quarter of a percent", "quarter of a percent"),
    ("A quarter-point hike is near.", "A quarter"),
    ("A score of analysts agree.", "A score of"),
    ("Two score funds bought.", "Two score"),
    ("mid-teens growth", "mid-teens"),
    ("Growth in the low teens.", "low teens"),
    ("It is a tenbagger.", "ten"),
    ("It is a multibagger.", "multibagger"),
    ("It quintuples.", "quintuples"),
    ("It trebles.", "trebles"),
    ("n-i-n-e", "n-i-n-e"),
    ("n i n e t y", "n i n e t y"),
    ("The 9 EMA holds.", "9"),
    ("SMA 9 holds.", "9"),
    *(
        (text, text)
        for text in ("\u2013{F1}", "{F1} mio", "{F1} m", "{F1}\u00b2", "{F1}^2", "1/{F1}", "\u221a{F1}", "{F1}\u00bd", "{F1}/2")
    ),
    *((text, text) for text in ("{F1} x 10", "half {F1}", "twice {F1}", "-F1", "F1 million", "F3%", "F1/2")),
)


@pytest.mark.parametrize("text", TRUE)
def test_what_was_computed_or_quoted_is_not_doubted(text):
    assert doubted(text) == []


@pytest.mark.parametrize(("text", "wrong"), FALSE, ids=[ascii(text) for text, _ in FALSE])
def test_what_nobody_computed_is_marked(text, wrong):
    found = doubted(text)

    assert found
    assert wrong is None or wrong in found


def test_there_are_more_than_a_hundred_and_thirty_judged_sentences():
    assert len(TRUE) + len(FALSE) > 130


@pytest.mark.parametrize("text", [*TRUE, *(text for text, _ in FALSE)])
def test_spans_cover_the_text_without_gaps(text):
    assert "".join(span.text for span in check_text(text, KNOWN)) == text


def test_a_number_tells_its_fact_and_how_it_was_found():
    spans = {span.text: span for span in check_text("RSI 14 is 71, the close $182.53, margins 31.4 %.", KNOWN)}

    assert (spans["71"].mark, spans["71"].fact, spans["71"].why) == (Mark.NUMBER, "F3", "F3 rounded")
    assert (spans["$182.53"].fact, spans["$182.53"].why) == ("F1", "F1")
    assert (spans["31.4 %"].mark, spans["31.4 %"].fact) == (Mark.QUOTED, "")


def test_of_two_facts_that_fit_the_one_that_the_sentence_speaks_of_is_named():
    twin = fact("F20", "level.support.1", "First support", 175.0231, Unit.PRICE)
    known = Known(FactSet([twin, *known_facts().values()]))

    for text, fact_id in (("The medium average stands at 175.02.", "F4"), ("The first support stands at 175.02.", "F20")):
        assert [span.fact for span in check_text(text, known) if span.mark is Mark.NUMBER] == [fact_id]


def test_letters_that_turn_the_reading_direction_are_left_out():
    spans = check_text("The close is \u202e35.281\u202c today.", KNOWN)

    assert "".join(span.text for span in spans) == "The close is 35.281 today."
    assert [span.text for span in spans if span.mark is Mark.UNVERIFIED] == ["35.281"]


def test_a_name_that_the_caller_knows_is_no_number():
    facts = FactSet(())

    assert doubted("600519.XSHG and 7203 rose.", Known(facts)) != []
    assert doubted("600519.XSHG and 7203 rose.", Known(facts, names=["600519.XSHG", "7203"])) == []


def test_numbers_in_a_stretch_that_had_to_be_cut_anywhere_are_not_trusted():
    text = "182.53," * 200

    assert not [span for span in check_text(text, KNOWN) if span.mark is Mark.NUMBER]


ANSWERS = (
    ("how much would 10000 dollars invested in 2005 be worth", "**The answer is: 10000 dollars.**", "10000 dollars"),
    ("how much would 10000 dollars invested in 2005 be worth", "It would be worth about **$10,000** by then.", "$10,000"),
    ("how much would 10000 dollars invested in 2005 be worth", "10000 dollars", "10000 dollars"),
    ("how much would 10000 dollars invested in 2005 be worth", "= 10000", "10000"),
    ("number of sessions in 2005", "**The answer is: 2005**", "2005"),
    ("number of sessions in 2005", "2005 sessions.", "2005"),
    ("number of sessions in 2012", "**The answer is: 2012**", "2012"),  # also where a fact is of that year
    ("what is 15 plus 7", "The result of that is exactly 15.", "15"),
    ("what is 15 plus 7", "In total: 15.", "15"),
    ("what is 15 plus 7", "That equals 15.", "15"),
    ("Is the P/E 15?", "RSI is 15.", "15"),
    ("Is the P/E 15?", "Its RSI stands at 15 now.", "15"),
)
RETOLD = (
    ("how much would 10000 dollars be worth", "You ask about 10000 dollars.", "10000 dollars"),
    ("I hold 250 shares, is that much?", "You hold 250 shares.", "250"),
    ("Is the P/E 15?", "If RSI is 15, it is low.", "15"),
    ("what is 15 plus 7", "The result is 15 + 7 = 22.", "22"),
    ("what is 15 plus 7", "The total is 15 + 7 = 22.", "15"),
    ("I hold 250 shares bought at 9.5", "250", "250"),  # nothing asked for a number
)


@pytest.mark.parametrize(("question", "text", "number"), ANSWERS)
def test_a_persons_own_number_is_no_answer_and_never_what_is_known_to_be_another(question, text, number):
    assert number in doubted(text, Known(known_facts(), (question,), asked=question))


@pytest.mark.parametrize(("question", "text", "number"), RETOLD)
def test_a_persons_own_number_may_be_told_again_as_theirs(question, text, number):
    spans = check_text(text, Known(known_facts(), (question,), asked=question))

    assert number in [span.text for span in spans if span.mark is Mark.QUOTED]
