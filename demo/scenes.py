"""Scenes of the demo world, before a matter was settled and after: the same arguments draw the same picture."""

import io
from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw

from demo.drawing import HEIGHT, WIDTH, Pen, helper, person, plate, room, shade, street
from demo.words import TOPICS

Scene = Callable[[Pen, Random, bool], None]


def rubbish(pen: Pen, random: Random, after: bool) -> None:
    for number, colour in enumerate(("#3f6f4f", "#5d6b7a")):
        x = 330 + number * 120
        pen.rounded_rectangle((x, 380, x + 90, 500), 8, fill=colour)
        pen.rectangle((x - 6, 368, x + 96, 386), fill=colour)
    if not after:
        for _ in range(26):
            x, y = random.randint(220, 700), random.randint(455, 540)
            colour = random.choice(["#20242a", "#7b4f36", "#c9c3b6", "#a33", "#4d6a3a", "#ddd6c8"])
            pen.ellipse((x, y, x + random.randint(24, 66), y + random.randint(18, 42)), fill=colour)


def stall(pen: Pen, random: Random, after: bool) -> None:
    pen.rectangle((120, 250, 620, 380), fill="#6d5a4a")
    pen.polygon(((100, 250), (640, 250), (670, 300), (80, 300)), fill="#2c7a6b")
    if not after:
        for number in range(4):
            x = 130 + number * 160
            pen.polygon(((x, 400), (x + 130, 400), (x + 120, 480), (x + 8, 480)), fill="#8a6a4a")
            for i in range(14):
                fruit = random.choice(["#d9482b", "#e7a522", "#6aa84f", "#8e3b6d"])
                px, py = x + 8 + (i % 7) * 16, 384 + (i // 7) * 14
                pen.ellipse((px, py, px + 17, py + 17), fill=fruit)
            person(pen, x + 66, 400, random.choice(["#42536b", "#874b3c", "#5a6f4a"]), 0.9)


def car(pen: Pen, x: int, y: int, colour: str) -> None:
    pen.polygon(
        ((x + 50, y - 95), (x + 190, y - 95), (x + 240, y - 50), (x + 20, y - 50)), fill=shade_hex(colour)
    )
    pen.rounded_rectangle((x, y - 55, x + 280, y), 16, fill=colour)
    for wheel in (x + 55, x + 215):
        pen.ellipse((wheel - 27, y - 24, wheel + 27, y + 30), fill="#1d1f22")
        pen.ellipse((wheel - 11, y - 8, wheel + 11, y + 14), fill="#a9adb3")


def shade_hex(colour: str) -> tuple[int, int, int]:
    return shade(tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)), 0.7)


def parking(pen: Pen, random: Random, after: bool) -> None:
    pen.polygon(((60, 500), (880, 500), (920, 530), (20, 530)), outline="#e2b93b", width=6)
    for x in range(80, 880, 60):
        pen.line((x, 500, x + 40, 530), fill="#e2b93b", width=5)
    if not after:
        for x in (90, 420):
            car(pen, x, 490, random.choice(["#8c2f2f", "#dadada", "#2f4a6d", "#4b4f55"]))
    else:
        car(pen, 520, 680, "#2f4a6d")


def manhole(pen: Pen, random: Random, after: bool) -> None:
    pen.ellipse((310, 560, 650, 690), fill="#54575c")
    pen.ellipse((335, 572, 625, 680), fill="#6d7177" if after else "#15171a")
    if after:
        for i in range(6):
            pen.line((370, 590 + i * 14, 590, 590 + i * 14), fill="#595d63", width=4)
    else:
        pen.polygon(((480, 575), (625, 600), (600, 670), (520, 640)), fill="#6d7177")
        for x in (250, 690):
            pen.polygon(((x, 545), (x - 26, 640), (x + 26, 640)), fill="#e0622a")
            pen.line((x - 14, 600, x + 14, 600), fill="#f5f0e6", width=8)


def road(pen: Pen, random: Random, after: bool) -> None:
    points = [
        (480 + 190 * x + random.randint(-18, 18), 625 + 48 * y + random.randint(-8, 8))
        for x, y in (
            (-1, 0),
            (-0.6, -0.8),
            (0, -1),
            (0.7, -0.7),
            (1, 0.1),
            (0.5, 0.9),
            (-0.3, 1),
            (-0.8, 0.6),
        )
    ]
    pen.polygon(points, fill="#4a4b4e" if after else "#2b2825")
    if not after:
        pen.polygon([(x * 0.7 + 144, y * 0.7 + 190) for x, y in points], fill="#6b7f8d")
        for _ in range(22):
            x, y = random.randint(250, 720), random.randint(570, 690)
            pen.ellipse((x, y, x + 12, y + 8), fill="#7b7771")


