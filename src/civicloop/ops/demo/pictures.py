"""Drawn photos for the demonstration: plainly synthetic, small, different before and after."""

import io
import random
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

SIZE = (480, 360)
COLOURS = ((92, 116, 108), (120, 108, 92), (86, 98, 122), (110, 122, 88), (124, 96, 96))
VARIANTS = 24


@lru_cache(maxsize=512)
def drawn(stage: str, variant: int) -> bytes:
    """A JPEG of about 10 kB: a street with a mark on it; `before` has the trouble, `after` and `other` have not."""
    draw = random.Random(f"{stage}:{variant}")
    image = Image.new("RGB", SIZE, COLOURS[variant % len(COLOURS)])
    pen = ImageDraw.Draw(image)
    horizon = 120 + variant % 5 * 8
    pen.rectangle((0, 0, SIZE[0], horizon), fill=(198, 208, 214))
    for house in range(6):
        left = house * 84 + variant % 7 * 3
        pen.rectangle((left, horizon - 40 - house * 9 % 50, left + 70, horizon), fill=(150 + house * 8, 144, 138))
    pen.polygon([(160, 360), (320, 360), (262, horizon), (226, horizon)], fill=(74, 76, 80))
    x, y = 210 + variant % 9 * 6, 250 + variant % 4 * 12
    if stage == "before":
        for _piece in range(9):
            dx, dy, side = draw.randint(-36, 36), draw.randint(-20, 20), draw.randint(6, 20)
            pen.rectangle((x + dx, y + dy, x + dx + side, y + dy + side), fill=(draw.randint(20, 90), 40, 30))
        pen.ellipse((x - 30, y - 14, x + 30, y + 14), fill=(20, 20, 22))
    else:
        pen.ellipse((x - 30, y - 14, x + 30, y + 14), outline=(170, 172, 176), width=4)
        if stage == "other":
            pen.line((x + 60, y + 20, x + 60, y - 40), fill=(230, 200, 60), width=5)
    pen.text(
        (12, 332), f"SYNTHETIC DRAWING  {stage} {variant:02d}", fill=(255, 255, 255), font=ImageFont.load_default(14)
    )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=78)
    return out.getvalue()
