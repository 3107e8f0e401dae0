"""Random questions: every answer is judged by something that shares nothing with matcalc.

A hundred and fifty cases by default; ``MATCALC_RANDOM=2500`` asks for more, ``MATCALC_SEED`` for
others.  ``python tests/fuzz.py`` is the same for hours, and makes small what it finds.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import cache
from random import Random

import pytest
from generate import Case, case_of, cases, kind, nesting, random_case, strategy
from hypothesis import HealthCheck, given, settings
from trials import Outcome, trial

COUNT = int(os.environ.get("MATCALC_RANDOM", "150"))
SEED = os.environ.get("MATCALC_SEED", "0")
DRAWN = 2000


@cache
def outcome_of(number: int) -> Outcome:
    return trial(case_of(SEED, number))


@pytest.mark.parametrize("number", range(COUNT))
def test_random_question(number: int) -> None:
    outcome = outcome_of(number)
    assert not outcome.is_finding, f"{outcome}\n{case_of(SEED, number)}"


def test_nearly_all_are_decided() -> None:
    """An expression that has no value anywhere proves nothing, nor does a refusal."""
    counts = Counter(outcome_of(number).kind for number in range(min(COUNT, 150)))
    assert counts["undecided"] <= 0.15 * counts.total()
    assert counts["refusal"] <= 0.03 * counts.total()
    assert counts["refused"] <= 0.12 * counts.total()


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(strategy(depth=4))
def test_shrinkable_question(case: Case) -> None:
    """The same through Hypothesis, which makes what fails small."""
    outcome = trial(case)
    assert not outcome.is_finding, outcome


def test_cases_are_deterministic_and_deep() -> None:
    """The same numbers give the same cases; the depth asked for is reached by most."""
    again = list(cases(50, SEED))
    assert again == list(cases(50, SEED))
    assert sum(nesting(case.source) >= 3 for case in again) > 25
    assert random_case(Random(1)) == random_case(Random(1))


# --- what is drawn --------------------------------------------------------------------------------


@cache
def drawn() -> tuple[Case, ...]:
    return tuple(cases(DRAWN))


def written(*parts: str) -> Callable[[Case], bool]:
    return lambda case: any(part in case.source for part in parts)


def facts(*wanted: str) -> Callable[[Case], bool]:
    return lambda case: any(set(wanted) <= own for own in case.facts.values())


def of_kind(*kinds: str) -> Callable[[Case], bool]:
    return lambda case: kind(case) in kinds


FEATURES: dict[str, tuple[int, Callable[[Case], bool]]] = {
    **{
        fact: (15, facts(fact))
        for fact in (
            *("symmetric", "skew", "diagonal", "orthogonal", "lower", "upper", "idempotent"),
            *("positive definite", "positive semidefinite", "invertible", "positive"),
        )
    },
    "an integer": (60, facts("integer")),
    "several facts": (100, lambda case: any(len(own) > 1 for own in case.facts.values())),
    "a variable with facts": (150, lambda case: any(case.facts[w] for w in case.wrt.split(","))),
    "ones": (150, written("ones(")),
    "a scalar times ones": (60, written("* ones(")),
    "zeros": (15, written("zeros(")),
    "eye": (15, written("eye(")),
    "a bare identity": (60, written("I +", "I -", "* I")),
    "vec": (60, written("vec(")),
    "vec of unequal shapes": (10, written(") + vec(", ") - vec(")),
    "unvec": (60, written("unvec(")),
    "commutation": (5, written("commutation(")),
    "a power of diag": (15, written("diag(", "^")),
    "an inverse of diag": (20, written("* diag(")),
    "a negative power": (60, written("^-1", "^-2", "^(-1)", "^(-2)")),
    "a power that is a name": (60, written("^k", "^kappa", ".^ k")),
    "an exponential in the scalar": (15, written("2^", "(5/2)^", "0.5^", "3^", "4^")),
    "a root of a power": (40, written(".^ (2/3))", ".^ (1/2))", "sqrt(")),
    "trigonometry in powers": (15, written("(2 + cos(", "(2 + sin(", "(3 + sin(")),
    "a definition": (60, lambda case: bool(case.definitions)),
    "a name left undeclared": (100, lambda case: not case.declared),
    "a one-row matrix": (150, lambda case: any(s[0] == "1" != s[1] for s in case.shapes.values())),
    "a name of Python's": (15, lambda case: "lambda" in case.shapes),
    "a name that NumPy has": (15, lambda case: "np" in case.shapes),
    "a name like a perturbation": (60, lambda case: bool({"dx", "dX", "dt"} & set(case.shapes))),
    "numbers as sizes": (
        60,
        lambda case: any(s.isdigit() for n in case.shapes.values() for s in n),
    ),
    "two variables": (20, lambda case: "," in case.wrt),
    "symmetric": (8, lambda case: case.structure == "symmetric"),
    "cookbook": (6, lambda case: case.structure == "cookbook"),
    "structures": (20, lambda case: case.structure not in ("independent", "cookbook")),
    "gradient": (200, lambda case: case.layout == "gradient"),
    "numerator": (200, lambda case: case.layout == "numerator"),
    "denominator": (200, lambda case: case.layout == "denominator"),
    "steps": (60, lambda case: case.ask == "steps"),
    "perturb": (60, of_kind("perturb")),
    "taylor": (30, of_kind("taylor")),
    "simplify": (100, of_kind("simplify")),
    "code": (500, lambda case: case.form == "code"),
    "text": (500, lambda case: case.form == "text"),
    "all formats": (30, lambda case: case.form == "formats"),
    "scalar by vector": (150, of_kind("scalar/vector")),
    "scalar by matrix": (400, of_kind("scalar/matrix")),
    "scalar by scalar": (40, of_kind("scalar/scalar")),
    "vector by vector": (100, of_kind("vector/vector")),
    "rows": (40, of_kind("row/vector", "vector/row", "row/row", "scalar/row")),
    "matrix by scalar": (20, of_kind("matrix/scalar")),
    "Hessians": (60, of_kind("scalar/vector order 2", "scalar/row order 2")),
    "scalars, twice": (20, of_kind("scalar/scalar order 2")),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_what_is_drawn(feature: str) -> None:
    """Every corner is visited, by so many of two thousand."""
    least, has = FEATURES[feature]
    assert sum(map(has, drawn())) >= least


def test_every_function_is_drawn() -> None:
    from matcalc.tables.functions import FUNCTIONS

    text = " ".join(case.source for case in drawn())
    assert [name for name in FUNCTIONS if f"{name}(" not in text] == []
