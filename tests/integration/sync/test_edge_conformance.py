"""RFC 6455 on the connections that the server ships: every case of the Autobahn suite but those of size and of compression."""

import kosoku

from sync_server.clock import SystemClock
from sync_server.edge.listening import Listener

N_CASES = 247
ELSEWHERE = ("9.*", "12.*", "13.*")  # megabytes, and compression, which is never agreed on


async def echo(_scope, receive, send):
    """Send back what comes, until it ends."""
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", **{key: event[key] for key in ("text", "bytes") if event.get(key) is not None}})


async def test_every_case_of_the_protocol_passes():
    listener = Listener(echo, SystemClock())
    await listener.begin("127.0.0.1", 0)
    try:
        results = await kosoku.run_fuzzingclient(f"ws://127.0.0.1:{listener.port}", exclude_cases=ELSEWHERE, concurrency=8)
    except kosoku.FailureError as failures:
        results = failures.results
    await listener.close()

    assert [(case.case_id, case.result, case.result_close) for case in results if not case.passed] == []
    assert len(results) == N_CASES
