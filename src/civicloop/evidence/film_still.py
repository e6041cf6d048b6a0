"""A program of its own that tries to show a film: `python -m civicloop.evidence.film_still FILM STILL`.

Decoders are native code over bytes of strangers. So they run here, in a process that has no keys, no database and
bounded memory, time and files; when it ends badly, the film cannot be shown, and nothing else happens. It decodes a
picture from the beginning, the middle and the end, writes the middle one as PNG, and prints what it saw as JSON.
"""

import json
import resource
import sys
from pathlib import Path

CPU_SECONDS, MEMORY, FILE = 40, 4 << 30, 64 << 20
LONGEST = 1600  # pixels of the still
SEEN_AT = (0.0, 0.5, 0.95)


def bound() -> None:
    """Give up what this process does not need."""
    for kind, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, FILE),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(kind, (most, most))


def main(film: str, still: str) -> int:
    """0 when pictures could be shown."""
    bound()
    import cv2

    cv2.setNumThreads(1)
    video = cv2.VideoCapture(film, cv2.CAP_FFMPEG)
    if not video.isOpened():
        return 1
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    seen, middle = 0, None
    for share in SEEN_AT:
        if share:
            video.set(cv2.CAP_PROP_POS_FRAMES, max(0, int(count * share)))
        fine, picture = video.read()
        if not fine or picture is None or picture.ndim != 3:
            continue
        seen += 1
        if middle is None or share == SEEN_AT[1]:
            middle = picture
    if middle is None:
        return 1
    height, width = middle.shape[:2]
    scale = LONGEST / max(height, width)
    small = cv2.resize(middle, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else middle
    fine, encoded = cv2.imencode(".png", small)
    if not fine:
        return 1
    Path(still).write_bytes(encoded.tobytes())
    sys.stdout.write(json.dumps({"seen": seen, "width": width, "height": height, "frames": count}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
