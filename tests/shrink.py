"""Makes a case small that is found to be wrong, keeping the way in which it is wrong.

Subexpressions are replaced by what is inside them, or by a name or number of the same shape, as
long as the same kind of outcome comes out; then declarations and options are left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from generate import Case
from judge.evaluate import Evaluation
from judge.points import draw
from judge.reader import Node, Unreadable, names, nodes, parse, write
from judge.values import Lazy, Mismatch, Outside, scalar
from mpmath import mp
from trials import Outcome, question, trial

EVALUATED = 14  # attempts at a point that shows the shapes


def shrunk(case: Case, outcome: Outcome, seconds: float = 10) -> Case:
    """The smallest case found in that time with the same kind of outcome."""
    until = time.monotonic() + seconds

    def same(candidate: Case) -> bool:
        found = trial(candidate)
        like = found.kind == outcome.kind
        # another exception, or another error message, is another finding
        return (like and found.detail.split(":")[0] == outcome.detail.split(":")[0]) or (
            like and outcome.kind.startswith("wrong")
        )

    changed = True
    while changed and time.monotonic() < until:
        changed = False
        for candidate in _smaller(case):
            if time.monotonic() > until:
                break
            if same(candidate):
                case, changed = candidate, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Cases with less in them, the boldest first."""
    if case.definitions:
        yield _inlined(case)
    yield from _simpler_options(case)
    try:
        tree = parse(case.source, frozenset(case.shapes))
        shapes = _shapes(case, tree)
    except (Unreadable, Mismatch):
        return
    seen = {write(tree)}
    if case.source not in seen and len(write(tree)) < len(case.source):
        yield _with(case, tree)
    for node in nodes(tree):
        for other in _replacements(node, shapes, case):
            smaller = _replaced(tree, node, other)
            text = write(smaller)
            if text not in seen and set(case.wrt.split(",")) <= names(smaller):
                seen.add(text)
                yield _with(case, smaller)
    for name, facts in case.facts.items():
        for fact in sorted(facts):
            yield _without_fact(case, name, fact)


def _with(case: Case, tree: Node) -> Case:
    """The case with another expression, and the declarations that it needs."""
    used = names(tree) | {w for text in case.definitions.values() for w in names(parse(text))}
    sizes = {size for name in used & set(case.shapes) for size in case.shapes[name]}
    unsaid = used & set(case.sizes) - sizes
    where = tuple(
        each
        for each in case.where
        if _name(each) in used or unsaid & set(case.shapes.get(_name(each), ()))
    )
    return replace(case, source=write(tree), where=where)


def _name(declaration: str) -> str:
    return declaration.split(":")[0].split(" = ")[0]


def _inlined(case: Case) -> Case:
    """The case with its definitions written out."""
    tree = parse(case.source, frozenset(case.shapes))
    for name, text in case.definitions.items():
        made = parse(text, frozenset(case.shapes))
        for node in nodes(tree):
            if node.head == "name" and node.text == name:
                tree = _replaced(tree, node, made)
    where = tuple(each for each in case.where if " = " not in each)
    return replace(case, source=write(tree), where=where)


def _simpler_options(case: Case) -> Iterator[Case]:
    if case.layout != "jacobian":
        yield replace(case, layout="jacobian")
    if case.structure != "independent":
        yield replace(case, structure="independent")
    if case.order > 1:
        yield replace(case, order=case.order - 1, wrt=case.wrt.split(",")[0])


def _without_fact(case: Case, name: str, fact: str) -> Case:
    where = tuple(
        " ".join(each.replace(fact, "").split()) if _name(each) == name else each
        for each in case.where
    )
    return replace(case, where=where, facts={**case.facts, name: case.facts[name] - {fact}})


def _shapes(case: Case, tree: Node) -> dict[int, tuple[int, int]]:
    """The shape of every node that has one: found by evaluating, at any point."""
    q = question(case, (), 0)
    found: dict[int, tuple[int, int]] = {}
    with mp.workdps(15):
        for attempt in range(EVALUATED):
            try:
                env = draw(q.symbols, Random(attempt), attempt)
            except Outside:
                continue
            sizes = {name: scalar(size) for name, size in q.sizes.items()}
            evaluation = Evaluation({**sizes, **env}, q.trees, strict=False)
            for node in reversed(nodes(tree)):
                try:
                    value = evaluation.value(node)
                except (Outside, RecursionError):
                    continue
                if not isinstance(value, Lazy):
                    found[id(node)] = value.shape
            if id(tree) in found:
                break
    return found


def _replacements(node: Node, shapes: dict[int, tuple[int, int]], case: Case) -> Iterator[Node]:
    """What may stand for a node: what is inside it, a name, or a number."""
    shape = shapes.get(id(node))
    if shape is None or node.head in ("name", "number"):
        return
    inside = [n for n in nodes(node)[1:] if shapes.get(id(n)) == shape]
    yield from sorted(inside, key=lambda n: len(write(n)))
    for turned in nodes(node)[1:]:
        if shape != (1, 1) and turned.head == "name" and shapes.get(id(turned)) == shape[::-1]:
            yield Node("'", (turned,))
    if shape == (1, 1):
        yield Node("number", text="2")


def _replaced(tree: Node, node: Node, other: Node) -> Node:
    """The tree with another node in the place of one, wherever it is."""
    made: dict[int, Node] = {id(node): other}

    def copy(each: Node) -> Node:
        if id(each) not in made:
            args = tuple(map(copy, each.args))
            same = all(a is b for a, b in zip(args, each.args))
            made[id(each)] = each if same else Node(each.head, args, each.text)
        return made[id(each)]

    return copy(tree)
