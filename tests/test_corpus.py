"""The corpus of derivatives: what is printed, that it is right, and that it reads back.

``corpus/random.txt`` holds what ``tests/fuzz.py`` found, with the right answers, and
``corpus/tables.txt`` what books and papers have (see ``test_tables.py``).  ``pytest --update``
rewrites the answers, and refuses one that fails the numeric check.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus import FOLDER, Case, Corpus, read
from numeric import declarations

import matcalc
from matcalc.api import Derivative

NAMES = ("derivatives.txt", "random.txt", "blocks.txt", "tables.txt")
FILES = tuple(map(Corpus, NAMES))
CASES = [case for file in FILES for case in file.cases]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)


def derivative_of(case: Case, check: bool = False) -> Derivative:
    options = {k: int(v) if k == "order" else v for k, v in case.options.items()}
    made = matcalc.diff(case.source, *case.wrt, where=case.where, check=check, **options)
    assert isinstance(made, Derivative)
    return made


def test_titles_are_unique() -> None:
    titles = [case.title for case in CASES]
    assert len(set(titles)) == len(titles) > 100


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.name)
def test_what_is_read_is_written_the_same(path: Path) -> None:
    """One format for all files, and nothing is lost when one is updated."""
    cases = read(path.read_text("utf-8"))
    assert len({case.title for case in cases}) == len(cases) > 10
    assert str(Corpus(path.name)) == path.read_text("utf-8")


def test_an_update_changes_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Corpus("derivatives.txt")
    before = str(corpus)
    corpus.path = tmp_path / "derivatives.txt"
    first, second = corpus.cases[:2]
    with pytest.raises(AssertionError):
        corpus.compare(first, "another", update=False)
    assert not corpus.path.exists()
    corpus.compare(first, "another", update=True)
    corpus.compare(second, second.expected, update=True)
    after = read(corpus.path.read_text("utf-8"))
    assert after[0].expected == "another"
    assert list(map(str, after[1:])) == list(map(str, read(before)[1:]))


@every_case
def test_answer(case: Case, update: bool) -> None:
    derivative = derivative_of(case, check=True)
    assert derivative.check is not None
    assert derivative.check.ok, derivative.check.message
    (file,) = (file for file in FILES if case in file.cases)
    file.compare(case, str(derivative), update)


@every_case
def test_answer_reads_back(case: Case) -> None:
    derivative = derivative_of(case)
    declared = declarations(derivative.problem.typed)
    again = matcalc.simplify(str(derivative), where=declared)
    assert again == derivative
    assert str(again) == str(derivative)
