"""Questions are read as the plan they mean, however they are said; what is no such question is left to others."""

import pytest

from backend.assistant.questions.names import Names
from backend.assistant.questions.parsing import parse_question
from backend.assistant.questions.wording import format_plan
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import InvalidInput
from tests.fakes.asking import SAMPLE_NAMES

# A question, and below it the plan that it means, in full.
TABLE = """
how many days did AAPL close above its 50-day average in 2012
    count bars of AAPL.XNAS where close above sma(50).value from 2012-01-01 to 2012-12-31 on 1d bars
what was the biggest one-day drop of SP500 in 2008
    lowest change(1) of SPX.INDEX from 2008-01-01 to 2008-12-31 on 1d bars
average volume of MSFT in March 2020
    mean volume of MSFT.XNAS from 2020-03-01 to 2020-03-31 on 1d bars
when did AAPL last cross its 200-day average
    last time of AAPL.XNAS where close crosses sma(200).value on 1d bars
highest close of NVDA since 2019
    highest close of NVDA.XNAS since 2019-01-01 on 1d bars
how often did MSFT rise more than 3 % in a day
    count bars of MSFT.XNAS where change(1) above 3 on 1d bars
longest winning streak of AAPL in 2017
    longest streak of AAPL.XNAS where change(1) above 0 from 2017-01-01 to 2017-12-31 on 1d bars
correlation of AAPL and MSFT in 2015
    correlation of AAPL.XNAS, MSFT.XNAS from 2015-01-01 to 2015-12-31 on 1d bars
RSI of AAPL on 2013-05-01
    value rsi(14).value of AAPL.XNAS from 2013-05-01 to 2013-05-01 on 1d bars
how far is AAPL from its 52 week high
    value distance(close, highest(high, 52 weeks)) of AAPL.XNAS on 1d bars
compare AAPL and MSFT returns in 2014
    compare of AAPL.XNAS, MSFT.XNAS from 2014-01-01 to 2014-12-31 on 1d bars
best month of SP500
    highest change(1) of SPX.INDEX on 1mo bars
which of my watchlist closed above its 50-day average yesterday
    which of my watchlist where close above sma(50).value yesterday on 1d bars
max drawdown of AAPL in 2008
    max drawdown of AAPL.XNAS from 2008-01-01 to 2008-12-31 on 1d bars
How many times did Apple's RSI go below 30 in 2008?
    count bars of AAPL.XNAS where rsi(14).value crosses below 30 from 2008-01-01 to 2008-12-31 on 1d bars
on how many days in 2012 was AAPL above its fifty day moving average
    count bars of AAPL.XNAS where close above sma(50).value from 2012-01-01 to 2012-12-31 on 1d bars
In 2012, how many days did Apple close over its 50 day SMA?
    count bars of AAPL.XNAS where close above sma(50).value from 2012-01-01 to 2012-12-31 on 1d bars
number of days AAPL closed below its 200-day EMA since 2010
    count bars of AAPL.XNAS where close below ema(200).value since 2010-01-01 on 1d bars
what percentage of days did MSFT close higher in 2010
    share of bars of MSFT.XNAS where change(1) above 0 from 2010-01-01 to 2010-12-31 on 1d bars
what % of days was VIX above 20 in 2015
    share of bars of VIX.INDEX where close above 20 from 2015-01-01 to 2015-12-31 on 1d bars
what share of days did SP500 close above its 200-day average since 2000
    share of bars of SPX.INDEX where close above sma(200).value since 2000-01-01 on 1d bars
how much of the time was AAPL above its 200 day average
    share of bars of AAPL.XNAS where close above sma(200).value on 1d bars
when did SP500 first close above 1500
    first time of SPX.INDEX where close above 1500 on 1d bars
first time AAPL closed above 100
    first time of AAPL.XNAS where close above 100 on 1d bars
when was the last time the VIX closed above 40
    last time of VIX.INDEX where close above 40 on 1d bars
last time AAPL's RSI was above 70
    last time of AAPL.XNAS where rsi(14).value above 70 on 1d bars
when did MSFT most recently cross below its 50 day average
    last time of MSFT.XNAS where close crosses below sma(50).value on 1d bars
which days did AAPL fall more than 5% in 2008
    list bars of AAPL.XNAS where change(1) below -5 from 2008-01-01 to 2008-12-31 on 1d bars
list the days MSFT gained at least 5 percent in 2009
    list bars of MSFT.XNAS where change(1) at least 5 from 2009-01-01 to 2009-12-31 on 1d bars
on which days in 2008 did the S&P 500 drop by more than 5%?
    list bars of SPX.INDEX where change(1) below -5 from 2008-01-01 to 2008-12-31 on 1d bars
when did oil close above 140 dollars
    list bars of WTI.FRED where close above 140 on 1d bars
show me the days when AAPL's RSI was below 25 and it closed above its 200 day average
    list bars of AAPL.XNAS where rsi(14).value below 25 and close above sma(200).value on 1d bars
longest losing streak of MSFT
    longest streak of MSFT.XNAS where change(1) below 0 on 1d bars
how many days in a row did AAPL rise at most in 2010
    longest streak of AAPL.XNAS where change(1) above 0 from 2010-01-01 to 2010-12-31 on 1d bars
most consecutive up days of SP500
    longest streak of SPX.INDEX where change(1) above 0 on 1d bars
longest run of days AAPL closed above its 50-day average
    longest streak of AAPL.XNAS where close above sma(50).value on 1d bars
highest high of AAPL in 2012
    highest high of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
lowest low of MSFT in 2009
    lowest low of MSFT.XNAS from 2009-01-01 to 2009-12-31 on 1d bars
lowest close of SP500 in 2009
    lowest close of SPX.INDEX from 2009-01-01 to 2009-12-31 on 1d bars
what was the highest volume of AAPL in 2007
    highest volume of AAPL.XNAS from 2007-01-01 to 2007-12-31 on 1d bars
highest price of WTI in 2008
    highest high of WTI.FRED from 2008-01-01 to 2008-12-31 on 1d bars
biggest gain of AAPL in a day in 2008
    highest change(1) of AAPL.XNAS from 2008-01-01 to 2008-12-31 on 1d bars
largest daily decline of MSFT since 2001
    lowest change(1) of MSFT.XNAS since 2001-01-01 on 1d bars
worst day of AAPL in 2000
    lowest change(1) of AAPL.XNAS from 2000-01-01 to 2000-12-31 on 1d bars
5 biggest one-day drops of SP500
    5 lowest change(1) of SPX.INDEX on 1d bars
top 3 best days of AAPL in 2009
    3 highest change(1) of AAPL.XNAS from 2009-01-01 to 2009-12-31 on 1d bars
three worst weeks of SP500 since 1999
    3 lowest change(1) of SPX.INDEX since 1999-01-01 on 1w bars
worst week of MSFT in 2008
    lowest change(1) of MSFT.XNAS from 2008-01-01 to 2008-12-31 on 1w bars
best year of AAPL
    highest change(1) of AAPL.XNAS on 12mo bars
biggest 5 day drop of SP500 in 2008
    lowest change(5) of SPX.INDEX from 2008-01-01 to 2008-12-31 on 1d bars
biggest weekly gain of AAPL in 2009
    highest change(1) of AAPL.XNAS from 2009-01-01 to 2009-12-31 on 1w bars
on which day did AAPL fall the most in 2008
    lowest change(1) of AAPL.XNAS from 2008-01-01 to 2008-12-31 on 1d bars
when did SP500 rise most in 2009
    highest change(1) of SPX.INDEX from 2009-01-01 to 2009-12-31 on 1d bars
how often did AAPL rise on Mondays
    count bars of AAPL.XNAS where change(1) above 0 on mondays on 1d bars
average May return of SP500
    mean change(1) of SPX.INDEX in mays on 1mo bars
mean close of AAPL in 2012
    mean close of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
average daily return of AAPL in 2012
    mean change(1) of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
mean daily change of MSFT
    mean change(1) of MSFT.XNAS on 1d bars
average loss of AAPL on down days in 2008
    mean change(1) of AAPL.XNAS where change(1) below 0 from 2008-01-01 to 2008-12-31 on 1d bars
median volume of MSFT in 2010
    median volume of MSFT.XNAS from 2010-01-01 to 2010-12-31 on 1d bars
total volume of AAPL in January 2010
    sum volume of AAPL.XNAS from 2010-01-01 to 2010-01-31 on 1d bars
sum of volume of MSFT in Q1 2010
    sum volume of MSFT.XNAS from 2010-01-01 to 2010-03-31 on 1d bars
average RSI of AAPL in 2012
    mean rsi(14).value of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
what was the close of AAPL on 2012-09-19
    value close of AAPL.XNAS from 2012-09-19 to 2012-09-19 on 1d bars
closing price of MSFT on March 9, 2009
    value close of MSFT.XNAS from 2009-03-09 to 2009-03-09 on 1d bars
AAPL close on 2012-05-01
    value close of AAPL.XNAS from 2012-05-01 to 2012-05-01 on 1d bars
what is the RSI of AAPL
    value rsi(14).value of AAPL.XNAS on 1d bars
14 day RSI of MSFT on 2010-06-01
    value rsi(14).value of MSFT.XNAS from 2010-06-01 to 2010-06-01 on 1d bars
MACD of AAPL on 2012-05-01
    value macd(12, 26, 9).line of AAPL.XNAS from 2012-05-01 to 2012-05-01 on 1d bars
value of the MACD signal of AAPL on 2012-05-01
    value macd(12, 26, 9).signal of AAPL.XNAS from 2012-05-01 to 2012-05-01 on 1d bars
50-day average of AAPL on 2012-05-01
    value sma(50).value of AAPL.XNAS from 2012-05-01 to 2012-05-01 on 1d bars
what was the upper Bollinger band of AAPL on 2012-05-01
    value bollinger(20, 2).upper of AAPL.XNAS from 2012-05-01 to 2012-05-01 on 1d bars
ATR of MSFT on 2010-06-01
    value atr(14).value of MSFT.XNAS from 2010-06-01 to 2010-06-01 on 1d bars
how far was AAPL below its 200-day average on 2008-11-20
    value distance(close, sma(200).value) of AAPL.XNAS from 2008-11-20 to 2008-11-20 on 1d bars
distance of SP500 from its all time high
    value distance(close, highest(high, all)) of SPX.INDEX on 1d bars
how far is the close of MSFT above its 50 day average
    value distance(close, sma(50).value) of MSFT.XNAS on 1d bars
how much did AAPL rise in 2012
    total return of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
how much did SP500 fall in 2008
    total return of SPX.INDEX from 2008-01-01 to 2008-12-31 on 1d bars
return of MSFT in 2009
    total return of MSFT.XNAS from 2009-01-01 to 2009-12-31 on 1d bars
total return of AAPL since 2003
    total return of AAPL.XNAS since 2003-01-01 on 1d bars
how did AAPL perform in 2011
    total return of AAPL.XNAS from 2011-01-01 to 2011-12-31 on 1d bars
performance of WTI in 2008
    total return of WTI.FRED from 2008-01-01 to 2008-12-31 on 1d bars
how much has AAPL gained since 2005
    total return of AAPL.XNAS since 2005-01-01 on 1d bars
AAPL vs MSFT in 2012
    compare of AAPL.XNAS, MSFT.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
compare Apple with Microsoft since 2005
    compare of AAPL.XNAS, MSFT.XNAS since 2005-01-01 on 1d bars
which did better in 2010, AAPL or MSFT
    compare of AAPL.XNAS, MSFT.XNAS from 2010-01-01 to 2010-12-31 on 1d bars
how correlated are AAPL and MSFT since 2010
    correlation of AAPL.XNAS, MSFT.XNAS since 2010-01-01 on 1d bars
correlation between SP500 and VIX in 2015
    correlation of SPX.INDEX, VIX.INDEX from 2015-01-01 to 2015-12-31 on 1d bars
correlation of weekly returns of AAPL and MSFT in 2010
    correlation of AAPL.XNAS, MSFT.XNAS from 2010-01-01 to 2010-12-31 on 1w bars
maximum drawdown of SP500
    max drawdown of SPX.INDEX on 1d bars
deepest drawdown of MSFT since 2000
    max drawdown of MSFT.XNAS since 2000-01-01 on 1d bars
volatility of AAPL in 2008
    volatility of AAPL.XNAS from 2008-01-01 to 2008-12-31 on 1d bars
how volatile was MSFT in 2008
    volatility of MSFT.XNAS from 2008-01-01 to 2008-12-31 on 1d bars
how often did AAPL gap up more than 2% in 2010
    count bars of AAPL.XNAS where gap() above 2 from 2010-01-01 to 2010-12-31 on 1d bars
biggest gap up of AAPL
    highest gap() of AAPL.XNAS on 1d bars
how many days was the volume of AAPL above 30 million in 2012
    count bars of AAPL.XNAS where volume above 30000000 from 2012-01-01 to 2012-12-31 on 1d bars
how many days did AAPL's volume exceed its 20 day average in 2012
    count bars of AAPL.XNAS where volume above sma(20, of volume).value from 2012-01-01 to 2012-12-31 on 1d bars
how often did AAPL make a new 52 week high in 2012
    count bars of AAPL.XNAS where high at least highest(high, 52 weeks) from 2012-01-01 to 2012-12-31 on 1d bars
how many days did SP500 close at a record high in 2007
    count bars of SPX.INDEX where close at least highest(close, all) from 2007-01-01 to 2007-12-31 on 1d bars
how often was AAPL more than 20% below its 52 week high
    count bars of AAPL.XNAS where distance(close, highest(high, 52 weeks)) below -20 on 1d bars
how many days was the RSI of AAPL between 40 and 60 in 2012
    count bars of AAPL.XNAS where rsi(14).value at least 40 and rsi(14).value at most 60 from 2012-01-01 to 2012-12-31 on 1d bars
how many weeks did AAPL close above its 50-week average in 2012
    count bars of AAPL.XNAS where close above sma(50).value from 2012-01-01 to 2012-12-31 on 1w bars
how many months did SP500 fall in 2008
    count bars of SPX.INDEX where change(1) below 0 from 2008-01-01 to 2008-12-31 on 1mo bars
when did the 50-day average of AAPL last cross above its 200-day average
    last time of AAPL.XNAS where sma(50).value crosses above sma(200).value on 1d bars
last golden cross of SP500
    last time of SPX.INDEX where sma(50).value crosses above sma(200).value on 1d bars
how many death crosses did SP500 have since 2000
    count bars of SPX.INDEX where sma(50).value crosses below sma(200).value since 2000-01-01 on 1d bars
how often was MSFT oversold in 2010
    count bars of MSFT.XNAS where rsi(14).value below 30 from 2010-01-01 to 2010-12-31 on 1d bars
when did MACD of AAPL cross above its signal line in 2012
    list bars of AAPL.XNAS where macd(12, 26, 9).line crosses above macd(12, 26, 9).signal from 2012-01-01 to 2012-12-31 on 1d bars
how many green days did AAPL have in 2012
    count bars of AAPL.XNAS where close above open from 2012-01-01 to 2012-12-31 on 1d bars
how many days did MSFT close lower in 2008
    count bars of MSFT.XNAS where change(1) below 0 from 2008-01-01 to 2008-12-31 on 1d bars
first day in 2009 that AAPL closed above 100
    first time of AAPL.XNAS where close above 100 from 2009-01-01 to 2009-12-31 on 1d bars
which of AAPL and MSFT closed above 50 on 2012-05-01
    which of AAPL.XNAS, MSFT.XNAS where close above 50 from 2012-05-01 to 2012-05-01 on 1d bars
which stocks in my watchlist rose more than 2% yesterday
    which of my watchlist where change(1) above 2 yesterday on 1d bars
which of my Tech list is above its 200 day average
    which of watchlist "Tech" where close above sma(200).value in the last 1 bars on 1d bars
which of my watchlist has an RSI below 30
    which of my watchlist where rsi(14).value below 30 in the last 1 bars on 1d bars
highest close of my watchlist in 2012
    highest close of my watchlist from 2012-01-01 to 2012-12-31 on 1d bars
how many days in the last 30 days did AAPL rise
    count bars of AAPL.XNAS where change(1) above 0 in the last 30 days on 1d bars
average volume of AAPL in the last 20 bars
    mean volume of AAPL.XNAS in the last 20 bars on 1d bars
return of AAPL YTD
    total return of AAPL.XNAS this year on 1d bars
how did MSFT do this year
    total return of MSFT.XNAS this year on 1d bars
how many days did AAPL rise last month
    count bars of AAPL.XNAS where change(1) above 0 in the previous month on 1d bars
best month of SP500 between 2000 and 2010
    highest change(1) of SPX.INDEX from 2000-01-01 to 2010-12-31 on 1mo bars
worst quarter of SP500
    lowest change(1) of SPX.INDEX on 3mo bars
lowest RSI of AAPL since 2005
    lowest rsi(14).value of AAPL.XNAS since 2005-01-01 on 1d bars
highest RSI(7) of MSFT in 2010
    highest rsi(7).value of MSFT.XNAS from 2010-01-01 to 2010-12-31 on 1d bars
average true range of AAPL on 2012-05-01
    value atr(14).value of AAPL.XNAS from 2012-05-01 to 2012-05-01 on 1d bars
highest ATR of MSFT in 2008
    highest atr(14).value of MSFT.XNAS from 2008-01-01 to 2008-12-31 on 1d bars
average range of AAPL in 2012
    mean range() of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
largest range of SP500 in 2008
    highest range() of SPX.INDEX from 2008-01-01 to 2008-12-31 on 1d bars
how many days between 2012-03-01 and 2012-06-30 did AAPL close above 600
    count bars of AAPL.XNAS where close above 600 from 2012-03-01 to 2012-06-30 on 1d bars
HOW MANY DAYS DID AAPL CLOSE ABOVE ITS 50-DAY AVERAGE IN 2012
    count bars of AAPL.XNAS where close above sma(50).value from 2012-01-01 to 2012-12-31 on 1d bars
How many days did aapl close above its 50 day average in the first half of 2012?
    count bars of AAPL.XNAS where close above sma(50).value from 2012-01-01 to 2012-06-30 on 1d bars
how often did MSFT fall three percent or more in one day in 2008
    count bars of MSFT.XNAS where change(1) at most -3 from 2008-01-01 to 2008-12-31 on 1d bars
how often did MSFT lose over 10% in a week
    count bars of MSFT.XNAS where change(1) below -10 on 1w bars
how many days did AAPL close above 500 raw in 2012
    count bars of AAPL.XNAS where close above 500 from 2012-01-01 to 2012-12-31 on 1d bars with raw prices
adjusted close of AAPL on 2005-01-03
    value close of AAPL.XNAS from 2005-01-03 to 2005-01-03 on 1d bars with adjusted prices
highest adjusted close of AAPL
    highest close of AAPL.XNAS on 1d bars with adjusted prices
days when AAPL closed below the lower bollinger band in 2012
    list bars of AAPL.XNAS where close below bollinger(20, 2).lower from 2012-01-01 to 2012-12-31 on 1d bars
stochastic k of AAPL on 2012-05-01
    value stochastic(14, 3, 3).k of AAPL.XNAS from 2012-05-01 to 2012-05-01 on 1d bars
when was the ADX of MSFT above 50
    list bars of MSFT.XNAS where adx(14).adx above 50 on 1d bars
how many days did AAPL close above the 20-day high in 2012
    count bars of AAPL.XNAS where close above highest(high, 20 bars before) from 2012-01-01 to 2012-12-31 on 1d bars
smallest daily gain of AAPL in 2012
    lowest change(1) of AAPL.XNAS where change(1) above 0 from 2012-01-01 to 2012-12-31 on 1d bars
what was the volatility of the S&P 500 in 2008?
    volatility of SPX.INDEX from 2008-01-01 to 2008-12-31 on 1d bars
please tell me how many days MSFT closed above its 200 day moving average in 2004
    count bars of MSFT.XNAS where close above sma(200).value from 2004-01-01 to 2004-12-31 on 1d bars
did AAPL close above 600 in 2012
    whether of AAPL.XNAS where close above 600 from 2012-01-01 to 2012-12-31 on 1d bars
What's the average daily volume of AAPL in 2012?
    mean volume of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
What was Apple's highest closing price in 2012?
    highest close of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
How many times has AAPL closed above $600?
    count bars of AAPL.XNAS where close above 600 on 1d bars
On what date did AAPL close highest in 2012?
    highest close of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
When did the S&P 500 bottom in 2009?
    lowest low of SPX.INDEX from 2009-01-01 to 2009-12-31 on 1d bars
What is the largest single-day percentage gain of MSFT?
    highest change(1) of MSFT.XNAS on 1d bars
Biggest losing streak of SP500
    longest streak of SPX.INDEX where change(1) below 0 on 1d bars
What was the longest streak of days MSFT closed below its 200-day moving average?
    longest streak of MSFT.XNAS where close below sma(200).value on 1d bars
what was AAPL's RSI on 1 May 2012
    value rsi(14).value of AAPL.XNAS from 2012-05-01 to 2012-05-01 on 1d bars
Is AAPL above its 200 day average?
    whether of AAPL.XNAS where close above sma(200).value in the last 1 bars on 1d bars
was AAPL above its 50-day average on 2012-05-01
    whether of AAPL.XNAS where close above sma(50).value from 2012-05-01 to 2012-05-01 on 1d bars
Which day in 2008 had the highest volume for AAPL?
    highest volume of AAPL.XNAS from 2008-01-01 to 2008-12-31 on 1d bars
how many up days did MSFT have in 2009
    count bars of MSFT.XNAS where change(1) above 0 from 2009-01-01 to 2009-12-31 on 1d bars
what is the 52 week high of AAPL
    value highest(high, 52 weeks) of AAPL.XNAS on 1d bars
all time high of SP500
    value highest(high, all) of SPX.INDEX on 1d bars
52-week low of MSFT
    value lowest(low, 52 weeks) of MSFT.XNAS on 1d bars
what's the YTD return of SP500
    total return of SPX.INDEX this year on 1d bars
how has MSFT performed over the last 5 years
    total return of MSFT.XNAS in the last 5 years on 1d bars
show all days when VIX closed over 35 in 2015
    list bars of VIX.INDEX where close above 35 from 2015-01-01 to 2015-12-31 on 1d bars
count days AAPL close > 600 in 2012
    count bars of AAPL.XNAS where close above 600 from 2012-01-01 to 2012-12-31 on 1d bars
what is the current price of AAPL
    value close of AAPL.XNAS on 1d bars
latest close of MSFT
    value close of MSFT.XNAS on 1d bars
median daily return of SP500 in 2008
    median change(1) of SPX.INDEX from 2008-01-01 to 2008-12-31 on 1d bars
what was the max drawdown of MSFT between 2007 and 2009
    max drawdown of MSFT.XNAS from 2007-01-01 to 2009-12-31 on 1d bars
which month was the best for SP500 in 2009
    highest change(1) of SPX.INDEX from 2009-01-01 to 2009-12-31 on 1mo bars
in which year did AAPL gain the most
    highest change(1) of AAPL.XNAS on 12mo bars
how many consecutive days did AAPL close higher in 2010
    longest streak of AAPL.XNAS where change(1) above 0 from 2010-01-01 to 2010-12-31 on 1d bars
when was RSI of AAPL last below 30
    last time of AAPL.XNAS where rsi(14).value below 30 on 1d bars
did MSFT ever close above 50
    whether of MSFT.XNAS where close above 50 on 1d bars
how much volume did AAPL trade in 2012
    sum volume of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
what was the lowest VIX close in 2017
    lowest close of VIX.INDEX from 2017-01-01 to 2017-12-31 on 1d bars
how many days did oil fall more than 4% in 2008
    count bars of WTI.FRED where change(1) below -4 from 2008-01-01 to 2008-12-31 on 1d bars
correlation AAPL SP500 2012
    correlation of AAPL.XNAS, SPX.INDEX from 2012-01-01 to 2012-12-31 on 1d bars
what was the gap of AAPL on 2012-04-25
    value gap() of AAPL.XNAS from 2012-04-25 to 2012-04-25 on 1d bars
worst 10 days of SP500
    10 lowest change(1) of SPX.INDEX on 1d bars
annualised volatility of SP500 since 2010
    volatility of SPX.INDEX since 2010-01-01 on 1d bars
number of golden crosses of MSFT since 2001
    count bars of MSFT.XNAS where sma(50).value crosses above sma(200).value since 2001-01-01 on 1d bars
what % of weeks did AAPL rise in 2012
    share of bars of AAPL.XNAS where change(1) above 0 from 2012-01-01 to 2012-12-31 on 1w bars
AAPL 200 day moving average
    value sma(200).value of AAPL.XNAS on 1d bars
close of SP500 on the last day of 2008
    value close of SPX.INDEX from 2008-01-01 to 2008-12-31 on 1d bars
days AAPL closed at least 10% above its 200-day average in 2012
    list bars of AAPL.XNAS where distance(close, sma(200).value) at least 10 from 2012-01-01 to 2012-12-31 on 1d bars
when did AAPL hit its all-time high
    highest high of AAPL.XNAS on 1d bars with adjusted prices
how many days below 20 was VIX in 2014
    count bars of VIX.INDEX where close below 20 from 2014-01-01 to 2014-12-31 on 1d bars
average of AAPL close in 2012
    mean close of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
AAPL RSI on 2012-05-01
    value rsi(14).value of AAPL.XNAS from 2012-05-01 to 2012-05-01 on 1d bars
which week was the worst for MSFT in 2008
    lowest change(1) of MSFT.XNAS from 2008-01-01 to 2008-12-31 on 1w bars
AAPL highest close in 2012
    highest close of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
average volume of AAPL in the last 2000 bars
    mean volume of AAPL.XNAS in the last 2000 bars on 1d bars
how often was the MACD of SP500 below -1990
    count bars of SPX.INDEX where macd(12, 26, 9).line below -1990 on 1d bars
how many days did SP500 close above 2000 in 2014
    count bars of SPX.INDEX where close above 2000 from 2014-01-01 to 2014-12-31 on 1d bars
did AAPL close higher on 2012-09-21
    whether of AAPL.XNAS where change(1) above 0 from 2012-09-21 to 2012-09-21 on 1d bars
is AAPL overbought
    whether of AAPL.XNAS where rsi(14).value above 70 in the last 1 bars on 1d bars
was AAPL green on 2012-09-21
    whether of AAPL.XNAS where close above open from 2012-09-21 to 2012-09-21 on 1d bars
was the RSI of AAPL ever above 90
    whether of AAPL.XNAS where rsi(14).value above 90 on 1d bars
are AAPL and MSFT above their 50-day averages
    whether of AAPL.XNAS, MSFT.XNAS where close above sma(50).value in the last 1 bars on 1d bars
is AAPL up
    whether of AAPL.XNAS where change(1) above 0 in the last 1 bars on 1d bars
did AAPL ever rise more than 10% in a day in 2008
    whether of AAPL.XNAS where change(1) above 10 from 2008-01-01 to 2008-12-31 on 1d bars
was AAPL up in 2012
    total return of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
did SP500 close lower in 2008
    total return of SPX.INDEX from 2008-01-01 to 2008-12-31 on 1d bars
what was AAPL on 2012-09-21
    value close of AAPL.XNAS from 2012-09-21 to 2012-09-21 on 1d bars
What was the VIX at on 2018-02-05?
    value close of VIX.INDEX from 2018-02-05 to 2018-02-05 on 1d bars
what is AAPL trading at
    value close of AAPL.XNAS on 1d bars
how much was Apple worth on September 21, 2012
    value close of AAPL.XNAS from 2012-09-21 to 2012-09-21 on 1d bars
what day of the week did AAPL rise most
    by weekday change(1) of AAPL.XNAS on 1d bars
on which weekday did AAPL fall the most since 2005
    by weekday change(1) of AAPL.XNAS since 2005-01-01 on 1d bars
average volume of MSFT by weekday in 2010
    by weekday volume of MSFT.XNAS from 2010-01-01 to 2010-12-31 on 1d bars
what is the best day of the week for SP500
    by weekday change(1) of SPX.INDEX on 1d bars
which month of the year is best for SP500
    by calendar month change(1) of SPX.INDEX on 1mo bars
is SP500 in an uptrend
    direction of the trend of SPX.INDEX on 1d bars
was AAPL trending down on 2008-11-20
    direction of the trend of AAPL.XNAS from 2008-11-20 to 2008-11-20 on 1d bars
did AAPL beat MSFT in 2009
    compare of AAPL.XNAS, MSFT.XNAS from 2009-01-01 to 2009-12-31 on 1d bars
by how much did AAPL outperform the S&P 500 in 2012
    compare of AAPL.XNAS, SPX.INDEX from 2012-01-01 to 2012-12-31 on 1d bars
did AAPL do better than MSFT in 2010
    compare of AAPL.XNAS, MSFT.XNAS from 2010-01-01 to 2010-12-31 on 1d bars
how many trading days in 2012 for AAPL
    number of bars of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
how many weeks did MSFT trade in 2010
    number of bars of MSFT.XNAS from 2010-01-01 to 2010-12-31 on 1w bars
Sharpe ratio of SP500 in 2017
    sharpe ratio of SPX.INDEX from 2017-01-01 to 2017-12-31 on 1d bars
beta of AAPL against SP500 in 2012
    beta of AAPL.XNAS, SPX.INDEX from 2012-01-01 to 2012-12-31 on 1d bars
what was the beta of MSFT in 2010
    beta of MSFT.XNAS, SPX.INDEX from 2010-01-01 to 2010-12-31 on 1d bars
how often was AAPL below its 50-day but above its 200-day average in 2012
    count bars of AAPL.XNAS where close below sma(50).value and close above sma(200).value from 2012-01-01 to 2012-12-31 on 1d bars
highest close and lowest close of AAPL in 2012
    extremes close of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
highest high and lowest low of AAPL in 2012
    extremes of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
highest and lowest RSI of AAPL in 2012
    extremes rsi(14).value of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
"""
LINES = TABLE.strip().splitlines()
PHRASINGS = [(asked, plan.strip()) for asked, plan in zip(LINES[::2], LINES[1::2], strict=True)]


