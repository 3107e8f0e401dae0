"""The fact table: every cell of every row is true of matrices drawn at random, or acts.

What a row says of values is held against an account of each fact that is written here.  A cell that
is spoiled in a copy of the table is noticed by the same test, or by what matcalc then says; a row
more in such a copy is all that a new fact takes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from fractions import Fraction
from itertools import combinations_with_replacement
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import matcalc
from matcalc import MatcalcError
from matcalc.language.sizes import Dim, Shape
from matcalc.tables import facts
from matcalc.tables.facts import FACTS, Fact
from matcalc.verify.matrix import Matrix, NotConforming
from matcalc.verify.sample import MOODS, PLAIN, draw, follow, has
from matcalc.verify.scalars import OutsideDomain, exact
from matcalc.verify.symbolic import Symbols, Unprovable

N = 4
UNIT = Matrix.build(N, N, lambda i, j: Fraction(i == j))


def draws(fact: Fact) -> list[Matrix]:
    """Matrices that have the fact."""
    return [draw(N, N, {fact.name}, mood, Random(k)) for k, mood in enumerate(MOODS[:3])]


def times(A: Matrix, B: Matrix) -> Matrix:
    return A.times(B, exact().dot)


# --- what is true of values -----------------------------------------------------------------------


def _array(X: Matrix) -> Any:
    return np.reshape([float(x) for x in X], X.shape)


def _least(X: Matrix) -> float:
    """The least eigenvalue."""
    return float(min(np.linalg.eigvalsh(_array(X))))


#: every fact once more, in other words
MEANT: dict[str, Callable[[Matrix], bool]] = {
    "symmetric": lambda X: all(X[i, j] == X[j, i] for i in range(N) for j in range(N)),
    "orthogonal": lambda X: times(X, X.T) == UNIT,
    "idempotent": lambda X: not any(times(X, UNIT - X)),
    "diagonal": lambda X: not any(X[i, j] for i in range(N) for j in range(N) if i != j),
    "lower": lambda X: not any(X[i, j] for j in range(N) for i in range(j)),
    "upper": lambda X: not any(X[i, j] for i in range(N) for j in range(i)),
    "skew": lambda X: not any(X + X.T),
    "positive definite": lambda X: X == X.T and _least(X) > 1e-10,
    "positive semidefinite": lambda X: X == X.T and _least(X) > -1e-10,
    "invertible": lambda X: bool(np.linalg.matrix_rank(_array(X)) == N),
    "positive": lambda X: all(x >= 0 for x in X) and any(X),
    "integer": lambda X: all(Fraction(x).denominator == 1 for x in X),
}


def _matrices() -> list[Matrix]:
    """With each fact, and almost with it."""
    found = [X for fact in FACTS.values() for X in draws(fact)]
    some = [draw(N, N, (), mood, Random(9)) for mood in MOODS[:3]]
    v = draw(N, 1, {"positive"}, PLAIN, Random(9))
    skew = draw(N, N, {"skew"}, PLAIN, Random(9))
    almost = [UNIT + skew, -UNIT, 0 * UNIT, 2 * UNIT, times(v, v.T), -times(v, v.T)]
    return [*found, *some, *almost, UNIT.with_entry(0, 0, 0), UNIT.with_entry(0, 0, -1)]


MATRICES = _matrices()


def _transposes(X: Matrix, transpose: str) -> bool:
    match transpose:
        case "same":
            return X.T == X
        case "minus":
            return X.T == -X
        case "inverse":
            return times(X, X.T) == UNIT
    return MEANT[transpose](X.T)


def untrue(fact: Fact) -> Iterator[str]:
    """The cells of a row that are not true, as far as values can tell."""
    if any(has(X, fact) != MEANT[fact.name](X) for X in MATRICES):
        yield from ("equation", "condition")
    for X in draws(FACTS[fact.name]):
        if not all(MEANT[other](X) for other in fact.implies):
            yield "implies"
        if any(MEANT[other](X) for other in fact.excludes):
            yield "excludes"
        if fact.transpose and not _transposes(X, fact.transpose):
            yield "transpose"
        if not fact.transpose and (X.T == -X or times(X, X.T) == UNIT):
            yield "transpose"
        if fact.projection != (times(X, X) == X):
            yield "projection"
        if fact.zeros != (X.entries.count(0) >= N):
            yield "zeros"
    if fact.ties != bool(fact.equation):
        yield "ties"
    with suppress(NotConforming):
        if has(Matrix(2, 3, (1, 2, 3, 4, 5, 6)), fact) and fact.square:
            yield "square"
    yield from _unfit(fact)


def _unfit(fact: Fact) -> Iterator[str]:
    """The formulas that do not lead to what they should."""
    Q, u = draw(N, N, {"orthogonal"}, PLAIN, Random(3)), draw(N, 1, (), PLAIN, Random(4))
    for formula in (fact.form, *fact.members):
        free = None if formula == fact.form else u
        X = follow((formula,), Q, exact(), free) if formula else Q
        if formula and not has(X, replace(fact, condition="")):
            yield "form" if formula == fact.form else "members"
    if fact.entry:
        entry = exact().formulas[fact.entry, ("x", "t")]
        numbers = [Fraction(k, 7) for k in range(1, 7)]
        made = [Fraction(entry(sign * x, x)) for x in numbers for sign in (1, -1)]
        if not MEANT[fact.name](Matrix(len(made), 1, tuple(made))):
            yield "entry"


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_row_is_true(fact: Fact) -> None:
    assert not list(untrue(fact))


def spoiled(fact: Fact) -> Iterator[tuple[str, Fact]]:
    """Each cell that values can tell, with something else in it."""
    x = {"same": "minus", "minus": "same", "inverse": "same", "lower": "upper", "upper": "lower"}
    yield "transpose", replace(fact, transpose=x.get(fact.transpose, "minus"))
    yield "projection", replace(fact, projection=not fact.projection)
    yield "zeros", replace(fact, zeros=not fact.zeros)
    yield "ties", replace(fact, ties=not fact.ties)
    yield "implies", replace(fact, implies=(*fact.implies, "idempotent" if fact.zeros else "skew"))
    yield "excludes", replace(fact, excludes=(*fact.excludes, fact.name))
    if fact.equation:
        yield "equation", replace(fact, equation="")
        yield "equation", replace(fact, equation="X = 2 X")
        yield "form", replace(fact, form=f"{fact.form} + ones(n) (X e)'")
    for k, member in enumerate(fact.members):
        others = (*fact.members[:k], f"{member} + ones(n) (X e)'", *fact.members[k + 1 :])
        yield "members", replace(fact, members=others)
    if fact.condition:
        yield "condition", replace(fact, condition="")
        yield "condition", replace(fact, condition=f"not ({fact.condition})")
    if fact.entry:
        yield "entry", replace(fact, entry="x - 7 / 11")


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_spoiled_cell_is_noticed(fact: Fact) -> None:
    for cell, other in spoiled(fact):
        assert cell in set(untrue(other)), cell


# --- what is drawn, and written entry by entry ----------------------------------------------------


@contextmanager
def in_place_of(row: Fact) -> Iterator[None]:
    """The table with this row in the place of the one of that name."""
    kept = FACTS[row.name]
    FACTS[row.name] = row
    try:
        yield
    finally:
        FACTS[row.name] = kept


def drawn(name: str) -> dict[str, set[str]]:
    """What is true of a matrix that has the fact, and others besides."""
    found = {}
    for one, other in combinations_with_replacement(FACTS, 2):
        with suppress(OutsideDomain):
            X = draw(N, N, {name, one, other}, PLAIN, Random(5))
            found[f"{one} {other}"] = {fact for fact in FACTS if MEANT[fact](X)}
    return found


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_every_formula_is_drawn_by(fact: Fact) -> None:
    """Without it, some draw is a more special one, or none."""
    before = drawn(fact.name)
    rows = [
        replace(fact, members=(*fact.members[:k], *fact.members[k + 1 :]))
        for k in range(len(fact.members))
    ]
    rows += [replace(fact, form="", members=())] if fact.form else []
    rows += [replace(fact, entry="")] if fact.entry else []
    for row in rows:
        with in_place_of(row):
            assert drawn(fact.name) != before, row


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_symbols_have_the_facts(fact: Fact) -> None:
    """Where numbers take their places, the equations of the facts are true, or it is refused."""
    symbols, square = Symbols(), Shape(Dim.of(2), Dim.of(2))
    for other in FACTS.values():
        facts = {fact.name, other.name}
        try:
            X = symbols.matrix("X", SimpleNamespace(shape=square, kind="matrix", facts=facts), {})
        except Unprovable:
            assert facts & {"orthogonal", "idempotent", "upper", *fact.excludes, *other.excludes}
            continue
        names = sorted({x for entry in X for x in entry.free_symbols}, key=str)
        values = {x: symbols.number(f"{3 + k}/7") for k, x in enumerate(names)}
        at = Matrix(2, 2, tuple(Fraction(str(entry.subs(values))) for entry in X))
        assert all(has(at, replace(row, condition="")) for row in (fact, other)), other
        assert not fact.entry or all(getattr(x, f"is_{fact.name}") for x in names)


# --- what is said ---------------------------------------------------------------------------------

_OTHERWISE = """
import json, os, sys
import matcalc.tables.facts as facts

