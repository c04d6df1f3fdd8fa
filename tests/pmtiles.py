"""A PMTiles file of a few kilobytes with a river, two roads and a village of our own invention (PMTiles 3, Mapbox Vector Tile 2)."""

import gzip
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

EXTENT = 4096
ZOOMS = range(8, 15)
#: The name of the file's maker, which the map shows.
CREDIT = "虚构测绘"

Place = tuple[float, float]


class Thing(NamedTuple):
    """What lies in a layer: points, lines or areas (1, 2, 3) of degrees, WGS-84."""

    layer: str
    shape: int
    kind: str
    name: str
    places: list[Place]


def around(place: Place) -> list[Thing]:
    """A river north of a place, a road through it from west to east, another to the south, the name of a village."""
    x, y = place
    river = [(x - 0.02, y + 0.003), (x + 0.02, y + 0.003), (x + 0.02, y + 0.005), (x - 0.02, y + 0.005)]
    return [
        Thing("water", 3, "river", "", river),
        Thing("roads", 2, "major_road", "虚构大道", [(x - 0.02, y), (x + 0.02, y)]),
        Thing("roads", 2, "minor_road", "虚构巷", [(x, y), (x, y - 0.01)]),
        Thing("places", 1, "neighbourhood", "虚构村", [(x + 0.004, y - 0.003)]),
    ]


def write(path: Path, things: list[Thing]) -> None:
    """Write the file, its tiles and directories packed by gzip as those of a real one are."""
    tiles = {_tile_id(*at): gzip.compress(_tile(at, things)) for at in _touched(things)}
    entries, data, offset = [], b"", 0
    for number in sorted(tiles):
        entries.append((number, offset, len(tiles[number])))
        data, offset = data + tiles[number], offset + len(tiles[number])
    directory = gzip.compress(_directory(entries))
    about = gzip.compress(json.dumps({"attribution": f"<a href='#'>{CREDIT}</a>"}).encode())
    begin = 127
    lies = (begin, len(directory), begin + len(directory), len(about), 0, 0)
    head = b"PMTiles\x03" + struct.pack("<6Q", *lies)
    head += struct.pack("<5Q", begin + len(directory) + len(about), len(data), *[len(tiles)] * 3)
    head += bytes((1, 2, 2, 1, ZOOMS[0], ZOOMS[-1]))
    head += struct.pack("<4iB2i", -1800000000, -850000000, 1800000000, 850000000, ZOOMS[0], 0, 0)
    path.write_bytes(head + directory + about + data)


def _pixel(place: Place, zoom: int) -> tuple[float, float]:
    """Where a place lies in the world of a zoom, in tiles."""
    sine = math.sin(math.radians(place[1]))
    y = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    return (place[0] + 180) / 360 * 2**zoom, y * 2**zoom


def _touched(things: list[Thing]) -> Iterator[tuple[int, int, int]]:
    for zoom in ZOOMS:
        columns, rows = zip(*(_pixel(place, zoom) for one in things for place in one.places), strict=True)
        for x in range(int(min(columns)), int(max(columns)) + 1):
            for y in range(int(min(rows)), int(max(rows)) + 1):
                yield zoom, x, y


def _tile_id(zoom: int, x: int, y: int) -> int:
    """The number of a tile along the Hilbert curve, after all tiles of the zooms before."""
    number, side = (4**zoom - 1) // 3, 2**zoom // 2
    while side:
        right, down = int(bool(x & side)), int(bool(y & side))
        number += side * side * ((3 * right) ^ down)
        if not down:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        side //= 2
    return number


def _directory(entries: list[tuple[int, int, int]]) -> bytes:
    numbers = [number for number, _, _ in entries]
    steps = [b - a for a, b in zip([0, *numbers], numbers, strict=False)]
    columns = [steps, [1] * len(entries), [length for *_, length in entries]]
    columns.append([offset + 1 for _, offset, _ in entries])
    return _varint(len(entries)) + b"".join(_varint(one) for column in columns for one in column)


# Mapbox Vector Tile -----------------------------------------------------------------------------------------------


def _tile(at: tuple[int, int, int], things: list[Thing]) -> bytes:
    layers = {one.layer for one in things}
    return b"".join(
        _field(3, _layer(at, name, [one for one in things if one.layer == name])) for name in sorted(layers)
    )


def _layer(at: tuple[int, int, int], name: str, things: list[Thing]) -> bytes:
    words = sorted({word for one in things for word in (one.kind, one.name)})
    body = _varint(15 << 3) + _varint(2) + _field(1, name.encode())
    for one in things:
        tags = (0, words.index(one.kind), 1, words.index(one.name))
        feature = _field(2, b"".join(map(_varint, tags))) + _varint(3 << 3) + _varint(one.shape)
        body += _field(2, feature + _field(4, _geometry(at, one)))
    body += b"".join(_field(3, key) for key in (b"kind", b"name"))
    body += b"".join(_field(4, _field(1, word.encode())) for word in words)
    return body + _varint(5 << 3) + _varint(EXTENT)


def _geometry(at: tuple[int, int, int], thing: Thing) -> bytes:
    zoom, column, row = at
    places = [_pixel(place, zoom) for place in thing.places]
    spots = [(round((x - column) * EXTENT), round((y - row) * EXTENT)) for x, y in places]
    numbers, before = [], (0, 0)
    for index, spot in enumerate(spots):
        if index < 2:
            numbers.append(1 | 1 << 3 if index == 0 else 2 | (len(spots) - 1) << 3)
        numbers += [_zigzag(spot[axis] - before[axis]) for axis in (0, 1)]
        before = spot
    if thing.shape == 3:
        numbers.append(7 | 1 << 3)
    return b"".join(map(_varint, numbers))


def _zigzag(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body
