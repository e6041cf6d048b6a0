"""A seeded set for the detector: two freely licensed faces and drawn plates of GA 36 pasted onto two photographs.

Two persons and drawn plates say how the detector bears size, turn, light and noise. They do not say how it does in a
city's streets. `python -m tests.evidence.boxes_set` prints the figures of docs/boxes.md.
"""

import io
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from civicloop.evidence import boxes_find
from civicloop.evidence.boxes_find import Found

FOLDER = Path(__file__).parent / "photographs"
# where the face lies in each cut, in its own pixels
FACES = {"astronaut": (32, 19, 120, 137), "camera": (52, 39, 108, 117)}
GROUNDS = ("coffee", "rocket")
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
COLOURS = {"blue": ("#1d4fa3", "white", 7), "yellow": ("#e8b31a", "#111111", 7), "green": ("#7fc78f", "#111111", 8)}


@dataclass(frozen=True)
class Sample:
    """A picture, what is in it (None: nothing) and how large that is."""

    jpeg: bytes
    kind: str
    truth: Found | None
    size: int
    what: str


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    import pylopdf_fonts_zh_cn

    return ImageFont.truetype(str(Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf"), size)


def photograph(name: str) -> Image.Image:
    """One of the freely licensed pictures."""
    return Image.open(FOLDER / f"{name}.jpg").convert("RGB")


def plate(chance: random.Random, colour: str) -> Image.Image:
    """A plate 440 (green: 480) by 140, as GA 36 lays it out: province, letter, dot, five or six signs."""
    ground, ink, signs = COLOURS[colour]
    width = 480 if signs == 8 else 440
    picture = Image.new("RGB", (width, 140), ground)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((5, 5, width - 6, 134), 10, outline=ink, width=4)
    text = chance.choice(PROVINCES) + chance.choice(SIGNS[:24]) + "".join(chance.choices(SIGNS, k=signs - 2))
    step = (width - 50) / signs
    for place, sign in enumerate(text):
        pen.text((25 + step * (place + 0.5), 68), sign, font=_font(82), fill=ink, anchor="mm", stroke_width=2)
    return picture


def _put(chance: random.Random, thing: Image.Image, face: tuple[int, ...] | None, turn: float) -> tuple[bytes, Found]:
    ground = photograph(chance.choice(GROUNDS)).resize((1200, 800))
    whole = Image.new("L", thing.size, 255)
    mark = Image.new("L", thing.size, 0)
    ImageDraw.Draw(mark).rectangle(face or (0, 0, *thing.size), fill=255)
    turned = thing.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    shape = whole.rotate(turn, expand=True)
    inside = mark.rotate(turn, expand=True).getbbox() or (0, 0, 1, 1)
    x, y = (chance.randrange(20, each - part - 20) for each, part in zip(ground.size, turned.size, strict=True))
    ground.paste(turned, (x, y), shape)
    lit = ImageEnhance.Brightness(ground).enhance(chance.uniform(0.6, 1.3))
    soft = lit.filter(ImageFilter.GaussianBlur(chance.uniform(0, 0.8)))
    noise = Image.effect_noise(soft.size, chance.choice((1, 12))).convert("RGB")
    out = io.BytesIO()
    Image.blend(soft, noise, 0.06).save(out, "JPEG", quality=82)
    kind = boxes_find.FACE if face else boxes_find.PLATE
    return out.getvalue(), Found(kind, x + inside[0], y + inside[1], x + inside[2], y + inside[3], 1.0)


def faces(seed: int, each: int) -> list[Sample]:
    """Faces of 16 to 120 pixels, turned by at most 20 degrees."""
    chance, samples = random.Random(seed), []
    for size in (16, 24, 40, 80, 120):
        for _number in range(each):
            name = chance.choice(sorted(FACES))
            cut, face = photograph(name), FACES[name]
            scale = size / (face[3] - face[1])
            small = cut.resize((max(1, round(cut.width * scale)), max(1, round(cut.height * scale))))
            place = tuple(round(part * scale) for part in face)
            jpeg, truth = _put(chance, small, place, chance.uniform(-20, 20))
            samples.append(Sample(jpeg, boxes_find.FACE, truth, size, name))
    return samples


def plates(seed: int, each: int) -> list[Sample]:
    """Plates of three colours, 40 to 240 pixels wide, turned by at most 15 degrees."""
    chance, samples = random.Random(seed), []
    for size in (40, 80, 140, 240):
        for number in range(each):
            colour = sorted(COLOURS)[number % len(COLOURS)]
            whole = plate(chance, colour)
            small = whole.resize((size, round(size * whole.height / whole.width)), Image.Resampling.LANCZOS)
            jpeg, truth = _put(chance, small, None, chance.uniform(-15, 15))
            samples.append(Sample(jpeg, boxes_find.PLATE, truth, size, colour))
    return samples


def covered(truth: Found, found: Found) -> float:
    """The share of what must be hidden that a box hides."""
    width = min(truth.right, found.right) - max(truth.left, found.left)
    height = min(truth.bottom, found.bottom) - max(truth.top, found.top)
    whole = (truth.right - truth.left) * (truth.bottom - truth.top)
    return max(0, width) * max(0, height) / whole


def measure(samples: list[Sample]) -> tuple[dict[int, tuple[int, int]], int]:
    """({size: (found, there)}, boxes that lie on nothing). Found: one box of the kind hides at least seven tenths."""
    counts: dict[int, tuple[int, int]] = {}
    alarms = 0
    for sample in samples:
        assert sample.truth is not None
        found = boxes_find.find(sample.jpeg)
        hit = any(each.kind == sample.kind and covered(sample.truth, each) >= 0.7 for each in found)
        hits, there = counts.get(sample.size, (0, 0))
        counts[sample.size] = (hits + hit, there + 1)
        alarms += sum(boxes_find.overlap(sample.truth, each) == 0 for each in found)
    return counts, alarms


if __name__ == "__main__":
    for words, drawn in (("faces", faces(1, 20)), ("plates", plates(1, 21))):
        recall, false = measure(drawn)
        print(words, {size: f"{hits} of {there}" for size, (hits, there) in recall.items()}, "false alarms", false)
