"""The name of a perturbation: one that nothing else has, and that reads back as one name."""

from __future__ import annotations

from matcalc.derivation.writing import taken_names
from matcalc.dimensions.problem import Problem
from matcalc.language.names import LONGEST_NAME
from matcalc.tables.functions import lookup


def perturbation_name(problem: Problem, variable: str) -> str:
    """``dX`` for X; with underscores, or without the variable's name, where that is taken."""
    taken = taken_names(problem)
    stem = f"d{variable}" if len(variable) < LONGEST_NAME else "dx"
    name = stem
    while name in taken or lookup(name) is not None:
        name += "_"
        if len(name) > LONGEST_NAME:
            name = "dx"
    return name
