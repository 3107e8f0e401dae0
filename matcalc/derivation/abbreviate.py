"""A derivation for readers: what is long and repeats has a name from the step that introduces it.

The steps themselves are complete expressions, so that each can be read back.  Here they are
abbreviated, for all formats alike: by the names that the derivation gave (S and R of Woodbury's
identity), then by names for long function values that keep coming back.  Trees of different steps
are compared by structure, since they are different objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matcalc.answer import Named, Step, Words
from matcalc.errors import assert_never
from matcalc.language.sizes import Shape
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
    fold,
    postorder,
    rebuilt,
)
from matcalc.present.repeats import fresh_name

_LONG = 5  # leaves and operators that make a function value worth a name
_OFTEN = 4  # times that it has to occur
_LINE = 72  # characters; where every step is shorter, nothing is named
_LARGE = 4000  # leaves of a derivation that nobody reads anyway
_MOST = 3  # names given here


@dataclass(frozen=True)
class Row:
    """A step with the names introduced so far; ``names`` are those that come with it."""

    rule: str
    relation: str
    tree: Tree
    words: Words
    orders: tuple[tuple[int, Tree], ...]
    names: Named
    shapes: Mapping[Tree, Shape]


class _Structure:
    """Numbers for trees, equal for equal structures."""

    def __init__(self) -> None:
        self.numbers: dict[object, int] = {}
        self.of: dict[Tree, int] = {}

    def add(self, root: Tree) -> int:
        for node in postorder(root):
            if node not in self.of:
                key = (type(node).__name__, _payload(node), *(self.of[c] for c in node.children))
                self.of[node] = self.numbers.setdefault(key, len(self.numbers))
        return self.of[root]


def _payload(node: Tree) -> object:
    match node:
        case Number():
            return node.text
        case Name():
            return node.name
        case Call():
            return node.function
        case Add():
            return node.signs
        case Multiply():
            return node.ops
        case Power():
            return node.elementwise
        case Block():
            return tuple(map(len, node.rows))
        case Negative() | Transpose():
            return ""
        case _:
            assert_never(node)


def outline(steps: Sequence[Step], taken: set[str]) -> list[Row]:
    """The steps, abbreviated; ``taken`` are names that may not be given."""
    structure = _Structure()
    for step in steps:
        for tree in (step.tree, *(t for _, t in (*step.orders, *step.names)), *_trees(step.words)):
            structure.add(tree)
    chosen = _chosen(steps, structure, taken)
    rows: list[Row] = []
    known: dict[int, str] = {}
    for i, step in enumerate(steps):
        fresh = [*step.names]
        if i > 0:
            present = {structure.of[node] for node in postorder(step.tree)}
            fresh += [(name, tree) for name, tree in chosen if structure.of[tree] in present]
        fresh = [(name, tree) for name, tree in fresh if structure.of[tree] not in known]
        before = dict(known)
        known |= {structure.of[tree]: name for name, tree in fresh}
        rows.append(_row(step, fresh, before, known, structure))
    return rows


def _trees(words: Words) -> list[Tree]:
    return [word for word in words if isinstance(word, Tree)]


def _row(
    step: Step,
    fresh: Sequence[tuple[str, Tree]],
    before: Mapping[int, str],
    known: Mapping[int, str],
    structure: _Structure,
) -> Row:
    shapes = dict(step.shapes)

    def short(tree: Tree, names: Mapping[int, str] = known, whole: bool = False) -> Tree:
        def combine(node: Tree, parts: Sequence[Tree]) -> Tree:
            name = names.get(structure.of[node])
            if name is not None and not (whole and node is tree):
                made: Tree = Name(name)
            else:
                made = rebuilt(node, parts)
            if node in shapes:
                shapes[made] = shapes[node]
            return made

        return fold(tree, combine)

    orders = tuple((order, short(tree)) for order, tree in step.orders)
    names = tuple((name, short(tree, whole=True)) for name, tree in fresh)
    words = tuple(short(w, before) if isinstance(w, Tree) else w for w in step.words)
    return Row(step.rule, step.relation, short(step.tree), words, orders, names, shapes)


def _chosen(
    steps: Sequence[Step], structure: _Structure, taken: set[str]
) -> list[tuple[str, Tree]]:
    """Function values that are long and frequent, with names."""
    roots = [step.tree for step in steps[1:]]
    size = [0] * len(structure.numbers)
    for node, number in structure.of.items():  # children come first
        size[number] = max(1, len(node.children)) + sum(
            size[structure.of[child]] for child in node.children
        )
    total = sum(size[structure.of[root]] for root in roots)
    if total > _LARGE or max(len(step.text) for step in steps) <= _LINE:
        return []
    known = {structure.of[tree] for step in steps for _, tree in step.names}
    count: dict[int, int] = {}
    first: dict[int, Tree] = {}
    for root in roots:
        _count(root, structure, known, count, first)
    moving = {step.moving for step in steps}
    worthy = [
        number
        for number, node in first.items()
        if isinstance(node, Call)
        and size[number] >= _LONG
        and count[number] >= _OFTEN
        and not any(isinstance(n, Name) and n.name in moving for n in postorder(node))
    ]
    worthy.sort(key=lambda number: -count[number] * size[number])
    used = set(taken) | {n.name for step in steps for n in _names(step)}
    shapes = {
        structure.of[t]: s for step in steps for t, s in step.shapes.items() if t in structure.of
    }
    made: list[tuple[str, Tree]] = []
    for number in worthy[:_MOST]:
        name = fresh_name(shapes[number], used) if number in shapes else None
        if name is not None:
            used.add(name)
            made.append((name, first[number]))
    return sorted(made, key=lambda pair: size[structure.of[pair[1]]])


def _names(step: Step) -> list[Name]:
    trees = [step.tree, *(tree for _, tree in step.names)]
    trees += _trees(step.words)
    return [n for tree in trees for n in postorder(tree) if isinstance(n, Name)]


def _count(
    root: Tree,
    structure: _Structure,
    known: set[int],
    count: dict[int, int],
    first: dict[int, Tree],
) -> None:
    """How often each structure is written in a tree, outside of what has a name."""
    stack = [root]
    while stack:
        node = stack.pop()
        number = structure.of[node]
        if number in known:
            continue
        count[number] = count.get(number, 0) + 1
        first.setdefault(number, node)
        stack.extend(node.children)
