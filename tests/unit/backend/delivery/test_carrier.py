"""Messages reach real sinks on loopback, and every failure is told in words that hide the address's secrets."""

import asyncio
import threading

import pytest

from backend.delivery.carrier import Carrier
from backend.delivery.message import Message
from backend.delivery.wires import Limits
from tests.fakes.sinks import Answer, http_sink, mail_sink, self_signed

MESSAGE = Message("Alert: AAPL.XNAS 180.02", "AAPL rose above 180.00 (180.02).\n<b>&", {"alert_id": "a1", "symbol": "AAPL.XNAS"})
QUICK = Limits(connect_s=2, read_s=0.5, total_s=20)


@pytest.fixture
def carrier(clock):
    return Carrier(clock, QUICK)


async def test_a_webhook_gets_title_body_and_fields(carrier):
    with http_sink() as sink:
        assert (await carrier.send(sink.address(), MESSAGE)).is_sent
        (got,) = sink.received
        assert (got.json["title"], got.json["message"]) == (MESSAGE.title, MESSAGE.body)
        assert (got.json["alert_id"], got.json["symbol"]) == ("a1", "AAPL.XNAS")


async def test_text_stays_text_in_every_form_of_webhook(carrier):
    with http_sink() as sink:
        for scheme in ("xml", "form"):
            assert (await carrier.send(sink.address().replace("json", scheme, 1), MESSAGE)).is_sent
        xml, form = sink.received
        assert b"&lt;b&gt;&amp;" in xml.body
        assert b"%3Cb%3E%26" in form.body


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_what_a_service_refuses_for_good_is_not_tried_again(carrier, status):
    with http_sink() as sink:
        sink.answers = [Answer(status, b"no such room")]
        outcome = await carrier.send(sink.address(), MESSAGE)
        assert not outcome.is_sent
        assert not outcome.may_pass
        assert str(status) in outcome.words
        assert "no such room" in outcome.words


@pytest.mark.parametrize("status", [408, 500, 502, 503])
async def test_a_service_that_fails_is_tried_again(carrier, status):
    with http_sink() as sink:
        sink.answers = [Answer(status)]
        outcome = await carrier.send(sink.address(), MESSAGE)
        assert (outcome.is_sent, outcome.may_pass, outcome.is_unsure) == (False, True, False)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer(429, headers={"Retry-After": "37"}), 37.0),
        (Answer(503, headers={"Retry-After": "Mon, 08 Jan 2024 14:31:00 GMT"}), 60.0),
        (Answer(429, b'{"parameters": {"retry_after": 12}}'), 12.0),
        (Answer(429, b'{"retry_after": 0.5}'), 0.5),
        (Answer(429, b"[]", {"Retry-After": "soon"}), None),
    ],
)
async def test_what_a_service_asks_us_to_wait_is_known(carrier, answer, seconds):
    with http_sink() as sink:
        sink.answers = [answer]
        outcome = await carrier.send(sink.address(), MESSAGE)
        assert (outcome.is_sent, outcome.may_pass, outcome.retry_after_s) == (False, True, seconds)
        assert len(sink.received) == 1


async def test_a_server_that_never_answers_leaves_it_unsure_and_is_left(carrier):
    with http_sink() as sink:
        sink.answers = [Answer(hangs=True)]
        outcome = await carrier.send(sink.address(), MESSAGE)
        assert (outcome.may_pass, outcome.is_unsure) == (True, True)
        assert "may have been sent" in outcome.words


async def test_one_that_takes_too_long_altogether_is_left_to_its_thread(clock):
    with http_sink() as sink:
        sink.answers = [Answer(hangs=True)]
        outcome = await Carrier(clock, Limits(connect_s=1, read_s=1.5, total_s=0.2)).send(sink.address(), MESSAGE)
        assert outcome.is_unsure
        assert "longer than 0.2 s" in outcome.words


async def test_a_connection_that_breaks_off_leaves_it_unsure(carrier):
    with http_sink() as sink:
        sink.answers = [Answer(breaks=True)]
        outcome = await carrier.send(sink.address(), MESSAGE)
        assert (outcome.may_pass, outcome.is_unsure) == (True, True)


async def test_of_a_huge_answer_only_the_beginning_is_read(carrier):
    with http_sink() as sink:
        sink.answers = [Answer(n_bytes=200 * 2**20)]
        assert (await carrier.send(sink.address(), MESSAGE)).is_sent
        assert sink.n_bytes_answered < 20 * 2**20


async def test_a_redirect_is_not_followed(carrier):
    with http_sink() as sink, http_sink() as other:
        sink.answers = [Answer(307, headers={"Location": f"http://127.0.0.1:{other.port}/else"})]
        outcome = await carrier.send(sink.address(), MESSAGE)
        assert not outcome.is_sent
        assert not outcome.may_pass
        assert "another address" in outcome.words
        assert other.received == []


