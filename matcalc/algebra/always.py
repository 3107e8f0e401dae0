"""The laws of the table that need no search: applied by the constructors, as nodes arise.

They are of three forms, found by their left sides: two neighbours in a chain, diag(u) v; a function
of something, tr(diag(u) A); a power, diag(u)^k.  Which nodes a law may be about is read off its
left side, so that most nodes are told apart without looking into them.  The laws that only
expand, det(A B) = det(A) det(B), are kept in the same way, for ``rewrite``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from matcalc.algebra.builders import apart_by_law, call_by_law, pair_by_law, power_by_law
from matcalc.algebra.interpret import formula
from matcalc.algebra.ir import Apply, Node, Product, Symbol, is_head
from matcalc.algebra.matching import Binding, all_proposals, instance, parts, rotated
from matcalc.algebra.normal import transpose
from matcalc.algebra.properties import has
from matcalc.algebra.rows import called, placeholders, read
from matcalc.language.sizes import Shape
from matcalc.language.tree import Call, Multiply, Power
from matcalc.tables.functions import FUNCTIONS
from matcalc.tables.laws import LAWS, Law


@dataclass(frozen=True)
class Always:
    """Where the patterns match the parts of a node, the result stands instead.

    ``shows``  the heads, and "column" for a column, that the factors of an argument must show
    ``shape``  that of a function's value, in the sizes of the row
    """

    patterns: tuple[Node, ...]
    result: Node
    holes: tuple[Symbol, ...]
    shows: frozenset[str] = frozenset()
    shape: Shape | None = None


_laws: dict[tuple[str, ...], tuple[Always, ...]] = {}
_read_in: set[str] = set()
_reading: list[Law] = []


def forget() -> None:
    """The table is read again when it is asked next."""
    _laws.clear()
    _read_in.clear()
    _rows_about.cache_clear()


def _found(*key: str) -> tuple[Always, ...]:
    """The laws for a key; while rows are being read, there are none.

    A row is read when a head that its left side shows is first asked for: most are never needed.
    """
    if _reading:
        return ()
    for head in key[1:]:
        for law in _rows_about().pop(head, ()):
            if law.name not in _read_in:
                _read_in.add(law.name)
                _reading.append(law)
                try:
                    place, made = _read(law)
                finally:
                    _reading.pop()
                _laws[place] = (*_laws.get(place, ()), made)
    return _laws.get(key, ())


@cache
def _rows_about() -> dict[str, list[Law]]:
    """The rows still to be read by the heads of their left sides; a diag may be of a matrix."""
    found: dict[str, list[Law]] = {}
    for law in LAWS.values():
        if law.by in ("always", "expanding"):
            names = called(law.left)
            names |= {row.name for row in FUNCTIONS.values() if row.written in names}
            for name in names:
                found.setdefault(name, []).append(law)
    return found


def _read(law: Law) -> tuple[tuple[str, ...], Always]:
    """A row, and the key under which it is found."""
    holes, sizes = placeholders(law)
    left, result = formula(law.left), read(formula(law.right), holes, sizes)
    given = tuple(hole for hole in holes.values() if hole.facts)
    match left:
        case Multiply(factors=(_, _)):
            pair = tuple(read(factor, holes, sizes) for factor in left.factors)
            scalar = pair[0].shape.is_row and pair[1].shape.is_column
            key: tuple[str, ...] = ("scalar" if scalar else "pair", *map(_head, pair))
            return key, Always(pair, result, given)
        case Power():
            base, exponent = (read(side, holes, sizes) for side in (left.base, left.exponent))
            return ("power", _head(base)), Always((base, exponent), result, given)
        case Call():
            whole = read(left, holes, sizes)
            assert isinstance(whole, Apply)
            args = tuple(read(arg, holes, sizes) for arg in left.args[: len(whole.args)])
            shows = frozenset().union(*map(_shown, args))
            return (law.by, whole.head), Always(args, result, given, shows, whole.shape)
    raise AssertionError(f"{law.name}: {law.left} is no pair of factors, no call and no power")


def _head(node: Node) -> str:
    """The function that a node or its transpose is a value of; "" for a placeholder."""
    if isinstance(node, Apply) and node.head == "transpose":
        node = node.args[0]
    return node.head if isinstance(node, Apply) else ""


def _shown(node: Node) -> frozenset[str]:
    """What the factors of a node show."""
    factors = [b for b, _ in node.chain] if isinstance(node, Product) else [node]
    heads = {b.head for b in factors if isinstance(b, Apply) and b.head != "transpose"}
    return frozenset(heads | {"column" for b in factors if b.shape.is_column})


@pair_by_law.is_
def _pair(left: Node, right: Node) -> Node | None:
    scalar = left.shape.is_row and right.shape.is_column
    here, there = _head(left), _head(right)
    for heads in dict.fromkeys(((here, there), (here, ""), ("", there))):
        for law in _found("scalar" if scalar else "pair", *heads):
            for made in _made(law, (left, right)):
                return made
    return None


@power_by_law.is_
def _power(base: Node, exponent: Node) -> Node | None:
    for law in _found("power", _head(base)):
        for made in _made(law, (base, exponent)):
            return made
    return None


@call_by_law.is_
def _call(head: str, args: Sequence[Node], shape: Shape) -> Node | None:
    return _of_call("always", head, args, shape)


@apart_by_law.is_
def _apart(head: str, args: Sequence[Node], shape: Shape) -> Node | None:
    return _of_call("expanding", head, args, shape)


def _of_call(by: str, head: str, args: Sequence[Node], shape: Shape) -> Node | None:
    laws = _found(by, head)
    if not laws:
        return None
    shown = frozenset().union(*map(_shown, args))
    for law in laws:
        if law.shows <= shown:
            for variant in _variants(head, args, law):
                for made in _made(law, variant, shape):
                    if made.shape == shape and not _is(made, head, args):
                        return made
    return None


def _is(node: Node, head: str, args: Sequence[Node]) -> bool:
    return is_head(node, head) and node.args == tuple(args)


def _variants(head: str, args: Sequence[Node], law: Always) -> Iterator[Sequence[Node]]:
    """The arguments in every way that gives the same value, as far as the law may be about them."""
    yield args
    if head == "tr":
        first = _head(parts(law.patterns[0])[2][0][0])
        for i, (base, _) in enumerate(parts(args[0])[2]):
            if i and (not first or _head(base) == first):
                yield (rotated(parts(args[0])[2], i),)
    elif FUNCTIONS[head].transposable:
        yield [transpose(arg) for arg in args]


def _made(law: Always, subjects: Sequence[Node], shape: Shape | None = None) -> Iterator[Node]:
    """What the law makes of its parts, in every way in which they match."""
    start: Binding | None = Binding()
    if law.shape is not None and shape is not None:
        start = Binding().sized(law.shape, shape)
    for binding in all_proposals(law.patterns, subjects, start) if start else ():
        conforms = all(
            instance(p, binding) is s for p, s in zip(law.patterns, subjects, strict=True)
        )
        if conforms and all(
            has(binding.names[h.name], fact) for h in law.holes for fact in h.facts
        ):
            yield instance(law.result, binding)
