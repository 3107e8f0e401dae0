"""Emitted code: the NumPy function and the SymPy script against the independent evaluation.

A table of expressions that covers every kind of node and every row of the function table, at sizes
from 1 on, with arrays of integers and lists; what the code looks like (no inverse where a solve
does, no product of matrices where a vector is at the end, nothing computed twice); and that deep
and long expressions give code of a size in proportion that compiles.
"""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import warnings
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from generate import derivatives
from mpmath import mp
from numeric import CODE_TOLERANCE, assert_code, run_code
from test_cookbook import ENTRIES, derive

from matcalc import MatcalcError, diff, simplify
from matcalc.algebra.ir import postorder
from matcalc.tables.functions import FUNCTIONS, Function
from matcalc.verify.evaluate import Evaluation, OutsideDomain
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import MOODS, Point, numeric, sample

# expression, variable, declarations
TABLE = [
    # scalars
    ("2 t", "t", ""),
    ("t^3 - t/3 + 0.1 t^2 + 1e-3 t", "t", ""),
    ("s^t", "t", "s: scalar positive"),
    ("sqrt(t) + t^(1/3) + 1/sqrt(t)", "t", "t: scalar positive"),
    ("exp(-t^2/2)/sqrt(2 pi)", "t", ""),
    ("log(1 + exp(t))", "t", ""),
    ("exp(t)/(1 + exp(t))", "t", ""),
    ("1/(1 + exp(-t))^2", "t", ""),
    ("t^k", "t", "k: integer; t: scalar positive"),
    ("n t + n m s where X: m x n", "t", "s: scalar"),
    ("gamma theta + sin(gamma)/theta", "gamma", ""),
    # vectors
    ("a'x", "x", ""),
    ("x'Q x + b'x", "x", ""),
    ("x'Q x", "x", "Q: symmetric"),
    ("exp(-1/2 y'Q y) where y = H x", "x", ""),
    ("x'A x / (x'x)", "x", ""),
    ("norm(A x - b)", "x", ""),
    ("norm(A x - b)^2 + norm1(x)", "x", ""),
    ("norminf(A x)", "x", ""),
    ("sum(x.^3)", "x", ""),
    ("sum(x ./ (1 + x.^2))", "x", ""),
    ("sum(log(1 + exp(-y .* (X w))))", "w", ""),
    ("logsumexp(A x + b)", "x", ""),
    ("softmax(A x)", "x", ""),
    ("logsoftmax(x)", "x", ""),
    ("A x + b", "x", ""),
    ("x", "x", "x: n"),
    ("x .* (A x)", "x", ""),
    ("x (x'b)", "x", ""),
    ("(x - a) / norm(x - a)", "x", ""),
    ("tanh(W x + b)", "x", ""),
    ("inv(A + t B) b", "t", ""),
    ("r X r'", "r", "r: 1 x n"),
    ("r A x", "r", "r: 1 x n"),
    ("mean(x .* x) + sum(1 - x)", "x", ""),
    ("3 + x - 2", "x", "x: n"),
    ("prod where prod = a'x", "x", ""),
    ("diag(x)*A*diag(x)*b", "x", ""),
    # matrices
    ("a'X b", "X", ""),
    ("tr(X)", "X", ""),
    ("tr(A X B)", "X", ""),
    ("tr(X'A X B)", "X", ""),
    ("tr(X^3)", "X", ""),
    ("tr(X^k)", "X", "k: integer"),
    ("tr(A X^2)", "X", ""),
    ("a'X' inv(A + X B) X b", "X", ""),
    ("a' inv(X) b", "X", ""),
    ("a' X^-2 b", "X", ""),
    ("tr(inv(X) A)", "X", ""),
    ("tr(inv(X))", "X", ""),
    ("logdet(I + X X')", "X", ""),
    ("log(det(X))", "X", ""),
    ("det(A X B)", "X", "A: m x m; X: m x n"),
    ("det(X) inv(X)", "t", "t: scalar; X: n x n"),
    ("adj(A + t B)", "t", ""),
    ("det(A + t B)", "t", ""),
    ("-n/2 logdet(S) - 1/2 tr(inv(S) C)", "S", "n: scalar"),
    ("norm(A X - B)^2", "X", ""),
    ("norm(X)", "X", ""),
    ("sum(X)^2 + mean(X)", "X", ""),
    ("sum(X .* X .* A)", "X", ""),
    ("sum(exp(X) .* A ./ (ones(m, n) + X .* X))", "X", "X: m x n"),
    ("tr(X .* (A X))", "X", "X: n x n"),
    ("a' diag(X) ", "X", ""),
    ("u' diag(X B) + tr(A X diag(v) C)", "X", ""),
    ("tr(diag(v) X diag(v) A)", "v", ""),
    ("vec(X)' vec(A X)", "X", ""),
    ("vec(X)' commutation(n, m) vec(Y)", "X", "X: m x n; Y: n x m"),
    ("c'vec(X)", "X", "X: m x n"),
    ("tr(A diag(x) B)", "x", ""),
    ("x'(A + u v')B(C + v u')x", "x", ""),
    ("inv(A + t B)", "t", ""),
    ("exp(t A) + t eye(n)", "t", "A: n x n"),
    ("A'A t^2 + t ones(n, n)", "t", "A: m x n"),
    ("(A + t u v') X (C + t w z')", "t", ""),
    ("tr(Q' X Q inv(Q))", "X", "Q: n x n orthogonal"),
    ("x'K x + x'A x", "x", "K: skew"),
    ("sum(X * ones(n))", "X", "X: m x n"),
    ("3 tr(X A) + 2.5 tr(X)", "X", "X: 3 x 3"),
    ("x'x", "x", "x: 4"),
    ("s / (exp(2 t) + exp(t))", "s", "t: scalar; s: scalar"),  # not logistic: no term is one
    ("sum(A ./ (exp(2 X) + exp(X)))", "A", "A: m x n"),
    ("lambda*x'x + np derivative", "x", "np: scalar; derivative: scalar; lambda: scalar"),
]
# what the rows of the function table are about: none is left out
TABLE += [
    (f"sum(A .* {name}(X))" if row.is_elementwise else f"tr({name}(X)) + t", "X", "X: m x m")
    for name, row in FUNCTIONS.items()
    if row.signature in ("(m,n) -> (m,n)", "(n,n) -> (n,n)") and name != "trigamma"
]
SIZES = [2, 3, 4, 5, 6, 7, 8]


