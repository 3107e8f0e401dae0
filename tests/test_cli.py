"""The command line: what goes to which stream, exit codes, formats, terminals."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import matcalc
from matcalc.cli import cli, main
from matcalc.commands.reference import EXAMPLES
from matcalc.errors import CODES
from matcalc.tables.functions import FUNCTIONS

EXAMPLE = ["diff", "a' X' inv(A + X B) X b", "--wrt", "X"]
QUADRATIC = ["diff", "x'Q x + b'x", "--wrt", "x"]


class Run:
    """The outcome of a command."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *args: str) -> None:
        self.code = main(args)
        self.out, self.err = capsys.readouterr()


Runner = Callable[..., Run]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *args: Run(capsys, *args)


# --- one line, one stream -----------------------------------------------------------------------


def test_the_answer_is_one_line_that_reads_back(run: Runner) -> None:
    first = run(*QUADRATIC)
    assert (first.code, first.out) == (0, "x' (Q + Q') + b'\n")
    assert run("simplify", first.out.strip()).out == first.out
    assert all(line.startswith("note: ") for line in first.err.splitlines())
    assert "layout jacobian" in first.err


def test_quiet(run: Runner) -> None:
    assert run(*EXAMPLE, "-q").err == ""


def test_conditions_are_noted(run: Runner) -> None:
    assert "note: needs A + X B invertible\n" in run(*EXAMPLE).err


@pytest.mark.parametrize("format_", [["--latex"], ["--to", "latex"], ["--to=latex"]])
def test_latex_is_one_line(run: Runner, format_: list[str]) -> None:
    assert run(*QUADRATIC, *format_).out == "x^{\\top} (Q + Q^{\\top}) + b^{\\top}\n"


def test_several_variables(run: Runner) -> None:
    lines = "x' (Q + Q')\nx x'\n"
    assert run("diff", "x'Q x", "--wrt", "x", "--wrt", "Q").out == lines
    assert run("diff", "x'Q x", "--wrt", "x,Q").out == lines
    document = json.loads(run("diff", "x'Q x", "--wrt", "x, Q", "--json").out)
    assert [result["text"] for result in document["results"]] == lines.splitlines()
    assert "result" not in document


def test_mixed_second_derivative(run: Runner) -> None:
    assert run("diff", "x'A y", "--wrt", "x,y", "--order", "2", "-q").out == "A\n"


def test_json(run: Runner) -> None:
    found = run(*EXAMPLE, "--json", "--check")
    document = json.loads(found.out)
    assert found.err == ""
    assert list(document) == [
        *("schema", "input", "symbols", "result", "conditions", "notes", "check"),
    ]
    assert document["schema"] == "matcalc/1"
    assert document["input"]["expression"] == EXAMPLE[1]
    assert set(document["symbols"][0]) == {"name", "shape", "kind", "source"}
    assert set(document["result"]) == {"text", "latex", "shape", "layout", "meaning"}
    assert document["result"]["shape"] == ["m", "n"]
    assert document["conditions"] == ["A + X B invertible"]
    report = document["check"]
    assert list(report) == ["ok", "digits", "points", "message", "code_digits", "code_points"]
    assert report["ok"] is True and report["digits"] >= 20 and report["code_digits"] >= 10
    assert json.loads(matcalc.diff(EXAMPLE[1], "X", check=True).to("json")) == document


@pytest.mark.parametrize(
    "args",
    [
        ["-x'A x", "--wrt", "x"],
        ["--wrt", "x", "-x'A x"],
        ["--wrt=x", "-q", "-x'A x"],
        ["--wrt", "x", "--", "-x'A x"],
        ["-q", "--wrt", "x", "--", "-x'A x"],
    ],
)
def test_an_expression_may_begin_with_a_minus(run: Runner, args: list[str]) -> None:
    assert run("diff", *args).out == "-x' (A + A')\n"


def test_minus_x_is_an_expression_if_there_is_no_other(run: Runner) -> None:
    assert run("diff", "-t", "--wrt", "t").out == "-1\n"
    assert run("diff", "-t", "t", "--wrt", "t").code == 2


