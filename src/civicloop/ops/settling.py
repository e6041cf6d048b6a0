"""What a serving process does before its first request, so that nobody waits for it in a page."""

import gc

from django.urls import get_resolver


def settle() -> None:
    """Load all addresses, and let the collector of garbage look no more at what stays for as long as the process.

    It would go through these hundreds of thousands of objects several times during the first requests, an eighth of a
    second each.
    """
    _ = get_resolver().reverse_dict
    gc.collect()
    gc.freeze()
