"""Faces and number plates in what is shown of a photo, found on the CPU. Bytes in, boxes out; no database, no network.

Faces: CenterFace (weights/, MIT), run by OpenCV.
Plates: areas in the colours of GA 36 (blue, yellow, green) with the shape of a plate and strokes inside, and OpenCV's
plate cascade. Both only propose: measured figures are in docs/boxes.md, and nothing is public by them. OpenCV is
loaded when the first photo is looked at, which is in the worker and never in a process that serves pages.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FACE, PLATE = "face", "plate"
DETECTOR: Final = "centerface+plates-1"
SIDE = 1280  # what is looked at is no larger; faces below about 24 pixels of that are not found
LEAST_SCORE = 0.35  # of a face
MOST_BOXES = 100
OVERLAP = 0.3
# hue, saturation, brightness from … to …, in OpenCV's units (hue 0–179)
COLOURS = {
    "blue": ((98, 90, 45), (128, 255, 255)),
    "yellow": ((14, 90, 80), (34, 255, 255)),
    "green": ((36, 35, 80), (90, 255, 255)),
}
LEAST_PLATE = (28, 9)  # pixels
LONG, SHORT = 5.6, 1.5  # width to height: a car's plate is 3.1, a lorry's 2 lines are 2.0, turned ones are shorter
FILLED = 0.55  # of its own rectangle
STROKES = (0.12, 0.75)  # the share of an area that differs from its colour


@dataclass(frozen=True)
class Found:
    """A box in pixels of the derivative; the score is the detector's own and comparable with nothing else."""

    kind: str
    left: int
    top: int
    right: int
    bottom: int
    score: float


def find(jpeg: bytes) -> list[Found]:
    """What looks like a face or a number plate, at most MOST_BOXES. Raises ValueError for what is no picture."""
    import cv2
    import numpy

    picture = cv2.imdecode(numpy.frombuffer(jpeg, numpy.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("no picture")
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    found = _apart([*_faces(small)]) + _apart([*_plates(small)])
    grown = (_grown(each, 1 / scale, width, height) for each in found)
    return sorted(grown, key=lambda each: -each.score)[:MOST_BOXES]


@cache
def _weights() -> bytes:
    return (Path(__file__).parent / "weights" / "centerface.onnx").read_bytes()


@cache
def _cascade() -> Any:
    import cv2

    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_russian_plate_number.xml"))
    if cascade.empty():
        raise RuntimeError("the wheel of OpenCV has no cascade for plates")
    return cascade


def _faces(picture: Any) -> Iterator[Found]:
    """What CenterFace sees: a heat map of middles, a size and an offset for each, at a quarter of the picture."""
    import cv2
    import numpy

    height, width = picture.shape[:2]
    wide, high = -(-width // 32) * 32, -(-height // 32) * 32
    padded = cv2.copyMakeBorder(picture, 0, high - height, 0, wide - width, cv2.BORDER_REPLICATE)
    # a network that has seen one size answers nonsense for another (OpenCV 4.14): each photo has its own, some 30 ms
    network = cv2.dnn.readNetFromONNX(numpy.frombuffer(_weights(), numpy.uint8))
    network.setInput(cv2.dnn.blobFromImage(padded, swapRB=True))
    heat, size, offset = network.forward(["537", "538", "539"])
    rows, columns = numpy.nonzero(heat[0, 0] > LEAST_SCORE)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        tall, broad = (min(1e4, math.exp(min(9.0, float(size[0, part, row, column]))) * 4) for part in (0, 1))
        x = (column + float(offset[0, 1, row, column]) + 0.5) * 4
        y = (row + float(offset[0, 0, row, column]) + 0.5) * 4
        score = float(heat[0, 0, row, column])
        yield Found(FACE, int(x - broad / 2), int(y - tall / 2), int(x + broad / 2), int(y + tall / 2), score)


def _plate_cascade(grey: Any) -> list[Found]:
    boxes, _levels, weights = _cascade().detectMultiScale3(
        grey, scaleFactor=1.1, minNeighbors=4, minSize=LEAST_PLATE, outputRejectLevels=True
    )
    return [
        Found(PLATE, int(x), int(y), int(x + w), int(y + h), float(weight))
        for (x, y, w, h), weight in zip(boxes, weights, strict=True)
    ]


def _plates(picture: Any) -> Iterator[Found]:
    import cv2
    import numpy

    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    colours = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    for low, high in COLOURS.values():
        mask = cv2.inRange(colours, numpy.array(low), numpy.array(high))
        for width in (3, 9, 17):  # strokes part the colour: they are closed at several sizes
            closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, numpy.ones((max(3, width // 3), width), numpy.uint8))
            contours, _tree = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            for contour in contours:
                if (box := _plate_of(contour, mask)) is not None:
                    yield box
    yield from _plate_cascade(grey)


def _plate_of(contour: Any, mask: Any) -> Found | None:
    """A contour that has a plate's shape, and strokes of another colour inside."""
    import cv2

    left, top, width, height = cv2.boundingRect(contour)
    if width < LEAST_PLATE[0] or height < LEAST_PLATE[1] or width > mask.shape[1] * 0.8:
        return None
    _middle, sides, _angle = cv2.minAreaRect(contour)
    long, short = max(sides), max(1.0, min(sides))
    filled = cv2.contourArea(contour) / max(1.0, long * short)
    if not SHORT <= long / short <= LONG or width < height or filled < FILLED:
        return None
    inside = mask[top + height // 6 : top + height - height // 6, left + width // 10 : left + width - width // 10]
    strokes = 1 - float(inside.mean()) / 255 if inside.size else 0.0
    if not STROKES[0] <= strokes <= STROKES[1] or _crossings(inside) < 4:
        return None
    return Found(PLATE, left, top, left + width, top + height, round(filled, 3))


def _crossings(inside: Any) -> float:
    """How often a line through the middle changes between ground and stroke: seven signs give a dozen changes."""
    import numpy

    rows = inside[:: max(1, len(inside) // 8)] > 0
    return float(numpy.median((rows[:, 1:] != rows[:, :-1]).sum(axis=1))) if inside.shape[1] > 1 else 0.0


def _apart(found: list[Found]) -> list[Found]:
    """The best of those that lie over each other."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda box: -box.score):
        if all(overlap(each, other) < OVERLAP for other in kept):
            kept.append(each)
    return kept


def overlap(first: Found, second: Found) -> float:
    """What two boxes share, of what they cover together: 0 to 1."""
    width = min(first.right, second.right) - max(first.left, second.left)
    height = min(first.bottom, second.bottom) - max(first.top, second.top)
    if width <= 0 or height <= 0:
        return 0.0
    both = (first.right - first.left) * (first.bottom - first.top)
    both += (second.right - second.left) * (second.bottom - second.top)
    return width * height / (both - width * height)


def _grown(box: Found, scale: float, width: int, height: int) -> Found:
    """In pixels of the derivative, a tenth wider on each side, and within the picture."""
    x, y = (box.right - box.left) * 0.1, (box.bottom - box.top) * 0.1
    return Found(
        box.kind, max(0, int((box.left - x) * scale)), max(0, int((box.top - y) * scale)),
        min(width, int((box.right + x) * scale)), min(height, int((box.bottom + y) * scale)), round(box.score, 3),
    )  # fmt: skip