def test_standard_input_and_files(
    run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "expression"
    path.write_text("\ufeffx'Q x  # a quadratic form\n  + b'x\n", encoding="utf-8")
    expected = "x' (Q + Q') + b'\n"
    assert run("diff", "--file", str(path), "--wrt", "x").out == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    assert run("diff", "-", "--wrt", "x").out == expected
    path.write_bytes(b"x'\xff")
    assert run("diff", "--file", str(path), "--wrt", "x").code == 2
    path.write_text("x + " * 300_000, encoding="utf-8")
    assert "error[limit]" in run("diff", "--file", str(path), "--wrt", "x").err


# --- files --------------------------------------------------------------------------------------


def test_output_to_a_file(run: Runner, tmp_path: Path) -> None:
    path = tmp_path / "answer.tex"
    found = run(*QUADRATIC, "--latex", "-o", str(path))
    assert found.out == "" and path.read_text() == "x^{\\top} (Q + Q^{\\top}) + b^{\\top}\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_file_alone(run: Runner, tmp_path: Path) -> None:
    path = tmp_path / "answer"
    path.write_text("before")
    path.chmod(0o640)
    assert run("diff", "tr(X, X)", "--wrt", "X", "-o", str(path)).code == 1
    assert path.read_text() == "before"
    run("diff", "tr(X)", "--wrt", "X", "-o", str(path))
    assert path.read_text() == "eye(n)\n" and path.stat().st_mode & 0o777 == 0o640


def test_a_link_is_followed(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real").write_text("")
    run(*QUADRATIC, "-o", str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text()


def test_an_unwritable_file(run: Runner, tmp_path: Path) -> None:
    found = run(*QUADRATIC, "-o", str(tmp_path / "no" / "where"))
    assert found.code == 2 and found.out == "" and "Cannot write" in found.err


# --- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        ["diff"],
        ["diff", "x'x"],
        ["diff", "--wrt", "x"],
        ["diff", "x'x", "--wrt", "x", "--frobnicate"],
        ["diff", "x'x", "--wrt", "x", "--order", "two"],
        ["diff", "x'x", "--wrt", "x", "--order", "0"],
        ["diff", "x'x", "--wrt", "x", "--layout", "sideways"],
        ["diff", "x'x", "--wrt", "x", "--to", "troff"],
        ["diff", "x'x", "--wrt"],
        ["diff", "x'x", "--wrt", "x", "--latex", "--to", "numpy"],
        ["diff", "x'x", "y", "--wrt", "x"],
        ["diff", "x'x", "--wrt", "x y"],
        ["diff", "x'x", "--wrt", ""],
        ["diff", "x'x", "--file", "f", "--wrt", "x"],
        ["diff", "--file", "no-such-file", "--wrt", "x"],
        ["frobnicate"],
        ["functions", "trase"],
        ["explain", "everything"],
    ],
    ids=" ".join,
)
def test_usage_errors(run: Runner, args: list[str]) -> None:
    found = run(*args)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("error[usage]: ")


def test_an_option_without_its_value(run: Runner) -> None:
    assert "Option '--to' requires a value" in run("diff", "x'x", "--wrt", "x", "--to").err


def test_usage_errors_as_json(run: Runner) -> None:
    found = run("diff", "x'x", "--json")
    error = json.loads(found.err)["error"]
    assert (found.code, found.out, error["kind"]) == (2, "", "usage")
    assert list(error) == ["code", "kind", "message", "start", "end", "hint"]


def test_errors_as_json(run: Runner) -> None:
    found = run("diff", "2 tr(X, Y)", "--wrt", "X", "--to", "json")
    error = json.loads(found.err)["error"]
    assert (found.code, found.out, error["code"], error["start"]) == (1, "", "arity", 8)


def test_a_defect_is_one_line_and_70(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(matcalc, "diff", broken, raising=False)
    found = run(*QUADRATIC)
    assert (found.code, found.out, found.err.count("\n")) == (70, "", 1)
    assert found.err.startswith("error[defect]: ZeroDivisionError: division")
    assert json.loads(run(*QUADRATIC, "--json").err)["error"]["code"] == "defect"


def test_a_wrong_answer_is_not_printed(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    right = matcalc.diff(QUADRATIC[1], "x", check=True)
    wrong = type(right.check)(False, 0, 1, "differs")
    right.check = wrong
    monkeypatch.setattr(matcalc, "diff", lambda *args, **options: right, raising=False)
    found = run(*QUADRATIC, "--check")
    assert (found.code, found.out) == (70, "") and "--check" in found.err


def test_wrong_code_is_a_wrong_answer(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcalc.Derivative, "function", lambda self: lambda Q, b, x: x @ Q + b)
    found = run(*QUADRATIC, "--check")
    assert (found.code, found.out) == (70, "") and "the NumPy code gives" in found.err


def test_interrupted(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(matcalc, "diff", interrupted, raising=False)
    assert run(*QUADRATIC).code == 130


# --- the other commands -------------------------------------------------------------------------


def test_simplify_and_shape(run: Runner) -> None:
    assert run("simplify", "tr(A B) - tr(B A)").out == "0\n"
    assert run("simplify", "-x'x - x'x", "--latex").out == "-2 x^{\\top} x\n"
    assert run("shape", "X' Y", "--where", "X: m x n, Y: m x p").out == "n x p\n"
    document = json.loads(run("shape", "X' Y", "--where", "X: m x n, Y: m x p", "--json").out)
    assert document["result"]["shape"] == ["n", "p"]


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("x' (A + A')", 0, "right"),
        ("-x'(-A' - A)", 0, "right"),
        ("(A + A') x", 1, "another layout"),
        ("2 x'A", 1, "symmetric"),
        ("2 x' (A + A')", 1, "2 times"),
        ("x", 1, "the answer is n x 1"),
    ],
)
def test_check(run: Runner, answer: str, code: int, words: str) -> None:
    found = run("check", "x'A x", "--wrt", "x", "--answer", answer)
    assert found.code == code and words in found.out
    assert found.err == "note: the derivative is x' (A + A')\n"
    document = json.loads(run("check", "x'A x", "--wrt", "x", "--answer", answer, "--json").out)
    assert document["ok"] is (code == 0)


def test_check_reads_the_answer_with_the_problem(run: Runner) -> None:
    problem = "exp(-1/2 y' Q y) where y = H x"
    answer = "-exp(-1/2 y' Q y) x' H' (Q + Q') H / 2"
    assert run("check", problem, "--wrt", "x", "--answer", answer).code == 0
    wrong = run("check", "x'A x", "--wrt", "x", "--answer", "x' (A + B)")
    assert (wrong.code, wrong.out) == (1, "") and "B does not occur" in wrong.err


def test_functions(run: Runner) -> None:
    assert len(run("functions").out.splitlines()) == len(FUNCTIONS)
    for name, row in FUNCTIONS.items():
        assert row.doc in run("functions", name).out
    assert run("functions", "trace").out == run("functions", "tr").out


def test_explain(run: Runner) -> None:
    for code, row in CODES.items():
        assert row.explanation in run("explain", code).out


@pytest.mark.parametrize(("title", "command"), EXAMPLES)
def test_examples_run(run: Runner, title: str, command: str) -> None:
    program, *words = shlex.split(command)
    assert program == "matcalc"
    assert run(*words).code == 0
    assert f"# {title}\n{command}\n" in run("examples").out


def test_help_of_every_command(run: Runner) -> None:
    assert run("--help").out == run().out
    assert run("--version").out == f"matcalc {matcalc.__version__}\n"
    for name in cli.commands:
        assert run(name, "--help").out.startswith(f"Usage: matcalc {name}")


def test_batch(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = '"x\'x" --wrt x\n# nothing\n\n"tr(X, X)" --wrt X\n"-t^2" --wrt t\n'

    def feed() -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))

    feed()
    found = run("batch")
    assert (found.code, found.out) == (1, "2 x'\n\n-2 t\n")
    assert "error[arity]" in found.err and "(line 4)" in found.err
    feed()
    documents = [json.loads(line) for line in run("batch", "--json").out.splitlines()]
    assert [d and d["result"]["text"] for d in documents] == ["2 x'", None, "-2 t"]


def test_repl(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "x'Q x wrt x\nQ: symmetric\nx'Q x wrt x\nQ: 0\n)\nshow\nforget\nshow\nquit\nx'x wrt x\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    found = run("repl")
    assert found.code == 0
    answers = ["x' (Q + Q')", "2 x' Q", "Q: symmetric", "nothing is declared"]
    assert found.out.splitlines() == answers
    assert "error[declaration]" in found.err and "error[bracket]" in found.err


def test_completion(run: Runner) -> None:
    assert "_MATCALC_COMPLETE" in run("completion", "zsh").out


# --- processes and terminals --------------------------------------------------------------------


def matcalc_process(*args: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "matcalc", *args],
        capture_output=True,
        env={**os.environ, **env},
        check=False,
    )


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"FORCE_COLOR": "1"},
        {"COLUMNS": "20"},
    ],
)
def test_a_pipe_gets_the_same_bytes_everywhere(env: dict[str, str]) -> None:
    found = matcalc_process("diff", "σ exp(λ) x'x", "--wrt", "x", **env)
    if "PYTHONUTF8" not in env:  # where argv cannot be decoded the answer is an error
        assert found.stdout == b"2 sigma exp(lambda) x'\n"
    assert b"Traceback" not in found.stderr and found.returncode in (0, 1)


