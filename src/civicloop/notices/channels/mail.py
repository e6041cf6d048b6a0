"""E-mail by SMTP (RFC 5321), encrypted by STARTTLS or from the first byte; in the clear to this machine only."""

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime

from django.conf import settings

from civicloop.foundation import clock
from civicloop.foundation.outgoing import LOOPBACK
from civicloop.notices.channels.base import Letter, Trouble, secret

TIMEOUT, WHOLE = 10.0, 20.0  # seconds for one answer of the server, and for all of a sending
TLS_PORT = 465
GONE = 500  # from here on the server says that it will never take it


def is_set_up() -> bool:
    """Whether the environment names a server and a sender."""
    return bool(settings.SMTP_HOST and settings.SMTP_FROM)


class Mail:
    """One letter, one connection: letters are few, and a server that hangs holds none of the others."""

    def route(self, letter: Letter) -> str:
        return str(settings.SMTP_HOST)

    def send(self, letter: Letter) -> None:
        """Raises Trouble `timeout`, `connection`, `tls`, `smtp_…`, `bad_address`."""
        try:
            made = _message(letter)
        except ValueError as reason:
            raise Trouble("bad_address", final=True) from reason
        late = threading.Event()
        try:
            with _connected() as server:
                watch = threading.Timer(WHOLE, _cut, (server, late))
                watch.daemon = True
                watch.start()
                try:
                    _hand_over(server, made)
                finally:
                    watch.cancel()
        except smtplib.SMTPRecipientsRefused as reason:
            status = max((each[0] for each in reason.recipients.values()), default=GONE)
            raise Trouble(f"smtp_{status}", final=status >= GONE) from reason
        except smtplib.SMTPResponseException as reason:
            raise Trouble(f"smtp_{reason.smtp_code}", away=True) from reason
        except ssl.SSLError as reason:
            raise Trouble("tls", away=True) from reason
        except TimeoutError as reason:
            raise Trouble("timeout", away=True) from reason
        except (smtplib.SMTPException, OSError) as reason:
            raise Trouble("timeout" if late.is_set() else "connection", away=True) from reason


def _message(letter: Letter) -> EmailMessage:
    """Raises ValueError for an address that would be more than one line or more than one address."""
    if not letter.to.isprintable() or "," in letter.to or letter.to.count("@") != 1:
        raise ValueError("address")
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = settings.SMTP_FROM, letter.to, letter.title
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = f"<notice-{letter.id}@{settings.SMTP_FROM.rpartition('@')[2].rstrip('>')}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text + (f"\n\n{letter.link}" if letter.link else "") + "\n", cte="base64")
    return made


def _connected() -> smtplib.SMTP:
    if settings.SMTP_PORT == TLS_PORT:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.SMTP_HOST, settings.SMTP_PORT, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(settings.SMTP_HOST, settings.SMTP_PORT, timeout=TIMEOUT)


def _hand_over(server: smtplib.SMTP, made: EmailMessage) -> None:
    if settings.SMTP_PORT != TLS_PORT:
        server.ehlo()
        if settings.SMTP_HOST not in LOOPBACK or server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())  # refused, it is an error: nothing goes in the clear
            server.ehlo()
    if settings.SMTP_USER:
        server.login(settings.SMTP_USER, secret(settings.SMTP_PASSWORD_FILE))
    server.send_message(made)


def _cut(server: smtplib.SMTP, late: threading.Event) -> None:
    late.set()
    with suppress(OSError, AttributeError):
        server.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
