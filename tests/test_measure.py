"""What the simplifier calls short is short in print: one measure, taken of the printed tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import test_cookbook
import test_corpus
from generate import derivatives

import matcalc
from matcalc import MatcalcError
from matcalc.calculus import derive
from matcalc.language.measure import measure
from matcalc.language.syntax import parse_expression as parse
from matcalc.present.cost import Cost
from matcalc.present.presenter import Presenter

RANDOM = 1000


def corpus() -> Iterator[Any]:
    for case in test_corpus.CASES:
        yield test_corpus.derivative_of(case)


def cookbook() -> Iterator[Any]:
    for entry in test_cookbook.ENTRIES:
        structure = "cookbook" if entry["kind"] == "gradient-sym" else "independent"
        try:
            yield test_cookbook.derive(entry, structure=structure)
        except MatcalcError:
            assert entry["id"] in test_cookbook.OPTIONAL


def random() -> Iterator[Any]:
    """A thousand answers."""
    found = 0
    for case in derivatives(2 * RANDOM, "measure"):
        if found == RANDOM:
            return
        try:
            answer = matcalc.diff(case.source, case.wrt, where=list(case.where), order=case.order)
        except MatcalcError:
            continue
        found += 1
        yield answer
    assert found == RANDOM


def test_the_measure_counts_names_numbers_and_operators() -> None:
    assert measure(parse("a' X b")) == 4
    assert measure(parse("2 (A + A') x / (x' x)")) == 10
    assert measure(parse("inv(A)' .* exp(-X .^ 2)")) == 9
    assert measure(parse("-(a - b)")) == 4
    assert measure(parse("ones(m, n) - eye(m)")) == 5


@pytest.mark.parametrize("answers", [corpus, cookbook, random])
def test_the_cost_is_the_measure_of_what_is_printed(answers: Any) -> None:
    """In every case; and the measure of the tree is what a reader counts in the text."""
    for answer in answers():
        printed = measure(answer.tree)
        assert Cost(answer.problem.style).whole(answer.node) == printed, str(answer)
        text = re.sub(r"\b[\d.]+e[+-]?\d+", "1", str(answer))  # 4e-12 is one number
        text = re.sub(r"(?<=[\d)]) \* (?=[\d.])", " ", text)  # 2 * 3 and 2 x are products
        assert test_cookbook.length(text) == printed, str(answer)


def test_a_cost_does_not_depend_on_what_was_asked_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each one that was asked for on the way is the measure of what a new presenter writes."""
    asked: dict[Any, int] = {}

    class Recorded(Cost):
        def __init__(self, style: Any) -> None:
            super().__init__(style)
            for name in ("whole", "part", "term"):
                setattr(self, name, self._recorded(name, getattr(self, name)))

        def _recorded(self, name: str, of: Any) -> Any:
            def measured(node: Any) -> int:
                asked[name, node] = of(node)
                return asked[name, node]

            return measured

    monkeypatch.setattr(derive, "Cost", Recorded)
    seen = 0
    for case in derivatives(90, "asked", depth=4):
        asked.clear()
        try:
            answer = matcalc.diff(case.source, case.wrt, where=list(case.where), order=case.order)
        except MatcalcError:
            continue
        for (name, node), size in list(asked.items())[-40:]:
            presenter = Presenter(answer.problem.style)
            form = {
                "whole": presenter.present,
                "part": presenter.part,
                "term": presenter.unsigned,
            }[name]
            assert measure(form(node)) == size
            seen += 1
    assert seen > 500
