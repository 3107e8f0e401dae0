"""Long subexpressions that repeat in a result get a name: ``where S = inv(A + X B)``.

Presentation shares trees as the IR shares nodes, so a repeated subexpression is one object with
several parents.  Written out, such a tree may be exponentially longer than it is in memory: where
it is long, everything that repeats is named, and no more is written than there is in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, count

from matcalc.language.measure import measures
from matcalc.language.sizes import Shape
from matcalc.language.tree import Name, Transpose, Tree, fold, postorder, rebuilt

_LONG = 4  # the measure that makes a subexpression worth a name
_RESULT = 10  # a result shorter than this is printed whole
LONG = 5500  # a result longer than this (some 20,000 characters) is printed whole nowhere
_MATRICES, _VECTORS, _SCALARS = "SUVWPRGHZYLT", "uvwzrhgpq", "srhgpqzuvw"


def name_repeats(
    root: Tree, shapes: dict[Tree, Shape], taken: set[str]
) -> tuple[Tree, tuple[tuple[str, Tree], ...]]:
    """The tree with its repeated long subexpressions named, and the definitions in order.

    A definition uses the names before it only.  The shapes of new trees are added to ``shapes``.
    """
    size = measures(root)
    total = size[root]
    if total < _RESULT:
        return root, ()
    uses = Counter(child for node in postorder(root) for child in node.children)
    chosen = {
        node
        for node in postorder(root)
        if uses[node] > 1
        and size[node] >= _LONG
        and node in shapes
        and (total > LONG or not isinstance(node, Transpose))
    }
    used = set(taken) | {node.name for node in postorder(root) if isinstance(node, Name)}
    definitions: list[tuple[str, Tree]] = []

    def combine(node: Tree, parts: Sequence[Tree]) -> Tree:
        fresh = rebuilt(node, parts)
        if node in shapes:
            shapes.setdefault(fresh, shapes[node])
        if node not in chosen:
            return fresh
        name = fresh_name(shapes[node], used, numbered=total > LONG)
        if name is None:
            return fresh
        used.add(name)
        definitions.append((name, fresh))
        alias = Name(name)
        shapes[alias] = shapes[node]
        return alias

    return fold(root, combine), tuple(definitions)


def fresh_name(shape: Shape, used: set[str], numbered: bool = False) -> str | None:
    """A letter that is not used, by the kind of the value; ``S1``, ... if there may be so many."""
    letters = _SCALARS if shape.is_scalar else _VECTORS if shape.is_vector else _MATRICES
    more = (f"{letters[0]}{number}" for number in count(1)) if numbered else ()
    return next((name for name in chain(letters, more) if name not in used), None)