def where_of(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def by_expression(table: list[Any]) -> Any:
    return pytest.mark.parametrize(("expr", "wrt", "where"), table, ids=[row[0] for row in table])


def point_of(answer: Any, sizes: Mapping[str, int], seed: int = 0) -> tuple[Point, Matrix]:
    """A point where the answer has a value, and that value by the independent evaluation."""
    typed = answer.problem.typed
    evaluation = Evaluation(answer.tree, answer.shapes, typed.definitions, sizes)
    for attempt in range(3 * len(MOODS)):
        rng = Random(f"{seed}-{attempt}")
        symbols = {n: s for n, s in typed.symbols.items() if s.kind != "dimension"}
        try:
            env = sample(symbols, dict(sizes), rng, attempt)
            with mp.workdps(30):
                return Point(sizes=dict(sizes), env=env), evaluation(numeric(env))
        except OutsideDomain:
            continue
    raise AssertionError(f"no point for {answer}")


def names_of(answer: Any) -> list[str]:
    return sorted(answer.problem.typed.sizes)


def agree(answer: Any, sizes: Mapping[str, int]) -> None:
    point, value = point_of(answer, sizes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an overflow, or an array taken for a number
        assert_code(answer, point, value)


@by_expression(TABLE)
def test_function_has_the_value_of_the_result(expr: str, wrt: str, where: str) -> None:
    answer = diff(expr, wrt, where=where_of(where))
    agree(answer, dict(zip(names_of(answer), SIZES)))


@by_expression(TABLE)
def test_sizes_of_one(expr: str, wrt: str, where: str) -> None:
    """Nothing broadcasts by accident, and nothing loses a dimension."""
    answer = diff(expr, wrt, where=where_of(where))
    point, value = point_of(answer, dict.fromkeys(names_of(answer), 1))
    got = run_code(answer, point)
    dims = [dim for dim in answer.node.shape if str(dim) != "1"]
    assert np.ndim(got) == len(dims)
    expected = np.array([float(entry) for entry in value])
    assert np.allclose(np.ravel(got), expected, rtol=CODE_TOLERANCE, atol=1e-9)


@pytest.mark.parametrize("case", list(derivatives(120, seed=7, depth=4)), ids=str)
def test_random_expressions(case: Any) -> None:
    try:
        answer = diff(case.source, case.wrt, where=case.where, order=case.order)
    except MatcalcError as error:
        pytest.skip(str(error))
    sizes = dict(zip(names_of(answer), SIZES))
    try:
        point, value = point_of(answer, sizes)
    except AssertionError:
        pytest.skip("no point in the domain")
    with np.errstate(all="ignore"):
        assert_code(answer, point, value)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_cookbook_by_its_own_code(entry: dict[str, Any]) -> None:
    """The values of the function are those of the textbook's NumPy code."""
    try:
        answer = derive(entry)
    except MatcalcError as error:
        pytest.skip(str(error))
    if entry["kind"] == "gradient-sym" or "expected_numpy" not in entry:
        pytest.skip("another convention")
    sizes = dict(zip(names_of(answer), [4, 4, 4, 4, 4]))
    point, _ = point_of(answer, sizes)
    given = {
        name: np.array([float(e) for e in value]).reshape(value.shape)
        for name, value in point.env.items()
        if isinstance(value, Matrix)
    }
    for name, value in given.items():
        if not entry["vars"][name]["shape"]:
            given[name] = value.item()
    textbook = eval(entry["expected_numpy"], {"np": np})
    names = inspect.signature(textbook).parameters
    integers = {name for name in names if entry["vars"][name].get("domain") == "intk"}
    expected = textbook(**{n: int(given[n]) if n in integers else given[n] for n in names})
    got = run_code(answer, point)
    assert np.allclose(np.ravel(got), np.ravel(expected), rtol=1e-7)


ARGUMENTS = {"scalar": ("t", "u"), "vector": ("x: n", "y: n"), "matrix": ("X: n x n", "Y: n x n")}


@pytest.mark.parametrize("shape", ARGUMENTS)
@pytest.mark.parametrize("row", FUNCTIONS.values(), ids=lambda row: row.name)
def test_every_function_of_every_shape(row: Function, shape: str) -> None:
    """The code of a value and of a derivative, wherever the signature allows."""
    given = ARGUMENTS[shape][: row.arity]
    names = [argument.split(":")[0] for argument in given]
    where = [f"{argument}{'' if ':' in argument else ': scalar'}" for argument in given]
    call = f"{row.name}({', '.join([*names, *('1' for _ in row.sizes)])})"
    try:
        answers = [simplify(call, where)]
    except MatcalcError as error:
        if error.code != "shape":
            raise
        return
    if row.name != "trigamma":  # the table has no derivative of it
        (wrt, *_) = (n for n, a in zip_longest(names, row.adjoint, fillvalue="any") if a)
        answers.append(diff(f"norm({call})^2", wrt, where=where))
    for answer in answers:
        agree(answer, dict.fromkeys(names_of(answer), 3))


# --- the contract of the function ----------------------------------------------------------------


def body(answer: Any) -> str:
    """The statements after the conversions."""
    text = answer.to("numpy").rsplit('"""', 1)[1]
    return "\n".join(line for line in text.splitlines() if "dtype=float)" not in line)


def test_parameters_are_all_symbols_in_order() -> None:
    function = diff("b'x + y'A y + c", "x", where=["y: n", "c: scalar"]).function()
    assert list(inspect.signature(function).parameters) == ["A", "b", "c", "x", "y"]
    value = function(A=np.eye(2), b=np.array([1, 2]), c=0, x=[0, 0], y=[0, 0])
    assert value.tolist() == [1.0, 2.0] and value.dtype == float


def test_keywords_and_names_of_the_module() -> None:
    where = ["np: scalar", "lambda: scalar", "lambda_: scalar", "derivative: n", "float: scalar"]
    answer = diff(
        "lambda lambda_ np float derivative'x + math", "x", where=[*where, "math: scalar"]
    )
    function = answer.function()
    names = ["derivative_", "float_", "lambda__", "lambda_", "math", "np_", "x"]
    assert list(inspect.signature(function).parameters) == names
    given = dict.fromkeys(names, 2) | {"derivative_": [1, 2], "x": [0, 0]}
    assert function(**given).tolist() == [16.0, 32.0]
    helper = diff("digamma(math)", "math", where=["math: scalar positive"])
    assert list(inspect.signature(helper.function()).parameters) == ["math"]
    errors = diff("erf(math) + erfc(math) t^2", "t", where=["math: scalar"])
    assert list(inspect.signature(errors.function()).parameters) == ["math_", "t"]


def test_greek_names_are_spelled_in_ascii() -> None:
    answer = diff("λ x'Σ x", "x")
    assert list(inspect.signature(answer.function()).parameters) == ["Sigma", "lambda_", "x"]
    assert answer.to("numpy").isascii()


def test_small_probabilities_keep_their_digits() -> None:
    function = diff("softplus(t)", "t").function()
    for t in (-700.0, -50.0, 0.0, 50.0, 700.0):
        assert np.isclose(function(t=t), np.exp(min(t, 0.0)) / (1 + np.exp(-abs(t))), rtol=1e-12)


@pytest.mark.parametrize("one", [1.5, [1.5], np.array([1.5]), np.array([[1.5]]), np.float32(1.5)])
def test_a_number_may_be_an_array_of_one(one: Any) -> None:
    function = diff("t^2 tr(X) u", "t", where=["t: scalar", "u: 1"]).function()
    value = function(X=2 * np.eye(1), t=one, u=one)
    assert type(value) is float and value == 9.0
    with pytest.raises(ValueError, match="size 1"):
        function(X=2 * np.eye(1), t=[1.0, 2.0], u=one)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("1e-400 t", 0.0),
        ("1e400 t", np.inf),
        ("1e400 t / 3 - 1e-400", np.inf),
        ("-1e400 t", -np.inf),
        ("t / (3 * 1e400)", 0.0),
        ("1e300 t / 7", 1e300 / 7),
        ("2^1000 t / 3^1000", 2.0**1000 / 3.0**500 / 3.0**500),
        ("t + 2^1000 / 3^1000 + 2^60 / (3 * 1e20)", 1 + 2.0**60 / 3e20),
        ("t^1e20", 1.0),
        ("1e30 n t", 3e30),
        ("1e-400 t sum(ones(n))", 0.0),
    ],
)
def test_numbers_that_floats_do_not_hold(expr: str, expected: float) -> None:
    """What is too large or too small is infinite or zero, as Python reads it."""
    given: dict[str, Any] = {"t": 1.0}
    answer = simplify(f"{expr} + 0 v'v", where=["t: scalar", "v: n"])
    with np.errstate(invalid="ignore"):
        value = answer.function()(**given, v=np.zeros(3))
    assert value == expected or np.isclose(value, expected, rtol=1e-12)


