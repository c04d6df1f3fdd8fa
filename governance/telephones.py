"""Telephone numbers as people in China write them: read, written in one way, and masked (pure, no query)."""

import re
import unicodedata

MOST_NUMBERS = 3
#: Room for three numbers with area codes and extensions, as people type them.
MOST_CHARACTERS = 80
SENTENCE = (
    "请填写电话号码：手机、座机（可带区号、分机，如 0871-63000000转801）、400 电话或短号；"
    f"多个号码用顿号隔开，最多 {MOST_NUMBERS} 个。"
)

_GAP = r"[ .-]*"
_CHINA = rf"(?:\(?(?:\+|00)?86\)?{_GAP})"
#: Every kind of number with how it is written down; a group is one part of it.
_KINDS: tuple[tuple[str, str], ...] = (
    (rf"{_CHINA}?(1[3-9]\d){_GAP}(\d{{4}}){_GAP}(\d{{4}})", "{0}{1}{2}"),
    (rf"\(?(0(?:10|2\d|[3-9]\d\d))\)?{_GAP}([2-8]\d{{2,3}}){_GAP}(\d{{4}})", "{0}-{1}{2}"),
    (rf"{_CHINA}\(?0?(10|2\d|[3-9]\d\d)\)?{_GAP}([2-8]\d{{2,3}}){_GAP}(\d{{4}})", "0{0}-{1}{2}"),
    (rf"([48]00){_GAP}(\d{{3}}){_GAP}(\d{{4}})", "{0}-{1}-{2}"),
    (rf"([48]00){_GAP}(\d{{4}}){_GAP}(\d{{3}})", "{0}-{1}-{2}"),
    (rf"([2-8]\d{{2,3}}){_GAP}(\d{{4}})", "{0}{1}"),
    (r"(1[0-2]\d{1,4}|9[56]\d{3,6})", "{0}"),  # 110, 12345, 95598
    (r"\+(?!86)([1-9]\d{0,2})" + rf"{_GAP}(\d[\d .-]{{4,16}}\d)", "+{0}{1}"),  # abroad
)
_EXTENSION = r"(?: *(?:转|分机号?|ext\.?|x|#|-)+ *[.:]? *(?P<extension>\d{1,6}))?"
_NUMBERS = [(re.compile(kind + _EXTENSION, re.ASCII | re.IGNORECASE), text) for kind, text in _KINDS]
_MOST_DIGITS_ABROAD = 15  # E.164
_BETWEEN = re.compile(r"[、,;/|\n]|或者?|和")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-") | dict.fromkeys("\t\r", " "))


def read(text: str) -> str:
    """One to three numbers in the one way they are stored: ``0871-63000000转801、13912345678``.

    Raises ``ValueError`` with a sentence for people.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(SENTENCE)
    parts = _BETWEEN.split(_plain(text))
    numbers = [number for part in parts for number in _in_one_part(part.split())]
    if not 1 <= len(numbers) <= MOST_NUMBERS:
        raise ValueError(SENTENCE)
    return "、".join(dict.fromkeys(numbers))


def _plain(text: str) -> str:
    """Half-width, with one kind of dash and without the invisible marks that phones copy along."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _in_one_part(words: list[str]) -> list[str]:
    """Numbers with nothing but blanks between them; as blanks stand inside numbers too, the longest one counts."""
    numbers = []
    while words:
        for end in range(len(words), 0, -1):
            if number := _number(" ".join(words[:end])):
                numbers.append(number)
                words = words[end:]
                break
        else:
            raise ValueError(SENTENCE)
    return numbers


def _number(text: str) -> str:
    """One number as it is stored, or nothing."""
    for pattern, form in _NUMBERS:
        if match := pattern.fullmatch(text):
            number = re.sub(r"[ .]", "", form.format(*match.groups()))
            if number.startswith("+"):
                number = number.replace("-", "")
                if len(number) - 1 > _MOST_DIGITS_ABROAD:
                    continue
            extension = match["extension"]
            return f"{number}转{extension}" if extension else number
    return ""


def mask(text: str) -> str:
    """139****5678、0871-****00转***; what was stored before numbers were read shows its last two figures."""
    return "、".join(_masked(one) for one in text.split("、"))


def _masked(number: str) -> str:
    number, _, extension = number.partition("转")
    area, _, local = number.partition("-")
    if re.fullmatch(r"1[3-9]\d{9}", number, re.ASCII):
        shown = f"{number[:3]}****{number[-4:]}"
    elif re.fullmatch(r"0\d{2,3}", area, re.ASCII) and local:
        shown = f"{area}-****{local[-2:]}"
    else:
        shown = f"****{number[-2:]}"
    return f"{shown}转***" if extension else shown
