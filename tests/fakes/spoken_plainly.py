"""What a model answers in plain words: a person's own numbers repeated or passed off as the answer, and words that state something.

The lists that begin with ``NEW_`` were written before the rules that they try.
"""

_SHARES = "how many shares can I buy if I risk 1% of 50000 with entry 100 and stop 98"
_LOSS = "what gain do I need to recover a 50% loss"
_SALE = "if I buy 40 shares at 25 and sell at 30 what is my profit"
_SIZE = "I have 20000 and want to risk 2%, the stop is 4 dollars away, how big should my position be"
_PART = "how much is 15% of 800"
_YEARS = "how long until 1000 doubles at 8%"

# A question, an answer, and the number of the question that it passes off as what was asked for.
PASSED_OFF = (
    (_SHARES, "You can buy 100 shares.", "100"),
    (_SHARES, "The position size is 50000.", "50000"),
    (_LOSS, "It must rise 50%.", "50%"),
    (_LOSS, "You need a 50% gain to break even.", "50%"),
    ("I bought 10 shares at 400 and sold at 440, what is my profit", "Your profit is 400.", "400"),
)
NEW_PASSED_OFF = (
    (_SHARES, "That lets you buy 98 shares.", "98"),
    (_SHARES, "So your maximum is 100 shares.", "100"),
    (_LOSS, "A 50% rise brings you back to even.", "50%"),
    (_LOSS, "The stock has to climb 50% from there.", "50%"),
    (_SALE, "You would make 40 dollars.", "40 dollars"),
    (_SALE, "Profit: 30", "30"),
    (_SIZE, "Your position should be 20000 dollars.", "20000 dollars"),
    (_SIZE, "You can hold 4 shares.", "4"),
    (_PART, "You get 800.", "800"),
    (_YEARS, "It takes 8 years.", "8"),
)
# A question, an answer, and the numbers of its conditions that it repeats.
REPEATED = (
    (_SHARES, "With 50,000 at risk of 1%, look at the stop first.", "50,000", "1%"),
    ("what is my position worth if I hold 250 shares", "You hold 250 shares.", "250"),
    (_LOSS, "To recover a 50% loss, it takes a larger gain.", "50%"),
)
NEW_REPEATED = (
    (_SHARES, "With 50,000 and a risk of 1%, the loss is what counts.", "50,000", "1%"),
    (_SHARES, "With an entry of 100 and a stop at 98, the distance is small.", "100", "98"),
    (_LOSS, "After a 50% loss you need to double your money.", "50%"),
    (_SALE, "You bought 40 shares at 25 and sold at 30.", "40", "25", "30"),
    (_SIZE, "Risking 2% of 20000 is the starting point.", "2%", "20000"),
    (_PART, "15% of 800 = 120", "15%", "800"),
    (_YEARS, "At 8%, 1000 doubles after some time.", "8%", "1000"),
    ("how is my position if I hold 250 shares bought at 400", "You hold 250 shares, bought at 400.", "250", "400"),
    ("what if inflation is 3% and my savings earn 1%", "If inflation is 3% and savings earn 1%, you lose.", "3%", "1%"),
    ("how much would 10,000 grow at 7% for 20 years", "Your 10,000 at 7% grows for 20 years.", "10,000", "7%", "20"),
)

# What the facts contradict, or what none decides: never plain, never said to be true.
STATED_FALSELY = (
    "It closed higher.",
    "Volatility is extreme.",
    "Volume is low.",
    "Volume is heavy.",
    "The price gapped up.",
    "Apple beat the S&P 500 over the year.",
    "It recovered all its losses.",
    "Apple made gains over the month.",
    "Buyers are in control.",
    "Momentum is strong.",
    "The bands are wide.",
    "It closed up on the week.",
    "Volume looks very thin today.",
    "Sellers have lost control.",
    "Volume stayed low.",
)
NEW_STATED_FALSELY = (
    "It ended the session higher.",
    "The stock closed up.",
    "Volatility is very low right now.",
    "Trading volume was light.",
    "Shares gapped higher at the open.",
    "Apple outpaced the Nasdaq this year.",
    "The stock has bounced back fully.",
    "It posted a gain for the week.",
    "Bulls are in charge.",
    "Momentum is accelerating.",
    "The Bollinger bands are narrow.",
    "Volatility is high.",
    "Volume is drying up.",
    "It rallied strongly over the quarter.",
    "The price finished in the green.",
    "The stock recouped its losses.",
    "Buying pressure is increasing.",
    "It made solid gains this year.",
    "Trading is heavy.",
    "Volume was huge.",
)

# True, or ordinary prose: nothing in it is struck, and of prose nothing is marked.
STATED_TRULY = (
    "It closed lower.",
    "The price gapped down.",
    "The MACD (12, 26, 9) is negative.",
    "VaR (95%): 3.15%",
    "Value at Risk (VaR, 95%): 3.15%",
    "430.47 is 10.93 below 441.40.",
    "Sharpe ratio: Sharpe ratio: -0.46",
    "5,013 Days since the newest bar: 5,013",
)
NEW_STATED_TRULY = (
    "It finished lower.",
    "Apple made losses over the month.",
    "The MACD (12,26,9) is at -12.07.",
    "MACD(12, 26, 9): -12.07",
    "The 95% VaR is 3.15%.",
    "The close of 430.47 is 10.93 below 441.40.",
    "**Beta:** Beta: 1.23",
    "The Bollinger bands (20, 2) run from 429.84 to 480.09.",
    "Stochastic (14, 3, 3): %K 7.8",
    "Value at risk (95%) of a session: 3.15%",
)
SAID_PLAINLY = (
    "He likes strong coffee.",
    "She is a heavy user of charts.",
    "A low-cost fund suits many people.",
    "If it closes higher, look again.",
    "## Volume and volatility",
    "Is your risk tolerance high or low?",
    "The shop closed down for good.",
    "It took losses to learn.",
    "They ended up lower in the hierarchy.",
    "The director finished higher education.",
)
NEW_SAID_PLAINLY = (
    "He drinks strong coffee and trades little.",
    "Do you want a high or a low risk?",
    "Is the volatility high for you?",
    "When volume is heavy, orders fill faster.",
    "High volatility means that prices swing widely.",
    "A wide band means large swings.",
    "You control the size of your orders.",
    "Buyers and sellers meet at a price.",
    "Extreme caution is wise.",
    "Close your eyes and breathe.",
)
