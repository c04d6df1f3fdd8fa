"""What every picture of the demo world is drawn with: street, room, people, and the plate 演示图片."""

from random import Random

from PIL import ImageDraw

WIDTH, HEIGHT = 960, 720
HORIZON = 330

Pen = ImageDraw.ImageDraw

#: Strokes of the four characters on the plate, on a grid of 20 × 20: no font of the machine is needed.
PLATE = (
    # 演
    ((2, 3, 5, 5), (1, 8, 4, 10), (2, 18, 5, 12), (12, 1, 13, 3), (7, 7, 7, 4, 19, 4, 18, 7), (9, 8, 17, 8),
     (13, 8, 13, 15), (9, 10, 17, 10, 17, 15, 9, 15, 9, 10), (9, 12, 17, 12), (10, 16, 7, 19), (15, 16, 19, 19)),
    # 示
    ((5, 3, 15, 3), (2, 8, 18, 8), (10, 8, 10, 18, 8, 16), (6, 11, 3, 16), (14, 11, 17, 16)),
    # 图
    ((2, 2, 18, 2, 18, 19, 2, 19, 2, 2), (8, 4, 4, 9), (7, 6, 14, 6, 5, 13), (7, 7, 15, 13), (9, 12, 12, 14),
     (7, 15, 12, 18)),
    # 片
    ((6, 2, 6, 12, 3, 19), (6, 8, 17, 8), (12, 2, 12, 8), (6, 12, 14, 12, 14, 19)),
)  # fmt: skip


def plate(pen: Pen) -> None:
    """The caption that says: this is no photograph."""
    left, top, size = WIDTH - 232, HEIGHT - 74, 2.1
    pen.rounded_rectangle((left - 16, top - 12, WIDTH - 20, HEIGHT - 18), 10, fill="#1f2d3d")
    for number, strokes in enumerate(PLATE):
        x0 = left + number * 50
        for stroke in strokes:
            points = [(x0 + x * size, top + y * size) for x, y in zip(stroke[::2], stroke[1::2], strict=True)]
            pen.line(points, fill="#ffffff", width=3, joint="curve")


def shade(colour: tuple[int, int, int], factor: float) -> tuple[int, int, int]:
    """A lighter or darker tone."""
    return tuple(max(0, min(255, int(part * factor))) for part in colour)


def street(pen: Pen, random: Random) -> None:
    """Sky, houses with windows, a kerb, pavement and road."""
    light = random.uniform(0.85, 1.05)
    for y in range(0, HORIZON, 6):
        pen.rectangle((0, y, WIDTH, y + 6), fill=shade((150 + y // 5, 190 + y // 8, 225), light))
    x = -random.randint(0, 60)
    while x < WIDTH:
        width, top = random.randint(130, 240), random.randint(60, 190)
        wall = shade(
            random.choice([(206, 190, 168), (186, 176, 170), (214, 204, 188), (172, 158, 148)]), light
        )
        pen.rectangle((x, top, x + width, HORIZON + 30), fill=wall)
        pen.rectangle((x, top, x + width, top + 8), fill=shade(wall, 0.8))
        for row in range(top + 26, HORIZON - 60, 52):
            for column in range(x + 18, x + width - 34, 48):
                pen.rectangle((column, row, column + 26, row + 32), fill=shade((120, 145, 165), light))
                pen.line((column + 13, row, column + 13, row + 32), fill=wall, width=2)
        pen.rectangle((x + 12, HORIZON - 34, x + width - 12, HORIZON + 30), fill=shade(wall, 0.62))
        x += width + random.randint(0, 14)
    pen.rectangle((0, HORIZON + 30, WIDTH, 520), fill=shade((196, 192, 186), light))
    for y in (380, 425, 472):
        pen.line((0, y, WIDTH, y), fill=shade((176, 172, 166), light), width=2)
    for i in range(-6, 18):
        pen.line((i * 90 + 200, HORIZON + 30, i * 120, 520), fill=shade((178, 174, 168), light), width=2)
    pen.rectangle((0, 520, WIDTH, 536), fill=shade((150, 148, 146), light))
    pen.rectangle((0, 536, WIDTH, HEIGHT), fill=shade((98, 100, 104), light))
    for i in range(0, WIDTH, 150):
        pen.polygon(
            ((i, 640), (i + 80, 640), (i + 72, 652), (i - 8, 652)), fill=shade((225, 225, 220), light)
        )


def room(pen: Pen, random: Random) -> None:
    """A community office: wall, window, floor, table and chairs."""
    pen.rectangle((0, 0, WIDTH, 500), fill=random.choice(["#e6dfd0", "#dfe4e2", "#e9e2d8"]))
    pen.rectangle((0, 500, WIDTH, HEIGHT), fill="#b49a7c")
    for y in range(520, HEIGHT, 40):
        pen.line((0, y, WIDTH, y), fill="#a58b6d", width=2)
    pen.rectangle((90, 70, 360, 300), fill="#bcd4e3", outline="#8d7f6d", width=10)
    pen.line((225, 70, 225, 300), fill="#8d7f6d", width=8)
    pen.rectangle((560, 90, 850, 230), fill="#b3382c")
    pen.rectangle((580, 110, 830, 210), outline="#e7c65a", width=4)


def person(pen: Pen, x: int, y: int, coat: str, size: float = 1.0) -> None:
    """Somebody seen from afar."""
    pen.ellipse((x - 13 * size, y - 92 * size, x + 13 * size, y - 64 * size), fill="#d9b08c")
    pen.rounded_rectangle((x - 20 * size, y - 64 * size, x + 20 * size, y - 18 * size), 8, fill=coat)
    pen.line((x - 8 * size, y - 18 * size, x - 10 * size, y), fill="#33373d", width=int(9 * size))
    pen.line((x + 8 * size, y - 18 * size, x + 10 * size, y), fill="#33373d", width=int(9 * size))


def helper(pen: Pen, random: Random) -> None:
    """A grid worker in a vest, where something has been settled."""
    x = random.randint(660, 800)
    person(pen, x, 515, "#d8572a", 1.3)
    pen.line((x - 24, 455, x + 24, 455), fill="#f3e9a2", width=6)
