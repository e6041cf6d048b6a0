"""Before and after of one place have many points in common, whatever was put right; of different places few."""

import io
import random

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from civicloop.evidence import scenes
from tests.evidence.pictures import encoded

PAIRS = 20
BOUND = 20  # the default of evidence.same_scene_points


def street(seed: int) -> Image.Image:
    """A drawn place with much to see."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (1200, 900), (120 + chance.randrange(60),) * 3)
    pen = ImageDraw.Draw(picture)
    for _shape in range(90):
        x, y, w, h = (chance.randrange(low, high) for low, high in ((0, 1200), (0, 900), (20, 200), (20, 160)))
        colour = tuple(chance.randrange(256) for _part in range(3))
        if (kind := chance.randrange(3)) == 0:
            pen.rectangle((x, y, x + w, y + h), fill=colour)
        elif kind == 1:
            pen.polygon([(x, y), (x + w, y + chance.randrange(h)), (x + chance.randrange(w), y + h)], fill=colour)
        else:
            for line in range(5):
                pen.line((x, y + line * 12, x + w, y + line * 12), fill=colour, width=3)
    return picture


def afterwards(place: Image.Image, seed: int) -> Image.Image:
    """The place after something was put right, from another spot, in other light, a little blurred."""
    chance, (w, h), changed = random.Random(seed + 1000), place.size, place.copy()
    x, y = chance.randrange(w // 4, w // 2), chance.randrange(h // 4, h // 2)
    wide, high = chance.randrange(w // 6, w // 3), chance.randrange(h // 6, h // 3)
    ImageDraw.Draw(changed).rectangle((x, y, x + wide, y + high), fill=(150, 150, 150))
    near = [chance.uniform(0, 0.1) for _edge in range(8)]
    corners = (
        w * near[0], h * near[1], w * near[2], h * (1 - near[3]), w * (1 - near[4]), h * (1 - near[5]),
        w * (1 - near[6]), h * near[7],
    )  # fmt: skip
    seen = changed.transform((w, h), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    lit = ImageEnhance.Brightness(seen).enhance(chance.uniform(0.6, 1.4))
    return lit.filter(ImageFilter.GaussianBlur(chance.uniform(0, 1.5)))


def test_the_figures_on_a_drawn_set(capsys: pytest.CaptureFixture[str]) -> None:
    same = [scenes.agreeing(encoded(street(n)), encoded(afterwards(street(n), n), quality=70)) for n in range(PAIRS)]
    other = [
        scenes.agreeing(encoded(street(n)), encoded(afterwards(street(n + 500), n), quality=70)) for n in range(PAIRS)
    ]
    false_alarms = sum(points is not None and points < BOUND for points in same)
    found = sum(points is not None and points < BOUND for points in other)
    with capsys.disabled():
        print(
            f"\nsame scene on a drawn set: {false_alarms} false alarms of {PAIRS}, {found} of {PAIRS} swaps found; "
            f"points in common {min(p or 0 for p in same)} and more, {max(p or 0 for p in other)} and fewer"
        )
    assert false_alarms == 0
    assert found >= PAIRS * 0.8


def test_plain_and_broken_pictures_say_nothing() -> None:
    wall = encoded(Image.new("RGB", (800, 600), "#888888"))
    assert scenes.agreeing(wall, encoded(street(1))) is None
    assert scenes.agreeing(encoded(street(1)), b"no picture") is None
    out = io.BytesIO()
    street(1).filter(ImageFilter.GaussianBlur(40)).save(out, "JPEG")
    assert scenes.agreeing(encoded(street(1)), out.getvalue()) is None
