"""A server's refusals in our own family of errors, and an access token's life by the server's clock."""

import base64
import json

import pytest

from backend.errors import Conflict, InvalidInput, NotFound, Unavailable
from backend.sync.account_calls import Granted
from backend.sync.api import SessionEnded, problem_of

URL = "https://desk.example.com"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "expired", SessionEnded),
        (401, "step_up", InvalidInput),
        (403, "not_allowed", InvalidInput),
        (404, "no_room", NotFound),
        (409, "id_taken", Conflict),
        (422, "bad_body", InvalidInput),
        (429, "limited", Unavailable),
        (503, "busy", Unavailable),
    ],
)
def test_a_problem_becomes_the_error_that_says_what_can_be_done(status, code, kind):
    told = {"title": "No", "status": status, "code": code, "detail": "Not like this.", "hint": "Do that.", "retry_after_ms": 1500}
    error = problem_of(URL, status, json.dumps(told).encode())

    assert type(error) is kind
    assert (error.message, error.hint, error.code) == ("Not like this.", "Do that.", f"server.{code}")
    if isinstance(error, Unavailable):
        assert error.retry_after_s == 1.5


def test_an_answer_of_somebody_between_is_told_by_its_status():
    error = problem_of(URL, 502, b"<html>Bad gateway</html>")

    assert type(error) is Unavailable
    assert "502" in error.message


def token(claims):
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{part}.signature"


@pytest.mark.parametrize(
    ("access", "lasts_ms"),
    [
        (token({"iat": 1000, "exp": 1900}), 900_000),
        (token({"iat": 1900, "exp": 1000}), 0),
        (token({"exp": 5}), 900_000),
        ("no token", 900_000),
        ("a.%%%.b", 900_000),
    ],
)
def test_a_tokens_life_is_what_the_servers_clock_gave_it(access, lasts_ms):
    assert Granted(access, "r", "s", "u").lasts_ms == lasts_ms
