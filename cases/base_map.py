"""The ground under every map: one PMTiles file of the data folder, tile layers of others, or nothing but our own outlines."""

import gzip
import json
import logging
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    JsonResponse,
    StreamingHttpResponse,
)
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import strip_tags
from django.views.decorators.http import require_safe

from governance.responses import answers_json

log = logging.getLogger(__name__)

#: The head of a PMTiles file of version 3: magic, where its description lies, how that and the tiles are packed, zooms.
HEAD = 127
_GZIP, _VECTOR = 2, 1
#: The address names one state of the file, so that what was fetched of it need not be asked for again.
KEPT = "private, max-age=31536000, immutable"
PIECE = 64 * 1024
#: A number that no file is as long as is no range.
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def map_file() -> Path | None:
    """The PMTiles file that the operator put into the data folder; of several the one that came last."""
    found = [path for path in Path(settings.MAP_FOLDER).glob("*.pmtiles") if path.is_file()]
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)


def fingerprint(path: Path) -> str:
    """Names one state of a file; reading hundreds of megabytes for a hash would take longer than the map."""
    found = path.stat()
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def about(path: Path) -> dict[str, Any] | None:
    """Finest zoom and credit of a PMTiles file; None, with a line in the log, where it is none with vector tiles."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        if len(head) < HEAD or head[:8] != b"PMTiles\x03" or head[99] != _VECTOR:
            log.warning("%s is no PMTiles file of version 3 with vector tiles; no map uses it.", path.name)
            return None
        begin, length = struct.unpack_from("<QQ", head, 24)
        file.seek(begin)
        text = file.read(length)
    try:
        told = json.loads(gzip.decompress(text) if head[97] == _GZIP else text)
    except (ValueError, OSError, EOFError):
        told = {}
    credit = told.get("attribution") if isinstance(told, dict) else None
    return {"closest": head[101], "credit": strip_tags(str(credit or "")).strip()}


def base_answer(file_address: str) -> HttpResponse:
    """What lies under the outlines; ``file_address`` names the view that hands out the file."""
    path = map_file()
    answer: dict[str, Any] = {"file": "", "layers": settings.MAP_TILE_LAYERS}
    if path is not None and (found := about(path)):
        answer |= found | {
            "file": reverse(file_address, args=[fingerprint(path)]),
            "script": static("vendor/protomaps/protomaps-leaflet.js"),
        }
    return JsonResponse(answer)


def file_answer(request: HttpRequest, version: str) -> HttpResponseBase:
    """The file or the part that is asked for, by the rules of RFC 9110; ``Http404`` for any other state of it.

    Of several ranges in one request the whole is given, which the rules allow.
    """
    path = map_file()
    if path is None or fingerprint(path) != version:
        raise Http404("没有这张底图。")
    size, tag = path.stat().st_size, f'"{version}"'
    if request.headers.get("If-None-Match") == tag:
        answer: HttpResponseBase = HttpResponseNotModified()
    else:
        asked = request.headers.get("Range", "") if request.headers.get("If-Range", tag) == tag else ""
        answer = _part(path, size, asked)
    answer["ETag"], answer["Accept-Ranges"], answer["Cache-Control"] = tag, "bytes", KEPT
    return answer


def _part(path: Path, size: int, asked: str) -> HttpResponseBase:
    wanted = _wanted(asked, size)
    if wanted is None:
        first, last, status = 0, size - 1, 200
    elif wanted[0] > wanted[1]:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        (first, last), status = wanted, 206
    length = last - first + 1
    answer = StreamingHttpResponse(_pieces(path, first, length), status=status)
    answer["Content-Type"], answer["Content-Length"] = "application/vnd.pmtiles", str(length)
    if status == 206:
        answer["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer


def _wanted(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a range, the first behind the last where there is no such part; None for the whole."""
    found = _RANGE.fullmatch(asked.strip())
    if not found or found.groups() == ("", ""):
        return None
    begin, end = found.groups()
    if not begin:
        return (max(0, size - int(end)), size - 1) if int(end) else (1, 0)
    if end and int(end) < int(begin):
        return None  # no range at all, which is not to be obeyed
    return int(begin), min(int(end), size - 1) if end else size - 1


def _pieces(path: Path, first: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        while length and (piece := file.read(min(PIECE, length))):
            length -= len(piece)
            yield piece


@answers_json
@login_required
@require_safe
def base_json(request: HttpRequest) -> HttpResponse:
    """What lies under the outlines, for the maps of people who are signed in."""
    return base_answer("cases:map_base_file")


@login_required
@require_safe
def base_file(request: HttpRequest, version: str) -> HttpResponseBase:
    """The file, in the parts that a map asks for."""
    return file_answer(request, version)
