"""Every address as the schema tells it, tried with what Hypothesis makes of it: no failure, no answer that was not told of."""

import asyncio
import logging

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.fakes.sync_server import served

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
# What would end the session that asks, and what goes on for ever.
ENDING = {
    "/api/auth/logout",
    "/api/v1/auth/logout",
    "/api/v1/users/me/sessions",
    "/api/v1/users/me/sessions/{session}",
    "/api/v1/auth/password",
}
ENDLESS = {"/v1/events", "/api/chat/events", "/api/v1/chat/events", "/v1/poll"}


def operations(url):
    schema = schemathesis.openapi.from_url(f"{url}/schema/openapi.json")
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path not in ENDLESS:
            yield operation


def try_all(url, headers, n_examples, seed):
    """Ask every address; the first that fails is told with what it was asked."""
    n_asked = 0
    for operation in operations(url):
        if headers and (operation.path in ENDING or (operation.path.endswith("/users/me") and operation.method == "delete")):
            continue

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=n_examples,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy())
        def ask(case):
            nonlocal n_asked
            n_asked += 1
            answer = case.call(headers=headers, timeout=20)
            case.validate_response(answer, checks=CHECKS)

        ask()
    return n_asked


async def ask_everything(tmp_path, n_examples, seed):
    async with served(tmp_path) as house:
        mine = await asyncio.to_thread(try_all, house.url, house.admin.headers, n_examples, seed)
        strangers = await asyncio.to_thread(try_all, house.url, {}, max(1, n_examples // 4), seed)
        async with house.client(house.admin) as olga:
            assert (await olga.get("/v1/heads")).status_code == 200
    return mine + strangers


async def test_no_request_that_the_schema_allows_fails_the_server(tmp_path, request):
    seed = int(request.config.option.hypothesis_seed)

    assert await ask_everything(tmp_path, 4, seed) > 100


@pytest.mark.long
@pytest.mark.timeout(1_800)
async def test_many_requests_that_the_schema_allows_do_not_fail_the_server(tmp_path, request):
    seed = int(request.config.option.hypothesis_seed)
    logging.getLogger("hypothesis").setLevel(logging.ERROR)

    assert await ask_everything(tmp_path, 300, seed) > 10_000
