"""Words drawn into a copy of a picture, on a dark band along its lower edge."""

from io import BytesIO
from pathlib import Path

from django.conf import settings

#: Where Debian's and Ubuntu's packages put a Chinese font (fonts-noto-cjk, fonts-wqy-microhei, fonts-wqy-zenhei).
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
)
SMALLEST, SHARE = 14, 36  # pixels; or so small a part of the width
QUALITY = 85


def font_file() -> str | None:
    """The Chinese font of this machine, or the one that the settings name; None where there is none."""
    named = (settings.MARK_FONT,) if settings.MARK_FONT else FONTS
    return next((one for one in named if Path(one).exists()), None)


def marked(picture: bytes, lines: list[str], font: str) -> bytes:
    """A copy of a picture of ours (JPEG) with lines of words in it; what is too long for it is cut."""
    from PIL import Image, ImageDraw, ImageFont

    with Image.open(BytesIO(picture)) as found:
        image = found.convert("RGB")
    size = max(SMALLEST, image.width // SHARE)
    letters, edge = ImageFont.truetype(font, size), size // 2
    height = edge * 2 + len(lines) * size * 3 // 2
    band = image.crop((0, image.height - height, image.width, image.height))
    image.paste(Image.blend(band, Image.new("RGB", band.size), 0.55), (0, image.height - height))
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        while pen.textlength(line, letters) > image.width - 2 * edge and len(line) > 1:
            line = line[:-2] + "…"
        pen.text((edge, image.height - height + edge + number * size * 3 // 2), line, "white", letters)
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY, progressive=True)
    return out.getvalue()
