"""Every way of saying no, in full: ``corpus/errors.txt`` holds bad inputs and what is answered."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from corpus import Case, Corpus

from matcalc.cli import main
from matcalc.errors import CODES, KINDS, MatcalcError, Span
from matcalc.output.errors import draw_error

CORPUS = Corpus("errors.txt")
CASES = CORPUS.cases


def arguments(case: Case, *more: str) -> list[str]:
    """The command line that asks."""
    given = [pair for pair in case.attributes if pair[0] != "escaped"]
    return ["diff", *more, *(f"--{key}={value}" for key, value in given), "--", case.source]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_message(case: Case, capsys: pytest.CaptureFixture[str], update: bool) -> None:
    code = main(arguments(case))
    out, err = capsys.readouterr()
    assert out == ""
    assert code == (2 if err.startswith("error[usage]") else 1)
    CORPUS.compare(case, err.rstrip("\n"), update)
    lines = case.expected.split("\n")
    assert re.match(r"error\[[a-z-]+\]: \S", lines[0])
    assert any(re.match(r" *\^+( |$)", line) for line in lines), "no caret"
    assert any(re.match(r"hint: \S", line) for line in lines), "no hint"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_document(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    main(arguments(case, "--json"))
    out, err = capsys.readouterr()
    document = json.loads(err)
    assert out == "" and document["schema"] == "matcalc/1"
    error = document["error"]
    assert error["kind"] in KINDS and error["code"] in CODES and error["hint"]
    assert 0 <= error["start"] <= error["end"]


def test_there_are_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.title for case in CASES}) == len(CASES)
    codes = {case.expected.partition("]")[0].removeprefix("error[") for case in CASES}
    assert set(CODES) - codes <= {"domain"}


def test_long_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "x + " * 30_000 + "x", "--wrt", "x"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error[limit]: the input has 120,001 characters"
    assert all(len(line) <= 80 for line in lines)


# --- drawing ------------------------------------------------------------------------------------


def draw(source: str, start: int, end: int, **more: object) -> list[str]:
    error = MatcalcError("syntax", "no", Span(start, end), source=source, hint="yes", **more)  # type: ignore[arg-type]
    return draw_error(error).split("\n")[1:-1]


def test_two_places_have_a_line_each() -> None:
    assert draw("a' X'", 0, 2, label="1 x m", others=((Span(3, 5), "n x m"),)) == [
        "  a' X'",
        "  ^^ 1 x m",
        "     ^^ n x m",
    ]


def test_places_without_words_share_a_line() -> None:
    assert draw("tr(X, Y)", 6, 7, others=((Span(0, 2), ""),)) == ["  tr(X, Y)", "  ^^    ^"]


@pytest.mark.parametrize(
    ("source", "start", "end", "shown", "marker"),
    [
        ("世界 + x", 5, 6, "  世界 + x", "         ^"),
        ("世界", 1, 2, "  世界", "    ^^"),
        ("e\u0301 + x", 5, 6, "  e\u0301 + x", "      ^"),
        ("\tx", 1, 2, "      x", "      ^"),
        ("\x1b[31mx", 5, 6, "  \\x1b[31mx", "          ^"),
        ("a\udcffx", 2, 3, "  a\\udcffx", "         ^"),
        ("x +", 3, 3, "  x +", "     ^"),
        ("", 0, 0, "", "  ^"),
        ("a\nb +\nc", 4, 5, "  2 | b +", "        ^"),
    ],
)
def test_the_caret_stands_under_its_character(
    source: str, start: int, end: int, shown: str, marker: str
) -> None:
    assert draw(source, start, end) == [shown, marker]


@pytest.mark.parametrize("start", [0, 3, 150, 290, 299])
def test_a_long_line_is_windowed(start: int) -> None:
    source = "".join(chr(97 + i % 26) for i in range(300))
    shown, marker = draw(source, start, start + 1)
    assert len(shown) <= 80
    assert shown[marker.index("^")] == source[start]


def test_colours_only_when_asked() -> None:
    error = MatcalcError("syntax", "no", Span(0, 1), source="x")
    assert "\x1b[" in draw_error(error, color=True)
    assert "\x1b" not in draw_error(error)


# --- the table of codes -------------------------------------------------------------------------


@pytest.mark.parametrize("name", CODES)
def test_the_example_of_a_code_gives_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    program, *words = shlex.split(CODES[name].example)
    assert program == "matcalc" and main(words) in (1, 2)
    assert capsys.readouterr().err.startswith(f"error[{name}]: ")