def test_a_reader_that_leaves_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "matcalc", "functions"]
    found = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (found.returncode, found.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_reported() -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "matcalc", "functions"]
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert found.returncode == 2
    assert found.stderr.startswith(b"error[usage]: cannot write")
    assert b"hint: -o FILE" in found.stderr


def test_imports_are_light() -> None:
    script = (
        "import sys, matcalc.cli; heavy = {'sympy', 'numpy', 'rich', 'mpmath', 'lark'};"
        "print(sorted(heavy & set(sys.modules)));"
        "matcalc.cli.main(['diff', 'tr(A X B)', '--wrt', 'X', '--latex', '-q']);"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert found.stdout.split(b"\n")[:3] == [b"[]", b"A^{\\top} B^{\\top}", b"['lark']"]


def on_a_terminal(*args: str, **env: str) -> str:
    """What a command shows on a pseudo-terminal."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "matcalc", *args],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**clean, "TERM": "xterm", "COLUMNS": "80", "PYTHONUTF8": "1", **env},
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    process.wait()
    os.close(leader)
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_shows_dimensions() -> None:
    shown = on_a_terminal(*EXAMPLE, "--color", "never")
    assert "∂f/∂X  =   Sᵀ " in shown
    assert "  m×n      m×m" in shown
    assert "  where     S = (A + X B)⁻¹   m×m\n" in shown
    for words in ("inferred  ", "needs     A + X B invertible", "layout    jacobian"):
        assert words in shown


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("args", [EXAMPLE, [*QUADRATIC, "--check"]], ids=["example", "quadratic"])
def test_a_terminal_is_wide_enough(width: int, args: list[str]) -> None:
    shown = on_a_terminal(*args, COLUMNS=str(width), NO_COLOR="1")
    assert max(map(len, shown.split("\n"))) <= width


@pytest.mark.parametrize(
    ("options", "env", "coloured"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"TERM": "dumb"}, False),
        (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_colours(options: list[str], env: dict[str, str], coloured: bool) -> None:
    assert ("\x1b[" in on_a_terminal(*QUADRATIC, *options, **env)) is coloured
    wrong = ["diff", "tr(X, X)", "--wrt", "X"]
    assert ("\x1b[" in on_a_terminal(*wrong, *options, **env)) is coloured


def test_a_terminal_without_unicode() -> None:
    shown = on_a_terminal(*EXAMPLE, PYTHONUTF8="0", PYTHONIOENCODING="ascii", NO_COLOR="1")
    assert shown.isascii() and "df/dX" in shown and "m x n" in shown


def test_markup_is_not_interpreted() -> None:
    shown = on_a_terminal("diff", "x'x [i]", "--wrt", "x", NO_COLOR="1")
    assert re.search(r"^  x'x \[i\]$", shown, re.MULTILINE)


def test_an_explicit_format_is_the_same_on_a_terminal() -> None:
    assert on_a_terminal(*QUADRATIC, "--to", "text", "-q") == "x' (Q + Q') + b'\n"
