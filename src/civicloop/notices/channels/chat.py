"""Robots of a unit's group in the work chat (企业微信、钉钉、飞书): a JSON POST that names whom it is for.

Which robot speaks for which unit stands in a file beside the environment, since its addresses hold keys:

    [robot.default]                     # or the code of a unit; the nearest above a person's unit speaks
    style = "wecom"                     # wecom, dingtalk, feishu
    url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…"
    secret = "…"                        # dingtalk and feishu: with which the robot is signed
"""

import base64
import hmac
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

from django.conf import settings

from civicloop.foundation import clock
from civicloop.notices.channels import web
from civicloop.notices.channels.base import Letter, Trouble

STYLES = ("wecom", "dingtalk", "feishu")
DEFAULT = "default"


def is_set_up() -> bool:
    """Whether the environment names a file of robots."""
    return bool(settings.CHAT_FILE)


class Chat:
    """The robots of the file, which is read at each sending so that it can be changed."""

    def route(self, letter: Letter) -> str:
        return str(urlsplit(_robot(letter)["url"]).hostname)

    def send(self, letter: Letter) -> None:
        """Raises Trouble `no_robot`, `no_secret`, `refused` and those of `web.post`."""
        robot = _robot(letter)
        url, body = _said(robot, letter)
        answer = web.post(url, body)
        if any(answer.get(name) not in (None, 0) for name in ("errcode", "code", "StatusCode")):
            raise Trouble("refused")


def _robot(letter: Letter) -> Mapping[str, Any]:
    try:
        robots = tomllib.loads(Path(settings.CHAT_FILE).read_text(encoding="utf-8")).get("robot", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise Trouble("no_secret", away=True) from reason
    found = next((robots[code] for code in (*letter.units, DEFAULT) if code in robots), None)
    if not isinstance(found, dict) or found.get("style") not in STYLES or not isinstance(found.get("url"), str):
        raise Trouble("no_robot")
    return found


def _said(robot: Mapping[str, Any], letter: Letter) -> tuple[str, dict[str, Any]]:
    url, key, seconds = str(robot["url"]), str(robot.get("secret", "")), int(clock.now().timestamp())
    if robot["style"] == "wecom":
        text = {"content": letter.whole, "mentioned_list": [letter.to]}
        return url, {"msgtype": "text", "text": text}
    if robot["style"] == "dingtalk":
        if key:
            moment = seconds * 1000
            signed = _signed(key, f"{moment}\n{key}")
            url += f"&timestamp={moment}&sign={quote_plus(signed)}"
        body = {"msgtype": "text", "text": {"content": letter.whole}, "at": {"atUserIds": [letter.to]}}
        return url, body
    body = {"msg_type": "text", "content": {"text": f'<at user_id="{letter.to}"></at> {letter.whole}'}}
    if key:
        body |= {"timestamp": str(seconds), "sign": _signed(f"{seconds}\n{key}", "")}
    return url, body


def _signed(key: str, text: str) -> str:
    """HMAC-SHA256 as both robots want it: dingtalk over the text, feishu over nothing with the text as key."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), "sha256").digest()).decode()
