"""Every command with every format: what the table offers works, what it does not offer is said.

Commands and choices are taken from click's registry, so that a command or a format that is added is
tested, or complained about here.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from typing import Any

import click
import pytest

import matcalc
from matcalc import MatcalcError
from matcalc.cli import cli, main
from matcalc.output.formats import FORMATS, KINDS, offered

BIG = "a' X' inv(A + X B) X b"
QUESTIONS = {
    "diff": f'diff "{BIG}" --wrt X',
    "diff --steps": f'diff "{BIG}" --wrt X --steps',
    "simplify": f"simplify \"2 {BIG} - b' X' inv(A + X B)' X a\"",
    "perturb": 'perturb "tr(inv(X))" --wrt X --order 1',
    "taylor": 'taylor "exp(b\'x)" --wrt x --at 0',
    "shape": f'shape "{BIG}"',
    "check": 'check "x\'A x" --wrt x --answer "x\'(A + A\')"',
}
COMMANDS = {command: kind for kind, said in KINDS.items() for command in said.split(", ")}
ANSWERS = {  # of the API
    "diff": lambda: matcalc.diff(BIG, "X"),
    "simplify": lambda: matcalc.simplify(f"2 {BIG} - b' X' inv(A + X B)' X a"),
    "perturb": lambda: matcalc.perturb("tr(inv(X))", "X", order=1),
    "taylor": lambda: matcalc.taylor("exp(b'x)", "x", at="0"),
}
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    def asked(question: str, *more: str) -> tuple[int, str, str]:
        return main([*shlex.split(question), "-q", *more]), *capsys.readouterr()

    return asked


def options(command: str) -> dict[str, click.Option]:
    """The options of a command, by their spelling."""
    found = [p for p in cli.commands[command].params if isinstance(p, click.Option)]
    return {spelling: option for option in found for spelling in option.opts}


def defined(code: str) -> Any:
    """What a module calls ``derivative``."""
    space: dict[str, Any] = {}
    exec(code, space)  # noqa: S102
    return space["derivative"]


def is_line(out: str) -> bool:
    return out.isascii() and out.count("\n") == 1 and out.endswith("\n")


# a format, or a format of a kind of answer: what it looks like
LOOKS: dict[str, Callable[[str], object]] = {
    "text": lambda out: is_line(out) and str(matcalc.shape(out)) == out.strip(),
    "text of steps": lambda out: re.findall(r"^ *(\d+)  \w", out, re.M)[-1] == str(out.count("\n")),
    "text of shape": lambda out: out == "1 x 1\n",
    "text of verdict": lambda out: out == "the answer is right\n",
    "latex": lambda out: is_line(out) and re.search(r"\^\{(\\top|-\d)\}", out) and "$" not in out,
    "latex of steps": lambda out: out.startswith("\\begin{aligned}\n") and out.isascii(),
    "markdown": lambda out: re.match(r"\$\$\n.+\n\$\$\n\n", out) and "\n- as text: `" in out,
    "markdown of steps": lambda out: out.startswith("**1. perturb**") and out.count("$$") % 2 == 0,
    "json": lambda out: json.loads(out)["schema"] == "matcalc/1",
    "json of steps": lambda out: json.loads(out)["steps"],
    "numpy": lambda out: callable(defined(out)),
    "sympy": lambda out: defined(out).free_symbols,
}


def test_every_command_with_a_format_is_tried() -> None:
    assert QUESTIONS.keys() == COMMANDS.keys()
    assert {name for name in cli.commands if "--to" in options(name)} == {
        command for command in COMMANDS if " " not in command
    }


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_every_format(ask: Ask, command: str, form: str) -> None:
    kind = COMMANDS[command]
    code, out, err = ask(QUESTIONS[command], "--to", form)
    if form in offered(kind):
        assert (code, err) == (0, "")
        assert LOOKS.get(f"{form} of {kind}", LOOKS[form])(out), out
    else:
        assert (code, out) == (2, "")
        assert err.startswith("error[usage]: ") and all(name in err for name in offered(kind))


@pytest.mark.parametrize("command", COMMANDS)
def test_choices_are_those_of_the_table(command: str) -> None:
    """--steps narrows the choice of ``diff``."""
    choices = options(command.split()[0])["--to"].type
    assert isinstance(choices, click.Choice)
    names = offered(COMMANDS[command])
    assert set(names) < set(choices.choices) if " " in command else names == [*choices.choices]


@pytest.mark.parametrize("short", [name for name, row in FORMATS.items() if row.short])
@pytest.mark.parametrize("command", COMMANDS)
def test_short_forms(ask: Ask, command: str, short: str) -> None:
    if short in offered(COMMANDS[command]):
        long = ask(QUESTIONS[command], "--to", short)
        assert ask(QUESTIONS[command], f"--{short}") == long
        assert ask(QUESTIONS[command], f"--{short}", "--to", short) == long
        assert ask(QUESTIONS[command], f"--{short}", "--to", "text")[0] == 2
    else:
        assert f"--{short}" not in options(command.split()[0])


@pytest.mark.parametrize("form", [*FORMATS, "troff"])
@pytest.mark.parametrize("command", ANSWERS)
def test_the_api_has_the_same_formats(ask: Ask, command: str, form: str) -> None:
    answer, names = ANSWERS[command](), offered(COMMANDS[command])
    assert re.findall(r'"(\w+)"', answer.to.__doc__) == names
    if form in names:
        assert answer.to(form) + "\n" == ask(QUESTIONS[command], "--to", form)[1]
        return
    with pytest.raises(MatcalcError, match=form) as caught:
        answer.to(form)
    assert caught.value.kind == "usage"
    assert re.split(", | or ", caught.value.hint) == names


@pytest.mark.parametrize("form", offered("steps"))
@pytest.mark.parametrize("steps", [[], ["--steps"]], ids=["", "steps"])
def test_several_answers(ask: Ask, form: str, steps: list[str]) -> None:
    """One document, or the answers one after the other."""
    both = ask('diff "x\'Q x" --wrt x --wrt Q', "--to", form, *steps)[1]
    each = [ask('diff "x\'Q x"', "--wrt", name, "--to", form, *steps)[1] for name in "xQ"]
    if form == "json":
        results = json.loads(both)["results"]
        assert [r["text"] for r in results] == [json.loads(d)["result"]["text"] for d in each]
    else:
        assert both == (FORMATS[form].between[1:]).join(each)
