"""The worker looks whether films can be shown, in a process of its own for each, and keeps a still. Safe to repeat.

A film is shown to nobody before. One that brings its decoder down is tried again twice and then cannot be shown; its
sealed original stays, for whoever may open it.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.db.models import F

from civicloop.evidence import photos, storage
from civicloop.evidence.errors import EvidenceRefused
from civicloop.evidence.models import Evidence, Film, FilmState
from civicloop.foundation import clock

TRIES, SECONDS = 3, 60.0
PICTURES = 2  # of the three that are looked at, so many at least can be shown
log = logging.getLogger("civicloop.evidence")


def waiting() -> bool:
    """Whether any film waits for a look."""
    return Film.objects.filter(state=FilmState.WAITING).exists()


def look(batch: int = 1) -> int:
    """Look at films that wait; returns how many were decided."""
    rows = list(Film.objects.filter(state=FilmState.WAITING, made_at__lte=clock.now()).order_by("made_at")[:batch])
    return sum(_decided(row) for row in rows)


def _decided(row: Film) -> bool:
    key = {"matter_id": row.matter_id, "evidence_id": row.evidence_id, "state": FilmState.WAITING}
    if row.tries >= TRIES:
        return bool(Film.objects.filter(**key).update(state=FilmState.FAILED))
    Film.objects.filter(**key).update(tries=F("tries") + 1)  # counted first: it may bring this very process down
    try:
        found = _looked(row)
    except storage.Away:
        Film.objects.filter(**key).update(tries=F("tries") - 1)
        log.warning("the store is away; a film waits")
        return False
    except (LookupError, OSError, ValueError, subprocess.SubprocessError):
        log.exception("a film could not be looked at")
        return False
    return bool(Film.objects.filter(**key).update(**found))


def _looked(row: Film) -> dict[str, str]:
    """The columns that say what was found."""
    place = storage.default()
    size = Evidence.objects.values_list("width", "height").get(pk=(row.matter_id, row.evidence_id))
    with tempfile.TemporaryDirectory(prefix="film-") as folder:
        film, still = Path(folder) / "film", Path(folder) / "still.png"
        film.write_bytes(place.get(row.content))
        seen = _shown(film, still)
        if seen is None or seen["seen"] < PICTURES or {seen["width"], seen["height"]} != set(size):
            return {"state": FilmState.FAILED}
        try:
            picture = photos.look(still.read_bytes())
        except EvidenceRefused:
            return {"state": FilmState.FAILED}
    return {
        "state": FilmState.FINE, "still": place.put(picture.derivative), "thumbnail": place.put(picture.thumbnail),
    }  # fmt: skip


def _shown(film: Path, still: Path) -> dict[str, int] | None:
    """What the other process saw; None when it could show nothing, or came to a bad end."""
    words = [sys.executable, "-m", "civicloop.evidence.film_still", str(film), str(still)]
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(  # noqa: S603 - our own program, with names of our own files
        words, env=kept | {"OPENCV_LOG_LEVEL": "SILENT"}, cwd=film.parent, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        return None
    found = json.loads(done.stdout)
    return {name: int(found[name]) for name in ("seen", "width", "height")}
