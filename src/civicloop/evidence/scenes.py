"""Whether two photos show the same scene: how many corners of one lie in the other as one view seen from elsewhere.

Pure calculation on small pictures. Plain walls, the dark and blur have few corners: about them nothing is said.
"""

from typing import Any

import cv2
import numpy as np

SIDE, CORNERS, FEWEST = 640, 600, 120
NEAR = 0.8  # a match counts when the second best is clearly worse


def agreeing(first: bytes, second: bytes) -> int | None:
    """How many corners agree on one view; None when a picture has too few of them to say anything."""
    one, two = (_corners(content) for content in (first, second))
    if one is None or two is None:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(one[1], two[1], k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < NEAR * pair[1].distance]
    if len(good) < 4:
        return len(good)
    here = np.array([one[0][each.queryIdx].pt for each in good], dtype=np.float32)
    there = np.array([two[0][each.trainIdx].pt for each in good], dtype=np.float32)
    cv2.setRNGSeed(1)  # the same two photos always give the same number
    _view, mask = cv2.findHomography(here, there, cv2.RANSAC, 6.0)
    return 0 if mask is None else int(mask.sum())


def _corners(content: bytes) -> tuple[Any, Any] | None:
    picture = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        return None
    scale = SIDE / max(picture.shape)
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    points, marks = cv2.ORB.create(nfeatures=CORNERS, fastThreshold=12).detectAndCompute(picture, None)
    return None if marks is None or len(points) < FEWEST else (points, marks)