def test_sizes_come_from_shapes_or_are_parameters() -> None:
    assert "n = np.shape(X)[0]" in diff("tr(X)", "X").to("numpy")
    unknown = diff("t n^2 + t*sum(ones(n))", "t", where=["t: scalar"]).function()
    assert str(inspect.signature(unknown)) == "(t, *, n)"
    assert unknown(t=1.0, n=3) == 12.0
    twice = diff("t tr(eye(n)) + 0 x'x", "t", where=["x: 2 n", "t: scalar"]).function()
    assert twice(t=1.0, x=np.zeros(6)) == 3.0
    product = diff("t n + 0 (v'v) + 0 tr(A)", "t", where=["v: m*n", "A: m x m", "t: scalar"])
    assert product.function()(t=1.0, v=np.zeros(6), A=np.eye(2)) == 3.0


def test_kinds_of_results() -> None:
    scalar = diff("tr(A X)", "t", where=["t: scalar", "A: n x n"]).function()
    assert type(scalar(A=np.eye(2), X=np.eye(2), t=0)) is float
    assert type(diff("2 t", "t").function()(t=1)) is float
    row = diff("r x", "x", where=["r: 1 x n"]).function()(r=np.array([[1, 2]]), x=np.zeros(2))
    assert row.shape == (2,)
    zero = diff("x'K x", "x", where=["K: skew"]).function()(K=np.zeros((2, 2)), x=np.ones(2))
    assert zero.tolist() == [0.0, 0.0]
    function = diff("<C, X>", "X").function()
    C = np.eye(2)
    assert not np.shares_memory(function(C=C, X=C), C)
    assert function(C=C, X=C).flags.writeable
    diagonal = diff("tr(A diag(x))", "x").function()(A=np.eye(2), x=np.ones(2))
    assert diagonal.flags.writeable