def lamp(pen: Pen, random: Random, after: bool) -> None:
    pen.rectangle((0, 0, WIDTH, HEIGHT), fill="#18202c")
    for i in range(9):
        x = i * 115
        pen.rectangle((x, 180 + (i * 37) % 80, x + 100, 380), fill="#232d3b")
        for j in range(3):
            pen.rectangle(
                (x + 20, 250 + j * 40, x + 40, 272 + j * 40), fill=random.choice(["#caa85a", "#2c3848"])
            )
    pen.rectangle((0, 380, WIDTH, HEIGHT), fill="#2a2d33")
    for x in (180, 480, 780):
        if after:
            pen.polygon(((x + 70, 170), (x - 40, 520), (x + 200, 520)), fill="#4d4a38")
        pen.line((x, 560, x, 160), fill="#767c85", width=10)
        pen.line((x, 160, x + 80, 160), fill="#767c85", width=8)
        pen.ellipse((x + 52, 154, x + 96, 178), fill="#ffe39a" if after else "#3c434d")


def wires(pen: Pen, random: Random, after: bool) -> None:
    pen.rectangle((150, 40, 172, 540), fill="#8b7d6b")
    pen.rectangle((760, 40, 782, 540), fill="#8b7d6b")
    for number in range(6):
        sag = 30 if after else random.randint(120, 330)
        y = 80 + number * 14
        points = [
            (161 + i * 61, y + sag * (1 - ((i - 5) / 5) ** 2) * (1 if not after else 0.6)) for i in range(11)
        ]
        pen.line(points, fill="#17191c", width=4)
    if not after:
        pen.line(((420, 330), (410, 470), (470, 505), (560, 470)), fill="#17191c", width=5)
        pen.rounded_rectangle((560, 455, 640, 485), 6, fill="#efefef", outline="#777", width=2)


def bikes(pen: Pen, random: Random, after: bool) -> None:
    for number in range(8):
        x = 90 + number * 100
        y = 490 if after else random.randint(440, 520)
        colour = random.choice(["#2a78c2", "#e0b01f", "#3aa35a"])
        for wheel in (x, x + 62):
            pen.ellipse((wheel - 26, y - 26, wheel + 26, y + 26), outline="#22252a", width=5)
        tilt = 0 if after else random.randint(-22, 22)
        pen.line(
            ((x, y), (x + 26 + tilt, y - 46), (x + 62, y), (x + 30, y), (x + 26 + tilt, y - 46)),
            fill=colour,
            width=6,
        )
        pen.line((x + 56 + tilt, y - 66, x + 62, y), fill=colour, width=6)


def hallway(pen: Pen, random: Random, after: bool) -> None:
    pen.rectangle((0, 0, WIDTH, HEIGHT), fill="#cfc8ba")
    pen.polygon(((0, 0), (260, 120), (260, 560), (0, HEIGHT)), fill="#ddd6c8")
    pen.polygon(((WIDTH, 0), (700, 120), (700, 560), (WIDTH, HEIGHT)), fill="#d6cfc0")
    pen.polygon(((0, HEIGHT), (260, 560), (700, 560), (WIDTH, HEIGHT)), fill="#8f8a80")
    pen.rectangle((400, 220, 560, 560), fill="#8a3b30")
    pen.ellipse((530, 390, 548, 408), fill="#d8b74a")
    if not after:
        for x, y, w, h, colour in (
            (60, 430, 190, 210, "#94683f"),
            (110, 330, 120, 100, "#c9a06a"),
            (690, 420, 150, 190, "#c8c8c8"),
            (640, 520, 120, 90, "#b98a56"),
            (230, 520, 110, 80, "#d1ad7c"),
        ):
            dx = random.randint(-18, 18)
            pen.rectangle((x + dx, y, x + w + dx, y + h), fill=colour, outline="#5c4a36", width=3)
            pen.line((x + dx, y, x + w + dx, y + h), fill="#7a6247", width=2)


def wall(pen: Pen, random: Random, after: bool) -> None:
    pen.rectangle((140, 90, 820, 500), fill="#c7bfb0", outline="#8f8779", width=6)
    if not after:
        for _ in range(14):
            x, y = random.randint(170, 720), random.randint(120, 420)
            pen.rectangle((x, y, x + 64, y + 46), fill=random.choice(["#f4f1e8", "#f0d264", "#e8e0ee"]))
            for line in range(3):
                pen.line((x + 8, y + 12 + line * 11, x + 54, y + 12 + line * 11), fill="#b0392d", width=3)
        pen.line(((640, 90), (610, 190), (650, 280), (600, 400), (630, 500)), fill="#4b453c", width=6)


