"""Formulas of measures: a small tree of counters and numbers under + − × ÷, bands and weights; never code.

Written as people write them: ``closed + self_handled``, ``100 * whistles / closed``; ``bands[closed, 50: 100, 90: 75, 0]``
(up to 50 gives 100 points, up to 90 gives 75, beyond 0); ``weights[in_time: 60, 100 - late: 40]``, whose weights are 100
together. A division by nothing gives nothing.
"""

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

_OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_WRITTEN = str.maketrans({"×": "*", "÷": "/", "−": "-", "（": "(", "）": ")"})
BANDS, WEIGHTS = "bands", "weights"
#: What the weights of a score are together.
WHOLE = 100
#: A formula longer than this is no definition that anybody can check by hand.
LONGEST = 400


class NotAFormula(ValueError):
    """Text that is anything else than counters, numbers, + − × ÷, bands and weights."""


@dataclass(frozen=True)
class Formula:
    """A checked tree; ``counters`` are the names in it."""

    text: str
    counters: frozenset[str]
    tree: ast.expr

    def value(self, counts: Mapping[str, float]) -> float | None:
        """The value for some counts; nothing where it divides by nothing."""
        try:
            return _value(self.tree, counts)
        except ZeroDivisionError:
            return None

    @cached_property
    def terms(self) -> dict[str, float] | None:
        """Counters with their factors where it only adds them up: then its rows can be listed. None elsewhere."""
        return _terms(self.tree)

    @property
    def parts(self) -> list[tuple[ast.expr, float]]:
        """The weighted parts of a score; none where it is no score."""
        match self.tree:
            case ast.Subscript(value=ast.Name(id=name), slice=inside) if name == WEIGHTS:
                return [(part, weight) for part, weight in _pairs(_members(inside))]
        return []


#: Of a measure for which there is no data: no counter, no value.
NOTHING = Formula("", frozenset(), ast.Constant(0))


def parse(text: str) -> Formula:
    """Read a formula; raises ``NotAFormula`` for anything that is not one."""
    if len(text) > LONGEST:
        raise NotAFormula(f"a formula is at most {LONGEST} characters long")
    try:
        tree = ast.parse(text.translate(_WRITTEN).strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as problem:
        raise NotAFormula(f"{text!r} cannot be read") from problem
    names: set[str] = set()
    _check(tree, names)
    return Formula(text, frozenset(names), tree)


def names_in(tree: ast.expr) -> Iterator[str]:
    """Names of counters, or of measures in a score, that a part of a formula is made of."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in (BANDS, WEIGHTS):
            yield node.id


def _members(inside: ast.expr) -> list[ast.expr]:
    return list(inside.elts) if isinstance(inside, ast.Tuple) else [inside]


def _pairs(members: list[ast.expr]) -> Iterator[tuple[ast.expr, float]]:
    """``a: 40`` as its two sides."""
    for member in members:
        match member:
            case ast.Slice(lower=ast.expr() as left, upper=right, step=None) if _number(right) is not None:
                yield left, _number(right)  # type: ignore[misc]
            case _:
                raise NotAFormula(f"{ast.unparse(member)!r} is not a value and its points")


def _number(node: ast.expr | None) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and math.isfinite(
            value
        ):
            return value
    return None


def _check(node: ast.expr, names: set[str]) -> None:
    match node:
        case ast.Name(id=name) if name not in (BANDS, WEIGHTS):
            names.add(name)
        case ast.Constant() if _number(node) is not None:
            pass
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            _check(left, names)
            _check(right, names)
        case ast.Subscript(value=ast.Name(id=name), slice=inside) if name == BANDS:
            value, *steps = _members(inside)
            _check(value, names)
            _check_bands(steps)
        case ast.Subscript(value=ast.Name(id=name), slice=inside) if name == WEIGHTS:
            parts = list(_pairs(_members(inside)))
            for part, _ in parts:
                _check(part, names)
            _check_weights(parts)
        case _:
            raise NotAFormula(f"{ast.unparse(node)!r} is no counter, number, + − × ÷, bands or weights")


def _check_bands(steps: list[ast.expr]) -> None:
    if len(steps) < 2 or _number(steps[-1]) is None:
        raise NotAFormula("what is beyond the last band has points too")
    limits = [_number(limit) for limit, _ in _pairs(steps[:-1])]
    if None in limits:
        raise NotAFormula("a band is a limit and its points")
    if limits != sorted(set(limits)):  # type: ignore[type-var]
        raise NotAFormula("the limits of bands rise")


def _check_weights(parts: list[tuple[ast.expr, float]]) -> None:
    if any(weight <= 0 for _, weight in parts):
        raise NotAFormula("a weight is above nothing")
    if not math.isclose(total := sum(weight for _, weight in parts), WHOLE):
        raise NotAFormula(f"the weights are {total:g} together, not {WHOLE}")
    every = [name for part, _ in parts for name in set(names_in(part))]
    if twice := sorted({name for name in every if every.count(name) > 1}):
        raise NotAFormula(f"{'、'.join(twice)} is weighted twice")


def _value(node: ast.expr, counts: Mapping[str, float]) -> float:
    match node:
        case ast.Name(id=name):
            return counts[name]
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATIONS[type(op)](_value(left, counts), _value(right, counts))
        case ast.Subscript(value=ast.Name(id="bands"), slice=inside):
            asked, *steps = _members(inside)
            value = _value(asked, counts)
            for limit, points in _pairs(steps[:-1]):
                if value <= _value(limit, counts):
                    return points
            return _value(steps[-1], counts)
        case ast.Subscript(slice=inside):
            return sum(_value(part, counts) * weight for part, weight in _pairs(_members(inside))) / WHOLE
    raise AssertionError(node)  # _check lets nothing else pass


def _terms(node: ast.expr) -> dict[str, float] | None:
    match node:
        case ast.Name(id=name):
            return {name: 1}
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            return _added(_terms(left), _terms(right), 1 if isinstance(op, ast.Add) else -1)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            number, other = (left, right) if _number(left) is not None else (right, left)
            return _times(_terms(other), _number(number))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _times(_terms(left), 1 / divisor if (divisor := _number(right)) else None)
    return None


def _added(
    left: dict[str, float] | None, right: dict[str, float] | None, sign: int
) -> dict[str, float] | None:
    if left is None or right is None:
        return None
    return {name: left.get(name, 0) + sign * right.get(name, 0) for name in (*left, *right)}


def _times(terms: dict[str, float] | None, factor: float | None) -> dict[str, float] | None:
    if terms is None or factor is None:
        return None
    return {name: factor * value for name, value in terms.items()}