@by_expression(TABLE[:70:3])
def test_arrays_of_integers_and_lists(expr: str, wrt: str, where: str) -> None:
    answer = diff(expr, wrt, where=where_of(where))
    rng = np.random.default_rng(0)
    whole: dict[str, Any] = {}
    for parameter in inspect.signature(answer.function()).parameters:
        info = answer.problem.typed.symbols.get(parameter.rstrip("_"))
        info = answer.problem.typed.symbols.get(parameter, info)
        if info is None or info.shape.is_scalar:
            whole[parameter] = 2
        else:
            n = [dim.number or 3 for dim in info.shape]
            value = rng.integers(1, 4, n) + 4 * np.eye(*n, dtype=int)
            whole[parameter] = value[:, 0] if info.shape.is_column else value
    real = {k: np.asarray(v, dtype=float) if np.ndim(v) else float(v) for k, v in whole.items()}
    lists = {k: v.tolist() if np.ndim(v) else v for k, v in whole.items()}
    if any(name in answer.problem.typed.sizes for name in whole):
        real |= {name: 3 for name in whole if name in answer.problem.typed.sizes}
        lists, whole = {**lists, **{k: 3 for k in real if k in answer.problem.typed.sizes}}, real
    function = answer.function()
    expected = function(**real)
    assert np.array_equal(function(**whole), expected)
    assert np.array_equal(function(**lists), expected)