def works(pen: Pen, random: Random, after: bool) -> None:
    for x in range(60, 900, 140):
        pen.rectangle((x, 300, x + 128, 430), fill="#2f6fae" if (x // 140) % 2 else "#e7e9ea")
        pen.rectangle((x, 424, x + 128, 436), fill="#777")
    if not after:
        for x, h in ((170, 110), (380, 150), (600, 120)):
            pen.polygon(
                ((x - 130, 540), (x, 540 - h), (x + 140, 540)), fill=random.choice(["#8b6f4e", "#9a8262"])
            )
            for _ in range(10):
                px, py = x + random.randint(-90, 80), random.randint(490, 540)
                pen.rectangle((px, py, px + 20, py + 12), fill="#b0543e")


def trees(pen: Pen, random: Random, after: bool) -> None:
    for x in (140, 420, 700):
        pen.rectangle((x - 12, 300, x + 12, 510), fill="#6c4e33")
        for _ in range(16):
            dx, dy = random.randint(-95, 70), random.randint(-110, 40)
            green = random.choice(
                ["#3f7d3a", "#56924a", "#2f6b38"] if after else ["#a68a3c", "#8f8a44", "#6f7f3f"]
            )
            pen.ellipse((x + dx, 250 + dy, x + dx + 70, 310 + dy), fill=green)
    if not after:
        for _ in range(60):
            x, y = random.randint(40, 900), random.randint(490, 560)
            pen.ellipse((x, y, x + 12, y + 7), fill=random.choice(["#b08b35", "#8a6d2c", "#ece7da"]))


def river(pen: Pen, random: Random, after: bool) -> None:
    pen.polygon(
        ((0, 470), (WIDTH, 440), (WIDTH, HEIGHT), (0, HEIGHT)), fill="#5f93a6" if after else "#4d5a4a"
    )
    for _ in range(26):
        x, y = random.randint(0, 880), random.randint(490, 710)
        pen.line((x, y, x + random.randint(30, 90), y), fill="#8fbccb" if after else "#6a7763", width=3)
    pen.rectangle((0, 400, WIDTH, 412), fill="#c9c4ba")
    for x in range(0, WIDTH, 60):
        if after or x not in (420, 480):
            pen.rectangle((x, 400, x + 14, 468), fill="#c9c4ba")
    if not after:
        for _ in range(12):
            x, y = random.randint(120, 800), random.randint(520, 690)
            pen.ellipse((x, y, x + 110, y + 26), fill=random.choice(["#6c5d7d", "#5d6f4c", "#7a6a45"]))


def indoor(pen: Pen, random: Random, after: bool) -> None:
    room(pen, random)
    pen.rounded_rectangle((230, 470, 730, 510), 8, fill="#7a5534")
    for x in (260, 690):
        pen.rectangle((x, 505, x + 20, 640), fill="#6a492c")
    for x, coat in ((300, "#4a6384"), (480, "#8a4a43"), (650, "#57734e")):
        person(pen, x, 560, coat, 1.6 if after else 1.5)
    pen.rounded_rectangle((230, 470, 730, 512), 8, fill="#7a5534")
    if after:
        pen.polygon(((430, 462), (520, 458), (530, 476), (436, 480)), fill="#f7f5ee")


SCENES: dict[str, Scene] = {
    "rubbish": rubbish,
    "stall": stall,
    "parking": parking,
    "manhole": manhole,
    "road": road,
    "lamp": lamp,
    "wires": wires,
    "bikes": bikes,
    "hallway": hallway,
    "wall": wall,
    "works": works,
    "trees": trees,
    "river": river,
    "indoor": indoor,
}
#: Scenes of every day have two pictures before and after; 14 × 2 + 6 × 2 = 40.
TWICE = ("rubbish", "stall", "parking", "manhole", "hallway", "indoor")
SCENE_OF = {topic.category: topic.scene for topic in TOPICS}
OWN_GROUND = ("lamp", "hallway", "indoor")


def draw(scene: str, number: int, *, after: bool) -> bytes:
    """One picture as a JPEG; the same arguments give the same picture."""
    random = Random(f"{scene}{number}")  # the same houses before and after
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(picture)
    if scene not in OWN_GROUND:
        street(pen, random)
    SCENES[scene](pen, random, after)
    if after and scene not in OWN_GROUND:
        helper(pen, random)
    plate(pen)
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=85)
    return data.getvalue()
