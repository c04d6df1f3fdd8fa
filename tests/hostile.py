"""Files that attackers, odd phones or chance send as photos: by family, each made when it is asked for.

``REBUILT`` are pictures in the end and become new ones, ``REFUSED`` are none; for ``BROKEN`` either is right.
"""

import io
import json
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from random import Random

from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from tests.scale import tries

#: So much more of the families that have no end (cuts, flipped bytes).
MORE = tries(1, full=2, trust=11)
SCRIPT = b"<script>alert(1)</script>"
HTML = b"<!doctype html><html>" + SCRIPT + b"</html>"
PHP = b"<?php system($_GET[0]); ?>"
ZIP = b"PK\x03\x04" + b"\0" * 200
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
XMP = (
    b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF"
    b" xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description"
    b" xmlns:exif='http://ns.adobe.com/exif/1.0/' exif:GPSLatitude='25,2.43N'/></rdf:RDF></x:xmpmeta>"
)
HERE = (102.7345, 25.0405)
File = Callable[[], bytes]


# Pieces -----------------------------------------------------------------------------------------------------------


def scene(mode: str = "RGB", size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with something in it, so that a cut file is really cut."""
    noise = Image.effect_noise(size, 80)
    return noise.convert(mode) if mode != "I;16" else noise.convert("I").convert("I;16")


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@cache
def plain(kind: str) -> bytes:
    """A valid picture of a format."""
    if kind == "HEIF":
        return heic()
    return saved(scene(), kind, **({"quality": 90} if kind == "JPEG" else {}))


def heic(**options) -> bytes:
    import pillow_heif

    out = io.BytesIO()
    pillow_heif.from_pillow(scene(size=(160, 120))).save(out, **options)  # its encoder is slow
    return out.getvalue()


def exif(
    *, gps: tuple[float, float] | None = None, orientation: int = 1, maker: str = "Secret Phone 9"
) -> bytes:
    """What a phone writes beside the picture."""
    tags = Image.Exif()
    tags[0x0112], tags[0x010F] = orientation, maker
    if gps:
        longitude, latitude = gps
        tags[0x8825] = {
            1: "N",
            2: tuple(IFDRational(part) for part in _sexagesimal(latitude)),
            3: "E",
            4: tuple(IFDRational(part) for part in _sexagesimal(longitude)),
        }
    return tags.tobytes()


def _sexagesimal(degrees: float) -> tuple[int, int, float]:
    whole, rest = int(degrees), degrees % 1 * 60
    return whole, int(rest), round(rest % 1 * 60, 3)


def with_exif(**said) -> bytes:
    return saved(scene(), "JPEG", exif=exif(**said))


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment right behind its head."""
    picture = plain("JPEG")
    return picture[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + picture[2:]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunk(name: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk right behind its head."""
    picture = plain("PNG")
    return picture[:33] + chunk(name, body) + picture[33:]


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size in its first bytes and holds nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def jpeg_of_size(width: int, height: int) -> bytes:
    """A JPEG whose frame header tells another size than its data."""
    picture = bytearray(plain("JPEG"))
    at = next(
        picture.index(bytes([0xFF, marker])) for marker in (0xC0, 0xC2) if bytes([0xFF, marker]) in picture
    )
    picture[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(picture)


def webp_of_size(side: int) -> bytes:
    """A WebP whose canvas is as large as the format can say."""
    canvas = struct.pack("<I", side - 1)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas + plain("WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def text_chunk(name: str) -> bytes:
    notes = PngImagePlugin.PngInfo()
    {"tEXt": notes.add_text, "iTXt": notes.add_itxt}[name]("Comment", SCRIPT.decode())
    return saved(scene(), "PNG", pnginfo=notes)


def animated(kind: str) -> bytes:
    frames = [scene(size=(200, 150)) for _ in range(3)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def cut(kind: str, percent: int) -> bytes:
    whole = plain(kind)
    return whole[: len(whole) * percent // 100]


def flipped(kind: str, seed: int) -> bytes:
    """A picture with a few bytes changed anywhere."""
    random, broken = Random(f"{kind} {seed}"), bytearray(plain(kind))
    for _ in range(random.choice([1, 5, 50])):
        broken[random.randrange(len(broken))] = random.randrange(256)
    return bytes(broken)


def noise(seed: int, head: bytes = b"") -> bytes:
    return head + Random(seed).randbytes(3000)


def behind(kind: str, tail: bytes) -> bytes:
    return plain(kind) + tail


# Families ---------------------------------------------------------------------------------------------------------


def families() -> tuple[dict[str, File], dict[str, File], dict[str, File]]:
    """Files by name: what is rebuilt, what is refused, and where either is right."""
    kinds = ("JPEG", "PNG", "WEBP", "HEIF")
    # fmt: off
    rebuilt: dict[str, File] = {
        "plain jpeg":                    lambda: plain("JPEG"),
        "progressive jpeg":              lambda: saved(scene(), "JPEG", progressive=True),
        "grey jpeg":                     lambda: saved(scene("L"), "JPEG"),
        "cmyk jpeg":                     lambda: saved(scene("CMYK"), "JPEG"),
        "jpeg without subsampling":      lambda: saved(scene(), "JPEG", subsampling=0, optimize=True),
        "jpeg with a script comment":    lambda: segment(0xFE, SCRIPT),
        "jpeg with a script for flash":  lambda: segment(0xEC, b"Ducky" + SCRIPT),
        "jpeg with html behind it":      lambda: behind("JPEG", HTML),
        "jpeg with a zip behind it":     lambda: behind("JPEG", ZIP),
        "jpeg with php behind it":       lambda: behind("JPEG", PHP),
        "jpeg with a pdf behind it":     lambda: behind("JPEG", PDF),
        "jpeg with a jpeg behind it":    lambda: behind("JPEG", plain("JPEG")),
        "png with html behind it":       lambda: behind("PNG", HTML),
        "webp with a zip behind it":     lambda: behind("WEBP", ZIP),
        "jpeg with a phone's name":      lambda: with_exif(),
        "jpeg with a script as its maker": lambda: with_exif(maker=SCRIPT.decode()),
        "jpeg with a position":          lambda: with_exif(gps=HERE),
        "png with a position":           lambda: saved(scene(), "PNG", exif=exif(gps=HERE)),
        "webp with a position":          lambda: saved(scene(), "WEBP", exif=exif(gps=HERE)),
        "heic with a position":          lambda: heic(exif=exif(gps=HERE)),
        "jpeg with a position in xmp":   lambda: segment(0xE1, XMP),
        "png with a position in xmp":    lambda: with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP[29:]),
        "jpeg with a nonsense orientation": lambda: with_exif(orientation=77),
        "jpeg with nonsense exif":       lambda: segment(0xE1, b"Exif\0\0II*\0" + b"\xff" * 8),
        "jpeg with exif of 60 kB":       lambda: segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + noise(1) * 20),
        "jpeg with a nonsense profile":  lambda: segment(0xE2, b"ICC_PROFILE\0\x01\x01" + noise(2)),
        "png with a nonsense profile":   lambda: with_chunk(b"iCCP", b"x\0\0" + zlib.compress(noise(3))),
        "webp with a nonsense profile":  lambda: saved(scene(), "WEBP", icc_profile=noise(4)),
        "png":                           lambda: plain("PNG"),
        "16-bit png":                    lambda: saved(scene("I;16"), "PNG"),
        "png with transparency":         lambda: saved(scene("RGBA"), "PNG"),
        "grey png with transparency":    lambda: saved(scene("LA"), "PNG"),
        "png with a palette":            lambda: saved(scene("P"), "PNG"),
        "black and white png":           lambda: saved(scene("1"), "PNG"),
        "png with a script in its text": lambda: text_chunk("tEXt"),
        "png with a script in utf-8":    lambda: text_chunk("iTXt"),
        "png with an unknown chunk":     lambda: with_chunk(b"evIl", SCRIPT),
        "animated png":                  lambda: animated("PNG"),
        "webp":                          lambda: plain("WEBP"),
        "lossless webp":                 lambda: saved(scene("RGBA"), "WEBP", lossless=True),
        "animated webp":                 lambda: animated("WEBP"),
        "heic":                          lambda: plain("HEIF"),
        "long and narrow":               lambda: saved(scene(size=(6000, 40)), "PNG"),
    }
    rebuilt |= {f"jpeg turned {turn}": partial(with_exif, orientation=turn) for turn in range(2, 9)}
    refused: dict[str, File] = {
        "nothing":                       lambda: b"",
        "one byte":                      lambda: b"\xff",
        "zero bytes":                    lambda: b"\0" * 5000,
        "ones":                          lambda: b"\xff" * 5000,
        "text":                          lambda: "这不是照片".encode(),
        "html called jpg":               lambda: HTML,
        "php called jpg":                lambda: PHP,
        "json called jpg":               lambda: json.dumps({"a": [1] * 100}).encode(),
        "svg":                           lambda: SVG,
        "svg behind a blank":            lambda: b"\xef\xbb\xbf \n" + SVG,
        "pdf":                           lambda: PDF,
        "zip":                           lambda: ZIP,
        "gif":                           lambda: saved(scene("P"), "GIF"),
        "animated gif":                  lambda: animated("GIF"),
        "tiff":                          lambda: saved(scene(), "TIFF"),
        "tiff with a position":          lambda: saved(scene(), "TIFF", exif=exif(gps=HERE)),
        "bmp":                           lambda: saved(scene(), "BMP"),
        "ico":                           lambda: saved(scene(size=(64, 64)), "ICO"),
        "ppm":                           lambda: saved(scene(), "PPM"),
        "tga":                           lambda: saved(scene(), "TGA"),
        "jpeg 2000":                     lambda: saved(scene(), "JPEG2000"),
        "postscript":                    lambda: saved(scene(), "EPS"),
        "avif head":                     lambda: b"\0\0\0\x1cftypavif" + noise(5),
        "mp4 head":                      lambda: b"\0\0\0\x1cftypisom" + noise(6),
        "gif head and jpeg body":        lambda: b"GIF89a" + plain("JPEG"),
        "blank before a jpeg":           lambda: b"\n" + plain("JPEG"),
        "jpeg head alone":               lambda: plain("JPEG")[:3],
        "jpeg head and html":            lambda: plain("JPEG")[:20] + HTML,
        "png head and html":             lambda: plain("PNG")[:8] + HTML,
        "jpeg head and noise":           lambda: noise(7, b"\xff\xd8\xff\xe0"),
        "png head and noise":            lambda: noise(8, b"\x89PNG\r\n\x1a\n"),
        "webp head and nothing":         lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\xff" * 400,
        "heic head and nothing":         lambda: b"\0\0\0\x18ftypheic" + b"\0" * 400,
        "heic head and noise":           lambda: noise(9, b"\0\0\0\x18ftypmif1"),
        "png that promises 60000 x 60000": lambda: png_header(60_000, 60_000),
        "png that promises 2^31 x 2^31": lambda: png_header(2**31 - 1, 2**31 - 1),
        "png that promises no height":   lambda: png_header(800, 0),
        "png that holds nothing":        lambda: png_header(800, 600),
        "jpeg that promises 65000 x 65000": lambda: jpeg_of_size(65_000, 65_000),
        "webp that promises 16384 x 16384": lambda: webp_of_size(16_384),
        "png bomb of 49 megapixels":     lambda: saved(Image.new("1", (7000, 7000)), "PNG"),
        "png with a text bomb":          lambda: with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 80_000_000, 9)),
        "one pixel":                     lambda: saved(Image.new("RGB", (1, 1)), "PNG"),
        "a line":                        lambda: saved(Image.new("RGB", (4000, 2)), "PNG"),
    }
    cuts = [30, 60, 90, *range(5, 100, max(2, 60 // MORE))]
    refused |= {f"{kind} cut at {percent} %": partial(cut, kind, percent) for kind in kinds for percent in cuts[: 2 * MORE]}
    broken: dict[str, File] = {
        f"{kind} with changed bytes, {seed}": partial(flipped, kind, seed) for kind in kinds for seed in range(MORE)
    }
    broken |= {
        "jpeg that promises less than it holds": lambda: jpeg_of_size(64, 48),
        "jpeg that promises more than it holds": lambda: jpeg_of_size(3000, 2000),
        "jpeg with a segment of no length":      lambda: plain("JPEG")[:2] + b"\xff\xe1\0\0" + plain("JPEG")[2:],
        "png with a chunk without end":           lambda: plain("PNG")[:33] + b"\x7f\xff\xff\xffIDAT" + plain("PNG")[41:],
        "two heads":                             lambda: plain("JPEG")[:2] + plain("JPEG"),
    }
    # fmt: on
    return rebuilt, refused, broken


REBUILT, REFUSED, BROKEN = families()
