"""What the functions of the language mean, in mpmath.

:data:`ENTRIES` are functions of one number; ``edge`` guards what has no derivative at zero, and
raises only where the input is evaluated (a result may well say sign(0)).  :data:`MATRICES` are
functions of matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import mp

from judge import values
from judge.values import TINY, Matrix, Mismatch, Outside, scalar, times, total

Entry = Callable[[Any], Any]


def _within(f: Entry, inside: Callable[[Any], bool]) -> Entry:
    def guarded(x: Any) -> Any:
        if not inside(x):
            raise Outside("outside the domain")
        return f(x)

    return guarded


def _positive(f: Entry) -> Entry:
    return _within(f, lambda x: x > TINY)


def _unit(f: Entry) -> Entry:
    return _within(f, lambda x: abs(x) < 1 - TINY)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


ENTRIES: dict[str, Entry] = {
    "exp": lambda x: mp.exp(x),
    "log": _positive(mp.log),
    "ln": _positive(mp.log),
    "log1p": _within(lambda x: mp.log(1 + x), lambda x: x > TINY - 1),
    "expm1": lambda x: mp.exp(x) - 1,
    "abs": abs,
    "sign": lambda x: mp.zero if abs(x) < TINY else mp.sign(x),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": _unit(mp.asin),
    "acos": _unit(mp.acos),
    "atan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "asinh": mp.asinh,
    "acosh": _within(mp.acosh, lambda x: x > 1 + TINY),
    "atanh": _unit(mp.atanh),
    "sigmoid": _sigmoid,
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "relu": lambda x: max(x, mp.zero),
    "step": lambda x: mp.mpf("0.5") if abs(x) < TINY else mp.mpf(x > 0),
    "erf": mp.erf,
    "erfc": mp.erfc,
    "tgamma": _positive(mp.gamma),
    "lgamma": _positive(mp.loggamma),
    "digamma": _positive(mp.digamma),
    "trigamma": _positive(lambda x: mp.psi(1, x)),
    "sqrt": _within(mp.sqrt, lambda x: x >= 0),
}
ENTRIES |= {"logistic": ENTRIES["sigmoid"], "arcsin": ENTRIES["asin"]}
ENTRIES |= {"arccos": ENTRIES["acos"], "arctan": ENTRIES["atan"]}
EDGES = frozenset(("abs", "sign", "relu", "step", "sqrt"))  # not smooth at zero
LARGE = 10**6  # of an exponent, beyond which exp takes for ever


def power(x: Any, p: Any) -> Any:
    """x to the power p."""
    if p == mp.floor(p):
        if p < 0 and abs(x) < TINY:
            raise Outside("a division by zero")
        return x ** int(p) if abs(p) < LARGE else x**p
    if x < TINY:
        raise Outside("a root of what is not positive")
    return mp.exp(p * mp.log(x))


def divide(x: Any, y: Any) -> Any:
    if abs(y) < TINY:
        raise Outside("a division by zero")
    return x / y


def _diag(X: Matrix) -> Matrix:
    if X.cols == 1:
        n = X.rows
        return values.build(n, n, lambda i, j: X.entries[i] if i == j else mp.zero)
    return _diagonal(X)


def _diagonal(X: Matrix) -> Matrix:
    _check_square(X)
    return Matrix(X.rows, 1, [X[i, i] for i in range(X.rows)])


def _check_square(X: Matrix) -> None:
    if X.rows != X.cols:
        raise Mismatch(f"{X.shape} is not square")


def _trace(X: Matrix) -> Matrix:
    return scalar(total(_diagonal(X).entries))


def _logdet(X: Matrix) -> Matrix:
    det = abs(values.eliminate(X)[0])
    if det < TINY:
        raise Outside("log det of a singular matrix")
    return scalar(mp.log(det))


def _adjugate(X: Matrix) -> Matrix:
    return values.inverse(X).scaled(values.eliminate(X)[0])


def _logsumexp(x: Matrix) -> Matrix:
    _check_vector(x)
    return scalar(mp.log(total(map(mp.exp, x.entries))))


def _check_vector(x: Matrix) -> None:
    if not x.is_vector:
        raise Mismatch(f"{x.shape} is no vector")


def _softmax(x: Matrix) -> Matrix:
    _check_vector(x)
    above = x.map(mp.exp)
    return above.scaled(1 / total(above.entries))


def _logsoftmax(x: Matrix) -> Matrix:
    return x.map(lambda e: e - _logsumexp(x).entries[0])


def _onehotmax(x: Matrix) -> Matrix:
    _check_vector(x)
    first, *rest = sorted(x.entries, reverse=True)
    if rest and first - rest[0] < TINY:
        raise Outside("two largest entries")
    return x.map(lambda e: mp.mpf(e == first))


def _norminf(x: Matrix) -> Matrix:
    _check_vector(x)
    size = x.map(abs)
    _onehotmax(size)
    return scalar(size.largest)


def _dot(x: Matrix, y: Matrix) -> Matrix:
    _check_vector(x)
    return _inner(x, y)


def _inner(X: Matrix, Y: Matrix) -> Matrix:
    if X.shape != Y.shape:
        raise Mismatch(f"inner product of {X.shape} and {Y.shape}")
    return scalar(total(x * y for x, y in zip(X.entries, Y.entries)))


def _norm(X: Matrix) -> Matrix:
    return scalar(mp.sqrt(total(e * e for e in X.entries)))


def _pinv(X: Matrix) -> Matrix:
    """X' (X X')^-1 or (X'X)^-1 X', for a matrix of full rank."""
    if X.rows <= X.cols:
        return times(X.T, values.inverse(times(X, X.T)))
    return times(values.inverse(times(X.T, X)), X.T)


def _triangle(keep: Callable[[int, int], bool]) -> Callable[[Matrix], Matrix]:
    return lambda X: values.build(X.rows, X.cols, lambda i, j: X[i, j] if keep(i, j) else mp.zero)


def block(Z: Matrix, i: int, j: int, rows: int, cols: int) -> Matrix:
    """Block (i, j) of those of this shape that Z is made of."""
    return values.build(rows, cols, lambda a, b: Z[i * rows + a, j * cols + b])


def blockinner(Z: Matrix, Y: Matrix, m: int, n: int) -> Matrix:
    """<Z_ij, Y> for the m x n blocks of Z."""
    if Z.shape != (m * Y.rows, n * Y.cols):
        raise Mismatch(f"{Z.shape} in {m} x {n} blocks of {Y.shape}")
    return values.build(m, n, lambda i, j: _inner(block(Z, i, j, Y.rows, Y.cols), Y).entries[0])


def blocksum(Z: Matrix, X: Matrix, p: int, q: int) -> Matrix:
    """The sum of X_ij Z_ij for the p x q blocks of Z."""
    if Z.shape != (X.rows * p, X.cols * q):
        raise Mismatch(f"{Z.shape} in {X.shape} blocks of {p} x {q}")
    places = [(i, j) for i in range(X.rows) for j in range(X.cols)]
    blocks = [block(Z, i, j, p, q).scaled(X[i, j]) for i, j in places]
    return values.build(p, q, lambda a, b: total(each[a, b] for each in blocks))


def some_rows(X: Matrix, p: int, q: int, first: bool) -> Matrix:
    """The first p of p + q rows, or the others."""
    if X.rows != p + q:
        raise Mismatch(f"{p} + {q} rows of {X.shape}")
    cut = p * X.cols
    return Matrix(p, X.cols, X.entries[:cut]) if first else Matrix(q, X.cols, X.entries[cut:])


def above(*parts: Matrix) -> Matrix:
    """Matrices above each other."""
    if len({X.cols for X in parts}) != 1:
        raise Mismatch(f"{[X.shape for X in parts]} above each other")
    entries = [entry for X in parts for entry in X.entries]
    return Matrix(sum(X.rows for X in parts), parts[0].cols, entries)


def _hypot(x: Any, y: Any) -> Any:
    if x**2 + y**2 < TINY:
        raise Outside("hypot at zero")
    return mp.sqrt(x**2 + y**2)


def _angle(y: Any, x: Any) -> Any:
    _hypot(x, y)
    if x < 0 and abs(y) < TINY:
        raise Outside("the angle jumps")
    return mp.arg(mp.mpc(x, y))


def _larger(x: Any, y: Any) -> Any:
    if abs(x - y) < TINY:
        raise Outside("two equal entries")
    return x if x > y else y


def _of_pairs(f: Callable[[Any, Any], Any]) -> Callable[[Matrix, Matrix], Matrix]:
    def both(X: Matrix, Y: Matrix) -> Matrix:
        if X.shape != Y.shape:
            raise Mismatch(f"{X.shape} and {Y.shape}, entry by entry")
        return Matrix(X.rows, X.cols, [f(x, y) for x, y in zip(X.entries, Y.entries)])

    return both


def _max(x: Matrix) -> Matrix:
    _onehotmax(x)
    return scalar(max(x.entries))


def _prod(x: Matrix) -> Matrix:
    _check_vector(x)
    if min(map(abs, x.entries)) < TINY:
        raise Outside("an entry that is zero")
    return scalar(mp.fprod(x.entries))


def _var(x: Matrix) -> Matrix:
    _check_vector(x)
    middle = total(x.entries) / len(x.entries)
    return scalar(total((e - middle) ** 2 for e in x.entries) / len(x.entries))


def _std(x: Matrix) -> Matrix:
    square = _var(x).entries[0]
    if square < TINY:
        raise Outside("equal entries")
    return scalar(mp.sqrt(square))


def _cumsum(x: Matrix) -> Matrix:
    _check_vector(x)
    sums = [total(x.entries[: k + 1]) for k in range(len(x.entries))]
    return Matrix(x.rows, x.cols, sums)


def _cov(X: Matrix) -> Matrix:
    middles = [total(X.T.row(j)) / X.rows for j in range(X.cols)]
    Y = values.build(X.rows, X.cols, lambda i, j: X[i, j] - middles[j])
    return times(Y.T, Y).scaled(mp.one / X.rows)


def _apart(first: Any, second: Any) -> None:
    if abs(first - second) < TINY:
        raise Outside("two equal eigenvalues")


def _extreme(X: Matrix, last: bool) -> tuple[Any, Matrix]:
    """An extreme eigenvalue of the symmetric part, which must be simple, and its eigenvector."""
    _check_square(X)
    half = [[(X[i, j] + X[j, i]) / 2 for j in range(X.cols)] for i in range(X.rows)]
    found, vectors = mp.eigsy(mp.matrix(half))
    k = X.rows - 1 if last else 0
    if X.rows > 1:
        _apart(found[k], found[k - 1 if last else 1])
    v = Matrix(X.rows, 1, [vectors[i, k] for i in range(X.rows)])
    return found[k], v.scaled(mp.sign(max(v.entries, key=abs)))


def _singular(X: Matrix) -> tuple[Any, list[Any], Any]:
    """U, s, V' of X = U diag(s) V', of full rank."""
    U, s, V = mp.svd_r(mp.matrix([X.row(i) for i in range(X.rows)]))
    if min(s) < TINY:
        raise Outside("not of full rank")
    return U, list(s), V


def _normspec(X: Matrix) -> Matrix:
    rows = mp.matrix([X.row(i) for i in range(X.rows)])
    first, *rest = sorted(mp.svd_r(rows, compute_uv=False), reverse=True)
    _apart(first, rest[0] if rest else mp.zero)
    return scalar(first)


def _polar(X: Matrix) -> Matrix:
    U, _, V = _singular(X)
    product = U * V
    return values.build(X.rows, X.cols, lambda i, j: product[i, j])


def _of_square(name: str) -> Callable[[Matrix], Matrix]:
    """A function that mpmath has of square matrices; real, or there is none."""

    def whole(X: Matrix) -> Matrix:
        _check_square(X)
        if X.largest > LARGE:
            raise Outside("too large")
        try:
            made = getattr(mp, name)(mp.matrix([X.row(i) for i in range(X.rows)]))
        except mp.NoConvergence as error:
            raise Outside("no root") from error
        found = values.build(X.rows, X.rows, lambda i, j: mp.mpmathify(made[i, j]))
        if any(abs(mp.im(e)) > TINY * (1 + abs(e)) for e in found.entries):
            raise Outside("not real")
        return found.map(mp.re)

    return whole


def _along(name: str) -> Callable[[Matrix, Matrix], Matrix]:
    """The directional derivative, as a difference quotient of three times the digits."""
    f = _of_square(name)

    def quotient(X: Matrix, E: Matrix) -> Matrix:
        if X.shape != E.shape:
            raise Mismatch(f"{X.shape} along {E.shape}")
        h = mp.mpf(10) ** -mp.dps
        with mp.workdps(3 * mp.dps):
            there, back = (
                f(values.build(X.rows, X.cols, lambda i, j, s=s: X[i, j] + s * h * E[i, j]))
                for s in (1, -1)
            )
            return values.build(X.rows, X.cols, lambda i, j: (there[i, j] - back[i, j]) / (2 * h))

    return quotient


MATRICES: dict[str, Callable[..., Matrix]] = {
    "tr": _trace,
    "diag": _diag,
    "diagonal": _diagonal,
    "vec": lambda X: X.vec,
    "det": lambda X: scalar(values.eliminate(X)[0]),
    "logdet": _logdet,
    "inv": values.inverse,
    "adj": _adjugate,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "logsoftmax": _logsoftmax,
    "onehotmax": _onehotmax,
    "norminf": _norminf,
    "sum": lambda X: scalar(total(X.entries)),
    "mean": lambda X: scalar(total(X.entries) / len(X.entries)),
    "dot": _dot,
    "inner": _inner,
    "norm": _norm,
    "norm1": lambda X: scalar(total(map(abs, X.entries))),
    "kron": values.kron,
    "pinv": _pinv,
    "tril": _triangle(lambda i, j: i >= j),
    "triu": _triangle(lambda i, j: i <= j),
    "hypot": _of_pairs(_hypot),
    "atan2": _of_pairs(_angle),
    "arctan2": _of_pairs(_angle),
    "logaddexp": _of_pairs(lambda x, y: mp.log(mp.exp(x) + mp.exp(y))),
    "maximum": _of_pairs(_larger),
    "minimum": _of_pairs(lambda x, y: -_larger(-x, -y)),
    "max": _max,
    "min": lambda x: _max(x.scaled(-1)).scaled(-1),
    "prod": _prod,
    "var": _var,
    "std": _std,
    "cumsum": _cumsum,
    **{name: _of_square(name) for name in ("expm", "logm", "sqrtm", "sinm", "cosm")},
    **{f"d{name}": _along(name) for name in ("expm", "logm", "sqrtm", "sinm", "cosm")},
    "cov": _cov,
    "eigmax": lambda X: scalar(_extreme(X, True)[0]),
    "eigmin": lambda X: scalar(_extreme(X, False)[0]),
    "eigvecmax": lambda X: _extreme(X, True)[1],
    "eigvecmin": lambda X: _extreme(X, False)[1],
    "normspec": _normspec,
    "normnuc": lambda X: scalar(total(_singular(X)[1])),
    "polar": _polar,
    "above": above,
    "beside": lambda *parts: above(*(X.T for X in parts)).T,
    "transpose": lambda X: X.T,
    "'": lambda X: X.T,
    "neg": lambda X: X.scaled(-1),
    "*": times,
}
for alias, name in {
    "trace": "tr",
    "inverse": "inv",
    "adjugate": "adj",
    "normF": "norm",
    "norm2": "norm",
}.items():
    MATRICES[alias] = MATRICES[name]
#: of a whole matrix: where the norm of zero has an edge, or one entry of it
EDGED = {"norm": max, "normF": max, "norm2": max, "norm1": min}
