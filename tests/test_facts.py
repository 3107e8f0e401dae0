"""The fact table: every cell of every row is true of matrices drawn at random, or acts.

What a row says is held against values drawn by ``verify.sample``, which has its own idea of each
fact.  A cell that is spoiled is then noticed by the same test, which is tried for every cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest

import matcalc
from matcalc import MatcalcError
from matcalc.tables import facts
from matcalc.tables.facts import FACTS, Fact
from matcalc.verify.matrix import Matrix, eliminate
from matcalc.verify.sample import MOODS, SATISFIED, draw

N = 4
UNIT = Matrix.build(N, N, lambda i, j: Fraction(i == j))


def draws(fact: Fact) -> list[Matrix]:
    """Matrices that have the fact."""
    return [draw(N, N, {fact.name}, mood, Random(k)) for k, mood in enumerate(MOODS[:3])]


def times(A: Matrix, B: Matrix) -> Matrix:
    return A.times(B, lambda row, col: sum((a * b for a, b in zip(row, col)), Fraction(0)))


def _transposes(X: Matrix, transpose: str) -> bool:
    match transpose:
        case "same":
            return X.T == X
        case "minus":
            return X.T == -X
        case "inverse":
            return times(X, X.T) == UNIT
    return SATISFIED[transpose](X.T)


def untrue(fact: Fact) -> Iterator[str]:
    """The cells of a row that are not true, as far as values can tell."""
    for X in draws(fact):
        if not SATISFIED[fact.name](X):
            yield "name"
        if not all(SATISFIED[other](X) for other in fact.implies):
            yield "implies"
        if any(SATISFIED[other](X) for other in fact.excludes):
            yield "excludes"
        if fact.transpose and not _transposes(X, fact.transpose):
            yield "transpose"
        if not fact.transpose and (X.T == -X or times(X, X.T) == UNIT):
            yield "transpose"
        if fact.projection != (times(X, X) == X):
            yield "projection"
        if fact.zeros != (X.entries.count(0) >= N):
            yield "zeros"


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_row_is_true(fact: Fact) -> None:
    assert not list(untrue(fact))


SPOILED: list[tuple[str, str, Any]] = [
    ("symmetric", "transpose", "minus"),
    ("skew", "transpose", "same"),
    ("skew", "excludes", ("skew",)),
    ("skew", "zeros", False),
    ("diagonal", "implies", ("skew",)),
    ("diagonal", "transpose", "inverse"),
    ("orthogonal", "transpose", "same"),
    ("orthogonal", "implies", ("symmetric",)),
    ("lower", "transpose", "lower"),
    ("upper", "transpose", "upper"),
    ("upper", "zeros", False),
    ("idempotent", "projection", False),
    ("symmetric", "projection", True),
    ("positive definite", "implies", ("diagonal",)),
    ("positive semidefinite", "implies", ("skew",)),
    ("lower", "zeros", False),
]


@pytest.mark.parametrize(("name", "cell", "value"), SPOILED, ids=lambda v: str(v))
def test_a_spoiled_cell_is_noticed(name: str, cell: str, value: Any) -> None:
    assert cell in set(untrue(replace(FACTS[name], **{cell: value})))


def simplified(expression: str, fact: str) -> str:
    return str(matcalc.simplify(expression, where=[f"X: n x n {fact}"]))


@pytest.mark.parametrize(
    ("expression", "fact", "answer"),
    [
        ("X'", "symmetric", "X"),
        ("X'", "antisymmetric", "-X"),
        ("X'", "diagonal", "X"),
        ("X'", "spd", "X"),
        ("X'", "psd", "X"),
        ("X' X", "orthogonal", "eye(n)"),
        ("X'", "lower", "X'"),
        ("X^3", "idempotent", "X"),
        ("X^3", "symmetric orthogonal", "X"),
        ("abs(X)", "positive", "X"),
        ("sign(X)", "positive diagonal", "sign(X)"),
        ("sign(X)", "positive lower triangular", "sign(X)"),
    ],
)
def test_a_row_acts(expression: str, fact: str, answer: str) -> None:
    assert simplified(expression, fact) == answer


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_square_fact_is_refused_of_others(fact: Fact) -> None:
    if fact.square:
        with pytest.raises(MatcalcError) as caught:
            matcalc.shape("X Y", where=[f"X: m x n {fact.name}"])
        assert caught.value.kind == "declaration"
    elif fact.name != "integer":
        assert matcalc.shape("X Y", where=[f"X: m x n {fact.name}"])


@pytest.mark.parametrize(("one", "other"), facts.EXCLUSIVE)
def test_what_excludes_one_another_is_refused(one: str, other: str) -> None:
    with pytest.raises(MatcalcError) as caught:
        matcalc.shape("X", where=[f"X: n x n {one} {other}"])
    assert caught.value.kind == "declaration"


@pytest.mark.parametrize(("word", "name"), facts.SPELLINGS.items())
def test_every_spelling_is_read(word: str, name: str) -> None:
    if name == "integer":
        assert matcalc.shape("k", where=["k: integer"]).symbols[0].kind == "integer"
        return
    hyphened = re.sub(r"(skew|anti|semi) ", r"\1-", word)
    (symbol,) = matcalc.shape("X", where=[f"X: n x n {hyphened}"]).symbols
    assert symbol.facts == {name}


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_ties_are_said(fact: Fact) -> None:
    """What ties entries is left out while differentiating, and the answer says so."""
    if fact.name == "integer":
        return
    notes = matcalc.diff("tr(A X)", "X", where=[f"X: n x n {fact.name}"]).notes
    assert fact.ties == any("entries are taken as independent" in note for note in notes)


def test_the_judge_knows_every_fact() -> None:
    assert SATISFIED.keys() == FACTS.keys()
    assert {field.name for field in fields(Fact)} == {
        *("name", "spellings", "square", "implies", "excludes"),
        *("ties", "transpose", "zeros", "projection"),
    }
    assert all(eliminate(X, Fraction(1), Fraction(0))[0] for X in draws(FACTS["invertible"]))
