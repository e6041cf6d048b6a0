"""The channels by which notices leave the platform, behind one interface. What is not set up writes files instead."""

from civicloop.notices.channels import chat, files, mail, sms
from civicloop.notices.channels.base import Channel


def of(code: str) -> Channel:
    """The channel of a code as the environment sets it up now (choices.Channel)."""
    if code == "email" and mail.is_set_up():
        return mail.Mail()
    if code == "sms" and sms.is_set_up():
        return sms.Sms()
    if code == "chat" and chat.is_set_up():
        return chat.Chat()
    return files.Files(code)
