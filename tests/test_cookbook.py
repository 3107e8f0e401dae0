"""The Matrix Cookbook's derivatives, and the project's own: right, and no longer than printed.

``corpus/cookbook.json`` holds for each entry the textbook's form and NumPy code for both sides.  A
result is compared with numeric differentiation, with the textbook's own code, and in length.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from numeric import assert_derivative

from matcalc import MatcalcError, diff
from matcalc.verify.check import check
from matcalc.verify.evaluate import Evaluation
from matcalc.verify.matrix import Matrix
from matcalc.verify.sample import MOODS, draw, numeric

ENTRIES = json.loads((Path(__file__).parent / "corpus" / "cookbook.json").read_text("utf-8"))
# may be refused, with a reason, but must not be wrong
OPTIONAL = {"cb-105", "cb-120b", "cb-121k", "cb-139", "cb-140", "cb-141"}
FACTS = {"spd": "positive definite", "intk": "integer"}
SIZES = {"m": 4, "n": 3, "p": 2, "q": 5, "k": 3}
# A X B is invertible if it is no larger than X
SMALL = {"cb-51r": {"m": 2, "n": 3, "p": 4}}
TOKEN = re.compile(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|\.\*|\./|\.\^|[-+*/^'[]")


def declare(name: str, variable: dict[str, Any]) -> str:
    shape = " x ".join(variable["shape"]) if variable["shape"] else "scalar"
    facts = ["symmetric"] if variable.get("symmetric") else []
    return " ".join([f"{name}: {shape}", *facts, FACTS.get(variable.get("domain", ""), "")]).strip()


def derive(entry: dict[str, Any], **options: str) -> Any:
    return diff(
        entry["expr"],
        entry["wrt"],
        where=[declare(name, variable) for name, variable in entry["vars"].items()],
        order=entry["order"],
        layout="gradient" if entry["layout"].startswith("denominator") else "jacobian",
        **options,
    )


def result(entry: dict[str, Any]) -> Any:
    """The derivative; skips what may be refused and is."""
    structure = "cookbook" if entry["kind"] == "gradient-sym" else "independent"
    try:
        return derive(entry, structure=structure)
    except MatcalcError as error:
        if entry["id"] in OPTIONAL and error.kind in ("unsupported", "name"):
            pytest.skip(f"refused: {error}")
        raise


def by_entry(entries: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("entry", entries, ids=lambda entry: entry["id"])


@by_entry(ENTRIES)
def test_agrees_with_numeric_differentiation(entry: dict[str, Any]) -> None:
    """Entry by entry, in the shape that the layout asks for; the code and the text as well."""
    d = result(entry)
    found = check(
        d.problem.typed,
        d.wrt,
        d.tree,
        d.shapes,
        order=d.order,
        layout=d.layout,
        structure=d.structure,
    )
    assert found.ok and found.digits >= 25, f"{d}: {found.message}"
    if d.structure == "independent":
        assert_derivative(d)


@by_entry(ENTRIES)
def test_agrees_with_the_textbook(entry: dict[str, Any]) -> None:
    """The value of the result is that of the textbook's own NumPy code."""
    d = result(entry)
    sizes = SMALL.get(entry["id"], SIZES)
    for seed in range(3):
        env = arguments(entry, sizes, seed)
        expected = eval(entry["expected_numpy"], {"np": np})(**as_columns(entry, env))
        with mp.workdps(40):
            G = Evaluation(d.tree, d.shapes, d.problem.typed.definitions, sizes)(numeric(env))
        got = np.reshape([float(e) for e in G], G.shape)
        expected = np.atleast_2d(np.asarray(expected, dtype=float))
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-7, atol=1e-9 * np.max(np.abs(expected)))


def arguments(entry: dict[str, Any], sizes: dict[str, int], seed: int) -> dict[str, Matrix]:
    """A point that has the declared properties; a positive determinant where that is asked for."""
    rng = Random(f"{entry['id']} {seed}")
    env = {}
    for name, variable in entry["vars"].items():
        rows, cols = (sizes.get(d, 1) for d in variable["shape"] or ("1", "1"))
        facts = [FACTS[variable["domain"]]] if variable.get("domain") in FACTS else []
        facts += ["symmetric"] if variable.get("symmetric") else []
        mood = MOODS[2] if variable.get("domain") == "posdet" else MOODS[0]
        env[name] = draw(rows, cols, facts, mood, rng)
    return env


def as_columns(entry: dict[str, Any], env: dict[str, Matrix]) -> dict[str, Any]:
    """The convention of the corpus: columns are n x 1 arrays, scalars numbers."""
    arrays: dict[str, Any] = {}
    for name, value in env.items():
        if entry["vars"][name]["shape"]:
            arrays[name] = np.reshape([float(e) for e in value], value.shape)
        else:
            number = value.entries[0]
            arrays[name] = int(number) if number.denominator == 1 else float(number)
    return arrays


def textbook(expected: str) -> str:
    """The expression of a textbook's form: without remarks, and with what it abbreviates."""
    expected = re.split(r"\s{2,}[(\[]", expected)[0]
    expression, *definitions = re.split(r",\s+(?=[A-Z] = )", expected)
    for definition in definitions:
        name, _, value = definition.partition(" = ")
        expression = re.sub(rf"\b{name}\b", f"({value})", expression)
    return expression


def length(text: str) -> int:
    """Names, numbers, operators and block matrices; eye(n) counts as I, X^-T as inv(X)'."""
    text = re.sub(r"\beye\([^()]*\)", "I", text).replace("^-T", "^'")
    return len(TOKEN.findall(text))


def test_length_counts_what_a_reader_does() -> None:
    assert length("x' (Q + Q') + b'") == length("x'*(Q + Q') + b'") - 1 == 9
    assert length("eye(n) / 2.5") == length("I / 2") == 3
    assert length("X^-T") == length("inv(X)'") == 3
    assert textbook("2 X   (norm of a matrix = Frobenius)") == "2 X"
    assert textbook("det(Y) tr(Y), Y = A + t B") == "det((A + t B)) tr((A + t B))"


@by_entry([entry for entry in ENTRIES if entry["id"] not in OPTIONAL])
def test_is_no_longer_than_the_textbook(entry: dict[str, Any]) -> None:
    printed, expected = str(derive(entry)), textbook(entry["expected"])
    assert length(printed) <= length(expected), f"{printed} ({length(printed)}) / {expected}"
