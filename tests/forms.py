"""The forms of an answer, judged: its code is executed, its text read by matcalc again.

What is wrong with one is a :class:`WrongForm`, which says what kind of finding it is.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from random import Random
from typing import Any

import numpy as np
from generate import Case
from judge import verdicts
from judge.differences import precision
from judge.evaluate import Evaluation
from judge.values import Lazy, Matrix, Outside, scalar
from judge.verdicts import Question, Wrong
from mpmath import mp

import matcalc
from matcalc import MatcalcError

CODE_DIGITS = 6
ROUNDING = 1e-13  # of the largest value on the way, that float64 may leave
HUGE = 1e8  # of intermediate values, beyond which float64 is no judge of a formula


class WrongForm(Wrong):
    """A wrong answer, and what kind of finding it is."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@contextmanager
def judging(kind: str) -> Iterator[None]:
    """What is wrong inside is a finding of this kind."""
    try:
        yield
    except Wrong as error:
        raise WrongForm(kind, str(error)) from error


def shape_said(answer: Any, q: Question, value: Matrix) -> None:
    """The shape that an answer says it has is that of its value."""
    said = tuple(int(q.value(q.read(size), {}).entries[0]) for size in answer.shape)
    if said != value.shape:
        raise Wrong(f"{answer} is said to be {answer.shape}, and is {value.shape}")


def arguments(answer: Any, q: Question, env: Mapping[str, Matrix]) -> dict[str, Any]:
    """What the emitted function is called with at a point."""
    shapes = {symbol.name: symbol.shape for symbol in answer.symbols}
    found: dict[str, Any] = {}
    for parameter in inspect.signature(answer.function()).parameters:
        name = parameter if parameter in env or parameter in q.sizes else parameter[:-1]
        if name in env:
            found[parameter] = _array(env[name], shapes[name])
        else:
            found[parameter] = q.sizes[name]
    return found


def _array(value: Matrix, shape: Any) -> Any:
    """A float, a 1-D array for what is declared n x 1, else a 2-D one."""
    entries = [float(entry) for entry in value.entries]
    if value.is_scalar and str(shape.rows) == str(shape.cols) == "1":
        return entries[0]
    return np.array(entries) if str(shape.cols) == "1" else np.reshape(entries, value.shape)


def _code(case: Case, answer: Any, q: Question, env: Mapping[str, Matrix], value: Matrix) -> None:
    try:
        got = answer.function()(**arguments(answer, q, env))
    except MatcalcError:
        raise
    except (np.linalg.LinAlgError, OverflowError, ZeroDivisionError) as error:
        if _is_delicate(answer, q, env, value):
            return
        raise WrongForm("wrong-code", f"the code of {answer} raises {error!r}") from error
    except Exception as error:
        raise WrongForm("wrong-code", f"the code of {answer} raises {error!r}") from error
    wanted = 2 - [str(size) for size in answer.shape].count("1")  # a size n may be 1 here
    with judging("wrong-code"):
        if np.ndim(got) != wanted or np.size(got) != len(value.entries):
            raise Wrong(f"the code of {answer} gives {np.shape(got)}, not {value.shape}")
        expected = np.array([float(entry) for entry in value.entries])
        scale = max(1e-6, float(np.max(np.abs(expected))))
        gap = float(np.max(np.abs(np.ravel(got) - expected)))
        wrong = not gap <= 10.0**-CODE_DIGITS * scale
        if wrong and not _is_delicate(answer, q, env, value, gap):
            raise Wrong(f"the code of {answer} gives {np.ravel(got)}, not {expected}")


def _is_delicate(
    answer: Any, q: Question, env: Mapping[str, Matrix], value: Matrix, gap: float = inf
) -> bool:
    """Whether a formula loses its digits here, or leaves what float64 can say.

    A ``gap`` that is left where large values cancel says nothing of code.
    """
    shaken = {
        name: X.map(lambda e: e * (1 + mp.mpf(Random(str(e)).uniform(-1, 1)) / 10**14))
        for name, X in env.items()
    }
    for digits, at in ((30, shaken), (15, env)):
        with mp.workdps(digits):
            sizes = {name: scalar(size) for name, size in q.sizes.items()}
            evaluation = Evaluation({**sizes, **at}, q.trees, strict=False)
            try:
                other = evaluation(q.read(str(answer)))
            except Outside:
                return True
            seen = [v.largest for v in evaluation.known.values() if not isinstance(v, Lazy)]
            if max(seen) > HUGE or gap < max(seen) * ROUNDING:
                return True
            shift = max(abs(a - b) for a, b in zip(other.entries, value.entries))
            if shift > value.largest * mp.mpf("1e-9") + mp.mpf("1e-12"):
                return True
    return False


def declarations(case: Case, answer: Any) -> list[str]:
    """What was declared, and all else that was inferred, as declarations."""
    inferred = () if case.declared else {symbol.name for symbol in answer.symbols}
    # what is declared and does not occur tells that its sizes are sizes
    found = [each for each in case.where if re.split("[:=]", each)[0].strip() not in inferred]
    for symbol in answer.symbols if not case.declared else ():
        if symbol.kind in ("dimension", "size", "function") or symbol.name in case.definitions:
            continue
        words = {*symbol.facts, *(("integer",) if symbol.kind == "integer" else ())}
        rows, cols = (str(size).replace(" ", "*") for size in symbol.shape)
        size = "scalar" if rows == cols == "1" else f"{rows} x {cols}"
        found.append(" ".join([f"{symbol.name}: {size}", *sorted(words)]))
    return found


def _text(case: Case, answer: Any, q: Question, env: Mapping[str, Matrix], value: Matrix) -> None:
    """The text, read by matcalc with the same declarations, has the same value."""
    text, known = str(answer), declarations(case, answer)
    with judging("wrong-text"):
        try:
            again, mended = matcalc.shape(text, known), matcalc.simplify(text, known)
        except MatcalcError as error:
            raise Wrong(f"{text} is not read again: {error.message}") from error
        shape_said(again, q, value)
        with mp.workdps(precision(1)):
            for other in dict.fromkeys((str(again), str(mended))):
                what = f"{text} read again as {other}"
                verdicts.same(q.answered(other, env), value, what, noise=mp.mpf(10) ** -40)


def written(answer: Any, forms: tuple[str, ...]) -> None:
    """The forms are there; LaTeX is in ASCII, JSON is JSON."""
    for form in forms:
        text = answer.to(form)
        if not text.strip():
            raise WrongForm("wrong-format", f"{form} is empty")
        if form == "latex" and not text.isascii():
            raise WrongForm("wrong-format", f"not in ASCII: {text!r}")
        if form == "json":
            json.loads(text)


def _formats(
    case: Case, answer: Any, q: Question, env: Mapping[str, Matrix], value: Matrix
) -> None:
    try:
        written(answer, ("latex", "json", "numpy", "markdown"))
    except MatcalcError as error:
        raise WrongForm("wrong-format", error.message) from error


def _sympy(case: Case, answer: Any, q: Question, env: Mapping[str, Matrix], value: Matrix) -> None:
    """The script compiles, or is refused; running it would take seconds."""
    try:
        script = answer.to("sympy")
    except MatcalcError as error:
        if error.kind == "unsupported":
            return
        raise
    compile(script, "<script>", "exec")


FORM: dict[str, Callable[[Case, Any, Question, Mapping[str, Matrix], Matrix], None]] = {
    "code": _code,
    "text": _text,
    "formats": _formats,
    "sympy": _sympy,
    "": lambda *_: None,
}
