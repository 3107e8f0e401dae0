"""Every way of saying no, in full: ``corpus/errors.txt`` holds bad inputs and what is answered.

A case is a title between lines of ``=``, attributes (``:wrt``, ``:where``, ``:order``), the input
(with ``\\x00`` and the like escaped if ``:escaped`` is set), ``---``, and what is printed.
``pytest --update`` rewrites what is printed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from matcalc.cli import main
from matcalc.errors import CODES, KINDS, MatcalcError, Span
from matcalc.output.errors import draw_error

CORPUS = Path(__file__).parent / "corpus" / "errors.txt"
_RULE = "=" * 40


@dataclass
class Case:
    """One bad input and its message."""

    title: str
    attributes: list[tuple[str, str]]
    written: str
    expected: str
    arguments: list[str] = field(init=False)

    def __post_init__(self) -> None:
        escaped = any(key == "escaped" for key, _ in self.attributes)
        source = self.written.encode().decode("unicode_escape") if escaped else self.written
        options = [f"--{key}={value}" for key, value in self.attributes if key != "escaped"]
        self.arguments = ["diff", *options, "--", source]

    def __str__(self) -> str:
        attributes = "".join(f":{key} {value}".rstrip() + "\n" for key, value in self.attributes)
        head = f"{_RULE}\n{self.title}\n{attributes}{_RULE}\n"
        return f"{head}{self.written}\n---\n{self.expected}\n"


def read_cases(text: str) -> list[Case]:
    """The cases of a corpus file."""
    parts = re.split(rf"^{_RULE}\n", text, flags=re.MULTILINE)[1:]
    cases = []
    for head, body in zip(parts[::2], parts[1::2], strict=True):
        title, *attributes = head.splitlines()
        written, _, expected = body.partition("\n---\n")
        pairs = [line.removeprefix(":").partition(" ") for line in attributes]
        settings = [(key, value) for key, _, value in pairs]
        cases.append(Case(title, settings, written, expected.rstrip("\n")))
    return cases


CASES = read_cases(CORPUS.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_message(
    case: Case, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    code = main(case.arguments)
    out, err = capsys.readouterr()
    assert out == ""
    assert code == (2 if err.startswith("error[usage]") else 1)
    if request.config.getoption("--update", default=False):
        case.expected = err.rstrip("\n")
        CORPUS.write_text("\n".join(map(str, CASES)), encoding="utf-8")
    assert err.rstrip("\n") == case.expected
    lines = case.expected.split("\n")
    assert re.match(r"error\[[a-z-]+\]: \S", lines[0])
    assert any(re.match(r" *\^+( |$)", line) for line in lines), "no caret"
    assert any(re.match(r"hint: \S", line) for line in lines), "no hint"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_document(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    command, *rest = case.arguments
    main([command, "--json", *rest])
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
