"""What an answer is: data, below everything that draws it.

An answer is a surface tree with the shapes of its nodes, the problem that it answers, and what was
asked.  How it is written, how it came about and what it computes are added by the faces in ``api``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from matcalc.algebra import normal
from matcalc.algebra.ir import Node
from matcalc.algebra.rewrite import expand
from matcalc.algebra.rules import vanishes
from matcalc.calculus.conditions import in_words
from matcalc.dimensions.infer import SymbolInfo
from matcalc.dimensions.problem import Problem
from matcalc.language.latex import latex
from matcalc.language.measure import measure
from matcalc.language.sizes import Shape
from matcalc.language.text import pretty_name, pretty_shape, text
from matcalc.language.tree import Call, Number, Power, Tree
from matcalc.present.cost import Cost
from matcalc.present.repeats import LONG, name_repeats
from matcalc.present.style import Style
from matcalc.tables.functions import NOTATIONS
from matcalc.tables.layouts import LAYOUTS
from matcalc.verify.verdict import Check, Comparison

Words = tuple[str | Tree, ...]
Named = tuple[tuple[str, Tree], ...]


class Answer:
    """An answer to a problem, written as a tree."""

    problem: Problem
    tree: Tree

    @property
    def source(self) -> str:
        """The expression as it was typed."""
        return self.problem.source

    @property
    def symbols(self) -> tuple[SymbolInfo, ...]:
        """The names of the problem, with shape, kind and how each was known."""
        return tuple(self.problem.typed.symbols.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, one sentence each."""
        return self.problem.notes


@dataclass(eq=False)
class Expression(Answer):
    """An expression and its shape."""

    problem: Problem
    node: Node
    tree: Tree
    shapes: dict[Tree, Shape]

    def __str__(self) -> str:
        """The expression, which reads back; what is long repeats by name: ``... where S = ...``."""
        tree, names = self.brief
        where = ", ".join(f"{name} = {text(value)}" for name, value in names)
        return text(tree) + (f" where {where}" if names else "")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    @cached_property
    def named(self) -> tuple[Tree, Named]:
        """The tree with long repeated subexpressions named, and the names' definitions."""
        taken = set(self.problem.typed.symbols) | set(self.problem.typed.sizes)
        return name_repeats(self.tree, self.shapes, taken)

    @property
    def brief(self) -> tuple[Tree, Named]:
        """The whole tree where that is of a length that people read, else ``named``."""
        return self.named if measure(self.tree) > LONG else (self.tree, ())

    def __eq__(self, other: object) -> bool:
        """Equal as functions of the symbols, as far as distributing and collecting can tell."""
        if not isinstance(other, Expression):
            return NotImplemented
        return same(self.node, other.node)

    def __hash__(self) -> int:
        return hash(self.node.shape)

    @property
    def shape(self) -> tuple[str, str]:
        """Rows and columns."""
        return str(self.node.shape.rows), str(self.node.shape.cols)


def same(a: Node, b: Node) -> bool:
    """Are two normal forms equal once products are distributed, or by the laws?"""
    if a is b:
        return True
    if a.shape != b.shape:
        return False
    left, right = expand(a), expand(b)
    return (left is not None and left is right) or vanishes(normal.sub(a, b), Cost(Style()).whole)


@dataclass(frozen=True, eq=False)
class Step:
    """A law and the expression after it.

    ``rule``      the name of a law
    ``relation``  how the step follows from the one before: "=" for all values, "~" to first order
                  in the perturbation, "=>" for reading off
    ``tree``      an expression for f(X + dX) - f(X); of the last step, the derivative
    ``words``     what is to be said of the step: words, and expressions as trees
    ``orders``    the terms of the expression by their order in the perturbation, where it is sorted
    ``names``     what is abbreviated in the words, and may be from here on
    ``moving``    the name of the perturbation
    """

    rule: str
    relation: str
    tree: Tree
    shapes: Mapping[Tree, Shape] = field(default_factory=dict)
    words: Words = ()
    orders: tuple[tuple[int, Tree], ...] = ()
    names: Named = ()
    moving: str = ""

    @property
    def text(self) -> str:
        """The expression, readable by matcalc."""
        return text(self.tree)

    @property
    def latex(self) -> str:
        """The expression as LaTeX."""
        return latex(self.tree, self.shapes)

    @property
    def note(self) -> str:
        """What is to be said of the step, in one line."""
        return "".join(word if isinstance(word, str) else text(word) for word in self.words)