def test_abstract_functions_are_callables() -> None:
    chain = diff("h(f(x))", "x", where=["f: R^n -> R^p", "h: R^p -> R^q"])
    function = chain.function()
    assert list(inspect.signature(function).parameters) == ["f", "h", "x", "Df", "Dh"]
    A, B = np.arange(6.0).reshape(2, 3), np.arange(8.0).reshape(4, 2)
    value = function(
        f=lambda x: A @ x, h=lambda y: B @ y, x=np.ones(3), Df=lambda x: A, Dh=lambda y: B
    )
    assert np.array_equal(value, B @ A)
    residual = diff("norm(f(x) - y)^2", "x", where=["f: R^n -> R^p"]).function()
    got = residual(f=lambda x: A @ x, x=np.ones(3), y=np.ones(2), Df=lambda x: A)
    assert np.allclose(got, 2 * (A @ np.ones(3) - 1) @ A)


def test_simplified_expressions_have_code_too() -> None:
    function = simplify("A B inv(B) x").function()
    assert np.array_equal(function(A=np.eye(2), B=np.eye(2), x=[1, 2]), [1.0, 2.0])


# --- what the code looks like --------------------------------------------------------------------


LOOKS = [
    ("a' inv(X) b", "X", "np.outer(-np.linalg.solve(X.T, a), np.linalg.solve(X, b))"),
    ("x'Q x + b'x", "x", "b + x @ (Q.T + Q)"),
    ("tr(A X B)", "X", "(B @ A).T"),
    ("logdet(I + X X')", "X", "2 * np.linalg.solve(X @ X.T + np.eye(m), X)"),
    ("tr(X)", "X", "np.eye(n)"),
    ("a'X b", "X", "np.outer(a, b)"),
    ("tr(A B) t", "t", "float(np.sum(B * A.T))"),
    ("tr(inv(A) B) t", "t", "float(np.trace(np.linalg.solve(A, B)))"),
    ("sum(A x) t", "t", "float(np.sum(A @ x))"),
    ("sum(diag(u) M diag(v)) t", "t", "float(u @ (M @ v))"),
    ("log(1 + exp(t))", "t", "float(_sigmoid(t))"),
    ("tr(X^k)", "X", "(k * np.linalg.matrix_power(X, int(k - 1))).T"),
]


