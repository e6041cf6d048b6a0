"""The tables that are only ever added to."""

APPEND_ONLY = ("receipts_dailyroot", "receipts_dailyleaf")
