"""python-binance, an outside client of Binance's API, pointed at a simulated venue by its own attributes."""

import contextlib
import warnings
from collections.abc import AsyncIterator

with warnings.catch_warnings():
    # python-binance 1.0 imports names of websockets that are going away.
    warnings.filterwarnings("ignore", "websockets", DeprecationWarning)
    from binance import AsyncClient, BinanceSocketManager, ThreadedWebsocketManager
    from binance.exceptions import BinanceAPIException
    from binance.ws.depthcache import DepthCacheManager

__all__ = [
    "AsyncClient",
    "BinanceAPIException",
    "BinanceSocketManager",
    "DepthCacheManager",
    "ThreadedWebsocketManager",
    "outside_client",
]


@contextlib.asynccontextmanager
async def outside_client(rest_url: str, stream_url: str) -> AsyncIterator[tuple[AsyncClient, BinanceSocketManager]]:
    """A client and its streams, whose queues never overflow in a test."""
    client = AsyncClient()
    client.API_URL = f"{rest_url}/api"
    sockets = BinanceSocketManager(client, max_queue_size=1_000_000)
    sockets.STREAM_URL = f"{stream_url}/"
    try:
        yield client, sockets
    finally:
        await client.close_connection()
