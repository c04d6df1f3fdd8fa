"""Rebuild one picture from its raw pixels, in a process of its own with hard limits.

Run as a script by ``records/pictures.py``: bytes of an upload on stdin; on stdout one line of JSON, then the picture and
its thumbnail (JPEG without any metadata). Knows neither Django nor the database, so that an upload that takes
over a decoder finds nothing here.
"""

import json
import os
import resource
import sys
from io import BytesIO
from typing import Any

MAX_PIXELS = 40_000_000
MIN_SIDE = 16
SIDE = 1600
THUMB_SIDE = 320
QUALITY = 82

MEMORY = 1 << 30  # bytes of address space; 40 megapixels take about 400 MB
CPU_SECONDS = 10

ORIENTATION, GPS = 0x0112, 0x8825
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


class NotAPicture(Exception):
    """What came is refused; the argument says why, as a word that ``pictures.REFUSALS`` puts into a sentence."""


def limit_process() -> None:
    """Take away what a decoder does not need: memory and time beyond measure, files, and processor time that pages need."""
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def sniff(data: bytes) -> str:
    """The format by its first bytes; names and declared types are claims."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        return "HEIF"
    raise NotAPicture("format")


def opened(data: bytes) -> Any:
    """Read the header only, and refuse too many pixels before one of them is decoded."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own cap is lower than Pillow's, and an error instead of a warning
    kind = sniff(data)
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener(thumbnails=False)
    picture = Image.open(BytesIO(data), formats=[kind])
    if picture.width * picture.height > MAX_PIXELS:
        raise NotAPicture("pixels")
    if min(picture.size) < MIN_SIDE:
        raise NotAPicture("small")
    return picture


def position_of(picture: Any) -> tuple[float, float] | None:
    """Longitude and latitude in the EXIF, in degrees (WGS-84), or None where they are absent or nonsense."""
    try:
        gps = picture.getexif().get_ifd(GPS)
        latitude = _degrees(gps[2]) * (-1 if gps[1] == "S" else 1)
        longitude = _degrees(gps[4]) * (-1 if gps[3] == "W" else 1)
    except Exception:  # EXIF is written by anybody: whatever is wrong with it, the picture itself may be good
        return None
    if not (-180 <= longitude <= 180 and -85 <= latitude <= 85) or (longitude, latitude) == (0, 0):
        return None
    return longitude, latitude


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


def rotation_of(picture):
    """How the EXIF says that the picture is to be turned, or None."""
    from PIL import Image

    rotations = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    try:
        return rotations.get(picture.getexif().get(ORIENTATION))
    except Exception:  # as above
        return None


def flat(picture: Any) -> Any:
    """The same pixels as 8-bit RGB; what is transparent becomes white."""
    from PIL import Image

    if picture.mode.startswith("I"):  # 16-bit grey: keep the upper byte
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        return ground
    return picture.convert("RGB")


def encoded(picture: Any, side: int) -> tuple[bytes, tuple[int, int]]:
    """A JPEG of a new image made of the pixels alone, its longest side at most ``side``."""
    from PIL import Image

    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    bare = Image.frombytes("RGB", picture.size, picture.tobytes())
    out = BytesIO()
    bare.save(out, "JPEG", quality=QUALITY, progressive=True, optimize=True)
    return out.getvalue(), bare.size


def rebuild(data: bytes) -> tuple[dict[str, object], bytes, bytes]:
    """Facts, picture and thumbnail; raises ``NotAPicture``, or whatever a decoder raises on a broken file."""
    picture = opened(data)
    position = position_of(picture)
    rotation = rotation_of(picture)
    picture.draft("RGB", (SIDE, SIDE))  # JPEG only: decodes at a fraction of the size, still to the last byte
    picture.load()
    picture = flat(picture)
    picture.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    if rotation is not None:
        picture = picture.transpose(rotation)
    body, (width, height) = encoded(picture, SIDE)
    thumb, _ = encoded(picture, THUMB_SIDE)
    return {"width": width, "height": height, "position": position}, body, thumb


def main() -> int:
    limit_process()
    try:
        facts, body, thumb = rebuild(sys.stdin.buffer.read())
    except NotAPicture as refusal:
        print(json.dumps({"refused": str(refusal)}))
        return 0
    except Exception:  # decoders raise all kinds; to the person they mean the same
        print(json.dumps({"refused": "broken"}))
        return 0
    facts |= {"body": len(body), "thumb": len(thumb)}
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + body + thumb)
    return 0


if __name__ == "__main__":
    sys.exit(main())