def otherwise(row):  # the table with another row, before anything has read it
    with open(facts.__file__, encoding="utf-8") as file:
        rows, rest = file.read().split("\\nFACTS = ")
    exec(rows, vars(facts))
    known = {each.name: each for each in facts._ROWS}
    facts._ROWS = tuple({**known, row["name"]: facts.Fact(**row)}.values())
    exec("FACTS = " + rest, vars(facts))

def said(ask, *args, **options):
    try:
        return str(ask(*args, **options))
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def answers(asked, cell):
    from matcalc import diff, shape, simplify
    X = f"X: n x n {asked['name']}"
    match cell:
        case "spellings":
            for word in asked["spellings"]:
                yield said(lambda: shape("X", where=[f"X: n x n {word}"]).symbols[0].facts)
        case "square":
            yield said(shape, "X Y", where=[f"X: m x n {asked['name']}"])
        case "excludes":
            for other in asked["excludes"]:
                yield said(shape, "X", where=[f"{X}, {other}"])
        case "implies":
            yield said(simplify, "X'", where=[X])
            yield said(lambda: diff("logdet(X)", "X", where=[X]).conditions)
        case "ties":
            yield said(lambda: diff("tr(A X)", "X", where=[X]).notes)
            scalar = f"X: scalar {asked['name']}"
            yield said(lambda: diff("t^X", "t", where=[scalar]).conditions)
        case "transpose":
            yield said(simplify, "X' X", where=[X])
            yield said(diff, "tr(A X)", "X", where=[X], structure="symmetric")
        case "zeros":
            yield said(simplify, "sign(X)", where=[X + " positive"])
        case "projection":
            yield said(simplify, "X^3", where=[X])
        case "judged":
            found = diff("tr(X)^2 + x' X x", "x", where=[X], check=True, prove=True)
            yield from map(str, (found.check, found.proof))