@pytest.mark.parametrize(("asked", "plan"), PHRASINGS)
def test_a_question_is_read_as_the_plan_that_it_means(asked, plan):
    parsed = parse_question(asked, SAMPLE_NAMES)

    assert parsed is not None
    assert format_plan(parsed) == plan


@pytest.mark.parametrize(("asked", "_"), PHRASINGS)
def test_what_a_question_was_understood_as_is_read_as_the_same_plan(asked, _):
    parsed = parse_question(asked, SAMPLE_NAMES)

    assert parse_question(format_plan(parsed), SAMPLE_NAMES) == parsed


def test_there_are_phrasings_enough():
    assert len({asked for asked, _ in PHRASINGS}) >= 120


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "hello",
        "why did AAPL fall in 2008",
        "should I buy AAPL when its RSI is below 30",
        "how many planets are there",
        "what is RSI",
        "what does RSI mean",
        "explain the MACD of AAPL",
        "tell me about AAPL",
        "what happened to MSFT in March 2009",
        "AAPL",
        "write a poem about Microsoft",
        "will SP500 close above 3000",
        "how often was AAPL above its 50-day in 2012",
        "how many days was AAPL in an uptrend in 2012",
        "what is AAPL",
        "what is the price of love",
        "what is the volume in USD",
        "is AAPL higher than MSFT",
        "how do I add a 50-day average",
        "what about Apple in march",
        "when was Apple founded",
        "alert me when AAPL crosses above 600",
        "{0} above {1}",
        "@0 @1 ~",
        "highest mountain of the world",
        "x" * 5_000,
    ],
)
def test_what_is_no_question_over_bars_is_left_to_others(asked):
    assert parse_question(asked, SAMPLE_NAMES) is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("how many days did FOOBAR close above its 50-day average", "No instrument is called FOOBAR"),
        ("what is the price of TSLA", "No instrument is called TSLA here: its bars are not stored"),
        ("what is the price of tesla?", "No instrument is called TSLA here"),
        ("what was the close of ZZZ on 2012-01-03", "No instrument is called ZZZ here"),
        ("is TSLA above its 50-day average", "No instrument is called TSLA here"),
        ("how many days did AAPL close above its flimflam average in 2012", "flimflam"),
        ("highest close of DUP in 2012", "DUP.XNAS or DUP.XNYS"),
        ("highest close of AAPL in march", "Which year's March"),
        ("how often did MSFT rise more than 3 in a day", "3 what"),
        ("highest close in 2012", "Which instrument"),
        ("volume of AAPL in 2012", "highest, the mean or the last"),
        ("how many days did AAPL close above its 50-week average", "1d and of 1w"),
        ("sum of RSI of AAPL", "Only volumes"),
        ("highest RSI(1) of AAPL", "Period of RSI cannot be 1"),
        ("highest MACD 1 2 3 4 of AAPL", "3 parameters, not 4"),
        ("highest close of AAPL from 2013 to 2010", "before it begins"),
        ("highest close of AAPL on 2012-02-30", "no day"),
        ("highest close of AAPL in 2012 and lowest in 2013", "Two periods"),
        ("correlation of AAPL", "two instruments"),
        ("highest purple close of AAPL in 2012", "purple"),
        ("how many days did AAPL rise more than 3 % and sing in 2012", "sing"),
        ("what was the worst of AAPL in 2008", "worst of what"),
        ("how often did AAPL rise or fall more than 5% in a day in 2008", "rise"),
        ("how many trading days in 2008 did SP500 move more than 3%", "3 % of what"),
        ("how often did AAPL rise on Mondays and Fridays", "Mondays and Fridays"),
        ("how many weekdays did AAPL rise in 2012", "weekdays"),
        ("longest winning streak of AAPL by weekday", "weekday"),
        ("in which hour of the day did AAPL rise most", "hour_of_the_day"),
        ("on which day of the month did AAPL rise most", "day_of_the_month"),
        ("how often was AAPL above its 50-day or above its 200-day average in 2012", "or"),
        ("was AAPL up more than 20% in 2012", "within a day"),
        ("beta of SP500", "two instruments"),
        ("weekly Sharpe ratio of AAPL", "daily bars"),
    ],
)
def test_what_is_not_understood_is_said(asked, words):
    with pytest.raises(InvalidInput) as raised:
        parse_question(asked, SAMPLE_NAMES)

    assert words in raised.value.message
    assert raised.value.code


