"""The corpus of derivatives: what is printed, that it is right, and that it reads back.

A case is a title between rules of "=", attributes (``:wrt X``, ``:where DECL``, ``:order 2``,
``:layout gradient``, ``:structure symmetric``), the expression, a line ``---`` and the answer in
plain text.  ``random.txt`` holds what ``tests/fuzz.py`` found, with the right answers.
``pytest --update`` rewrites the answers, and refuses one that fails the numeric check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from numeric import declarations

import matcalc
from matcalc.api import Derivative

FILES = [Path(__file__).parent / "corpus" / name for name in ("derivatives.txt", "random.txt")]
_CASE = re.compile(
    r"={4,}\n(?P<title>.*)\n={4,}\n(?P<head>(?::.*\n)*)(?P<input>.*)\n---\n(?P<answer>.*)\n"
)


@dataclass
class Case:
    title: str
    wrt: str
    expression: str
    answer: str
    where: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)

    def derivative(self, check: bool = False) -> Derivative:
        options = {k: int(v) if k == "order" else v for k, v in self.options.items()}
        made = matcalc.diff(self.expression, self.wrt, where=self.where, check=check, **options)
        assert isinstance(made, Derivative)
        return made

    def __str__(self) -> str:
        rule = "=" * 80
        lines = [rule, self.title, rule, f":wrt {self.wrt}"]
        lines += [f":where {declaration}" for declaration in self.where]
        lines += [f":{name} {value}" for name, value in self.options.items()]
        return "\n".join([*lines, self.expression, "---", self.answer, ""])


def read(text: str) -> list[Case]:
    cases = []
    for match in _CASE.finditer(text):
        case = Case(match["title"], "", match["input"], match["answer"])
        for line in match["head"].splitlines():
            name, _, value = line[1:].partition(" ")
            if name == "wrt":
                case.wrt = value
            elif name == "where":
                case.where.append(value)
            else:
                case.options[name] = value
        cases.append(case)
    return cases


BY_FILE = {file: read(file.read_text("utf-8")) for file in FILES if file.exists()}
CASES = [case for cases in BY_FILE.values() for case in cases]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)


def test_titles_are_unique() -> None:
    titles = [case.title for case in CASES]
    assert len(set(titles)) == len(titles) > 100


@every_case
def test_answer(case: Case, request: pytest.FixtureRequest) -> None:
    derivative = case.derivative(check=True)
    assert derivative.check is not None
    assert derivative.check.ok, derivative.check.message
    if request.config.getoption("--update") and str(derivative) != case.answer:
        case.answer = str(derivative)
        for file, cases in BY_FILE.items():
            file.write_text("\n".join(map(str, cases)), encoding="utf-8")
    assert str(derivative) == case.answer


@every_case
def test_answer_reads_back(case: Case) -> None:
    derivative = case.derivative()
    declared = declarations(derivative.problem.typed)
    again = matcalc.simplify(str(derivative), where=declared)
    assert again == derivative
    assert str(again) == str(derivative)
