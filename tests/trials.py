"""One question asked of matcalc, and what came of it.

An :class:`Outcome` is "right", "undecided" (no point where anything could be told), "refused" (as
documented), "refusal" (a derivative that the conventions promise), or a finding: one of
:data:`FINDINGS`.  Time is that of the processor, so that a busy machine makes no hangs.
"""

from __future__ import annotations

import resource
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from traceback import walk_tb
from types import FrameType
from typing import Any

import numpy as np
from forms import CODE_DIGITS, FORM, WrongForm, arguments, shape_said, written
from generate import Case, kind
from judge import verdicts
from judge.differences import precision
from judge.reader import Unreadable, names
from judge.values import Matrix, Mismatch, Outside
from judge.verdicts import Line, Question, Undecided, Wrong
from mpmath import mp

import matcalc
from matcalc import MatcalcError

SECONDS = 2.0  # of processor time for an answer
MEGABYTES = 500  # that an answer may take

FINDINGS = (
    *("wrong", "wrong-text", "wrong-code", "wrong-simplify", "wrong-steps", "wrong-perturb"),
    *("wrong-taylor", "wrong-format", "crash", "hang", "memory", "error"),
)
OUTCOMES = ("right", "undecided", "refused", "refusal", *FINDINGS)
_READING = ("syntax", "name", "arity", "shape", "ambiguous", "declaration", "usage")
_REFUSED = ("domain", "unsupported", "limit")
_SHAPES = ("scalar", "vector", "row", "matrix")
PROMISED = frozenset(  # by the table of conventions
    f"{what}/{by}{order}" for what in _SHAPES for by in _SHAPES for order in ("", " order 2")
)
# what is said where there is no form at all
_NO_FORM = (
    *("symbolic or very large exponent", "has no derivative in closed form"),
    "has no matrix here",
)


@dataclass(frozen=True)
class Outcome:
    """What came of a case; ``detail`` says how it was wrong."""

    kind: str
    detail: str = ""

    @property
    def is_finding(self) -> bool:
        return self.kind in FINDINGS


