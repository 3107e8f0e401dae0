"""A row of the law table, read: its names become placeholders, its sides nodes with these."""

from __future__ import annotations

import re
from collections.abc import Mapping

from matcalc.algebra.interpret import Reader, formula
from matcalc.algebra.ir import Node, Symbol
from matcalc.algebra.matching import hole
from matcalc.language.sizes import SCALAR, Dim
from matcalc.language.syntax import parse
from matcalc.language.tree import Add, Name, Power, Tree, postorder
from matcalc.tables.laws import Law

_CALLED = re.compile(r"[a-z]\w*(?=\()|\[")


def called(side: str) -> set[str]:
    """The heads that the text of a side shows, seen without parsing it; a [ is a block."""
    return {"block" if name == "[" else name for name in _CALLED.findall(side)}


def read(tree: Tree, names: Mapping[str, Node], sizes: Mapping[str, Dim]) -> Node:
    """One side of a row.  A bare I has the size of what it is added to."""
    beside = {
        term: next(other for other in part.terms if not _is_identity(other))
        for part in postorder(tree)
        if isinstance(part, Add)
        for term in part.terms
        if _is_identity(term)
    }

    def size(bare: Tree) -> Dim:
        return read(beside[bare], names, sizes).shape.rows

    return Reader(names, sizes, identity=size).read(tree)


def _is_identity(tree: Tree) -> bool:
    return isinstance(tree, Name) and tree.name == "I"


def placeholders(law: Law) -> tuple[dict[str, Symbol], dict[str, Dim]]:
    """The names of a row as placeholders with their facts, and its sizes.

    An integer is a size, but for one that is an exponent.
    """
    exponents = {
        part.exponent.name
        for side in (law.left, law.right)
        for part in postorder(formula(side))
        if isinstance(part, Power) and isinstance(part.exponent, Name)
    }
    holes: dict[str, Symbol] = {}
    sizes: set[str] = set()
    for one in parse("0", law.where).declarations:
        if one.kind == "integer" and one.name not in exponents:
            sizes.add(one.name)
        elif one.shape is not None or one.kind == "integer":
            facts = frozenset({*one.facts, *(["integer"] if one.kind == "integer" else [])})
            holes[one.name] = hole(one.name, one.shape or SCALAR, facts)
    sizes |= {name for one in holes.values() for dim in one.shape for name in dim.names}
    return holes, {name: Dim.named(name) for name in sizes}
