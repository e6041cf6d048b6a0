"""Bounds of what is taken, and the tables that are only ever added to."""

APPEND_ONLY = ("evidence_evidence", "evidence_boxes")

MEGABYTE = 1024 * 1024
MOST_PHOTO_BYTES = 15 * MEGABYTE
MOST_FILE_BYTES = 20 * MEGABYTE
MOST_FILM_MEGABYTES = 100  # whatever the setting says: a film stands in memory while it is checked
MOST_BYTES = max(MOST_PHOTO_BYTES, MOST_FILE_BYTES)  # of what is no film
MOST_PIXELS = 50_000_000
MOST_SCANS = 100  # of a progressive JPEG
MOST_FILES = 40  # of one matter
MOST_PAGES = 100  # of a PDF
MOST_PARTS = 20_000  # of a PDF: scanned paper has some dozens

DERIVATIVE_SIDE, THUMBNAIL_SIDE = 1600, 320
PUBLIC_SIDE, PUBLIC_SMALL_SIDE = 1280, 480  # of what everybody may see
QUALITY, THUMBNAIL_QUALITY = 82, 75
