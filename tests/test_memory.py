"""Questions leave nothing behind: a process that answers thousands does not grow."""

from __future__ import annotations

import gc

from generate import cases

import matcalc
from matcalc import MatcalcError
from matcalc.algebra import ir


def _nodes_left() -> int:
    gc.collect()
    return len(ir._interned)


def test_nodes_do_not_outlive_their_question() -> None:
    before = _nodes_left()
    made = 0
    for case in cases(120, seed=1, depth=4):
        try:
            derivative = matcalc.diff(
                case.source, case.wrt, where=list(case.where), order=case.order
            )
        except MatcalcError:
            continue
        made += len(list(ir.postorder(derivative.node)))
        del derivative
    assert made > 1000
    assert _nodes_left() < before + 0.4 * made  # the tables' formulas, and the last question
