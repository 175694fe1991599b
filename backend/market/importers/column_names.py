"""Names of columns in common exports and in several languages, without case, blanks and marks."""

from typing import Final

from backend.market.importers.plan import Role

# ruff: noqa: RUF001 - column names are spelled as their languages spell them
COLUMN_NAMES: Final[dict[Role, str]] = {
    Role.TIME: (
        "time date datetime timestamp ts dt t day datum data fecha дата 日期 时间 日付 tarih datetimeutc dateutc "
        "timeutc opentime starttime start begin barstart periodstart gmttime localtime utc utctime unix "
        "unixtime epoch unixtimestamp timestampms timestamputc tradedate tradingdate pricedate quotedate "
        "observationdate refdate asof asofdate index windowstart candlebegintime dateandtime datumzeit "
        "datumuhrzeit fechahora dateheure dataora datahora dtyyyymmdd yyyymmdd datadodia datumuhr 交易日期 "
        "timeperiodstart tradetime eventtime datetimeisoformat"
    ),
    Role.CLOCK: ("timeofday clock hour hora heure ora uhrzeit zeit godzina час 時刻 hhmm hhmmss timehhmmss barclock"),
    Role.OPEN: (
        "open o openprice opening first openbid eröffnung eroeffnung eröffnungskurs eröffnungspreis erster "
        "apertura ouverture ouv abertura otwarcie открытие 开盘 开盘价 始値 açılış open1 openmid mido priceopen "
        "startprice öppning öppningskurs åpning aabning primo prezzoapertura aprire ouvert abrir"
    ),
    Role.HIGH: (
        "high h highprice max maximum hi highbid hoch tageshoch höchst höchstkurs hoechst máximo maximo más "
        "alto máx maxima haut plushaut plhaut massimo alta máxima najwyzszy najwyższy макс максимум 最高 最高价 高値 "
        "yüksek midh pricehigh högst"
    ),
    Role.LOW: (
        "low l lowprice min minimum lo lowbid tief tagestief tiefst tiefstkurs mínimo minimo mín minima bas "
        "plusbas plbas minore baixa mínima najnizszy najniższy мин минимум 最低 最低价 安値 düşük midl pricelow "
        "lägst"
    ),
    Role.CLOSE: (
        "close c closeprice closing last lastprice price value settle settlement px pxlast closebid closelast "
        "closingprice rate schluss schlusskurs schlusspreis letzter letzterkurs kurs cierre último ultimo "
        "precio preciocierre clôture cloture clot dernier cours prezzo chiusura fechamento preço preco "
        "zamkniecie zamknięcie закрытие цена 收盘 收盘价 終値 kapanış şimdi midc priceclose nav wert valor valore "
        "valeur stängning senast slut slutkurs fix koers slotkoers"
    ),
    Role.VOLUME: (
        "volume vol v qty quantity amount volumen volumenes umsatz stück stücke stueck stuecke volumes volume_ volumi "
        "volumeshares sharevolume tickvolume tickvol tradingvolume totalvolume basevolume volumebase "
        "volumebtc volumefrom volumetraded wolumen obrot объем объём 成交量 出来高 hacim volym handelsvolumen capi "
        "titres turnovershares vol1 volumn"
    ),
    Role.ADJUSTED: (
        "adjclose adjustedclose closeadj adjustedprice adjcloseprice adjcls adjclosing adjustedclosing "
        "5adjustedclose bereinigterschluss cierreajustado cierreaj clôtureajustée adj"
    ),
    Role.DIVIDEND: ("dividend dividends dividendamount divcash exdividend div cashdividend dividende"),
    Role.SPLIT: ("stocksplits splitratio splitcoefficient splitfactor splits split stocksplit"),
    Role.SYMBOL: (
        "symbol ticker instrument code isin secid tic tickersymbol kürzel sym contract pair name act_symbol "
        "actsymbol тикер 代码 stock security"
    ),
    Role.INTERVAL: ("interval per period timeframe resolution granularity"),
}
