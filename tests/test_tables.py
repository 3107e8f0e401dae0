"""Derivatives from books, papers and reports: right, and no longer than printed there.

A case of ``corpus/tables.txt`` has its ``:source`` and, as ``:form``, what is printed there, in the
language and in the layout of matcalc.  That form is judged as our own is.  Our answers are compared
and read back in ``test_corpus``; here are their length, their steps and their LaTeX.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from corpus import Case, Corpus
from numeric import declarations
from steps import assert_steps
from test_corpus import derivative_of

from matcalc.dimensions.infer import infer
from matcalc.language.measure import measure
from matcalc.language.syntax import parse
from matcalc.verify.check import check

CASES = Corpus("tables.txt").cases
MOST_LONGER = 0.03
# ours is longer, and why
LONGER: dict[str, str] = {
    "statistics: Wishart by the degrees of freedom, two dimensions": (
        "a fraction stands in front: 1/2 (nu - 1) for (nu - 1)/2"
    ),
    "reverse: a linear system by the matrix": (
        "a transpose is taken out of a product where that saves three: B' inv(A)' for (inv(A) B)'"
    ),
}
# of LaTeX itself and of amsmath
COMMANDS = set(
    re.findall(
        r"\w+",
        "alpha beta gamma epsilon kappa lambda mu nu rho sigma tau Sigma pi psi Gamma circ top "
        "cdot mathrm mathbf operatorname left right lVert rVert lvert rvert frac sqrt log exp "
        "ln det tanh odot oslash otimes times",
    )
)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)


def form(case: Case) -> str:
    (text,) = case.all("form")
    return text


def read_form(case: Case, derivative: Any) -> Any:
    """The form of the source with the declarations of the problem."""
    where = tuple(declarations(derivative.problem.typed))
    return infer(parse(form(case), where, ()), form(case))


def test_there_are_enough() -> None:
    assert len(CASES) >= 200
    assert all(case.all("source") and case.all("form") for case in CASES)
    shapes = [derivative_of(case).problem.variable(case.wrt[0].split(",")[-1]) for case in CASES]
    assert sum(not symbol.shape.is_vector for symbol in shapes) >= 100
    assert sum(case.options.get("order") == "2" for case in CASES) >= 40


@every_case
def test_the_source_is_right(case: Case) -> None:
    """What is printed there is the derivative, too."""
    derivative = derivative_of(case)
    read = read_form(case, derivative)
    found = check(
        derivative.problem.typed,
        derivative.wrt,
        read.tree,
        read.shapes,
        order=derivative.order,
        layout=derivative.layout,
        count=1,
    )
    assert found.ok, found.message


@every_case
def test_is_no_longer_than_the_source(case: Case) -> None:
    derivative = derivative_of(case)
    ours, theirs = measure(derivative.tree), measure(read_form(case, derivative).tree)
    assert (ours > theirs) == (case.title in LONGER), f"{derivative} ({ours}) / {theirs}"


def test_few_are_longer() -> None:
    assert {case.title for case in CASES} >= LONGER.keys()
    assert len(LONGER) <= MOST_LONGER * len(CASES)


@every_case
def test_code_runs(case: Case) -> None:
    """The NumPy code is run and compared wherever floating point can tell."""
    derivative = derivative_of(case, check=True)
    assert derivative.check is not None
    assert derivative.check.code_points, derivative.check.message


@every_case
def test_steps(case: Case) -> None:
    assert_steps(derivative_of(case))


@every_case
def test_latex_is_plain(case: Case) -> None:
    """One line of ASCII, in commands of amsmath."""
    derivative = derivative_of(case)
    text = derivative.to("latex")
    assert text.isascii() and "\n" not in text
    assert text.count("{") == text.count("}")
    commands = set(re.findall(r"\\([A-Za-z]+)", text))
    assert commands <= COMMANDS, commands - COMMANDS
    assert text.count(r"\otimes") == str(derivative).count("kron(")