@by_expression(LOOKS)
def test_looks_as_a_person_writes_it(expr: str, wrt: str, where: str) -> None:
    declared = ["k: integer"] if "^k" in expr else ["t: scalar", "u: n", "v: m"][: 3 * (wrt == "t")]
    declared = [d for d in declared if d[0] in expr]
    assert body(diff(expr, wrt, where=declared)).splitlines()[-1].strip() == f"return {where}"


APPLIED = [row for row in TABLE if "inv(" in row[0] or "^-" in row[0] or "logdet" in row[0]]


FORMED = {"tr(inv(X))", "tr(inv(X)) + t", "-n/2 logdet(S) - 1/2 tr(inv(S) C)", "det(X) inv(X)"}


@by_expression(APPLIED)
def test_solves_where_an_inverse_is_applied(expr: str, wrt: str, where: str) -> None:
    """An inverse is formed only where it is itself a term of the result, or squared."""
    code = body(diff(expr, wrt, where=where_of(where)))
    assert ("np.linalg.inv" in code) <= (expr in FORMED), code


def calls(code: str, name: str) -> list[str]:
    tree = ast.parse(code)
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [ast.unparse(node) for node in found if ast.unparse(node.func) == name]


@by_expression(TABLE)
def test_nothing_is_computed_twice(expr: str, wrt: str, where: str) -> None:
    code = diff(expr, wrt, where=where_of(where)).to("numpy")
    for function in ("np.linalg.solve", "np.linalg.inv", "np.linalg.det", "np.exp", "_softmax"):
        found = calls(code, function)
        assert len(found) == len(set(found)), code
    products = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
    ]
    assert len(products) == len(set(products)), code


def test_each_system_is_solved_once() -> None:
    code = diff("a' X' inv(A + X B) X b", "X").to("numpy")
    assert len(calls(code, "np.linalg.solve")) == 2 and code.count("X @ B") == 1


FAST = [
    ("a'A B C D x", "x", ""),
    ("x'(A B C + D) x", "x", ""),
    ("x'(u v' + A B)(C + v u') x", "x", ""),
    ("a'(X^2)' X^2 b", "X", ""),
    ("b'X'D X c", "X", ""),
    ("(A u v' B C + t D u v')*x", "t", "D: n x n; C: n x n"),
    ("a' X^5 b", "X", ""),
]


