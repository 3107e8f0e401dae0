"""Everything that matcalc says, in one file: "nothing changed" is then one diff.

    python tests/golden.py write FILE [--random 1000] [--jobs 2]
    python tests/golden.py compare FILE

``write`` asks the questions of the corpora, the cookbook, the lecture and so many random ones, and
writes each with its answer: text, LaTeX, JSON, NumPy code and steps, or the error as it is drawn.
``compare`` asks the questions of a file again and shows what is said otherwise; the exit code is 1
if anything is.  The file has the questions in it, so a generator that has changed does no harm.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterator
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import Any

import matcalc
from matcalc import MatcalcError
from matcalc.output.errors import draw_error
from matcalc.output.formats import writer

SEED = "golden"
Question = dict[str, Any]


# --- questions ------------------------------------------------------------------------------------


def questions(random: int) -> Iterator[Question]:
    """All of them, each once."""
    seen: set[str] = set()
    for question in (*_corpora(), *_tables(), *_random(random)):
        if (key := json.dumps(question)) not in seen:
            seen.add(key)
            yield question


def _question(ask: str, source: str, *where: str, **options: Any) -> Question:
    return {"ask": ask, "source": source, "where": list(where), **options}


def _corpora() -> Iterator[Question]:
    from corpus import Corpus

    for file in ("derivatives.txt", "random.txt", "tables.txt", "errors.txt", "inference.txt"):
        for case in Corpus(file).cases:
            options: dict[str, Any] = dict(case.options)
            if "order" in options:
                order = options.pop("order")
                options |= {"order": int(order)} if order.isdigit() else {}
            if case.wrt:
                wrt = list(case.wrt) if len(case.wrt) > 1 else case.wrt[0]
                yield _question("diff", case.source, *case.where, wrt=wrt, **options)
            else:
                yield _question("shape", case.source, *case.where)


def _tables() -> Iterator[Question]:
    import test_cookbook
    import test_derivations
    import test_expansions
    import test_simplify

    for entry in test_cookbook.ENTRIES:
        where = [test_cookbook.declare(*variable) for variable in entry["vars"].items()]
        structure = "cookbook" if entry["kind"] == "gradient-sym" else "independent"
        yield _question(
            "diff",
            entry["expr"],
            *where,
            wrt=entry["wrt"],
            order=entry["order"],
            structure=structure,
            layout="gradient" if entry["layout"].startswith("denominator") else "jacobian",
        )
    for source, wrt, *where in test_derivations.LECTURE:
        yield _question("diff", source, *where, wrt=wrt)
    for source, wrt, *where in test_expansions.PERTURBED:
        yield _question("perturb", source, *where, wrt=wrt, order=3)
    for source, wrt, at, orders in test_expansions.EXPANDED:
        where = ["mu: n"] if wrt == "mu" else []
        yield _question("taylor", source, *where, wrt=wrt, at=at, order=max(orders))
    for source, declared, _ in test_simplify.ROWS:
        yield _question("simplify", source, *([declared] if declared else []))


def _random(count: int) -> Iterator[Question]:
    from generate import cases

    for case in cases(count, SEED):
        options: dict[str, Any] = {}
        if case.ask != "simplify":
            options = {"wrt": case.wrt, "order": case.order}
        if case.ask in ("diff", "steps"):
            options |= {"layout": case.layout, "structure": case.structure}
        yield _question(
            case.ask if case.ask != "steps" else "diff", case.source, *case.where, **options
        )


# --- answers --------------------------------------------------------------------------------------


def answer(question: Question) -> str:
    """What is said, in lines that begin with the name of the form."""
    ask, source = getattr(matcalc, question["ask"]), question["source"]
    options = {k: v for k, v in question.items() if k not in ("ask", "source", "wrt")}
    try:
        made = ask(source, *([question["wrt"]] if "wrt" in question else []), **options)
    except MatcalcError as error:
        return _lines("error", draw_error(error) + f"\n{error.start}-{error.end}")
    except Exception as error:
        return _lines("error", f"crash: {error!r}")
    found = made if isinstance(made, list) else [made]
    return "".join(_said(each, question["ask"]) for each in found)


def _said(made: Any, ask: str) -> str:
    forms = [partial(made.to, form) for form in ("text", "latex", "json", "numpy")]
    if ask in ("perturb", "taylor"):
        del forms[-1]
    if ask == "shape":
        forms = [lambda: " x ".join(made.shape), partial(made.to, "json")]
    if ask == "diff":
        forms.append(lambda: writer("steps", "text")(made))
    return "".join(_lines(_name(form), _tried(form)) for form in forms)


def _name(form: Any) -> str:
    return form.args[0] if isinstance(form, partial) else "steps"


def _tried(form: Any) -> str:
    try:
        return str(form())
    except MatcalcError as error:
        return f"refused: {error}"
    except Exception as error:  # a difference to be read, and no reason not to go on
        return f"crash: {error!r}"


def _lines(name: str, text: str) -> str:
    return "".join(f"{name:<6}| {line}".rstrip() + "\n" for line in text.splitlines())


def _block(question: Question) -> tuple[Question, str]:
    return question, answer(question)


def _asked(every: list[Question], jobs: int) -> Iterator[tuple[Question, str]]:
    with multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=20) as pool:
        yield from pool.imap(_block, every, chunksize=10)


# --- the command ----------------------------------------------------------------------------------


def write(path: Path, random: int, jobs: int) -> int:
    blocks = _asked(list(questions(random)), jobs)
    text = "".join(f"? {json.dumps(q, ensure_ascii=False)}\n{said}\n" for q, said in blocks)
    path.write_text(text, encoding="utf-8")
    print(f"{text.count(chr(10) + '? ') + 1} questions, {len(text):,} characters")
    return 0


def compare(path: Path, jobs: int) -> int:
    parts = path.read_text("utf-8").removeprefix("? ").split("\n? ")
    before = [(json.loads(head), body) for head, _, body in (p.partition("\n") for p in parts)]
    changed = 0
    for (question, said), (_, old) in zip(_asked([q for q, _ in before], jobs), before):
        if said.strip() != old.strip():
            changed += 1
            print(f"? {json.dumps(question, ensure_ascii=False)}")
            difference = unified_diff(old.splitlines(), said.splitlines(), lineterm="", n=0)
            print("\n".join(line for line in difference if line[:2] not in ("--", "++", "@@")))
    print(f"{changed} of {len(before)} are answered otherwise")
    return 1 if changed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=("write", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--random", type=int, default=1000, help="how many random questions")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    if options.command == "write":
        return write(options.file, options.random, options.jobs)
    return compare(options.file, options.jobs)


if __name__ == "__main__":
    sys.exit(main())