@dataclass(eq=False, repr=False)
class Derivative(Expression, ABC):
    """A derivative.

    ``variables`` is the variable, two of them for a mixed second derivative; ``function_node`` is
    what was differentiated; ``moving`` are the perturbations in a differential, df = 2 x' dx, empty
    where the derivative is the matrix of that map; ``check`` is what the numeric check found, None
    if it was not asked for; ``proof`` the same for the symbolic proof.
    """

    variables: tuple[str, ...]
    order: int
    layout: str
    structure: str
    function_node: Node
    moving: tuple[str, ...] = ()
    extra_notes: tuple[str, ...] = ()
    check: Check | None = None
    proof: Check | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, and what is worth knowing, one sentence each."""
        return (*self.problem.notes, *self.extra_notes)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """Where the result holds."""
        return in_words(self.function_node, self.problem.style)

    @property
    def wrt(self) -> str:
        """The variable; "x,Y" for a mixed second derivative."""
        return ",".join(self.variables)

    @property
    @abstractmethod
    def steps(self) -> Sequence[Step]:
        """The derivation."""

    @property
    @abstractmethod
    def differential(self) -> Derivative:
        """The linear map of which the derivative is the matrix: df = A dX B."""

    @property
    def by_vec(self) -> bool:
        """Is it the matrix of vec f, or of a gradient that is a matrix, by vec X or by a column?"""
        first, *_, last = (self.problem.variable(name).shape for name in self.variables * 2)
        if self.moving or last.is_scalar:
            return False
        value = self.function_node.shape
        if self.order == 2 and not first.is_scalar:  # what the first derivative is
            if not value.is_scalar:
                return True
            value = first
        return not (value.is_scalar or (value.is_vector and last.is_vector))

    def quotient(self, unicode: bool = False) -> str:
        """The left-hand side: ``df/dX``, or ∂f/∂X, df/dt, ∂²f/∂x², ∂²f/∂x∂Y."""
        shapes = {symbol.name: symbol.shape for symbol in self.symbols}
        scalar = all(name in shapes and shapes[name].is_scalar for name in self.variables)
        d = "∂" if unicode and (len(shapes) > 1 or not scalar) else "d"
        order = max(self.order, len(self.variables))
        power = "" if order == 1 else "²" if unicode else "2"
        if self.moving:
            return f"d{power}f"
        below = "".join(d + (pretty_name(x) if unicode else x) for x in self.variables)
        return f"{d}{power}f/{below}{power if len(self.variables) == 1 else ''}"

    def meaning(self, unicode: bool = False) -> str:
        """The layout, and the equation that defines it: ``jacobian, a row:  df = (df/dx) dx``.

        See ``tables.layouts``.
        """
        shapes = {symbol.name: symbol.shape for symbol in self.symbols}
        if self.moving:
            degree = "linear" if self.order == 1 else "of second order"
            names = " and ".join(pretty_name(x) if unicode else x for x in self.moving)
            return f"differential, {degree} in {names}"
        shape, size = shapes.get(self.wrt), self.shape
        partial, x = self.quotient(unicode), pretty_name(self.wrt) if unicode else self.wrt
        top, square = ("ᵀ", "²") if unicode else ("'", "2")
        if self.order > 1 and shape is not None and size == (str(shape.rows),) * 2:
            return f"{self.layout}, the Hessian:  d{square}f = d{x}{top} ({partial}) d{x}"
        if self.order > 1 and shape is not None and self.function_node.shape.is_scalar:
            dx = f"(d vec {x})"
            return f"{self.layout}, the Hessian:  d{square}f = {dx}{top} ({partial}) {dx}"
        if self.order > 1 or shape is None:
            return f"{self.layout}:  {partial} is {pretty_shape(size, unicode)}"
        F = self.function_node.shape
        cell = LAYOUTS[self.layout].cell(F.single, shape.single)
        flat = F.is_vector or F.is_scalar or shape.is_scalar
        dx = f"d{x}" if shape.is_scalar or shape.is_column or F.is_scalar else f"d vec {x}"
        label = cell.label.format(layout=self.layout, x=x)
        whole = f"{label}:  {cell.defined(f'({partial})', 'df' if flat else 'd vec f', dx)}"
        return whole.replace("'", top)

    @property
    def remarks(self) -> tuple[str, ...]:
        """All that a reader should know beside the answer, one line each."""
        needs = (f"needs {condition}" for condition in self.conditions)
        found = (each.message for each in (self.check, self.proof) if each is not None)
        return (*self.notes, *needs, f"layout {self.meaning()}", *found)


@dataclass(frozen=True, eq=False)
class Order:
    """The terms of one order of an expansion."""

    order: int
    tree: Tree

    @property
    def text(self) -> str:
        """The terms, readable by matcalc."""
        return text(self.tree)

    @property
    def latex(self) -> str:
        """The terms as LaTeX."""
        return latex(self.tree)


@dataclass(frozen=True, eq=False)
class Expansion(Answer):
    """A sum of ``orders`` and a remainder.

    ``kind``        "perturb" or "taylor"
    ``perturbation`` the name of dX, or the point of a Taylor polynomial
    ``small``       dX, or x - x0
    ``tree``        the sum; each order that has several terms is in parentheses
    ``remainder_order`` the order of what is left out, 0 where the expansion is exact
    """

    kind: str
    problem: Problem
    wrt: str
    perturbation: str
    small: Tree
    orders: tuple[Order, ...]
    tree: Tree
    remainder_order: int

    def __str__(self) -> str:
        return text(self.tree)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r}, remainder={self.remainder!r})"

    @property
    def remainder(self) -> str:
        """The order of what is left out, ``O(norm(dX)^3)``; empty where nothing is."""
        return f"O({text(self.left_out)})" if self.left_out is not None else ""

    @property
    def left_out(self) -> Tree | None:
        """The power of dX, or of x - x0, that the remainder is."""
        if not self.remainder_order:
            return None
        scalar = self.problem.variable(self.wrt).shape.is_scalar
        base = self.small if scalar else Call(NOTATIONS["‖#1‖"], (self.small,))
        return Power(base, Number(str(self.remainder_order)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, and what the new name stands for."""
        notes = list(self.problem.notes)
        shape = self.problem.variable(self.wrt).shape
        what = "a scalar" if shape.is_scalar else str(shape)
        if self.kind == "perturb" and self.perturbation != f"d{self.wrt}":
            notes.append(
                f"the perturbation of {self.wrt} is called {self.perturbation}, since "
                f"d{self.wrt} is taken"
            )
        if self.kind == "taylor" and self.perturbation.isidentifier():
            notes.append(f"{self.perturbation} is {what}, as {self.wrt} is")
        notes.append(f"remainder {self.remainder}" if self.remainder else "exact")
        return tuple(notes)


@dataclass(frozen=True, kw_only=True)
class Graded(Comparison):
    """How somebody's answer relates to a derivative."""

    derivative: Derivative
    answer: str
