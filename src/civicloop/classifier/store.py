"""The model in use: a folder of files that every process reads and shares, read anew when it was replaced."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from civicloop.catalogue import selectors as catalogue
from civicloop.classifier.choices import Origin
from civicloop.classifier.rules import model as models
from civicloop.classifier.rules import training
from civicloop.classifier.rules.model import Model
from civicloop.foundation import caches
from civicloop.foundation.names import own

RECHECK_SECONDS = 10.0
LOCAL = "local"  # kinds that a procedure made for itself are never chosen by hand


def folder(name: str = "city") -> Path:
    """Where a model lies; `city` is the one in use."""
    return Path(settings.DATA_DIR) / "classifier" / name


@dataclass
class _Kept:
    model: Model | None = None
    stamp: tuple[int, int] | None = None
    checked: float = float("-inf")


_kept = _Kept()
_lock = threading.Lock()


@caches.register
def forget() -> None:
    """Read it anew at the next question."""
    global _kept
    _kept = _Kept()


def in_use() -> Model:
    """The model that learnt from the city's matters; before there is one, that of the catalogue's own words."""
    global _kept
    kept = _kept
    if kept.model is not None and time.monotonic() - kept.checked < RECHECK_SECONDS:
        return kept.model
    with _lock:
        stamp = _stamp()
        if kept.model is None or stamp != kept.stamp:
            kept = _Kept(_read() or from_catalogue(), stamp)
        kept.checked = time.monotonic()
        _kept = kept
        assert kept.model is not None
        return kept.model


def _stamp() -> tuple[int, int] | None:
    try:
        found = (folder() / "model.json").stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _read() -> Model | None:
    try:
        return models.load(folder())
    except models.NoModel:
        return None


def documents() -> dict[str, str]:
    """What the catalogue says of each kind that can be chosen: its name, its class, its conditions in Chinese."""
    found: dict[str, str] = {}
    for kind in catalogue.kinds(family="matter"):
        if kind.standard == LOCAL:
            continue
        said = [own(kind.names)] * 3 + [own(kind.class_names)]
        for each in catalogue.conditions(kind.id):
            said += [words for words in (each.names.get("zh-hans", ""), each.closing.get("zh-hans", "")) if words]
        found[kind.code] = "。".join(said)
    return found


def from_catalogue() -> Model:
    """The model before there is any history."""
    return training.from_names(documents(), about={"origin": Origin.NAMES.value})
