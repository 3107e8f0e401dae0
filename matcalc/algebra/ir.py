"""The intermediate representation: five closed node kinds, interned.

``Number Symbol Sum Product Apply``.  Nodes are immutable and interned: structurally equal nodes
are the same object, so ``is`` and ``==`` agree and every pass can be memoised on identity.  Only
the normalising constructors of ``algebra.normal`` build nodes; every other module calls those.  A
pass is a ``match`` over the five kinds that ends in ``assert_never``.

The order of nodes that the normal form needs is the order of their digests: a digest depends on the
structure alone, so it is the same in every process, and comparing two nodes costs the same
however deep they are.  (The order in which people write things is restored by ``present``.)

Invariants
  Sum      two or more terms, none a Sum or a bare number multiple; coefficients nonzero
  Product  coefficient * scalar powers * chain of matrix powers; a scalar with a chain has
           nothing else
  Apply    a function of the table, or one of transpose, hadamard, epow, ones, commutation, block,
           call and jacobian, and its arguments
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from hashlib import blake2b
from typing import TypeGuard, TypeVar
from weakref import WeakValueDictionary

from matcalc.language.sizes import SCALAR, Shape

T = TypeVar("T")


class _Node:
    """What all nodes have: ``shape``, ``children`` and ``digest`` (the structure, as bytes)."""

    __slots__ = ("__weakref__", "_transpose", "children", "digest", "primes", "shape")
    shape: Shape
    children: tuple[Node, ...]
    digest: bytes
    primes: int  # how many transposes are written in it
    _transpose: Node | None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.shape} {self.digest.hex()[:8]}>"


class Number(_Node):
    """An exact rational number, 1 x 1."""

    __slots__ = ("value",)
    value: Fraction


class Symbol(_Node):
    """A name.

    ``role`` is "variable", "dimension" (a size used as a number), "constant" (pi), "function" (an
    abstract function) or "perturbation" (dX).
    """

    __slots__ = ("facts", "name", "role")
    name: str
    facts: frozenset[str]
    role: str


class Sum(_Node):
    """Terms with rational coefficients; the term of a number is the Number 1."""

    __slots__ = ("terms",)
    terms: tuple[tuple[Node, Fraction], ...]


class Product(_Node):
    """``coefficient * prod(scalar^exponent) * chain``; the empty chain is the identity."""

    __slots__ = ("chain", "coefficient", "scalars")
    coefficient: Fraction
    scalars: tuple[tuple[Node, Node], ...]
    chain: tuple[tuple[Node, Node], ...]


class Apply(_Node):
    """A head applied to arguments."""

    __slots__ = ("args", "head")
    head: str
    args: tuple[Node, ...]


Node = Number | Symbol | Sum | Product | Apply

_interned: WeakValueDictionary[bytes, Node] = WeakValueDictionary()


def _digest(kind: str, payload: str, shape: Shape, children: tuple[Node, ...]) -> bytes:
    text = f"{kind}|{payload}|{shape.rows}|{shape.cols}|".encode()
    return blake2b(text + b"".join(c.digest for c in children), digest_size=16).digest()


N = TypeVar("N", Number, Symbol, Sum, Product, Apply)


def _intern(cls: type[N], digest: bytes, shape: Shape, children: tuple[Node, ...]) -> N:
    node = object.__new__(cls)
    node.shape, node.children, node.digest, node._transpose = shape, children, digest, None
    node.primes = sum(child.primes for child in children)
    _interned[digest] = node
    return node


def _exact(value: Fraction) -> str:
    """A rational in hexadecimal, which has no limit of length."""
    return f"{value.numerator:x}/{value.denominator:x}"


def make_number(value: Fraction) -> Number:
    digest = _digest("number", _exact(value), SCALAR, ())
    found = _interned.get(digest)
    if isinstance(found, Number):
        return found
    node = _intern(Number, digest, SCALAR, ())
    node.value = value
    return node


def make_symbol(
    name: str, shape: Shape, facts: frozenset[str] = frozenset(), role: str = "variable"
) -> Symbol:
    digest = _digest("symbol", f"{name}|{role}|{','.join(sorted(facts))}", shape, ())
    found = _interned.get(digest)
    if isinstance(found, Symbol):
        return found
    node = _intern(Symbol, digest, shape, ())
    node.name, node.facts, node.role = name, facts, role
    return node


def make_sum(terms: tuple[tuple[Node, Fraction], ...], shape: Shape) -> Sum:
    children = tuple(node for node, _ in terms)
    digest = _digest("sum", ",".join(_exact(c) for _, c in terms), shape, children)
    found = _interned.get(digest)
    if isinstance(found, Sum):
        return found
    node = _intern(Sum, digest, shape, children)
    node.terms = terms
    return node


def make_product(
    coefficient: Fraction,
    scalars: tuple[tuple[Node, Node], ...],
    chain: tuple[tuple[Node, Node], ...],
    shape: Shape,
) -> Product:
    children = tuple(node for pair in scalars + chain for node in pair)
    digest = _digest("product", f"{_exact(coefficient)}|{len(scalars)}", shape, children)
    found = _interned.get(digest)
    if isinstance(found, Product):
        return found
    node = _intern(Product, digest, shape, children)
    node.coefficient, node.scalars, node.chain = coefficient, scalars, chain
    return node


def make_apply(head: str, args: tuple[Node, ...], shape: Shape) -> Apply:
    digest = _digest("apply", head, shape, args)
    found = _interned.get(digest)
    if isinstance(found, Apply):
        return found
    node = _intern(Apply, digest, shape, args)
    node.head, node.args = head, args
    node.primes += head == "transpose"
    return node


def is_head(node: Node, head: str) -> TypeGuard[Apply]:
    """Is a node this head, applied?"""
    return isinstance(node, Apply) and node.head == head


def postorder(root: Node) -> Iterator[Node]:
    """Every node of the DAG once, children before parents, without recursion."""
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.children))


def fold(
    root: Node,
    combine: Callable[[Node, dict[Node, T]], T],
    done: dict[Node, T],
    needs: Callable[[Node], Iterable[Node]] = lambda node: node.children,
) -> T:
    """``combine(node, done)`` from the leaves up; ``done`` has the results of all children.

    Pass the same ``done`` again to go on where an earlier fold stopped; ``needs`` names the nodes
    whose results a node is made of, where those are not its children.
    """
    if root in done:
        return done[root]
    stack = [root]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        pending = [child for child in needs(node) if child not in done]
        if pending:
            stack.extend(pending[::-1])
        else:
            done[node] = combine(node, done)
            stack.pop()
    return done[root]


def dependents(root: Node, variable: Node) -> set[Node]:
    """The nodes below (and including) ``root`` that contain ``variable``."""
    found: set[Node] = set()
    for node in postorder(root):
        if node is variable or any(child in found for child in node.children):
            found.add(node)
    return found
