"""Text messages by a gateway: one POST {"id", "to", "text"} with a bearer secret. `id` is the same in each try."""

from urllib.parse import urlsplit

from django.conf import settings

from civicloop.notices.channels import web
from civicloop.notices.channels.base import Letter, Trouble, secret


def is_set_up() -> bool:
    """Whether the environment names a gateway."""
    return bool(settings.SMS_URL)


class Sms:
    """The city's gateway."""

    def route(self, letter: Letter) -> str:
        return str(urlsplit(settings.SMS_URL).hostname)

    def send(self, letter: Letter) -> None:
        """Raises Trouble; `refused` when the gateway answers with a `code` that is neither 0 nor "ok"."""
        body = {"id": str(letter.id), "to": letter.to, "text": letter.text}
        answer = web.post(settings.SMS_URL, body, secret(settings.SMS_SECRET_FILE))
        if str(answer.get("code", "0")).lower() not in {"0", "ok"}:
            raise Trouble("refused")
