"""JSON: documents of the schema ``matcalc/1``.

Keys are only ever added within one version of the schema.  Everything is a string, number, boolean,
list or dictionary, in a fixed order, so that the output is the same in every process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from matcalc.answer import Answer, Derivative, Expansion, Expression, Graded
from matcalc.errors import MatcalcError
from matcalc.output import lines, steps_text
from matcalc.verify.verdict import Check

SCHEMA = "matcalc/1"


def _as_json(document: dict[str, Any]) -> str:
    """A document as text: indented, without a final newline; non-ASCII characters are escaped."""
    return json.dumps(document, indent=2)


def as_dict(each: Sequence[Derivative], steps: bool = False) -> dict[str, Any]:
    """The document of one derivative (``result``) or of several (``results``)."""
    first, several = each[0], len(each) > 1
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "input": {
            "expression": first.source,
            "wrt": [d.wrt for d in each] if several else first.wrt,
            "order": first.order,
            "layout": first.layout,
            "structure": first.structure,
        },
        "symbols": _symbols(each),
    }
    if several:
        document["results"] = [
            {"wrt": d.wrt, **_result(d), **({"steps": _steps(d)} if steps else {})} for d in each
        ]
    else:
        document["result"] = _result(first)
    document["conditions"] = _union(d.conditions for d in each)
    document["notes"] = _union(d.notes for d in each)
    document["check"] = _report([d.check for d in each], code=True)
    if any(d.proof is not None for d in each):
        document["proof"] = _report([d.proof for d in each])
    if steps and not several:
        document["steps"] = _steps(first)
    return document


def derivatives(*answers: Derivative) -> str:
    """The document of one derivative or of several."""
    return _as_json(as_dict(answers))


def derivations(*answers: Derivative) -> str:
    """The same with the steps."""
    return _as_json(as_dict(answers, steps=True))


def expression(simplified: Expression) -> str:
    """The document of ``simplify`` and ``shape``."""
    return _as_json(
        {
            "schema": SCHEMA,
            "input": {"expression": simplified.source},
            "symbols": _symbols([simplified]),
            "result": _result(simplified),
            "notes": list(simplified.notes),
        }
    )


def expansion(answer: Expansion) -> str:
    """The document of ``perturb`` and ``taylor``."""
    return _as_json(
        {
            "schema": SCHEMA,
            "input": {"expression": answer.source, "wrt": answer.wrt},
            "symbols": _symbols([answer]),
            "perturbation" if answer.kind == "perturb" else "at": answer.perturbation,
            "orders": [_members(part, "order text latex") for part in answer.orders],
            "remainder": answer.remainder,
            "result": {"text": str(answer), "latex": steps_text.expansion(answer)},
            "notes": list(answer.notes),
        }
    )


def verdict(graded: Graded) -> str:
    """The document of ``check``."""
    derivative = graded.derivative
    return _as_json(
        {
            "schema": SCHEMA,
            "input": {
                "expression": derivative.source,
                "wrt": derivative.wrt,
                "answer": graded.answer,
            },
            **_members(graded, "verdict ok message"),
            "factor": None if graded.factor is None else str(graded.factor),
            "result": {"text": str(derivative), "shape": [str(size) for size in derivative.shape]},
        }
    )


def error_dict(error: MatcalcError) -> dict[str, Any]:
    """The document of a failure."""
    return {"schema": SCHEMA, "error": _members(error, "code kind message start end hint")}


def _members(thing: object, names: str) -> dict[str, Any]:
    """Some of what a thing has, by name."""
    return {name: getattr(thing, name) for name in names.split()}


def _result(answer: Expression) -> dict[str, Any]:
    layout: dict[str, str] = {}
    if isinstance(answer, Derivative):
        layout = {"layout": answer.layout, "meaning": answer.meaning()}
    shape = [str(size) for size in answer.shape]
    return {"text": str(answer), "latex": lines.in_latex(answer), "shape": shape, **layout}


def _symbols(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Every symbol of the answers once, in order of first mention."""
    infos = {symbol.name: symbol for answer in answers for symbol in answer.symbols}
    return [
        {
            "name": symbol.name,
            "shape": [str(symbol.shape.rows), str(symbol.shape.cols)],
            "kind": symbol.kind,
            "source": symbol.source,
        }
        for symbol in infos.values()
    ]


def _union(lists: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(item for items in lists for item in items))


def _report(reports: Sequence[Check | None], code: bool = False) -> dict[str, Any] | None:
    """What ``check`` or ``prove`` found, the weakest of several; null if not asked for."""
    found = [report for report in reports if report is not None]
    if not found:
        return None
    weakest = min(found, key=lambda report: (bool(report.ok), report.digits, report.code_points))
    of_code = " code_digits code_points" if code else ""
    return _members(weakest, f"ok digits points message{of_code}")


def _steps(derivative: Derivative) -> list[dict[str, str]]:
    return [_members(step, "rule relation text latex note") for step in derivative.steps]
