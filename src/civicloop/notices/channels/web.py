"""JSON by HTTPS to a host of the allow-list, for gateways and robots."""

import json
from typing import Any

from django.conf import settings

from civicloop.foundation import outgoing
from civicloop.notices.channels.base import Trouble


def post(url: str, body: dict[str, Any], bearer: str = "") -> dict[str, Any]:
    """The answer to a POST as an object (empty where it is none). A redirect is no answer. Raises Trouble."""
    if not outgoing.allowed(url, {host for host in settings.NOTICE_HOSTS if host}):
        raise Trouble("host_not_allowed")
    headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    try:
        answer = outgoing.ask(
            url, method="POST", body=json.dumps(body, ensure_ascii=False).encode(), headers=headers
        )  # fmt: skip
    except outgoing.NoAnswer as reason:
        raise Trouble(reason.code, away=True) from reason
    if not 200 <= answer.status < 300:
        raise Trouble(f"status_{answer.status}", away=answer.status >= 500 or answer.status == 429)
    try:
        found = json.loads(answer.body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
