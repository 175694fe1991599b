"""What a failed attempt means, in plain words: whether it may pass, whether the message may have arrived all the same."""

import contextlib
import json
import re
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from backend.delivery.addresses import Address
from backend.delivery.message import plain
from backend.delivery.store import Outcome
from backend.delivery.wires import Trace
from backend.telemetry.redaction import redact

_EXCERPT: Final = 160
_MARKUP = re.compile(r"<[^>]*>")
_PASSING: Final = (408, 425, 429)
_TAKEN: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)
_HTTP_WORDS: Final = {
    400: "The service did not understand the message",
    401: "The service did not accept the credentials",
    403: "The service forbids this",
    404: "The service knows no such address",
    410: "The service says that the address is gone for good",
    413: "The message is too large for the service",
    429: "The service asks us to send less",
}
# Names of exceptions, and of what they derive from, in the order in which they are looked for: words, may it pass, is it unsure.
_CONNECTIONS: Final[tuple[tuple[frozenset[str], str, bool, bool], ...]] = (
    (frozenset({"gaierror"}), "There is no host {where}, or no network.", True, False),
    (frozenset({"ConnectionRefusedError"}), "{where} refused the connection.", True, False),
    (frozenset({"ProxyError"}), "The proxy of this computer did not let the message pass.", True, False),
    (frozenset({"ConnectTimeout", "ConnectTimeoutError"}), "{where} did not answer in time.", True, False),
    (
        frozenset({"ReadTimeout", "ReadTimeoutError"}),
        "{where} took the message and did not answer in time; it may have been sent.",
        True,
        True,
    ),
    (frozenset({"SSLError"}), "{where} and we found no common way to encrypt.", False, False),
    (frozenset({"TimeoutError"}), "{where} did not answer in time.", True, False),
    (
        frozenset({"InvalidURL", "InvalidSchema", "LocationParseError", "InvalidHeader", "UnicodeError"}),
        "The address cannot be used as it is written.",
        False,
        False,
    ),
)
_ANSWERLESS: Final = frozenset({"RemoteDisconnected", "ProtocolError", "IncompleteRead"})


def judge(address: Address, trace: Trace, now_ns: int) -> Outcome:
    """The outcome of an attempt that did not succeed, or not for all of its recipients."""
    outcome = _judge(address, trace, now_ns)
    is_part = trace.n_taken > 0 and trace.status not in _TAKEN
    return replace(outcome, words=f"{outcome.words} Others have it.", is_unsure=True) if is_part else outcome


def _judge(address: Address, trace: Trace, now_ns: int) -> Outcome:
    where = address.host or address.service.title
    if isinstance(trace.error, smtplib.SMTPException):
        return _of_mail(address, trace.error, where, may_have_arrived=trace.is_on_its_way)
    if trace.status is not None and (trace.error is None or trace.status not in _TAKEN):
        return _of_status(address, trace, now_ns)
    if trace.error is not None:
        return _of_connection(trace.error, where, may_have_arrived=trace.is_on_its_way)
    if trace.refused:
        code, said = next(iter(trace.refused.values()))
        return _of_code(address, code, said, "A recipient was refused")
    return Outcome(is_sent=False, words=f"{address.service.title} did not take the message and gave no reason.")


def _of_status(address: Address, trace: Trace, now_ns: int) -> Outcome:
    status = trace.status or 0
    said = _excerpt(address, trace.answer)
    if status in _TAKEN:
        return Outcome(is_sent=False, words=f"The service answered, but did not take the message{said}")
    if status in _REDIRECTS:
        return Outcome(is_sent=False, words=f"The service answered {status}: it lives at another address. Use that one.")
    words = (
        f"{_HTTP_WORDS.get(status, 'The service failed' if status >= 500 else 'The service refused the message')} ({status}){said}"
    )
    may_pass = status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Outcome(is_sent=False, words=words, may_pass=may_pass, retry_after_s=_retry_after_s(trace, now_ns))


def _of_mail(address: Address, error: smtplib.SMTPException, where: str, *, may_have_arrived: bool) -> Outcome:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return _of_code(address, code, said, "No recipient was accepted")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _of_code(address, error.smtp_code, error.smtp_error, f"{where} did not accept user and password")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return _broken(where, may_have_arrived=may_have_arrived)
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _of_code(address, error.smtp_code, error.smtp_error, "The sender was refused")
    if isinstance(error, smtplib.SMTPResponseException):
        return _of_code(address, error.smtp_code, error.smtp_error, f"{where} did not take the message")
    return Outcome(is_sent=False, words=f"{where} cannot do what the address asks for: {_shown(address, str(error))}.")


def _of_code(address: Address, code: int, said: bytes | str, words: str) -> Outcome:
    answer = said if isinstance(said, bytes) else said.encode()
    is_passing = not 500 <= code < 600  # 4yz: the server asks to try again later; below 0: it broke off
    return Outcome(is_sent=False, words=f"{words} ({code}){_excerpt(address, answer)}", may_pass=is_passing)


def _of_connection(error: BaseException, where: str, *, may_have_arrived: bool) -> Outcome:
    causes = list(_causes(error))
    names = {base.__name__ for cause in causes for base in type(cause).__mro__}
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Outcome(is_sent=False, words=f"The certificate of {where} cannot be trusted: {cause.verify_message}.")
    for known, words, may_pass, is_unsure in _CONNECTIONS:
        if names & known and not (may_have_arrived and not is_unsure):
            return Outcome(is_sent=False, words=words.format(where=where), may_pass=may_pass, is_unsure=is_unsure)
    return _broken(where, may_have_arrived=may_have_arrived or bool(names & _ANSWERLESS))


def _broken(where: str, *, may_have_arrived: bool) -> Outcome:
    doubt = "; the message may have been sent." if may_have_arrived else "."
    return Outcome(is_sent=False, words=f"{where} broke off the connection{doubt}", may_pass=True, is_unsure=may_have_arrived)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it came from: requests and urllib3 hand their causes on in several ways."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]


def _retry_after_s(trace: Trace, now_ns: int) -> float | None:
    """What the service asked for: a number of seconds or a date in the header, or what Telegram and Discord write."""
    text = trace.retry_after.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text):
        return float(text)
    with contextlib.suppress(ValueError, TypeError, IndexError):
        return max(parsedate_to_datetime(text).timestamp() - now_ns / 1e9, 0.0)
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        read = json.loads(trace.answer)
        seconds = float(read.get("retry_after") or read.get("parameters", {}).get("retry_after"))
        return seconds if 0 <= seconds < 1e9 else None
    return None


def _excerpt(address: Address, answer: bytes) -> str:
    """The beginning of what a server said, as the end of a sentence; without secrets, should it echo them."""
    said = _shown(address, answer[:2_000].decode("utf-8", "replace"))
    return f": {said}" if said else "."


def _shown(address: Address, text: str) -> str:
    return plain(redact(address.hide(_MARKUP.sub(" ", text))), _EXCERPT)