class Hang(BaseException):
    """An answer took too long.  No Exception, which whoever is interrupted might catch."""


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raises Hang once so much processor time is used; again and again, should it be swallowed."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def peak() -> float:
    """The most memory that this process has had, in megabytes."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def trial(case: Case, seed: int = 0, seconds: float = SECONDS) -> Outcome:
    """Asks, and judges the answer."""
    warm()
    before = peak()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = _tried(case, seed, seconds)
    grown = peak() - before
    if grown > MEGABYTES and not outcome.is_finding:
        return Outcome("memory", f"{grown:.0f} MB")
    return outcome


def _tried(case: Case, seed: int, seconds: float) -> Outcome:
    wrong = {"diff": "wrong", "steps": "wrong-steps"}.get(case.ask, f"wrong-{case.ask}")
    try:
        with limited(seconds):
            ASK[case.ask](case, seed)
        return Outcome("right")
    except Wrong as error:
        return Outcome(error.kind if isinstance(error, WrongForm) else wrong, str(error))
    except (Undecided, Outside) as error:
        return Outcome("undecided", str(error))
    except MatcalcError as error:
        return _refused(case, error)
    except Mismatch as error:  # a size that only matcalc knows
        if case.declared:
            raise
        return Outcome("undecided", str(error))
    except Hang as hang:
        if any("judge" in Path(f.f_code.co_filename).parts for f, _ in walk_tb(hang.__traceback__)):
            return Outcome("undecided", "the judge took too long")
        return Outcome("hang", f"more than {seconds} s")
    except MemoryError:
        return Outcome("memory", "MemoryError")
    except Exception as error:
        return Outcome("crash", f"{type(error).__name__}: {error}"[:200])


def _refused(case: Case, error: MatcalcError) -> Outcome:
    said = f"{error.kind}: {error.message}"
    if error.kind in _READING:
        return Outcome("error" if case.declared else "undecided", said)
    if error.kind not in _REFUSED:
        return Outcome("error", said)
    promised = error.kind == "unsupported" and kind(case) in PROMISED
    has_form = not any(reason in error.message for reason in _NO_FORM)
    return Outcome("refusal" if promised and has_form else "refused", said)


# --- the questions --------------------------------------------------------------------------------


def question(case: Case, symbols: Any, seed: int) -> Question:
    """The question as the judge sees it.

    The sizes are those of the case; where a declaration was left out matcalc has names of its own
    for some, which are those of the names that have them.
    """
    sizes, shapes = dict(case.sizes), {}
    for name, shape in case.shapes.items():
        if name not in case.definitions:
            value = tuple(_size(size, case.sizes) for size in shape)
            shapes[name] = ((value[0], value[1]), case.facts[name])
    for symbol in symbols:
        if symbol.name in shapes and not case.declared:
            for dim, size in zip(symbol.shape, shapes[symbol.name][0]):
                _agree(str(dim), size, sizes)
    return Question(case.source, shapes, sizes, case.definitions, seed)


def _size(text: str, sizes: Mapping[str, int]) -> int:
    result = 1
    for part in text.split("*"):
        result *= sizes[part] if part in sizes else int(part)
    return result


def _agree(dim: str, size: int, sizes: dict[str, int]) -> None:
    known = int(dim) if dim.isdigit() else sizes.setdefault(dim, size) if dim.isalnum() else size
    if known != size:
        raise Undecided("read with other shapes")


def _diff(case: Case, seed: int) -> None:
    answer = _derivative(case)
    q = question(case, answer.symbols, seed)
    try:
        env, G = verdicts.derivative(q, case.variables, str(answer), case.layout, case.structure)
    except Wrong as error:
        raise WrongForm(_text_or_value(case, answer, q), str(error)) from error
    shape_said(answer, q, G)
    FORM[case.form](case, answer, q, env, G)


def _derivative(case: Case) -> Any:
    return matcalc.diff(
        case.source,
        case.wrt,
        where=list(case.where),
        order=case.order,
        layout=case.layout,
        structure=case.structure,
    )


def _text_or_value(case: Case, answer: Any, q: Question) -> str:
    """Whether a wrong answer is one whose code is right: then it is the text that is wrong."""
    try:
        env = q.point()
        entries = np.ravel(answer.function()(**arguments(answer, q, env)))
        m, n = (int(q.value(q.read(size), env).entries[0]) for size in answer.shape)
        with mp.workdps(precision(2)):
            G = Matrix(m, n, [mp.mpf(float(entry)) for entry in entries])
            options = (case.variables, "the code", case.layout, case.structure)
            verdicts.derivative_at(q, env, G, *options, digits=CODE_DIGITS)
    except Exception:
        return "wrong"
    return "wrong-text"


def _simplify(case: Case, seed: int) -> None:
    answer = matcalc.simplify(case.source, list(case.where))
    q = question(case, answer.symbols, seed)
    env, value = verdicts.simplified(q, str(answer))
    shape_said(answer, q, value)
    FORM[case.form](case, answer, q, env, value)


def _perturb(case: Case, seed: int) -> None:
    answer = matcalc.perturb(case.source, case.wrt, where=list(case.where), order=case.order)
    q = question(case, answer.symbols, seed)
    orders = {part.order: part.text for part in answer.orders}
    exact = not answer.remainder
    small = answer.perturbation
    verdicts.perturbed(q, case.wrt, small, orders, case.order, str(answer), exact)
    written(answer, ("text", "latex", "json"))


def _taylor(case: Case, seed: int) -> None:
    at = ("", "", "x0_", "0", "1")[Random(seed + len(case.source)).randrange(5)]
    if at == "1" and case.shapes[case.wrt] != ("1", "1"):
        at = "0"
    where = list(case.where)
    answer = matcalc.taylor(case.source, case.wrt, where=where, at=at, order=case.order)
    q = question(case, answer.symbols, seed)
    exact = not answer.remainder
    verdicts.polynomial(q, case.wrt, answer.perturbation, str(answer), case.order, exact)
    written(answer, ("text", "latex", "json"))


def _steps(case: Case, seed: int) -> None:
    answer = _derivative(case)
    q = question(case, answer.symbols, seed)
    q.point()
    lines = [Line(step.relation, step.text) for step in answer.steps]
    wrt = case.wrt.split(",")[-1]
    known = {*q.names, *q.sizes, "I", "pi"}
    new = {name for line in lines for name in _names(q, line.text) if name not in known}
    if len(new) > 1:
        raise Wrong(f"the steps have new names: {', '.join(sorted(new))}")
    before = None
    if case.order == 2:
        first, where = case.wrt.split(",")[0], _free(case)
        by_scalar = case.shapes[wrt] == ("1", "1")
        layout = case.layout if by_scalar else "gradient"  # which turns nothing
        structure = case.structure
        text = str(
            matcalc.diff(case.source, first, where=where, layout=layout, structure=structure)
        )
        before = Question(text, q.symbols, q.sizes, q.defined, seed)
    small = new.pop() if new else f"d{wrt}"
    verdicts.derivation(q, wrt, small, lines, case.structure, case.layout, before=before)


def _free(case: Case) -> list[str]:
    """The declarations, the matrices differentiated by without facts that tie their entries.

    A second derivative is that of the first one before those facts are used in it.
    """
    shapes = {name: case.shapes.get(name, ("1", "1")) for name in case.wrt.split(",")}
    tied = case.structure == "independent"
    bare = {name: " x ".join(s) for name, s in shapes.items() if tied and "1" not in s}
    found = {text: text.split(":")[0].strip() for text in case.where}
    return [f"{n}: {bare[n]}" if n in bare else text for text, n in found.items()]


def _names(q: Question, text: str) -> set[str]:
    try:
        return names(q.read(text))
    except Unreadable as error:
        raise Wrong(f"{text}: {error}") from error


ASK: dict[str, Callable[[Case, int], None]] = {
    "diff": _diff,
    "simplify": _simplify,
    "perturb": _perturb,
    "taylor": _taylor,
    "steps": _steps,
}


@cache
def warm() -> None:
    """Loads what is loaded once, so that no answer pays for it."""
    matcalc.diff("sin(t)^2 + t", "t").function()
    matcalc.simplify("sin(t)^2 / t").to("sympy")