@by_expression(FAST)
def test_no_product_of_matrices_where_vectors_do(expr: str, wrt: str, where: str) -> None:
    """Run on arrays that refuse to multiply two matrices."""

    class Thrifty(np.ndarray[Any, Any]):
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
            plain = [np.asarray(value) for value in inputs]
            assert ufunc is not np.matmul or min(value.ndim for value in plain) < 2
            result = getattr(ufunc, method)(*plain, **kwargs)
            return result.view(Thrifty) if isinstance(result, np.ndarray) else result

    answer = diff(expr, wrt, where=where_of(where))
    code = answer.to("numpy").replace("dtype=float)", "dtype=float).view(Thrifty)")
    namespace: dict[str, Any] = {"Thrifty": Thrifty}
    exec(code, namespace)  # noqa: S102
    point, value = point_of(answer, dict.fromkeys(names_of(answer), 3))
    got = np.asarray(run_code(answer, point, namespace["derivative"]))
    assert np.allclose(np.ravel(got), [float(entry) for entry in value])


def test_no_overflow_where_the_value_is_finite() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for expr, expected in (
            ("log(1 + exp(t))", 1.0),
            ("1/(1 + exp(-t))", 0.0),
            ("log(1 + exp(-t))", 0.0),
            ("softplus(t)", 1.0),
        ):
            assert diff(expr, "t").function()(t=1000.0) == pytest.approx(expected, abs=1e-12)
        big = np.array([1000.0, 0.0])
        assert diff("logsumexp(x)", "x").function()(x=big).tolist() == [1.0, 0.0]


# --- large expressions ---------------------------------------------------------------------------


def nested(inside: str, wrap: str, times: int) -> str:
    for _ in range(times):
        inside = wrap.replace("#", inside)
    return inside


LARGE = [
    (f"sum({nested('x', 'tanh(W #)', 100)})", "x", "W: n x n; x: n"),
    (f"sum({nested('x', 'tanh(W #)', 100)})", "W", "W: n x n; x: n"),
    (f"tr({nested('X', 'inv(A + #)', 50)})", "X", "A: n x n"),
    (" + ".join(f"tr(A{k} X)" for k in range(800)), "X", "X: n x n"),
    ("tr(" + " ".join(f"A{k} X" for k in range(32)) + ")", "X", "X: n x n"),
    ("a' " + "X " * 62 + "b", "X", "X: n x n"),
    (" + ".join(f"sin({k} t)" for k in range(1, 300)), "t", "t: scalar"),
    (f"sum({nested('x', 'A (b + B #)', 60)})", "x", "A: n x n; B: n x n; x: n"),
    (f"x' {nested('X', 'A (B + #)', 60)} x", "x", "A: n x n; B: n x n; X: n x n"),
    (f"x' {nested('(A + B C)', '((#)*(#) + A)', 10)} x", "x", "A: n x n"),
]
LARGE_NAMES = ["tanh", "tanh-W", "inverses", "traces", "factors", "powers", "sines"]
LARGE_NAMES += ["affine", "horner", "squares"]


@pytest.mark.parametrize(("expr", "wrt", "where"), LARGE, ids=LARGE_NAMES)
def test_large_expressions(expr: str, wrt: str, where: str) -> None:
    """Linear in the IR, no line or nesting that a compiler or a reader chokes on; it runs."""
    answer = diff(expr, wrt, where=where_of(where))
    code = answer.to("numpy")
    size = sum(1 + len(node.children) for node in postorder(answer.node))
    program = code.rsplit('"""', 1)[1]
    assert len(program) <= 60 * size + 500
    assert max(map(len, program.splitlines())) <= 110
    arguments: dict[str, Any] = {}
    for name, info in answer.problem.typed.symbols.items():
        shape = () if info.shape.is_scalar else (2,) if info.shape.is_column else (2, 2)
        arguments[name] = np.full(shape, 0.05) + (0.1 * np.eye(2) if len(shape) == 2 else 0.0)
    assert np.all(np.isfinite(answer.function()(**arguments)))


