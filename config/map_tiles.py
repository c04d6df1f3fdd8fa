"""Tile layers of others under the maps: their addresses, their datum, and what the browser is allowed to load."""

from typing import Any
from urllib.parse import urlsplit

#: Roads and water, then the names on them.
_TIANDITU_LAYERS = ("vec", "cva")
TIANDITU_SERVERS = "01234567"


def tile_layers(
    *, tianditu_key: str, tianditu_address: str, tiles: str, tiles_datum: str
) -> list[dict[str, Any]]:
    """The layers from bottom to top; an address has ``{x}``, ``{y}``, ``{z}`` and, where there are several servers, ``{s}``.

    Tianditu counts from CGCS2000, which is WGS-84 to less than a metre; ``tiles_datum`` is ``wgs84`` or ``gcj02``.
    """
    layers = (
        [{"address": tiles, "servers": "", "datum": tiles_datum, "closest": 18, "credit": ""}]
        if tiles
        else []
    )
    if tianditu_key:
        layers += [
            {
                "address": f"{tianditu_address}/{name}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={name}"
                "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILECOL={x}&TILEROW={y}&TILEMATRIX={z}"
                f"&tk={tianditu_key}",
                "servers": TIANDITU_SERVERS if "{s}" in tianditu_address else "",
                "datum": "wgs84",
                "closest": 18,
                "credit": "天地图",
            }
            for name in _TIANDITU_LAYERS
        ]
    return layers


def origins(layers: list[dict[str, Any]]) -> list[str]:
    """Where the pictures of the layers come from, as a content security policy names it; a path is the site's own."""
    found = []
    for layer in layers:
        parts = urlsplit(layer["address"])
        if parts.netloc:
            first, _, rest = parts.netloc.partition(".")
            found.append(f"{parts.scheme}://{f'*.{rest}' if '{s}' in first else parts.netloc}")
    return sorted(set(found))
