"""Notices by e-mail, submitted to one SMTP server."""

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

import aiosmtplib
from aiosmtplib import (
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from gateway.notify.channel import Answer, Parcel, Undelivered
from gateway.rules.notice.answers import kept_text
from gateway.rules.notice.kinds import mail

_LONGEST_SUBJECT = 200
_TAKEN = 250
_PERMANENT = 500  # replies from here on (RFC 5321 §4.2.1)


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that mail is submitted to. `tls` is starttls, tls or none."""

    host: str
    port: int
    tls: str
    user: str | None
    password: str | None


class MailSender:
    """Sends notices by mail.

    The Message-ID is that of the notice, so that receivers recognize a mail that is sent again.
    """

    def __init__(self, server: MailServer, sender: str, domain: str, timeout: float) -> None:
        """`domain` is the right side of Message-IDs; `timeout` in seconds, for one mail."""
        self._server = server
        self._sender = sender
        self._domain = domain
        self._timeout = timeout

    async def send(self, parcel: Parcel) -> Answer:
        try:
            async with asyncio.timeout(self._timeout):
                _, text = await self._hand_in(parcel)
            return Answer(_TAKEN, kept_text(text))
        except SMTPRecipientsRefused as error:
            [refused] = error.recipients
            raise _refused(refused) from error
        except SMTPResponseException as error:
            answer = Answer(error.code, kept_text(error.message))
            raise Undelivered(f"the mail server answered {error.code}", answer=answer) from error
        except TimeoutError as error:
            raise Undelivered(f"no answer within {self._timeout:g} seconds") from error
        except (SMTPException, OSError) as error:
            raise Undelivered(f"the mail server failed ({type(error).__name__})") from error

    async def close(self) -> None:
        return None

    async def _hand_in(self, parcel: Parcel) -> tuple[object, str]:
        """Gives what was answered for the recipients, and at the end."""
        server = self._server
        return await aiosmtplib.send(
            self.compose(parcel),
            sender=self._sender,
            recipients=[parcel.address],
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            username=server.user,
            password=server.password,
            timeout=self._timeout,
        )

    def compose(self, parcel: Parcel) -> EmailMessage:
        """Makes the mail; its Date is that of the attempt."""
        subject, text = mail(parcel.kind, parcel.due_at, parcel.data)
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = parcel.address
        message["Subject"] = " ".join(subject.split())[:_LONGEST_SUBJECT]
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{parcel.notice_id.hex}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: asks for no automatic answers
        message.set_content(text)
        return message


def _refused(error: SMTPRecipientRefused) -> Undelivered:
    return Undelivered(
        f"the mail server refused the address ({error.code})",
        answer=Answer(error.code, kept_text(error.message)),
        final=error.code >= _PERMANENT,
    )
