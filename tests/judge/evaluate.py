"""The value of a tree at a point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mpmath import mp

from judge import functions, values
from judge.reader import Node
from judge.values import TINY, Lazy, Matrix, Mismatch, Outside, Value, lift, scalar

Env = Mapping[str, Matrix]


@dataclass
class Evaluation:
    """Evaluates trees at one point.

    ``env``     the values of the names, sizes included
    ``defined`` the trees of names that ``where y = H x`` defines
    ``strict``  whether an edge (the abs of zero) is no value, as befits what is differentiated
    """

    env: Env
    defined: Mapping[str, Node] = field(default_factory=dict)
    strict: bool = True
    known: dict[int, Value] = field(default_factory=dict)

    def __call__(self, tree: Node) -> Matrix:
        """The value, which has a size.  Raises Outside, or Mismatch for what does not conform."""
        value = self.value(tree)
        if isinstance(value, Lazy):
            raise Mismatch("an identity matrix of no size")
        if not all(map(mp.isfinite, value.entries)):
            raise Outside("not finite")
        return value

    def value(self, node: Node) -> Value:
        found = self.known.get(id(node))
        if found is None:
            try:
                found = self.known[id(node)] = self._fresh(node)
            except (ZeroDivisionError, OverflowError, ValueError, MemoryError) as error:
                raise Outside(str(error)) from error
        return found

    def _fresh(self, node: Node) -> Value:
        match node.head:
            case "number":
                return scalar(node.text)
            case "name":
                return self._name(node.text)
            case "ones" | "zeros" | "eye" | "commutation" | "unvec" | "blockinner" | "blocksum":
                return self._sized(node)
            case "top" | "bottom" | "left" | "right":
                return self._part(node)
        args = [self.value(arg) for arg in node.args]
        match node.head:
            case "+" | "-":
                return values.add(*args, sign=1 if node.head == "+" else -1)
            case "*":
                return values.multiply(*args)
            case "/":
                if isinstance(args[1], Lazy) or not args[1].is_scalar:
                    raise Mismatch("a quotient by a matrix")
                return self._entrywise(functions.divide, *args)
            case ".*":
                return self._entrywise(lambda x, y: x * y, *args)
            case "./":
                return self._entrywise(functions.divide, *args)
            case ".^":
                base, p = args
                if self.strict and isinstance(p, Matrix) and not p.is_scalar:
                    base = lift(self._off_zero, base)  # b^p = exp(p log b), also where p is whole
                return self._entrywise(functions.power, base, p)
            case "^":
                return self._power(*args)
        return lift(self._function(node.head), *args)

    def _name(self, name: str) -> Value:
        if name in self.defined:
            return self.value(self.defined[name])
        if name in self.env:
            return self.env[name]
        if name == "I":
            return Lazy(values.identity)
        if name == "pi":
            return scalar(mp.pi)
        raise Mismatch(f"{name} is unknown")

    def _sized(self, node: Node) -> Matrix:
        *first, rows, cols = node.args if len(node.args) > 1 else (node.args[0], None)
        m = self._whole(rows)
        match node.head:
            case "eye":
                return values.identity(m)
            case "commutation":
                return values.commutation(m, self._whole(cols))
            case "unvec":
                return values.unvec(self(first[0]), m, self._whole(cols))
            case "blockinner":
                return functions.blockinner(*map(self, first), m, self._whole(cols))
            case "blocksum":
                return functions.blocksum(*map(self, first), m, self._whole(cols))
        n = 1 if cols is None else self._whole(cols)
        return values.constant(m, n, node.head == "ones")

    def _part(self, node: Node) -> Matrix:
        X, (p, q) = self(node.args[0]), map(self._whole, node.args[1:])
        if node.head in ("left", "right"):
            part = functions.some_rows(X.T, p, q, node.head == "left").T
        else:
            part = functions.some_rows(X, p, q, node.head == "top")
        return part

    def _whole(self, size: Node) -> int:
        value = self(size)
        if not value.is_scalar or value.entries[0] != int(value.entries[0]):
            raise Mismatch(f"a size that is {value.entries}")
        return int(value.entries[0])

    def _entrywise(self, f: Callable[[Any, Any], Any], left: Value, right: Value) -> Value:
        size = next((v.rows for v in (left, right) if isinstance(v, Matrix) and v.rows > 1), 0)
        return lift(lambda a, b: values.entrywise(f, a, b), left, right, size=size)

    def _power(self, base: Value, exponent: Value) -> Value:
        if isinstance(exponent, Lazy) or not exponent.is_scalar:
            raise Mismatch("an exponent that is a matrix")
        (p,) = exponent.entries
        if isinstance(base, Matrix) and base.is_scalar:
            return base.map(lambda x: functions.power(x, p))
        return lift(lambda X: values.raised(X, p), base)

    def _function(self, name: str) -> Callable[..., Matrix]:
        entry = functions.ENTRIES.get(name)
        if entry is not None:
            return lambda X: self._edge(name, X).map(entry)
        if name not in functions.MATRICES:
            raise Mismatch(f"{name} is unknown")
        whole = functions.MATRICES[name]
        if self.strict and name in functions.EDGED:
            return lambda X: whole(self._whole_edge(name, X))
        return whole

    def _edge(self, name: str, X: Matrix) -> Matrix:
        if name in functions.EDGES:
            if self.strict and min(map(abs, X.entries)) < TINY:
                raise Outside("an edge")
        elif X.largest > functions.LARGE:
            raise Outside("too large")
        return X

    @staticmethod
    def _off_zero(X: Matrix) -> Matrix:
        if min(map(abs, X.entries)) < TINY:
            raise Outside("a power of zero with an exponent that varies")
        return X

    def _whole_edge(self, name: str, X: Matrix) -> Matrix:
        if functions.EDGED[name](map(abs, X.entries)) < TINY:
            raise Outside("the norm of zero")
        return X
