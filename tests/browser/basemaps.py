"""A service of base maps for the tests: picture tiles in three ways of asking, and a PMTiles file read by ranges.

The pictures are of one colour that is nowhere else on the page. The file holds the city's own boundaries, as the
product serves them, written as PMTiles 3 says: so neither a network nor anybody's data is needed.
"""

import gzip
import io
import itertools
import json
import re
import struct
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import asinh, pi, radians, tan
from typing import Any

from PIL import Image

from civicloop.foundation.mvt import varint

COLOUR = (200, 0, 220)
Tile = tuple[int, int, int]  # zoom, column, row from the north
WMTS = {"SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "LAYER": "vec", "TILEMATRIXSET": "w", "tk": "KEY"}


def tile_of(lon: float, lat: float, zoom: int) -> Tile:
    """The tile in which a point lies."""
    side = 1 << zoom
    return zoom, int((lon + 180) / 360 * side), int((1 - asinh(tan(radians(lat))) / pi) / 2 * side)


def picture() -> bytes:
    """A tile of one colour."""
    kept = io.BytesIO()
    Image.new("RGB", (256, 256), COLOUR).save(kept, "PNG")
    return kept.getvalue()


# -- PMTiles ----------------------------------------------------------------------------------------------------------


def number(tile: Tile) -> int:
    """The number of a tile in a PMTiles file: all coarser ones first, then along the Hilbert curve of its zoom."""
    zoom, x, y = tile
    found, step = (4**zoom - 1) // 3, (1 << zoom) >> 1
    while step:
        right, down = int(bool(x & step)), int(bool(y & step))
        found += step * step * ((3 * right) ^ down)
        if not down:
            if right:
                x, y = step - 1 - x, step - 1 - y
            x, y = y, x
        step >>= 1
    return found


def archive(tiles: Mapping[Tile, bytes], *, vectors: bool, layers: list[str]) -> bytes:
    """A PMTiles file of these tiles; those of shapes are packed by gzip already."""
    ordered = sorted(tiles, key=number)
    numbers = [number(each) for each in ordered]
    lengths = [len(tiles[each]) for each in ordered]
    steps = [after - before for before, after in itertools.pairwise([0, *numbers])]
    columns = [steps, [1] * len(ordered), lengths, [1, *[0] * (len(ordered) - 1)]]  # each begins where the last ended
    directory = varint(len(ordered)) + b"".join(varint(each) for column in columns for each in column)
    told = json.dumps({"vector_layers": [{"id": each, "fields": {}} for each in layers]}).encode()
    data = b"".join(tiles[each] for each in ordered)
    about = 127 + len(directory)
    head = b"PMTiles\x03" + struct.pack(
        "<11Q6B4iB2i", 127, len(directory), about, len(told), about + len(told), 0, about + len(told), len(data),
        len(ordered), len(ordered), len(ordered), 1, 1, 2 if vectors else 1, 1 if vectors else 2,
        min(each[0] for each in ordered), max(each[0] for each in ordered),
        -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000, 0, 0, 0,
    )  # fmt: skip
    return head + directory + told + data


def boundaries(address: str, around: tuple[float, float], zooms: range) -> dict[Tile, bytes]:
    """The city's own boundaries as it serves them, packed: the tiles of a place and those beside them."""
    found: dict[Tile, bytes] = {}
    for zoom in zooms:
        _zoom, x, y = tile_of(*around, zoom)
        for column, row in itertools.product(range(x - 1, x + 2), range(y - 1, y + 2)):
            if 0 <= column < 1 << zoom and 0 <= row < 1 << zoom:
                with urllib.request.urlopen(f"{address}/tiles/areas/{zoom}/{column}/{row}.mvt", timeout=30) as answer:
                    found[zoom, column, row] = gzip.compress(answer.read())
    return found


# -- the service ------------------------------------------------------------------------------------------------------


class Service(ThreadingHTTPServer):
    """Answers tiles and files to pages of other places, and keeps what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, Tile]] = []  # way of asking, tile as it was asked for
        self.ranges: list[str] = []


class _Answers(BaseHTTPRequestHandler):
    server: Service

    def log_message(self, *_: Any) -> None:
        return

    def do_OPTIONS(self) -> None:
        self._answer(204, b"", "text/plain", {"Access-Control-Allow-Headers": "range, if-match"})

    def do_GET(self) -> None:
        path, _mark, query = self.path.partition("?")
        given = dict(urllib.parse.parse_qsl(query))
        plain = re.fullmatch(r"/(xyz|tms|names)/(\d+)/(\d+)/(\d+)\.png", path)
        if plain:
            way, zoom, x, y = plain.groups()
            self._tile(way, (int(zoom), int(x), int(y)))
        elif path == "/wmts" and WMTS.items() <= given.items():
            self._tile("wmts", (int(given["TILEMATRIX"]), int(given["TILECOL"]), int(given["TILEROW"])))
        elif path in self.server.files:
            self._part(self.server.files[path])
        else:
            self._answer(404, b"", "text/plain", {})

    def _tile(self, way: str, tile: Tile) -> None:
        self.server.asked.append((way, tile))
        self._answer(200, picture(), "image/png", {})

    def _part(self, whole: bytes) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked is None:
            self._answer(416, b"", "text/plain", {})
            return
        self.server.ranges.append(asked.group())
        first, last = int(asked[1]), min(int(asked[2]), len(whole) - 1)
        span = {"Content-Range": f"bytes {first}-{last}/{len(whole)}", "ETag": '"one"'}
        self._answer(206, whole[first : last + 1], "application/octet-stream", span)

    def _answer(self, status: int, body: bytes, content: str, more: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": content, "Content-Length": str(len(body)), "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Content-Range, ETag", **more,
        }.items():  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def service() -> Iterator[Service]:
    """A service that answers while the block lasts."""
    running = Service()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.shutdown()
        running.server_close()
        thread.join(10)
