"""Moves as buttons: a key of its own for every form, the letter that presses it."""

import uuid

from cases.workflow import Move

#: The letter of each move, near its pinyin or its English name; the same on every page.
LETTERS = {
    "send_to_check": "h",
    "found": "y",
    "not_found": "o",
    "register": "l",
    "decline": "x",
    "merge": "b",
    "return": "t",
    "dispatch": "d",
    "accept": "a",
    "refuse": "t",
    "adjudicate": "d",
    "ask_extension": "e",
    "grant_extension": "e",
    "grant_suspension": "g",
    "endorse_suspension": "g",
    "grant_void": "v",
    "resume": "r",
    "feedback": "f",
    "pass": "p",
    "fail": "q",
    "close": "c",
    "refuse_closing": "x",
    "evaluate": "e",
    "escalate": "s",
    "reply_supervision": "w",
    "accept_supervision": "z",
    "order_supervision": "i",
    "comment": "m",
    "urge": "u",
}


def letter(move: Move) -> str:
    """The letter that presses this move, or nothing."""
    return LETTERS.get(move.name, "")


def is_direct(move: Move) -> bool:
    """Done by one press: nothing to fill in, nothing to ask twice."""
    return not move.needs and not move.ends_badly


def fresh_key() -> str:
    """A client's key for one form; a page with several forms gives each its own."""
    return str(uuid.uuid4())