*rows, asked = json.loads(sys.argv[1])
for row, cells in rows:
    sys.stdout.flush()
    if os.fork() == 0:
        otherwise(row)
        print(json.dumps({cell: list(answers(asked, cell)) for cell in cells}), flush=True)
        os._exit(0)
    os.wait()
"""


def answers(asked: Fact, *rows: tuple[Fact, Sequence[str]]) -> list[dict[str, list[str]]]:
    """What is said of a fact, cell by cell, where the table has each of the rows in turn."""
    given = json.dumps([*((asdict(row), cells) for row, cells in rows), asdict(asked)])
    found = subprocess.run(
        [sys.executable, "-c", _OTHERWISE, given], capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in found.stdout.splitlines()]


#: cells that say how values are drawn and held, which is tried above
DRAWN = ("equation", "condition", "form", "members", "entry")
#: true, but not what makes a difference
TOLD_BY_ANOTHER = {
    ("skew", "zeros"): "it is asked of what is positive, and that is excluded",
}


def emptied(fact: Fact) -> Iterator[tuple[str, Fact]]:
    """Each cell that says something, without it or without a part of it."""
    nothing = asdict(Fact(""))
    for cell, value in asdict(fact).items():
        if cell in ("name", *DRAWN) or value == nothing[cell]:
            continue
        parts = range(len(value)) if isinstance(value, tuple) else ()
        for other in [value[:k] + value[k + 1 :] for k in parts] or [nothing[cell]]:
            yield cell, replace(fact, **{cell: other})


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_cell_acts(fact: Fact) -> None:
    """Without it, something is said otherwise."""
    rows = list(emptied(fact))
    before, *after = answers(
        fact, (fact, [cell for cell, _ in rows]), *((row, [cell]) for cell, row in rows)
    )
    for (cell, _), found in zip(rows, after, strict=True):
        same = found[cell] == before[cell]
        assert same == ((fact.name, cell) in TOLD_BY_ANOTHER), cell


TRACELESS = Fact(
    "traceless",
    ("trace free",),
    excludes=("positive definite",),
    equation="tr(X) = 0",
    form="X - tr(X) eye(n) / n",
)


def test_a_row_is_all_that_a_fact_takes() -> None:
    cells = ("spellings", "square", "excludes", "ties", "judged")
    (found,) = answers(TRACELESS, (TRACELESS, cells))
    assert found["spellings"] == ["frozenset({'traceless'})"]
    assert found["square"][0].endswith("is not traceless")
    assert "only zero is both" in found["excludes"][0]
    assert "X is declared traceless" in found["ties"][0]
    assert all("ok=True" in said for said in found["judged"])
    FACTS["traceless"] = TRACELESS
    try:
        for others in ((), ("symmetric",), ("lower",), ("skew",), ("diagonal",)):
            X = draw(N, N, {"traceless", *others}, PLAIN, Random(1))
            assert not sum(X[i, i] for i in range(N)) and any(X)
            assert all(MEANT[other](X) for other in others)
    finally:
        del FACTS["traceless"]


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
        matcalc.shape("X", where=[f"X: n x n {one}, {other}"])
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


def test_every_fact_has_a_meaning() -> None:
    assert MEANT.keys() == FACTS.keys()
