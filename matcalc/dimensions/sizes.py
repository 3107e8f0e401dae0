"""Sizes that are equal, and why: union-find with a proof forest.

An element is an int.  Element 0 is the size 1 and is never united with anything else: whether a
size is 1 is a matter of kinds, settled before.  Declared names and integers are rigid: two
different ones never unite.  Every union keeps its reason, so that a clash turns into the equations
that are responsible for it.  Products and sums of sizes (the rows of vec X, the height of a stacked
vector) are elements too; ``settle`` works them out once all equations are known.

Why not substitution: it forgets who said what, and the message of a dimension error is just that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from matcalc.language.sizes import ONE, Dim
from matcalc.language.tree import Tree

ONE_SIZE = 0


class Reason(NamedTuple):
    """An equation between sizes: the node that asks for it, and the guesses it rests on (bits)."""

    node: Tree
    why: int


class Clash(NamedTuple):
    """Two elements that should be equal and cannot be; or could, in more ways than one (open)."""

    left: int
    right: int
    reason: Reason
    open: bool = False


class _Compound(NamedTuple):
    op: str  # "+" or "*"
    parts: tuple[int, ...]
    reason: Reason


class Sizes:
    """The equivalence classes of sizes."""

    def __init__(self) -> None:
        self._parent = [ONE_SIZE]
        self._weight = [1]
        self._near: list[list[tuple[int, Reason]]] = [[]]
        self._rigid: dict[int, int] = {ONE_SIZE: ONE_SIZE}  # root -> the rigid element in its class
        self._dims: dict[int, Dim] = {ONE_SIZE: ONE}  # rigid element -> its value
        self._elements: dict[Dim, int] = {ONE: ONE_SIZE}
        self._compounds: dict[int, _Compound] = {}
        self._factors: dict[int, tuple[int, ...]] = {}  # rigid product -> its factors, in order
        self._wholes: dict[int, int] = {}  # root -> a compound in its class, once settled
        self._names: dict[int, Dim] = {}  # root -> the name given to an unknown size

    def new(self) -> int:
        """A size of which nothing is known, but that it is not 1."""
        self._parent.append(len(self._parent))
        self._weight.append(1)
        self._near.append([])
        return len(self._parent) - 1

    def rigid(self, dim: Dim) -> int:
        """The element of a declared size."""
        found = self._elements.get(dim)
        if found is None:
            found = self._elements[dim] = self.new()
            self._dims[found] = dim
            self._rigid[found] = found
        return found

    def product(self, parts: Iterable[int], reason: Reason) -> int:
        return self._compound("*", tuple(p for p in parts if p != ONE_SIZE), reason)

    def total(self, parts: Iterable[int], reason: Reason) -> int:
        return self._compound("+", tuple(parts), reason)

    def _compound(self, op: str, parts: tuple[int, ...], reason: Reason) -> int:
        if len(parts) <= 1:
            return parts[0] if parts else ONE_SIZE
        dims = [self.known(p) for p in parts]
        value = _combine(op, dims)
        if value is not None:
            element = self.rigid(value)
            if op == "*":
                self._factors.setdefault(element, parts)
            return element
        element = self.new()
        self._compounds[element] = _Compound(op, parts, reason)
        return element

    def find(self, a: int) -> int:
        """The root of the class."""
        parent = self._parent
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    def known(self, a: int) -> Dim | None:
        """The declared size that the element equals, if any."""
        element = self._rigid.get(self.find(a))
        return None if element is None else self._dims[element]

    def unite(self, a: int, b: int, reason: Reason) -> bool:
        """Make two sizes equal; False, and nothing done, if they cannot be."""
        left, right = self.find(a), self.find(b)
        if left == right:
            return True
        rigid = self._rigid.get(left), self._rigid.get(right)
        if ONE_SIZE in (left, right) or (rigid[0] is not None and rigid[1] is not None):
            return False
        if self._weight[left] < self._weight[right]:
            left, right = right, left
        self._parent[right] = left
        self._weight[left] += self._weight[right]
        element = rigid[0] if rigid[0] is not None else rigid[1]
        if element is not None:
            self._rigid[left] = element
        self._near[a].append((b, reason))
        self._near[b].append((a, reason))
        return True

    def explain(self, a: int) -> list[Reason]:
        """The equations that make the element equal to the declared size of its class, in turn."""
        b = self._rigid.get(self.find(a), a)
        back: dict[int, tuple[int, Reason] | None] = {a: None}
        queue = [a]
        for element in queue:
            if element == b:
                break
            for other, reason in self._near[element]:
                if other not in back:
                    back[other] = (element, reason)
                    queue.append(other)
        found: list[Reason] = []
        step = back.get(b)
        while step is not None:
            found.append(step[1])
            step = back[step[0]]
        return found[::-1]

    def settle(self) -> list[Clash]:
        """Work out products and sums of sizes as far as the equations determine them."""
        clashes: dict[int, Clash] = {}
        progress = bool(self._compounds)
        while progress:
            progress = False
            for element, compound in self._compounds.items():
                if element not in clashes:
                    done = self._settle_one(element, compound)
                    if isinstance(done, Clash):
                        clashes[element] = done
                    else:
                        progress = progress or done
            progress = progress or self._match(clashes)
        self._wholes = {self.find(element): element for element in self._compounds}
        return [*clashes.values(), *self._cycles(clashes)]

    def _settle_one(self, element: int, compound: _Compound) -> bool | Clash:
        dims = [self.known(p) for p in compound.parts]
        value, whole = _combine(compound.op, dims), self.known(element)
        if value is not None:
            if whole is value:
                return False
            target = self.rigid(value)
        else:
            unknown = [p for p, dim in zip(compound.parts, dims, strict=True) if dim is None]
            if whole is None or len(unknown) != 1:
                return False
            rest = _combine(compound.op, [d for d in dims if d is not None]) or ONE
            share = _minus(whole, rest) if compound.op == "+" else _over(whole, rest)
            if share is None:
                return Clash(element, self.rigid(whole), compound.reason)
            element, target = unknown[0], self.rigid(share)
        if self.unite(element, target, compound.reason):
            return True
        return Clash(element, target, compound.reason)

    def _match(self, clashes: dict[int, Clash]) -> bool:
        """m n = p q, and nothing else known: taken factor by factor, as is the custom."""
        first: dict[int, int] = {}
        progress = False
        for element, compound in self._compounds.items():
            whole = self.known(element)
            if element in clashes or (
                whole is not None and None not in map(self.known, compound.parts)
            ):
                continue
            if whole is None:
                other = first.setdefault(self.find(element), element)
                op, parts = self._compounds[other].op, self._compounds[other].parts
            else:
                other, op = self.rigid(whole), "*"
                parts = self._factors.get(other) or self._monomial(whole)
            mine, theirs = [self.find(p) for p in compound.parts], [self.find(p) for p in parts]
            for root in list(mine):
                if root in theirs:
                    mine.remove(root)
                    theirs.remove(root)
            if op == compound.op and not mine and not theirs:
                continue
            same = op == compound.op and len(mine) == len(theirs)
            if same and all(
                self.unite(a, b, compound.reason) for a, b in zip(mine, theirs, strict=True)
            ):
                progress = True
            else:
                clashes[element] = Clash(element, other, compound.reason, open=not same)
        return progress

    def _monomial(self, whole: Dim) -> tuple[int, ...]:
        """The factors of a declared product of sizes."""
        if len(whole.terms) != 1:
            return (self.rigid(whole),)
        names, number = whole.terms[0]
        dims = [Dim.of(number)] * (number != 1) + [Dim.named(name) for name in names]
        return tuple(self.rigid(dim) for dim in dims)

    def _cycles(self, clashes: dict[int, Clash]) -> list[Clash]:
        """A size that is a proper part of itself is none: x and [x; y] are never equally long."""
        parts: dict[int, set[int]] = {}
        for element, compound in self._compounds.items():
            if element not in clashes and self.known(element) is None:
                parts.setdefault(self.find(element), set()).update(map(self.find, compound.parts))
        while True:
            solved = [root for root, needed in parts.items() if not needed & parts.keys()]
            if not solved:
                break
            for root in solved:
                del parts[root]
        return [
            Clash(element, next(iter(parts[self.find(element)])), compound.reason)
            for element, compound in self._compounds.items()
            if self.find(element) in parts
        ][:1]

    def parts(self, a: int) -> tuple[str, tuple[int, ...]]:
        """How an element was made of others, if it was: "+" or "*", and the parts."""
        compound = self._compounds.get(a)
        return ("", ()) if compound is None else (compound.op, compound.parts)

    def unknown(self, a: int) -> list[int]:
        """The elements behind a size that have to be named: itself, or the parts of a compound."""
        found: list[int] = []
        seen: set[int] = set()
        stack = [a]
        while stack:
            element = stack.pop()
            root = self.find(element)
            if root in seen or self.known(element) is not None or root in self._names:
                continue
            seen.add(root)
            if root in self._wholes:
                stack.extend(reversed(self._compounds[self._wholes[root]].parts))
            else:
                found.append(element)
        return found

    def name(self, a: int, name: str) -> None:
        """Give an unknown size a name."""
        self._names[self.find(a)] = Dim.named(name)

    def value(self, a: int) -> Dim:
        """The size, once every unknown one has a name."""
        root = self.find(a)
        found = self.known(a) or self._names.get(root)
        if found is not None:
            return found
        stack = [a]
        while stack:
            root = self.find(stack[-1])
            compound = self._compounds[self._wholes[root]]
            dims = [self.known(p) or self._names.get(self.find(p)) for p in compound.parts]
            value = _combine(compound.op, dims)
            if value is None:
                stack += [p for p, dim in zip(compound.parts, dims, strict=True) if dim is None]
            else:
                self._names[root] = value
                stack.pop()
        return self._names[self.find(a)]


def _combine(op: str, dims: Iterable[Dim | None]) -> Dim | None:
    total: Dim | None = None
    for dim in dims:
        if dim is None:
            return None
        total = dim if total is None else total + dim if op == "+" else total * dim
    return total


def _minus(whole: Dim, part: Dim) -> Dim | None:
    """whole - part, if that is a size."""
    rest = whole + part * Dim.of(-1)
    return rest if rest.terms and all(k > 0 for _, k in rest.terms) else None


def _over(whole: Dim, part: Dim) -> Dim | None:
    """whole / part for monomials, if that is a size other than 1."""
    if len(whole.terms) != 1 or len(part.terms) != 1:
        return None
    (names, k), (others, j) = whole.terms[0], part.terms[0]
    left = list(names)
    for name in others:
        if name not in left:
            return None
        left.remove(name)
    if k % j:
        return None
    share = Dim(((tuple(left), k // j),))
    return None if share is ONE else share
