"""Text reads back to the tree that was printed, LaTeX is one ASCII line, pages fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcalc
from matcalc.language.latex import latex, latex_name
from matcalc.language.sizes import ONE, Shape
from matcalc.language.syntax import parse_expression as parse
from matcalc.language.text import pretty_name, text
from matcalc.language.tree import (
    Add,
    Block,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Power,
    Transpose,
    Tree,
    fold,
)
from matcalc.output.json_document import as_dict
from matcalc.output.page import Page
from matcalc.present.trees import decimal

NAMES = ["x", "y", "A", "X", "Q", "t", "k", "I", "theta", "Sigma", "lambda", "x_1", "Xtest", "dX"]
LITERALS = ["0", "1", "2", "3", "10", "0.5", "2.", ".25", "1e-3", "1.5e2"]
FUNCTIONS = ["tr", "inv", "norm", "exp", "log", "logdet", "det", "sqrt", "abs", "diag", "norm1"]


def _multiply(factors: list[Tree], ops: list[str]) -> Tree:
    return Multiply(tuple(factors), ("", *ops[: len(factors) - 1]))


def _add(terms: list[Tree], signs: list[int]) -> Tree:
    return Add(tuple(terms), (1, *signs[: len(terms) - 1]))


def _extend(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = st.lists(inner, min_size=2, max_size=4)
    ops = st.lists(st.sampled_from([" ", " ", " ", "*", "/", ".*", "./"]), min_size=3, max_size=3)
    signs = st.lists(st.sampled_from([1, -1]), min_size=3, max_size=3)
    exponents = st.one_of(
        st.sampled_from(["2", "3", "0.5"]).map(Number),
        st.sampled_from(["k", "T", "theta"]).map(Name),
        st.just(Negative(Number("1"))),
        inner,
    )
    return st.one_of(
        st.builds(_multiply, several, ops),
        st.builds(_multiply, several, ops),
        st.builds(_add, several, signs),
        st.builds(Negative, inner),
        st.builds(Power, inner, exponents, st.booleans()),
        st.builds(Transpose, inner),
        st.builds(lambda f, x: Call(f, (x,)), st.sampled_from(FUNCTIONS), inner),
        st.builds(lambda x, y: Call("inner", (x, y)), inner, inner),
        st.builds(lambda a, b: Block((tuple(a), tuple(b))), several, several),
    )


TREES = st.recursive(
    st.one_of(st.sampled_from(NAMES).map(Name), st.sampled_from(LITERALS).map(Number)),
    _extend,
    max_leaves=16,
)


def meaning(tree: Tree) -> object:
    """The tree as nested tuples, up to what the language does not tell apart.

    A leading minus belongs to the whole product, juxtaposition is ``*``, a product is taken two
    factors at a time from the left, and a number is its value.
    """

    def combine(node: Tree, parts: Sequence[object]) -> object:
        match node:
            case Number():
                return Fraction(node.text.rstrip("."))
            case Name():
                return node.name
            case Negative():
                return ("-", parts[0])
            case Add():
                terms = zip(node.signs, parts, strict=True)
                return ("+", *(("-", part) if sign < 0 else part for sign, part in terms))
            case Multiply():
                sign, product = _unsigned(parts[0])
                for op, part in list(zip(node.ops, parts, strict=True))[1:]:
                    product = ("*" if op == " " else op, product, part)
                return ("-", product) if sign else product
            case _:
                kind = (type(node).__name__, getattr(node, "function", ""))
                rows = tuple(map(len, node.rows)) if isinstance(node, Block) else ()
                return (*kind, getattr(node, "elementwise", False), rows, *parts)

    return fold(tree, combine)


def _unsigned(part: object) -> tuple[bool, object]:
    if isinstance(part, tuple) and part[0] == "-":
        return True, part[1]
    return False, part


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_text_reads_back(tree: Tree) -> None:
    assert meaning(parse(text(tree))) == meaning(tree), text(tree)


@settings(max_examples=200, deadline=None)
@given(TREES)
def test_latex_is_one_balanced_ascii_line(tree: Tree) -> None:
    written = latex(tree)
    assert written.isascii() and "\n" not in written
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", written):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert written.count(r"\left") - written.count(r"\left\{") == written.count(r"\right")


# what is typed, as text, as LaTeX, as a terminal shows it
SPELLINGS = [
    ("x'(Q+Q')+b'", "x' (Q + Q') + b'", r"x^{\top} (Q + Q^{\top}) + b^{\top}", "xᵀ (Q + Qᵀ) + bᵀ"),
    ("1/2 x'Q x", "1/2 x' Q x", r"\frac{1}{2} x^{\top} Q x", "½ xᵀ Q x"),
    ("3/2 x / t", "3/2 x / t", r"\frac{3 x}{2 t}", "3/2 x / t"),
    ("1/2 x / t", "1/2 x / t", r"\frac{x}{2 t}", "½ x / t"),
    ("-1/t", "-1 / t", r"-\frac{1}{t}", "−1 / t"),
    ("inv(X)'", "inv(X)'", r"X^{-\top}", "X⁻ᵀ"),
    ("X^-T", "(X^-1)'", r"X^{-\top}", "X⁻ᵀ"),
    ("inv(A + t B)", "inv(A + t B)", "(A + t B)^{-1}", "(A + t B)⁻¹"),
    ("(x-a)/||x-a||^3", "(x - a) / norm(x - a)^3", r"\frac{x - a}{\lVert x - a\rVert^{3}}", None),
    ("A*A*x/(x'x)", "A * A * x / (x' x)", r"\frac{A A x}{x^{\top} x}", "A A x / (xᵀ x)"),
    ("x .* y ./ z", "x .* y ./ z", r"x \odot y \oslash z", "x ⊙ y ⊘ z"),
    ("x.^2", "x .^ 2", r"x^{\circ 2}", "x .^ 2"),
    ("(X^2)'", "(X^2)'", r"(X^{2})^{\top}", "(X²)ᵀ"),
    ("t^(1/2)", "t^(1/2)", "t^{1/2}", "t^(½)"),
    ("x_1^-1", "x_1^-1", "x_{1}^{-1}", "x_1⁻¹"),
    ("A^(T)", "A^(T)", "A^{T}", "A^(T)"),
    ("logdet(A + B)^2", "logdet(A + B)^2", None, "logdet(A + B)²"),
    ("<C, X>", "inner(C, X)", r"\langle C, X\rangle", "⟨C, X⟩"),
    ("[A, B; C, D]", "[A, B; C, D]", None, "[A, B; C, D]"),
    ("sigma exp(lambda)", "sigma exp(lambda)", r"\sigma \exp(\lambda)", "σ exp(λ)"),
    ("ones(m, n) eye(n)", "ones(m, n) eye(n)", r"\mathbf{1}_{m\times n} I_{n}", "ones(m, n) Iₙ"),
    ("A (-x)", "A (-x)", "A (-x)", "A (−x)"),
    ("a - (b - c)", "a - (b - c)", "a - (b - c)", "a − (b − c)"),
    ("(x .* y) w'", "(x .* y) w'", r"(x \odot y) w^{\top}", "(x ⊙ y) wᵀ"),
]


@pytest.mark.parametrize(("typed", "plain", "tex", "unicode"), SPELLINGS)
def test_spellings(typed: str, plain: str, tex: str | None, unicode: str | None) -> None:
    tree = parse(typed)
    assert text(tree) == plain
    assert tex is None or latex(tree) == tex
    assert unicode is None or text(tree, plain=False) == unicode


@pytest.mark.parametrize(
    ("typed", "plain", "tex"),
    [
        ("1e300", "1e300", "10^{300}"),
        ("2.50e300", "2.5e300", r"2.5 \cdot 10^{300}"),
        ("1e15", "1000000000000000", "1000000000000000"),
        ("0.1e-6", "0.0000001", "0.0000001"),
        ("1.25e-20", "1.25e-20", r"1.25 \cdot 10^{-20}"),
        ("1e-400/3", "1/3e400", r"\frac{1}{3 \cdot 10^{400}}"),
        ("2^100", str(2**100), str(2**100)),
        ("0.1234567890123456789012345678901", None, None),
    ],
)
def test_numbers_are_short_and_exact(typed: str, plain: str | None, tex: str | None) -> None:
    number = matcalc.simplify(typed)
    assert str(number) == (plain or typed) and number.to("latex") == (tex or typed)
    with_t = matcalc.simplify(f"({typed}) t")
    assert matcalc.simplify(str(with_t)) == with_t
    power = matcalc.simplify(f"({typed})^t", ["t: scalar"])
    assert matcalc.simplify(str(power), ["t: scalar"]) == power


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**40), st.integers(-500, 500))
def test_decimals_read_back(digits: int, exponent: int) -> None:
    value = Fraction(digits) * Fraction(10) ** exponent
    written = decimal(value)
    assert Fraction(written) == value
    assert len(written) <= len(f"{digits}e{exponent}") + 25


@pytest.mark.parametrize(
    ("name", "tex"),
    [
        ("theta", r"\theta"),
        ("theta0", r"\theta_{0}"),
        ("X_1", "X_{1}"),
        ("x_ij", "x_{ij}"),
        ("x_hat", r"x_{\mathrm{hat}}"),
        ("Xtrain", r"\mathrm{Xtrain}"),
        ("dX", r"\mathrm{d}X"),
        ("dmu", r"\mathrm{d}\mu"),
        ("d", "d"),
        ("data", r"\mathrm{data}"),
        ("x_", r"\mathrm{x\_}"),
    ],
)
def test_latex_names(name: str, tex: str) -> None:
    assert latex_name(name) == tex


def test_names_that_look_alike_are_told_apart() -> None:
    tree = Multiply((Name("x1"), Name("x_1")), ("", " "))
    assert latex(tree) == r"\mathrm{x1}\,x_{1}"


def test_greek_on_a_terminal() -> None:
    assert [pretty_name(n) for n in ("Sigma", "mu0", "dmu", "x_1")] == ["Σ", "μ0", "dμ", "x_1"]


def test_elementwise_power_of_a_scalar_is_a_power() -> None:
    base = Name("t")
    power = Power(base, Number("2"), elementwise=True)
    assert latex(power, {base: Shape(ONE, ONE)}) == "t^{2}"
    assert latex(power) == r"t^{\circ 2}"


def test_ten_thousand_levels() -> None:
    tree: Tree = Name("x")
    for i in range(10_000):
        tree = Add((tree, Name("x")), (1, 1)) if i % 2 else Negative(tree)
    assert text(tree).count("(") == latex(tree).count("(") == 4_999


# --- a page -------------------------------------------------------------------------------------

BIG = matcalc.diff("a' X' inv(A + X B) X b", "X")


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_page_fits(width: int, encoding: str) -> None:
    page = Page(width, encoding)
    lines = [*page.derivative(BIG), *page.symbols([BIG]), *page.facts([BIG])]
    drawn = ["".join(words for words, _ in line).rstrip() for line in lines]
    assert max(map(len, drawn)) <= width
    "\n".join(drawn).encode(encoding)


def drawn(answer: matcalc.Derivative, width: int, encoding: str) -> list[str]:
    lines = Page(width, encoding).derivative(answer)
    return ["".join(words for words, _ in line).rstrip() for line in lines]


def test_dimensions_stand_under_their_factors() -> None:
    assert drawn(matcalc.diff("x'Q x + b'x", "x"), 80, "utf-8") == [
        "  ∂f/∂x  =   xᵀ  (Q + Qᵀ)  +   bᵀ",
        "   1×n      1×n    n×n        1×n",
    ]
    assert drawn(BIG, 80, "utf-8")[-1] == "  where     S = (A + X B)⁻¹   m×m"


def test_conditions_are_spelled_like_the_result() -> None:
    words = "Sigma .* (x' mu - b) != 0 entry-wise"
    assert Page(80, "utf-8").condition(words) == "Σ ⊙ (xᵀ μ − b) ≠ 0 entry-wise"
    assert Page(80, "ascii").condition(words) == words


def test_a_page_in_ascii() -> None:
    top = drawn(BIG, 160, "ascii")[0]
    assert top.split("=")[0].strip() == "df/dX" and "(B S X)'" in top


def test_documents() -> None:
    document = as_dict([BIG])
    assert document["schema"] == "matcalc/1"
    assert document["result"]["shape"] == ["m", "n"]
    assert document["symbols"][0] == {
        "name": "a",
        "shape": ["n", "1"],
        "kind": "vector",
        "source": "inferred",
    }
    assert [r["wrt"] for r in as_dict([BIG, BIG])["results"]] == ["X", "X"]


def test_a_row_with_ones_is_written_by_its_column_and_not_back() -> None:
    """The column may have more transposes in it; to turn it again would never end."""
    derivative = matcalc.diff(
        "(inv(2/3 D) softmax(g'))' (exp((x + g') c') ./ ((s - t) ones(m, n) + exp((x + g') c')))"
        " (c .^ t - (c + w))",
        "g,t",
        order=2,
        where=["D: m x m upper", "c: n", "w: n", "g: 1 x m", "x: m", "t: scalar", "s: scalar"],
        check=True,
    )
    assert derivative.check.ok