async def test_nobody_listening_and_no_such_host_are_told_apart(carrier):
    refused = await carrier.send("json://127.0.0.1:9/hook", MESSAGE)
    assert (refused.words, refused.may_pass) == ("127.0.0.1 refused the connection.", True)


async def test_a_certificate_that_nobody_signed_is_refused_in_words(carrier, tmp_path):
    with http_sink(self_signed(tmp_path)) as sink:
        outcome = await carrier.send(sink.address().replace("json", "jsons", 1), MESSAGE)
        assert not outcome.may_pass
        assert outcome.words.startswith("The certificate of 127.0.0.1 cannot be trusted")
        assert sink.received == []


async def test_a_server_that_echoes_everything_does_not_bring_secrets_into_words(carrier):
    password = "p4ssw0rd"
    with http_sink() as sink:
        sink.answers = [Answer(400, b"bad /s3cr3t-path for ann:p4ssw0rd Basic YW5uOnA0c3N3MHJk X-Key=t0kentoken")]
        address = f"json://ann:{password}@127.0.0.1:{sink.port}/s3cr3t-path?+X-Key=t0kentoken"
        words = (await carrier.send(address, MESSAGE)).words
        assert "400" in words
        for secret in ("s3cr3t", password, "t0kentoken", "YW5u"):
            assert secret not in words


async def test_credentials_of_netrc_are_never_used(carrier, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password hidden\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with http_sink() as sink:
        assert (await carrier.send(sink.address(), MESSAGE)).is_sent
        assert "Authorization" not in sink.received[0].headers


async def test_mail_arrives_as_plain_text_with_its_title_as_subject(carrier):
    with mail_sink() as sink:
        assert (await carrier.send(sink.address(), MESSAGE)).is_sent
        (mail,) = sink.received
        assert mail.recipients == ["ann@example.org"]
        assert b"Subject: Alert: AAPL.XNAS 180.02" in mail.content
        assert b"text/plain" in mail.content
        assert b"text/html" not in mail.content


@pytest.mark.logs("auth_required", "login_data is deprecated")
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_mail_goes_with_the_right_password_and_the_wrong_one_is_told(carrier):
    with mail_sink(lambda user, password: (user, password) == ("ann", "right")) as sink:
        assert (await carrier.send(sink.address("ann:right"), MESSAGE)).is_sent
        assert len(sink.received) == 1
        outcome = await carrier.send(sink.address("ann:wrong"), MESSAGE)
        assert not outcome.may_pass
        assert "did not accept user and password (535)" in outcome.words
        assert "wrong" not in outcome.words


@pytest.mark.parametrize(("reply", "may_pass"), [("451 Try later", True), ("554 Never", False), ("421 Closing", True)])
async def test_a_mail_server_says_whether_it_may_pass(carrier, reply, may_pass):
    with mail_sink() as sink:
        sink.replies = [reply]
        outcome = await carrier.send(sink.address(), MESSAGE)
        assert (outcome.is_sent, outcome.may_pass, outcome.is_unsure) == (False, may_pass, False)
        assert reply[:3] in outcome.words
        assert (await carrier.send(sink.address(), MESSAGE)).is_sent


async def test_a_mail_server_without_encryption_is_told_where_the_address_asks_for_it(carrier):
    with mail_sink() as sink:
        outcome = await carrier.send(sink.address("ann:pw").replace("mailto", "mailtos", 1), MESSAGE)
        assert not outcome.is_sent
        assert not outcome.may_pass
        assert sink.received == []


async def test_messages_of_several_channels_do_not_mix_their_traces(carrier):
    with http_sink() as good, http_sink() as bad:
        bad.answers = [Answer(404)]
        outcomes = await asyncio.gather(*(carrier.send(s.address(), MESSAGE) for s in (good, bad) * 8))
        assert [one.is_sent for one in outcomes] == [True, False] * 8
        assert threading.active_count() < 60


# The server may say why the session ended, before or after the test does: caplog takes it either way.
async def test_a_mail_server_whose_certificate_nobody_signed_gets_neither_password_nor_message(carrier, tmp_path, caplog):
    with mail_sink(tls=self_signed(tmp_path)) as sink:
        outcome = await carrier.send(sink.address("ann:pw", options="&mode=starttls").replace("mailto", "mailtos", 1), MESSAGE)
        assert not outcome.may_pass
        assert outcome.words.startswith("The certificate of 127.0.0.1 cannot be trusted")
        assert sink.received == []


async def test_where_one_of_several_recipients_has_it_a_further_attempt_may_repeat_it(carrier):
    with mail_sink() as sink:
        sink.replies = ["250 Taken", "451 Try later"]
        outcome = await carrier.send(sink.address().replace("to=ann@example.org", "to=ann@example.org,bob@example.org"), MESSAGE)
        assert (outcome.is_sent, outcome.may_pass, outcome.is_unsure) == (False, True, True)
        assert "451" in outcome.words
        assert outcome.words.endswith("Others have it.")
