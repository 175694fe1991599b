"""Which instruments the simulated venue trades: their grids of price and quantity, and how lively each is."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Listed:
    """What is fixed about one instrument of the simulated market.

    code : the venue's own symbol without "/"; base, quote : the two halves of a pair; a stock is quoted in USD
    price_decimals, lot_decimals : one tick is 10**-price_decimals, one lot 10**-lot_decimals
    price : where the walk begins; day_volatility : standard deviation of a day's return
    lots_mean : of one trade; share : weight of this instrument in the market's rate of trades
    """

    code: str
    base: str
    quote: str
    title: str
    price_decimals: int
    lot_decimals: int
    price: float
    lots_mean: int
    day_volatility: float = 0.03
    share: float = 1.0

    @property
    def price_ticks(self) -> int:
        """``price`` on the grid."""
        return int(self.price * 10**self.price_decimals + 0.5)


BINANCE_LISTED: Final = (
    Listed("BTCUSDT", "BTC", "USDT", "Bitcoin in Tether", 2, 5, 60_000.0, 2_000, share=3.0),
    Listed("ETHUSDT", "ETH", "USDT", "Ether in Tether", 2, 4, 3_000.0, 5_000, share=2.0),
    Listed("SOLUSDT", "SOL", "USDT", "Solana in Tether", 2, 3, 150.0, 8_000, day_volatility=0.05),
)
KRAKEN_LISTED: Final = (
    Listed("XBTUSD", "BTC", "USD", "Bitcoin in US dollars", 1, 8, 60_000.0, 3_000_000, share=2.0),
    Listed("ETHUSD", "ETH", "USD", "Ether in US dollars", 2, 8, 3_000.0, 40_000_000),
    Listed("XBTEUR", "BTC", "EUR", "Bitcoin in euros", 1, 8, 55_000.0, 3_000_000),
)
ALPACA_LISTED: Final = (
    Listed("AAPL", "AAPL", "USD", "Apple Inc.", 2, 0, 190.0, 80, day_volatility=0.02, share=2.0),
    Listed("MSFT", "MSFT", "USD", "Microsoft Corporation", 2, 0, 420.0, 60, day_volatility=0.02),
    Listed("SPY", "SPY", "USD", "SPDR S&P 500 ETF Trust", 2, 0, 500.0, 120, day_volatility=0.01, share=3.0),
    Listed("FAKEPACA", "FAKEPACA", "USD", "The test stream's own", 2, 0, 133.0, 100, day_volatility=0.02, share=0.5),
)