def test_modules_pass_ruff(tmp_path: Path) -> None:
    for k, (expr, wrt, where) in enumerate(TABLE):
        answer = diff(expr, wrt, where=where_of(where))
        (tmp_path / f"case{k}.py").write_text(answer.to("numpy") + "\n", "utf-8")
        if expr not in NOT_IN_SYMPY:
            (tmp_path / f"sympy{k}.py").write_text(answer.to("sympy") + "\n", "utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named ruff" in done.stderr:
        pytest.skip("ruff is not installed")
    assert done.returncode == 0, done.stdout


# --- SymPy ---------------------------------------------------------------------------------------


def sympy_value(answer: Any, point: Point) -> Any:
    """The script, run, at a point: a SymPy matrix or number."""
    import sympy as sp

    namespace: dict[str, Any] = {}
    exec(answer.to("sympy"), namespace)  # noqa: S102
    value = namespace["derivative"]
    sizes = {sp.Symbol(n, integer=True, positive=True): k for n, k in point.sizes.items()}
    value = value.subs(sizes)
    for symbol in sorted(value.atoms(sp.MatrixSymbol), key=str):
        entries = [sp.Rational(e.numerator, e.denominator).n(30) for e in point.env[symbol.name]]
        value = value.subs(symbol, sp.ImmutableMatrix(*symbol.shape, entries))
    for symbol in sorted(value.free_symbols, key=str):
        (entry,) = point.env[symbol.name].entries
        value = value.subs(symbol, sp.Rational(entry.numerator, entry.denominator))
    value = value.doit()
    return value.as_explicit() if isinstance(value, sp.MatrixExpr) else value


# SymPy has nothing for the place of the largest entry, nor for vec, its inverse and decompositions
NOT_IN_SYMPY = {"norminf(A x)", "c'vec(X)", "vec(X)' commutation(n, m) vec(Y)"}
NOT_IN_SYMPY |= {f"tr({name}(X)) + t" for name in ("polar", "expm", "sqrtm", "sinm", "cosm")}


@by_expression([row for row in TABLE if row[0] not in NOT_IN_SYMPY])
def test_sympy_has_the_value_of_the_result(expr: str, wrt: str, where: str) -> None:
    import sympy as sp

    answer = diff(expr, wrt, where=where_of(where))
    point, value = point_of(answer, dict(zip(names_of(answer), [2, 3, 2, 3, 2, 3])))
    got = sympy_value(answer, point)
    entries = list(got) if isinstance(got, sp.MatrixBase) else [got]
    assert (got.shape if isinstance(got, sp.MatrixBase) else (1, 1)) == value.shape
    numbers = [float(sp.N(entry, 20)) for entry in entries]
    assert np.allclose(numbers, [float(entry) for entry in value], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(("expr", "missing"), [("norminf(A x)", "onehotmax"), ("f(x)", "f")])
def test_sympy_refuses_what_it_cannot_say(expr: str, missing: str) -> None:
    where = ["f: R^n -> R^p"] if expr == "f(x)" else []
    with pytest.raises(MatcalcError, match=missing) as caught:
        diff(expr, "x", where=where).to("sympy")
    assert caught.value.code == "unsupported"


def test_the_docstring_names_the_order() -> None:
    first, second = (diff("x'Q x", "x", order=k).to("numpy") for k in (1, 2))
    assert '"""The derivative of x\'Q x by x, 1 x n.' in first
    assert '"""The second derivative of x\'Q x by x, n x n.' in second


def test_code_does_not_depend_on_where_objects_lie() -> None:
    """Names of equal length are replaced in the order of the operands, not of their addresses."""
    kept, codes = [], set()
    for k in range(12):
        codes.add(diff("diag(inv(A + x x'))", "x").to("numpy"))
        kept.append([object() for _ in range(97 * k)])
    assert len(codes) == 1
