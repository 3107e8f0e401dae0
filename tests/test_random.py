"""Random expressions: every derivative agrees with numeric differentiation.

So do the emitted NumPy code and the printed text, read back.  A hundred and fifty cases by
default; ``MATCALC_RANDOM=2500`` asks for a longer run, which CI does.  ``MATCALC_SEED`` makes it
another one.
"""

from __future__ import annotations

import os
from itertools import islice
from random import Random

import pytest
from generate import Case, cases, nesting, random_case, strategy
from hypothesis import HealthCheck, given, settings
from numeric import NoPoint, assert_derivative

from matcalc import MatcalcError, diff

COUNT = int(os.environ.get("MATCALC_RANDOM", "150"))
SEED = int(os.environ.get("MATCALC_SEED", "0"))
UNDECIDED: list[Case] = []  # no point found, or not defined anywhere
REFUSED: list[Case] = []  # Jacobians that need Kronecker products


def assert_case(case: Case, seed: int = 0) -> None:
    """The derivative of a case exists and is right, or it is refused for a reason that can be."""
    try:
        d = diff(case.source, case.wrt, where=list(case.where), order=case.order)
        assert_derivative(d, seed)
    except NoPoint:
        UNDECIDED.append(case)
    except MatcalcError as error:
        if error.kind not in ("domain", "unsupported"):
            raise
        (UNDECIDED if error.kind == "domain" else REFUSED).append(case)


@pytest.mark.parametrize("case", list(cases(COUNT, SEED)), ids=range(COUNT))
def test_random_expression(case: Case) -> None:
    assert_case(case)


def test_nearly_all_were_decided() -> None:
    """An expression that has no value anywhere proves nothing, nor does a refusal."""
    assert len(UNDECIDED) <= 0.1 * COUNT
    assert len(REFUSED) <= 0.02 * COUNT


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(strategy(depth=4))
def test_shrinkable_expression(case: Case) -> None:
    """The same through Hypothesis, which makes what fails small."""
    assert_case(case)


def test_cases_are_deterministic_and_deep() -> None:
    """The same numbers give the same cases; the depth asked for is reached by most."""
    again = list(islice(cases(50, SEED), 50))
    assert again == list(cases(50, SEED))
    assert sum(nesting(case.source) >= 3 for case in again) > 25
    assert random_case(Random(1)) == random_case(Random(1))
