"""The tables that are only ever added to."""

APPEND_ONLY = ("receipts_dailyroot", "receipts_dailyleaf", "receipts_loghead", "receipts_logline")
