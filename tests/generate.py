"""Random well-shaped expressions with declarations: text, a variable, and an order.

Written as text, not as trees, so that the parser takes part, and with more parentheses than
needed, so that what is meant does not depend on it.  Every production of :data:`PRODUCTIONS`
makes an expression of a wanted shape out of smaller ones; all names are declared, so that nothing
is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

Shape = tuple[str, str]
SCALAR: Shape = ("1", "1")

DECLARED: dict[str, tuple[Shape, str]] = {
    "t": (SCALAR, ""),
    "s": (SCALAR, ""),
    "alpha": (SCALAR, "positive"),
    "x": (("n", "1"), ""),
    "y": (("n", "1"), ""),
    "z": (("n", "1"), "positive"),
    "u": (("m", "1"), ""),
    "v": (("m", "1"), ""),
    "r": (("1", "n"), ""),
    "X": (("m", "n"), ""),
    "Y": (("m", "n"), ""),
    "Z": (("n", "m"), ""),
    "A": (("n", "n"), ""),
    "B": (("m", "m"), ""),
    "Q": (("n", "n"), "symmetric"),
    "P": (("n", "n"), "positive definite"),
    "K": (("n", "n"), "skew"),
    "S": (("m", "m"), "symmetric"),
    "L": (("n", "n"), "diagonal"),
}
WRT = ("t", "s", "alpha", "x", "y", "z", "u", "X", "Y", "Z", "A", "B", "Q", "P")
SMOOTH = ("exp", "sin", "cos", "tanh", "sigmoid", "softplus", "atan", "asinh", "erf", "cosh")
RARE = ("log", "sqrt", "abs", "relu", "log1p", "expm1", "sinh", "tan", "asin", "lgamma", "atanh")


@dataclass(frozen=True)
class Case:
    """What ``matcalc.diff`` takes."""

    source: str
    where: tuple[str, ...]
    wrt: str
    order: int = 1

    def __str__(self) -> str:
        where = " ".join(f"--where '{declaration}'" for declaration in self.where)
        return f'matcalc diff "{self.source}" --wrt {self.wrt} --order {self.order} {where}'


Make = Callable[[Random, Shape, int, str], str]  # rng, shape, depth left, favourite name -> text


def paren(text: str) -> str:
    """As a factor: in parentheses unless it is a name, a call or a number."""
    depth, atomic = 0, bool(re.match(r"[A-Za-z0-9(]", text))
    for k, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        closed = depth == 0 and k < len(text) - 1
        atomic = atomic and not (closed and not re.match(r"[A-Za-z0-9.]", character))
    atomic = (
        atomic and (text[0] != "(" or text[-1] == ")") and " " not in re.sub(r"\(.*\)", "", text)
    )
    return text if atomic else f"({text})"


def expression(rng: Random, shape: Shape, depth: int, name: str) -> str:
    """Text of an expression of this shape; ``name`` is used more often than others."""
    rows, cols = shape
    if depth <= 0:
        return leaf(rng, shape, name)
    if shape == SCALAR:
        makers = SCALARS
    elif cols == "1":
        makers = VECTORS
    elif rows == "1":
        makers = ROWS
    else:
        makers = MATRICES + (SQUARES if rows == cols else ())
    return rng.choice(makers)(rng, shape, depth - 1, name)


def leaf(rng: Random, shape: Shape, name: str) -> str:
    """A name, or the transpose of one, or a constant."""
    rows, cols = shape
    fits = [n for n, (s, _) in DECLARED.items() if s == shape]
    turned = [n + "'" for n, (s, _) in DECLARED.items() if s == (cols, rows) and s != shape]
    if name in fits and rng.random() < 0.6:
        return name
    if name + "'" in turned and rng.random() < 0.6:
        return name + "'"
    constants = [rng.choice(["2", "3", "1/2", "0.5"])] if shape == SCALAR else []
    return rng.choice(fits * 2 + turned + constants or [f"ones({rows}, {cols})"])


def _size(rng: Random) -> str:
    return rng.choice(("n", "n", "m"))


def _sum(rng: Random, shape: Shape, depth: int, name: str) -> str:
    left = expression(rng, shape, depth, name)
    right = expression(rng, shape, max(0, depth - rng.randint(0, 2)), name)
    return f"{left} {rng.choice('+-')} {paren(right)}"


def _scaled(rng: Random, shape: Shape, depth: int, name: str) -> str:
    scalar = expression(rng, SCALAR, min(depth, 2), name)
    body = paren(expression(rng, shape, depth, name))
    if rng.random() < 0.3:
        return f"{body} / ({square_plus(scalar)})"
    return f"{paren(scalar)} * {body}"


def square_plus(scalar: str) -> str:
    """Something positive."""
    return f"1 + ({scalar})^2"


def _negative(rng: Random, shape: Shape, depth: int, name: str) -> str:
    return f"-{paren(expression(rng, shape, depth, name))}"


def _product(rng: Random, shape: Shape, depth: int, name: str) -> str:
    inner = _size(rng)
    left = expression(rng, (shape[0], inner), depth, name)
    right = expression(rng, (inner, shape[1]), max(0, depth - 1), name)
    return f"{paren(left)} {paren(right)}"


def _hadamard(rng: Random, shape: Shape, depth: int, name: str) -> str:
    left, right = (paren(expression(rng, shape, d, name)) for d in (depth, max(0, depth - 1)))
    return f"{left} .* {right}"


def _quotient(rng: Random, shape: Shape, depth: int, name: str) -> str:
    left, right = (paren(expression(rng, shape, d, name)) for d in (depth, max(0, depth - 2)))
    return f"{left} ./ exp({right})"


def _elementwise(rng: Random, shape: Shape, depth: int, name: str) -> str:
    argument = expression(rng, shape, depth, name)
    if rng.random() < 0.75:
        return f"{rng.choice(SMOOTH)}({argument})"
    return f"{rng.choice(RARE)}({argument})"


def _powered(rng: Random, shape: Shape, depth: int, name: str) -> str:
    base = paren(expression(rng, shape, depth, name))
    if shape == SCALAR:
        return f"{base}^{rng.choice(['2', '3', '2', '-1', '(1/2)', '(-2)'])}"
    return f"{base} .^ {rng.choice(['2', '3', '2', '(-1)', '(1/2)'])}"


def _transposed(rng: Random, shape: Shape, depth: int, name: str) -> str:
    return f"{paren(expression(rng, (shape[1], shape[0]), depth, name))}'"


def _trace(rng: Random, shape: Shape, depth: int, name: str) -> str:
    n = _size(rng)
    return f"tr({expression(rng, (n, n), depth, name)})"


def _determinant(rng: Random, shape: Shape, depth: int, name: str) -> str:
    n = _size(rng)
    function = rng.choice(("det", "logdet"))
    return f"{function}({expression(rng, (n, n), min(depth, 2), name)})"


def _form(rng: Random, shape: Shape, depth: int, name: str) -> str:
    n, m = _size(rng), _size(rng)
    left = paren(expression(rng, (n, "1"), depth, name))
    middle = paren(expression(rng, (n, m), max(0, depth - 2), name))
    return f"{left}' {middle} {paren(expression(rng, (m, '1'), max(0, depth - 1), name))}"


def _reduced(rng: Random, shape: Shape, depth: int, name: str) -> str:
    function = rng.choice(("sum", "mean", "norm", "sum", "norm", "norm1"))
    inner: Shape = (_size(rng), rng.choice(("1", "1", "n", "m")))
    return f"{function}({expression(rng, inner, depth, name)})"


def _inner(rng: Random, shape: Shape, depth: int, name: str) -> str:
    inner: Shape = (_size(rng), rng.choice(("1", "n", "m")))
    left, right = (expression(rng, inner, d, name) for d in (depth, max(0, depth - 1)))
    return rng.choice((f"<{left}, {right}>", f"inner({left}, {right})"))


def _logsumexp(rng: Random, shape: Shape, depth: int, name: str) -> str:
    return f"logsumexp({expression(rng, (_size(rng), '1'), depth, name)})"


def _ratio(rng: Random, shape: Shape, depth: int, name: str) -> str:
    above = paren(expression(rng, shape, depth, name))
    below = expression(rng, shape, max(0, depth - 1), name)
    return f"{above} / ({rng.choice((square_plus(below), 'exp(' + below + ')'))})"


def _safe_log(rng: Random, shape: Shape, depth: int, name: str) -> str:
    function = rng.choice(("log", "sqrt", "lgamma"))
    return f"{function}({square_plus(expression(rng, shape, depth, name))})"


def _norm_squared(rng: Random, shape: Shape, depth: int, name: str) -> str:
    return f"||{expression(rng, (_size(rng), rng.choice(('1', 'm'))), depth, name)}||^2"


def _softmax(rng: Random, shape: Shape, depth: int, name: str) -> str:
    return f"{rng.choice(('softmax', 'logsoftmax'))}({expression(rng, shape, depth, name)})"


def _diagonal(rng: Random, shape: Shape, depth: int, name: str) -> str:
    return f"diag({expression(rng, (shape[0], shape[0]), depth, name)})"


def _broadcast(rng: Random, shape: Shape, depth: int, name: str) -> str:
    scalar = expression(rng, SCALAR, min(depth, 2), name)
    vector = expression(rng, shape, depth, name)
    return rng.choice((f"{paren(scalar)} + {paren(vector)}", f"{paren(vector)} - {paren(scalar)}"))


def _solve(rng: Random, shape: Shape, depth: int, name: str) -> str:
    matrix = _inverse(rng, (shape[0], shape[0]), min(depth, 2), name)
    return f"{matrix} {paren(expression(rng, shape, max(0, depth - 1), name))}"


def _inverse(rng: Random, shape: Shape, depth: int, name: str) -> str:
    body = expression(rng, shape, min(depth, 3), name)
    if rng.random() < 0.5:
        body = f"I + {paren(body)}"
    return f"inv({body})"


def _outer(rng: Random, shape: Shape, depth: int, name: str) -> str:
    left = paren(expression(rng, (shape[0], "1"), depth, name))
    return f"{left} {paren(expression(rng, (shape[1], '1'), max(0, depth - 1), name))}'"


def _diag(rng: Random, shape: Shape, depth: int, name: str) -> str:
    return f"diag({expression(rng, (shape[0], '1'), depth, name)})"


def _identity_plus(rng: Random, shape: Shape, depth: int, name: str) -> str:
    scalar = paren(expression(rng, SCALAR, min(depth, 2), name))
    return f"{paren(expression(rng, shape, depth, name))} + {scalar} I"


def _matrix_power(rng: Random, shape: Shape, depth: int, name: str) -> str:
    return f"{paren(expression(rng, shape, min(depth, 2), name))}^{rng.choice('23')}"


Makers = tuple[Make, ...]
COMMON: Makers = (_sum, _sum, _scaled, _negative, _elementwise, _elementwise, _powered)
SCALARS: Makers = (
    *COMMON,
    *(_trace, _determinant, _form, _form, _reduced, _reduced, _inner, _logsumexp, _ratio),
    *(_safe_log, _norm_squared),
)
ARRAYS: Makers = (*COMMON, _product, _product, _product, _hadamard, _hadamard, _quotient)
VECTORS: Makers = (*ARRAYS, _transposed, _softmax, _diagonal, _broadcast, _solve)
ROWS: Makers = (_transposed, _transposed, _product, _product, _sum, _scaled)
MATRICES: Makers = (*ARRAYS, _transposed, _transposed, _outer, _solve)
SQUARES: Makers = (_inverse, _diag, _identity_plus, _matrix_power, _inverse)


def random_case(rng: Random, depth: int = 5) -> Case:
    """One case of a kind that has a derivative without Kronecker products."""
    while True:
        name = rng.choice(WRT)
        shape, order = _target(rng, DECLARED[name][0])
        source = expression(rng, shape, depth, name)
        used = set(re.findall(r"[A-Za-z]+", source))
        if name in used and nesting(source) >= 2 and len(source) < 40 * depth:
            return Case(source, tuple(declare(n) for n in DECLARED if n in used), name, order)


def _target(rng: Random, variable: Shape) -> tuple[Shape, int]:
    """The shape of f and the order: scalar by anything, vector by vector, anything by scalar."""
    vector = (_size(rng), "1")
    if variable == SCALAR:
        matrix = (_size(rng), _size(rng))
        return rng.choice((SCALAR, SCALAR, vector, matrix)), rng.choice((1, 1, 2))
    if variable[1] == "1":
        return rng.choice(((SCALAR, 1), (SCALAR, 1), (SCALAR, 2), (vector, 1)))
    return SCALAR, 1


def nesting(source: str) -> int:
    """How deep the parentheses nest."""
    deepest = depth = 0
    for character in source:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def declare(name: str) -> str:
    """The declaration of one of the names."""
    shape, facts = DECLARED[name]
    return " ".join([f"{name}:", "scalar" if shape == SCALAR else " x ".join(shape), facts]).strip()


def cases(count: int, seed: int = 0, depth: int = 5) -> Iterator[Case]:
    """Cases by number: the same every time."""
    return (random_case(Random(f"{seed}-{k}"), depth) for k in range(count))


def strategy(depth: int = 5) -> st.SearchStrategy[Any]:
    """The same for Hypothesis, which then shrinks the choices."""
    return st.randoms(use_true_random=False).map(lambda rng: random_case(rng, depth))
