"""Formulas of measures: a small tree of counters and numbers under + − × ÷ and bands; never code.

Written as people write them: ``closed + self_handled``, ``100 * closed / due``, ``bands(closed, 50: 100, 90: 75, 0)``
(up to 50 gives 100, up to 90 gives 75, beyond 0). A division by nothing gives nothing.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
#: A formula longer than this is no definition that anybody can check by hand.
LONGEST = 300


class NotAFormula(ValueError):
    """Text that is anything else than counters, numbers, + − × ÷ and bands."""


@dataclass(frozen=True)
class Formula:
    """A checked tree; ``counters`` are the names in it."""

    text: str
    counters: frozenset[str]
    tree: ast.expr

    def value(self, counts: Mapping[str, int]) -> float | None:
        """The value for some counts; nothing where it divides by nothing."""
        try:
            return _value(self.tree, counts)
        except ZeroDivisionError:
            return None

    @property
    def is_sum(self) -> bool:
        """Whether it only adds counters: then rows can be listed that it counts."""
        return all(
            isinstance(node, ast.Name | ast.Add | ast.BinOp | ast.Load) for node in ast.walk(self.tree)
        )


def parse(text: str) -> Formula:
    """Read a formula; raises ``NotAFormula`` for anything that is not one."""
    if len(text) > LONGEST:
        raise NotAFormula("a formula is at most 300 characters long")
    prepared = (
        text.replace("×", "*").replace("÷", "/").replace("−", "-").replace("（", "(").replace("）", ")")
    )
    try:
        tree = ast.parse(_bands_as_pairs(prepared), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as problem:
        raise NotAFormula(f"{text!r} cannot be read") from problem
    names: set[str] = set()
    _check(tree, names)
    return Formula(text, frozenset(names), tree)


def _bands_as_pairs(text: str) -> str:
    """``50: 100`` inside bands is written as a pair, which the parser knows."""
    out, pending = [], text
    while "bands(" in pending:
        before, _, rest = pending.partition("bands(")
        inside, closed, after = rest.partition(")")
        if not closed:
            raise NotAFormula("bands without an end")
        value, *steps = inside.split(",")
        pairs = [f"({step.replace(':', ',')})" if ":" in step else step for step in steps]
        out.append(f"{before}bands({','.join([value, *pairs])})")
        pending = after
    return "".join([*out, pending])


def _check(node: ast.expr, names: set[str]) -> None:
    match node:
        case ast.Name(id=name) if name != "bands":
            names.add(name)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            pass
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            _check(left, names)
            _check(right, names)
        case ast.Call(func=ast.Name(id="bands"), args=[value, *steps], keywords=[]) if len(steps) >= 2:
            _check(value, names)
            _check_bands(steps)
        case _:
            raise NotAFormula(f"{ast.unparse(node)!r} is no counter, number, + − × ÷ or bands")


def _check_bands(steps: list[ast.expr]) -> None:
    *pairs, last = steps
    limits = []
    for pair in pairs:
        match pair:
            case ast.Tuple(
                elts=[ast.Constant(value=int() | float() as limit), ast.Constant(value=int() | float())]
            ):
                limits.append(limit)
            case _:
                raise NotAFormula("a band is a limit and its points")
    if limits != sorted(set(limits)):
        raise NotAFormula("the limits of bands rise")
    if not isinstance(last, ast.Constant) or not isinstance(last.value, int | float):
        raise NotAFormula("what is beyond the last band has points too")


def _value(node: ast.expr, counts: Mapping[str, int]) -> float:
    match node:
        case ast.Name(id=name):
            return counts[name]
        case ast.Constant(value=value):
            return value
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATIONS[type(op)](_value(left, counts), _value(right, counts))
        case ast.Call(args=[value, *steps]):
            asked = _value(value, counts)
            *pairs, last = steps
            for pair in pairs:
                limit, points = (one.value for one in pair.elts)
                if asked <= limit:
                    return points
            return last.value
    raise AssertionError(node)  # _check lets nothing else pass
