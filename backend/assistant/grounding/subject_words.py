"""What facts are of and what they are not, as texts say it: tables for ``lexicon.py``, in lines of a subject and its phrases.

Words are compared without a plural's "s" and without an owner's.
"""

from typing import Final

# What facts are of. Every row of ``traits.py`` names some of these.
SUBJECTS: Final = """
price: price, market price, close, closed, closing, last price, latest price, newest price, closing price, share price, stock
    price, quote, quoted, trade, traded, trading, worth, cost, costing, settled, settle, finished, ended, changed hands at,
    change hands at, priced, spot, last close, latest close, newest close, last bar, newest bar, latest bar
previous: previous, previous close, prior close, previous closing price, yesterday's close, yesterday close, last session's
    close, close
    of the session before, close of the day before, close before, close the day before, previous session's close
change: change, changed, move, moved, movement, return, returned, performance, performed, fell, fall, fallen, falling, drop,
    dropped, dropping, decline, declined, declining, lost, lose, losing, loss, losses, down, decrease, decreased, slid, slide,
    sliding, slip, slipped, sank, sink, shed, dip, dipped, plunge, plunged, tumble, tumbled, retreat, retreated, rose, rise,
    risen, rising, gain, gained, gaining, up, climb, climbed, climbing, advance, advanced, advancing, increase, increased,
    jump, jumped, rally, rallied, rallying, surge, surged, added, add, grew, grow, growing, grown, growth, soar, soared,
    profit, swing, swung, pullback, correction, corrected, delivered, yielded, weakened, strengthened, eased, edged, ticked,
    inched, crept, shrank, shrunk, appreciated, depreciated, richer, poorer, jumping, rallies, plunges, hike, hiked, bounce,
    rebound, rebounded, cheaper, dearer, selloff, tacked on, put on, gave up, momentum of, change in price, price change
high: high, peak, peaked, top, highest level, highest point
low: low, trough, bottom, bottomed, lowest level, lowest point
high year: yearly high, annual high, high of the year, highest high of the year, highest of the year, highest price of the
    year, year high, year's high, highest high of year
low year: yearly low, annual low, low of the year, lowest low of the year, lowest of the year, lowest price of the year, year
    low, year's low, lowest low of year
highest: highest high, highest, highest price
record high: all time high, record high, highest high stored, highest price stored, highest ever, record, all time peak, ath
lowest: lowest low, lowest, lowest price
record low: all time low, record low, lowest ever
highest close: highest close, highest close of a year, highest close of the year
place year: place in the range, position in the range, way up
range year: range, yearly range, annual range, range of the year, range of a year
swing high: swing high
swing low: swing low
volume: volume, share traded, share changed hands, share change hands, trading volume, turnover, daily volume
usual volume: usual volume, average volume, normal volume, typical volume, volume average, volume norm, mean volume, average
    daily volume
volume ratio: volume ratio, relative volume, volume against its usual, volume against its norm, rvol, norm, its usual, times
    the usual
average: average, moving average, simple moving average, sma, ma, dma, mean
other average: ema, exponential moving average, exponential average, wma, weighted moving average, weighted average, hull average
cross: cross, golden cross, death cross, crossed, crossing, crossover
trend: trend, uptrend, downtrend, up trend, down trend
momentum: momentum
zero: zero
rsi: rsi, relative strength, relative strength index, oscillator, strength index
macd: macd, macd line, moving average convergence divergence
macd signal: macd signal, macd's signal, signal line, macd signal line, signal of the macd, its signal, signal
macd histogram: macd histogram, macd's histogram, histogram, its histogram
stochastic: stochastic, stoch
stochastic k: stochastic %k, %k, stochastic k, stoch k, stoch %k
stochastic d: stochastic %d, %d, stochastic d, stoch d, stoch %d
adx: adx, average directional index, average directional movement index, trend strength, strength of the trend, trend's
    strength, directional index
plus: + di, plus di, positive di, movement up, positive directional, upward movement, di +
minus: - di, minus di, negative di, movement down, negative directional, downward movement, di -
band: bollinger band, band, bollinger
band upper: upper band, upper one, upper bollinger band, upper bollinger, bollinger upper band, band's upper edge, top band,
    upper line
band middle: middle band, middle one, middle bollinger band, middle bollinger, middle line, mid band
band lower: lower band, lower one, lower bollinger band, lower bollinger, bollinger lower band, bottom band, lower line
band position: %b, percent b, place between the band, position between the band, between the band
band width: band width, bandwidth, width of the band, bollinger width, bollinger band width, bollinger bandwidth
band rank: rank of that width, band width rank, width rank
regression: regression, regression line, slope of the regression, slope of the regression line, linear regression, regression
    slope, trend line, trendline
fit: fit, r squared, fit of the regression line, fit of the regression, r2
atr: atr, a day move, average true range, true range, that range, natr, average range, daily range
volatility: volatile, volatility, realised volatility, realized volatility, annualised volatility, annualized volatility, historical
    volatility
level: close beyond, close above, close below, closed above, closed below, closes above, break above, break below, break of,
    broke above, broke below, breakout above, breach of, hold above, held above, stay above, stay below, move above, move
    below, rise above, fall below, drop below, fell below, dropped below, back above, back below, bounce off, bounced off
pivot: pivot, pivot point
support: support, floor, support level, support zone, support area, supporting level
resistance: resistance, ceiling, resistance level, resistance zone, resistance area, hurdle
pivot support: pivot support, support by pivot, s1, s2, s3
pivot resistance: pivot resistance, resistance by pivot, r1, r2, r3
drawdown: drawdown, max drawdown, maximum drawdown, largest fall, biggest fall, deepest fall, largest drop, biggest drop,
    largest decline, maximum loss, peak to trough, worst fall, largest drawdown, largest loss, deepest drawdown
var: value at risk, var, var limit
cvar: expected shortfall, cvar, mean loss beyond it, mean loss beyond, conditional value at risk, tail loss, average loss
    beyond
downside: downside deviation, downside volatility, downside risk
sharpe: sharpe, sharpe ratio
beta: beta
correlation: correlation, correlated, correlates
gap above: gap above, gap above the price, gap above the close, open gap above, gap overhead, nearest gap above, nearest open
    gap above
gap below: gap below, gap below the price, gap below the close, open gap below, nearest gap below, nearest open gap below
gap: gap, price gap, open gap
entry: entry, entry price, enter, entering, entry level
stop: stop, stop loss, stop level, stop order, protective stop
target: target, take profit, profit target, target price, price target, objective
reward: reward to risk, risk to reward, risk reward, reward risk, reward ratio, risk reward ratio, r r, reward to risk ratio
at risk: at risk, of the entry at risk, risked, risk from entry, risk to the stop, risk per share
stop ranges: average true ranges to the stop, true ranges to the stop, atr to the stop, ranges to the stop
least reward: least reward to risk, risk tolerance, minimum reward to risk, least reward, minimum reward, required reward to
    risk
position: position, holding, you hold, you held, we hold, we held, i hold, i held, own, position size
position price: average entry, average cost, cost basis, bought at, purchase price, average purchase price, paid, average
    entry price, entered at, bought
position gain: open gain, open loss, open profit, unrealised gain, unrealized gain, unrealised loss, unrealized loss,
    unrealised profit, unrealized profit, paper gain, paper loss, paper profit, you gained, you lost, you made, you are up,
    you are down, your gain, your loss, your profit, your position is up, your position is down, you have gained, you have
    lost
age: day since the newest bar, day old, old, day ago, stale, age
bars: bar, complete bar, bars stored, bars of history, bar of history, stored bar, bar in view, candle, data goes back,
    history goes back, data begins, data starts, data ends, data covers, history begins, history starts
sentiment: sentiment, social sentiment, sentiment score, mood
confidence: confidence, confidence level
"""
# What no fact of bars is of. A number of these stands for nothing, unless a fact's own label speaks of the same.
FOREIGN: Final = """
earnings: earning, eps, earnings per share, profit growth, earnings growth, net income, net profit, operating profit,
    operating income, gross profit, ebitda, ebit, profits
pe: p e, pe, pe ratio, p e ratio, price to earnings, price earnings, price to earnings ratio, price earnings ratio, peg, peg
    ratio
sales: revenue, sale, turnover of the company, price to sales, p s, p s ratio, top line, billings, booking, order, backlog
book: book value, price to book, p b, p b ratio, book
dividend: dividend, payout, dividend yield, payout ratio, distribution
yield: yield, treasury yield, bond yield, coupon, free cash flow yield
cash: cash, cash flow, free cash flow, debt, leverage, margin, gross margin, net margin, operating margin, profit margin,
    loan, equity
roe: return on equity, roe, return on assets, roa, roic, return on capital, return on investment, roi
cap: market cap, market capitalisation, market capitalization, capitalisation, capitalization, enterprise value, valuation,
    mcap
shares out: share outstanding, outstanding share, float, short interest, share buyback, buyback, market share, insider,
    ownership
analysts: analyst, rating, buy rating, consensus, wall street, estimate, broker, upgrade, downgrade, fair value, intrinsic
    value
chance: chance, probability, odd, likelihood, likely, probable, certainty, sure, certain, win rate, success rate, hit rate,
    accuracy, risk of
forecast: forecast, prediction, projection, guidance, outlook, expectation
people: employee, staff, people, worker, headcount, user, customer, subscriber, store, ceo, founder, unit, iphone, product,
    country
economy: inflation, cpi, gdp, unemployment, interest rate, rate, fed, federal reserve, economy, economic, jobless, payroll,
    tax, exchange rate, policy rate, mortgage
sizes: contract, lot, sizing, position sizing, allocation, account, portfolio, capital, fee, commission, spread, buy, sell,
    purchase
split: split, stock split, for one
bid: bid, ask, open, opened, opening, opening price, premarket, after hours, intraday high, intraday low, midpoint
other ratios: sortino, sortino ratio, calmar, calmar ratio, treynor, alpha, put call, put call ratio, implied volatility,
    skew, gamma, delta, theta, vega, open interest, information ratio, multiple, elasticity, z score
other studies: stochastic rsi, stoch rsi, stochrsi, cci, mfi, money flow, money flow index, vwap, obv, on balance volume,
    ichimoku, supertrend, aroon, trix,
    williams, parabolic sar, sar, keltner, donchian, fibonacci, fib, retracement, roc, rate of change, ppo, cmo, cmf,
    commodity channel index
others: sector, industry, peer, competitor, rival, benchmark, broader market, market, index, indices
time ahead: tomorrow, next week, next month, next year, next quarter, next session, in the future
"""
# Other instruments that a reader would know at once; the catalog's own names are added by whoever knows them.
OTHERS: Final = """
microsoft, msft, tesla, tsla, google, googl, goog, alphabet, amazon, amzn, meta, facebook, nvidia, nvda, netflix, nflx, intel,
intc, amd, ibm, oracle, orcl, cisco, csco, adobe, salesforce, qualcomm, broadcom, micron, samsung, sony, nokia, toyota, ford,
general motors, gm, boeing, exxon, chevron, shell, bp, walmart, costco, coca cola, pepsi, disney, nike, pfizer, moderna,
johnson, jpmorgan, goldman, morgan stanley, citigroup, bank of america, wells fargo, berkshire, visa, mastercard, paypal,
uber, airbnb, alibaba, baidu, tencent, siemens, sap, nestle, novartis, roche, lvmh, asml, volkswagen, bmw, apple, aapl, s p, s
p 500, spx, spy, nasdaq, ndx, qqq, dow, dow jones, djia, russell, vix, ftse, dax, cac, nikkei, hang seng, stoxx, bitcoin, btc,
ethereum, eth, solana, dogecoin, gold, silver, copper, crude, crude oil, oil, brent, wti, natural gas, eur usd, usd jpy, gbp
usd, dollar index, dxy, treasury, bond
"""
# Stretches of time that are said without a number, in sessions; "ytd" is the calendar's year.
STRETCHES: Final = """
1: day, daily, today, session, on the day, in a day, since yesterday, one day, last session, previous session, overnight,
    intraday, the session before, session before, day before
5: week, weekly, one week, last week, past week
21: month, monthly, one month, last month, past month
63: quarter, quarterly, one quarter, last quarter
252: year, yearly, annual, annually, one year, last year, past year, annum
ytd: this year, year to date, ytd, so far this year, since the start of the year, since january, since new year
hour: hour, hourly, minute
decade: decade, half year, half a year, fortnight, lifetime, since inception
"""
# Parts of a family that must be named to be meant: the far edge of a level, the slope of an average.
ASPECTS: Final = """
edge: edge zone band boundary
slope: slope gradient sloping steepness
rank: rank percentile less fewer tighter quieter
touches: touch touched touching tested
distance: distance away off short apart far above over higher beyond below under beneath lower underneath from
pivot: pivot
view: view chart visible shown screen
swing: swing
cross: cross crossed crossing crossover
percent: percent percentage
width: wide width narrow tight
norm: time usual norm normal relative ratio typical average x usually
fit: fit squared
var: risk var
"""
PLACES: Final = """
1: above over higher beyond exceeding upside
-1: less fewer below under beneath lower short underneath downside
0: away from off distance apart to
"""
RANKS: Final = """
1: nearest closest first immediate near initial
2: next second
3: farther further third farthest
"""
# Sessions of a unit, and counts that are written as words.
UNITS: Final = "day 1 session 1 bar 1 candle 1 period 1 d 1 week 5 month 21 quarter 63 year 252"
COUNTS: Final = """
one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9
ten 10 twelve 12 fourteen 14 twenty 20 thirty 30 fifty 50 sixty 60 ninety 90 hundred 100
"""
AVERAGES: Final = "short short middle middle medium middle intermediate middle long long"
# Days by the clock of whoever reads: how old in days the newest bar may be for them to be meant, and their sessions.
DAYS: Final = """
today: 4, 1
this morning: 4, 1
this afternoon: 4, 1
this evening: 4, 1
tonight: 4, 1
yesterday: 5, 1
this week: 11, 5
this month: 35, 21
this quarter: 100, 63
"""
WEEKDAYS: Final = "monday tuesday wednesday thursday friday saturday sunday"
AHEAD: Final = "will expect expected predict predicted projected could might may would should shall expecting"
# Words that name nothing of their own: they may stand between a subject and its number.
LINKS: Final = """
is are was were be been being has have had at of to the a an it its this that these those which on in for as by with and or
now currently current still just only about around roughly approximately near nearly almost some value level reading figure
mark stand standing stood sit sitting sat read lie lying lay come coming came remain remaining remained show showing showed
register registering print printing hover hovering hovered run running ran reach reached hit set seen found measured
calculated computed reported recorded equal put total exactly so far also then too again here there point line indicator
number score zone area region latest last recent newest oldest overall general most both each respectively versus vs against than
from between into onto within until since over up per what where while but if not no yet very quite rather pretty fairly
extreme strong weak modest moderate high low elevated subdued solid healthy bearish bullish neutral mere tiny small large big
huge overbought oversold flat stable steady key major minor important strongest good poor mild sharp slight deep average
simple long short term usd eur dollar euro percent pct approx nominal value's price's it's that's there's dropping about data
fact note negative positive below above currently presently today meanwhile via e g i only trading usd percentage
"""
# Phrases with a word of the tables in them that do not mean it.
NOTHING: Final = """
trading day, trading session, trading style, trading range, day trading, swing trading, close to, closely, at last, last but
not least, up to, set up, sum up, summed up, looking up, backed up, down to, broken down, break down, on top of, top of,
follow up, end up, in return, in turn, in general, in particular, on average, on the other hand, market data, risk management,
no change, stock market, still open, is open, open the way, open up, stays open, rate of change of the price, at this rate,
relative to, more or
less, bought and sold
"""
PRONOUNS: Final = "it its they"
GENERIC: Final = "stock share company instrument security ticker coin pair"
# Nouns and openings that begin sentences and are nobody's name.
COMMON: Final = """
a according action additionally after ai all although am analysis answer any april august autumn based bear because before bull
buyer candle caution ceo cfo chart chf co compared conclusion condition corp d data date december despite est etf eu eur even
everything february figure finally first form furthermore fyi gbp given he here how however inc information interval investor
ipo january jpy july june k level like long looking ltd march may medium momentum more moreover moving n nearest next no note
nothing november october ok one option our overall pattern phase picture plc pm pressure question relative remember risk sec
second section seller september she short something spring step strength summary summer table technical their there therefore
thing though thus today tomorrow trader trading trend uk under us usd utc we weakness what when which who why winter yes you
your
"""
