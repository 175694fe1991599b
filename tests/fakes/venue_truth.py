"""What the simulated market truly did, to hold beside what a feed gave."""

from backend.simulator.market import MarketConfig
from backend.simulator.venue import SimulatedVenue, VenueConfig


def small_venue(clock, *, rate=200.0, seed=5, **venues):
    """A market that is soon made; venues : what each lists, nothing where it is left out."""
    listed = {"binance": (), "kraken": (), "alpaca": (), **venues}
    return SimulatedVenue(VenueConfig(MarketConfig(seed=seed, rate=rate, past_minutes=2, bar_days=1), **listed), clock)


def true_trades(venue, code):
    """Every trade so far as (price, quantity), oldest first."""
    listing = venue.market.listings[code]
    prints, listed = listing.tape.between(0, listing.tape.next_id), listing.listed
    price_unit, lot = 10.0**listed.price_decimals, 10.0**listed.lot_decimals
    return [(price / price_unit, lots / lot) for price, lots in zip(prints.price.tolist(), prints.lots.tolist(), strict=True)]


def is_unbroken(given, truth):
    """Whether what was given is one stretch of the truth: nothing missed in it, nothing twice, all in order."""
    return bool(given) and any(truth[start : start + len(given)] == given for start in range(len(truth)))
