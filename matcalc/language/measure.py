"""How much there is to read in a printed form: its names, numbers and operators.

This is the one measure by which forms are compared, in factoring, in simplifying and where there
are two ways of writing the same, and by which what is long gets a name.  ``weight`` says what a
tree measures whose parts measure so much.  Parentheses and juxtaposition are free, and ``eye(n)``
is the I of a book.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.errors import assert_never
from matcalc.language.tree import (
    Add,
    Block,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Power,
    Transpose,
    Tree,
    postorder,
)


def measure(tree: Tree) -> int:
    """The measure of a whole form."""
    return measures(tree)[tree]


def measures(root: Tree) -> dict[Tree, int]:
    """The measure of every part of a form."""
    found: dict[Tree, int] = {}
    for tree in postorder(root):
        found[tree] = weight(tree, [found[child] for child in tree.children])
    return found


def weight(tree: Tree, parts: Sequence[int]) -> int:
    """What a tree measures whose children measure ``parts``."""
    match tree:
        case Multiply(ops=ops):
            return sum(parts) + len(ops) - ops.count(" ") - ops.count("")
        case Add():
            return sum(parts) + len(parts) - 1
        case Call(function="eye"):
            return 1
        case Number() | Name() | Call() | Negative() | Power() | Transpose() | Block():
            return sum(parts) + 1  # a name, a number, a sign, a power, a transpose, a function
        case _:
            assert_never(tree)