def test_it_means_the_instrument_of_the_chart_unless_another_one_is_named():
    on_chart = {"names": SAMPLE_NAMES, "instrument": "MSFT.XNAS"}

    assert parse_question("how many days did it close above its 50-day average", **on_chart).instruments == ("MSFT.XNAS",)
    assert parse_question("highest close in 2012", **on_chart).instruments == ("MSFT.XNAS",)
    assert parse_question("highest close of Apple in 2012", **on_chart).instruments == ("AAPL.XNAS",)


def test_codes_that_are_ordinary_words_count_in_capitals_only():
    assert parse_question("how often did it rise", SAMPLE_NAMES, instrument="AAPL.XNAS").instruments == ("AAPL.XNAS",)
    assert parse_question("how often did IT rise", SAMPLE_NAMES).instruments == ("IT.XNYS",)
    assert parse_question("how often did it.xnys rise", SAMPLE_NAMES).instruments == ("IT.XNYS",)


def test_a_name_in_many_words_is_found_whole_and_a_nickname_only_where_there_is_such_an_instrument():
    names = Names(
        [
            Instrument(InstrumentId("BRK B", "XNYS"), "Berkshire Hathaway Inc. Class B"),
            Instrument(InstrumentId("GOOG", "XNAS"), "Alphabet Inc."),
        ]
    )

    assert parse_question("highest close of Berkshire Hathaway's in 2012", names).instruments == ("BRK B.XNYS",)
    assert parse_question("highest close of BRK B.XNYS", names).instruments == ("BRK B.XNYS",)
    assert parse_question("highest close of google", names).instruments == ("GOOG.XNAS",)
    with pytest.raises(InvalidInput):
        parse_question("highest close of WTI", names)
