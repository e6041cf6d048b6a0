"""Refusals of this room."""


class NoticeError(Exception):
    """A write that is refused; `code` for machines, the text for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
