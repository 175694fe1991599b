"""Tables and paragraphs of companies that do not exist, with questions whose answers are derived: for the grounding of quotes."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

COMPANIES = (
    "Halvorsen Tidal",
    "Brightmoor Foods",
    "Quillan Optics",
    "Peltier & Sons",
    "Oakhurst Freight",
    "Zephyrine Labs",
    "Corvane Mining",
    "Lumedia",
)
ROWS = (
    "Net sales",
    "Cost of goods",
    "Gross profit",
    "Research spending",
    "Selling costs",
    "Operating income",
    "Interest paid",
    "Income taxes",
    "Inventories",
    "Receivables",
    "Long-term debt",
    "Cash on hand",
)


@dataclass(frozen=True)
class Question:
    """Passages as they would be searched; figures that the answer needs, a derivation and its result, an answer in words."""

    passages: tuple[str, ...]
    operands: tuple[str, ...]
    derivation: str
    result: str
    answer: str


def made_questions(seed: int, n_questions: int) -> Iterator[Question]:
    """The same questions for the same seed."""
    random = Random(seed)
    for _ in range(n_questions):
        year = random.randint(1995, 2021)
        company = random.choice(COMPANIES)
        rows = random.sample(ROWS, 5)
        base = 10 ** random.uniform(1.5, 5)
        decimals = random.choice((0, 1, 1)) if base < 10_000 else 0
        amounts = {(row, year - ago): f"{base * random.uniform(0.2, 3):,.{decimals}f}" for row in rows for ago in range(3)}
        table = make_table(random, rows, year, amounts)
        paragraph, share = make_paragraph(random, company, year)
        yield ask(random, (table, paragraph), rows, year, amounts, share)


def make_table(random: Random, rows: list[str], year: int, amounts: dict[tuple[str, int], str]) -> str:
    head = f"| (in {random.choice(('millions', 'thousands'))}) | {year} | {year - 1} | {year - 2} |"
    sign = random.choice(("", "$ ", "$"))
    lines = [f"| {row} | " + " | ".join(sign + amounts[row, year - ago] for ago in range(3)) + " |" for row in rows]
    return "\n".join([head, "| --- | --- | --- | --- |", *lines])


def make_paragraph(random: Random, company: str, year: int) -> tuple[str, str]:
    share = f"{random.uniform(3, 60):.1f}"
    paid, plants = f"{random.uniform(1, 99):.1f}", random.randint(13, 90)
    abroad = f"In fiscal {year}, {company} earned {share}% of its sales abroad."
    return f"{abroad} It paid ${paid} million for leases and ran {plants} plants.", share


def ask(
    random: Random, passages: tuple[str, ...], rows: list[str], year: int, amounts: dict[tuple[str, int], str], share: str
) -> Question:
    row, other = random.sample(rows, 2)
    a, b, c = amounts[row, year], amounts[row, year - 1], amounts[other, year]
    x, y, z = (float(text.replace(",", "")) for text in (a, b, c))
    kind = random.choice(("difference", "change", "ratio", "mean", "sum", "share"))
    if kind == "difference":
        return Question(passages, (a, b), f"{a} - {b}", f"{x - y:,.1f}", f"{row} moved from {b} to {a}.")
    if kind == "change":
        return Question(
            passages, (a, b), f"({a} - {b}) / {b}", f"{(x - y) / y * 100:.2f}%", f"{row} was {a} after {b} the year before."
        )
    if kind == "ratio":
        return Question(passages, (a, c), f"{a} / {c}", f"{x / z:.3f}", f"{row} of {a} stand against {other.lower()} of {c}.")
    if kind == "mean":
        return Question(
            passages,
            (a, b),
            f"({a} + {b}) / 2",
            f"{(x + y) / 2:,.2f}",
            f"Over both years {row.lower()} were {b} and {a}.",
        )
    if kind == "sum":
        return Question(passages, (a, c), f"{a} + {c}", f"{x + z:,.1f}", f"{row} ({a}) and {other.lower()} ({c}) belong together.")
    return Question(
        passages, (share, a), f"{share}% * {a}", f"{float(share) / 100 * x:,.2f}", f"Of {a}, {share} % came from abroad."
    )


def written(passage: str, operands: str, derivation: str, result: str, answer: str) -> Question:
    return Question((passage,), tuple(operands.split("; ")), derivation, result, answer)


WRITTEN = (
    written(
        "Harrow Bay sold 1,204 boats in 2018 and 1,377 in 2019.",
        "1,204; 1,377",
        "1,377 - 1,204",
        "173",
        "It sold 1,377 boats, after 1,204.",
    ),
    written("Revenue: $48.2 million (2020: $41.9 million).", "48.2; 41.9", "48.2 - 41.9", "6.3", "Revenue was $48.2 million."),
    written("| Staff | 812 | 794 |", "812; 794", "(812 + 794) / 2", "803", "Staff rose to 812 from 794."),
    written("Net margin fell to 7.4% from 9.1%.", "7.4%; 9.1%", "9.1% - 7.4%", "1.7%", "The margin of 7.4 % was lower."),
    written("Debt of \u20ac310m against equity of \u20ac155m.", "310; 155", "310 / 155", "2.00", "Debt was \u20ac310m."),
    written("| Tax | (12.6) | (10.1) |", "12.6; 10.1", "12.6 - 10.1", "2.5", "Tax took 12.6."),
    written("Orders of 5,120 units at $18.75 each.", "5,120; 18.75", "5,120 * 18.75", "96,000", "At $18.75 each, 5,120 units."),
    written(
        "Leases: $3,402 due in 2024 and $2,981 due in 2025.", "3,402; 2,981", "3,402 + 2,981", "6,383", "In 2024 $3,402 are due."
    ),
    written("A dividend of $1.36 on a price of $42.50.", "1.36; 42.50", "1.36 / 42.50", "3.2%", "It pays $1.36."),
    written("Capacity 640 MW, of which 208 MW wind.", "640; 208", "208 / 640", "32.5%", "Wind makes 208 of 640 MW."),
    written("| Churn | 2.8% | 3.5% |", "2.8%; 3.5%", "3.5% - 2.8%", "0.7%", "Churn improved to 2.8%."),
    written(
        "Cash rose from 77.3 to 90.4 (millions).", "77.3; 90.4", "(90.4 - 77.3) / 77.3", "16.95%", "Cash stands at 90.4 million."
    ),
    written(
        "In 2007 the mill made 18,400 tonnes; in 2008 it made 16,900.",
        "18,400; 16,900",
        "16,900 - 18,400",
        "-1,500",
        "It made 16,900 tonnes.",
    ),
    written(
        "Backlog of $1.94 billion and sales of $6.3 billion.", "1.94; 6.3", "1.94 / 6.3", "0.308", "The backlog is $1.94 billion."
    ),
    written(
        "| Shares (thousands) | 214,310 | 209,775 |",
        "214,310; 209,775",
        "214,310 - 209,775",
        "4,535",
        "There are 214,310 thousand shares.",
    ),
    written("Rent is 4,250 a month.", "4,250; 12", "4,250 * 100", "425,000", "Rent is 4,250."),
    written("The plant ran 331 of 365 days.", "331; 365", "331 / 365", "90.7%", "It ran 331 days."),
    written("Premiums of 92.1 and claims of 61.7.", "92.1; 61.7", "61.7 / 92.1", "67.0%", "Claims were 61.7."),
    written("Oil: 88.4 kb/d; gas: 41.2 kb/d.", "88.4; 41.2", "88.4 + 41.2", "129.6", "Oil makes 88.4."),
    written("| Hotels | 57 | 61 | 66 |", "57; 61; 66", "(57 + 61 + 66) / 3", "61.33", "There are 66 hotels now."),
    written("Goodwill of $512,900 was cut by $87,400.", "512,900; 87,400", "512,900 - 87,400", "425,500", "It was cut by $87,400."),
    written("EPS of $2.17 after $1.88.", "2.17; 1.88", "(2.17 - 1.88) / 1.88", "15.43%", "EPS was $2.17."),
    written(
        "Freight: 1,118 thousand tons in the first half, 1,263 in the second.",
        "1,118; 1,263",
        "1,118 + 1,263",
        "2,381",
        "It moved 1,263 thousand tons.",
    ),
    written("On 30 June 2016 the fund held 44 loans.", "44; 30 June 2016", "44 - 44", "0", "On 30 June 2016 it held 44 loans."),
    written("Tuition is 11,950, aid 3,585.", "11,950; 3,585", "3,585 / 11,950", "30.0%", "Aid is 3,585."),
    written("The spread was 145 bps, after 210 bps.", "145 bps; 210 bps", "210 bps - 145 bps", "65 bps", "The spread was 145 bps."),
    written("Hectares: 9,060 (owned) and 2,415 (leased).", "9,060; 2,415", "9,060 + 2,415", "11,475", "It owns 9,060 hectares."),
    written("| Interest | 6.25 | 5.75 |", "6.25; 5.75", "6.25 - 5.75", "0.50", "Interest is 6.25."),
    written("Subscribers: 3.81 million, each paying $9.40.", "3.81; 9.40", "3.81 * 9.40", "35.8", "Each pays $9.40."),
    written("Scrap fell by a third, to 284 tons.", "284; a third", "284 / 284", "1", "Scrap fell by a third."),
    written("Twenty-six stores closed and 19 opened.", "26; 19", "26 - 19", "7", "Twenty-six closed, 19 opened."),
    written("Pension assets 702.5, duties 845.9.", "702.5; 845.9", "702.5 / 845.9", "83.05%", "Assets are 702.5."),
    written("The yield was 4.85% on average and 5.10% at the end.", "4.85%; 5.10%", "5.10% - 4.85%", "0.25%", "It ended at 5.10%."),
    written("Volume 2.46 bn, down from 2.71 bn.", "2.46; 2.71", "2.71 - 2.46", "0.25", "Volume was 2.46 bn."),
    written("| Patents | 133 | 118 |", "133; 118", "133 - 118", "15", "It holds 133 patents."),
    written("Fees of $74.8 on assets of $9,350.", "74.8; 9,350", "74.8 / 9,350", "0.8%", "Fees were $74.8."),
    written("Berths 1,870; nights sold 1,402.", "1,870; 1,402", "1,402 / 1,870", "74.97%", "It sold 1,402."),
    written(
        "Loss of (5,318) in 2011 and (2,207) in 2012.", "5,318; 2,207", "5,318 - 2,207", "3,111", "The loss of 2011 was 5,318."
    ),
    written("Ore grade 1.42 g/t over 23.6 metres.", "1.42; 23.6", "1.42 * 23.6", "33.5", "The grade is 1.42 over 23.6 metres."),
    written(
        "Route length 4,907 km, electrified 3,116 km.",
        "4,907; 3,116",
        "4,907 - 3,116",
        "1,791",
        "Of 4,907 km, 3,116 are electrified.",
    ),
    written("| Beds | 2,044 | 1,998 | 1,951 |", "2,044; 1,998; 1,951", "2,044 - 1,951", "93", "There are 2,044 beds."),
    written("Milk price 0.347 a litre, cost 0.291.", "0.347; 0.291", "0.347 - 0.291", "0.056", "A litre brings 0.347."),
)
