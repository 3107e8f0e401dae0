"""Dimension inference: from a parsed problem to the shape of every node.

``names`` says what the names are, ``reading`` works out one reading, ``guesses`` finds the cheapest
one that conforms; here the three meet, sizes get their names, and guesses are put into
words.  The invariant of a :class:`Typed` problem: every node conforms, and what was assumed to make
it so is in ``notes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count

from matcalc.dimensions.conflicts import Conflict
from matcalc.dimensions.guesses import Clause, Hopeless, bits, choose, union
from matcalc.dimensions.names import Identifier, Table, tabulate
from matcalc.dimensions.reading import Reading
from matcalc.dimensions.shape_errors import Diagnosis, excerpt
from matcalc.errors import MatcalcError, Span
from matcalc.language.sizes import Shape
from matcalc.language.syntax import Parsed
from matcalc.language.tree import Add, Multiply, Name, Negative, Number, Power, Tree, postorder

# a Greek name that becomes a vector counts less than a Latin one that becomes a scalar
_GREEK_WEIGHT, _LATIN_WEIGHT = 2, 5
_MORE_SIZES = "pqrsuvwklhgcd"


@dataclass(frozen=True)
class SymbolInfo:
    """A name of the problem.

    ``shape``   for an abstract function f: R^n -> R^p that of its Jacobian, p x n
    ``kind``    "scalar" "vector" "row" "matrix" "function" "integer" "dimension"
    ``source``  "declared", "inferred", or "assumed" where scalar or vector was a guess
    ``facts``   declared properties, "integer" included
    """

    name: str
    shape: Shape
    kind: str
    source: str
    facts: frozenset[str]


@dataclass(frozen=True)
class Typed:
    """A problem with all its shapes.

    ``shapes``       of every node of the tree and of the definitions that are used
    ``symbols``      in order of first appearance; sizes used as factors too
    ``definitions``  of the defined names that are used, dependencies first
    ``sizes``        the names of all sizes in use
    ``notes``        every guess and every broadcast, in words (what the parser notes is its own)
    """

    tree: Tree
    shapes: dict[Tree, Shape]
    symbols: dict[str, SymbolInfo]
    definitions: dict[str, Tree]
    sizes: tuple[str, ...]
    notes: tuple[str, ...]


def kind_of(shape: Shape) -> str:
    """What a variable of a shape is called."""
    if shape.is_scalar:
        return "scalar"
    return "vector" if shape.is_column else "row" if shape.is_row else "matrix"


def infer(parsed: Parsed, source: str) -> Typed:
    """Every shape.  Raises MatcalcError: shape, ambiguous, declaration, unknown-variable, arity."""
    table = tabulate(parsed, source)
    readings: dict[int, Reading] = {}
    places: dict[tuple[Tree, Tree], int] = {}

    def read(choice: int) -> Reading:
        if choice not in readings:
            readings[choice] = Reading(table, table.scalars ^ choice, parsed.tree)
        return readings[choice]

    def place(conflict: Conflict) -> int:
        key = conflict.node, conflict.left
        return 1 << places.setdefault(key, len(places)) if conflict.soft else 0

    def look(choice: int) -> list[Clause]:
        return [Clause(c.why, choice & c.why, place(c)) for c in read(choice).conflicts]

    weights = {e.bit: _GREEK_WEIGHT if e.greek else _LATIN_WEIGHT for e in table.soft}
    try:
        choices = choose(look, weights)
    except Hopeless as stop:
        if stop.patience:
            raise _too_many(table, readings) from None
        raise _error(_worst(read(0)), read(0), parsed) from None
    reading = read(choices[0])
    disputed = [c for c in read(0).conflicts if c.sort == "order"]
    if disputed and reading.conflicts:
        raise _error(disputed[0], read(0), parsed)
    if reading.undetermined:
        raise _error(reading.undetermined[0], reading, parsed)
    if len(choices) > 1:
        raise _question(table, choices, readings)
    _name_sizes(reading, parsed)
    return _Report(reading, choices[0], readings, parsed).typed()


# --- errors --------------------------------------------------------------------------------------


def _worst(reading: Reading) -> Conflict:
    """The conflict to show: one that no guess could mend if there is one, else the first."""
    hard = [c for c in reading.conflicts if not c.soft]
    fixed = [c for c in hard if not c.why]
    disputed = [c for c in hard if c.sort == "order"]
    return (fixed or disputed or hard or reading.conflicts)[0]


def _error(conflict: Conflict, reading: Reading, parsed: Parsed) -> MatcalcError:
    _name_sizes(reading, parsed)
    return Diagnosis(reading, conflict).error()


def _place(conflict: Conflict) -> Span:
    if conflict.sort in ("argument", "size", "power", "square"):
        return conflict.node.span
    return conflict.left.span | conflict.right.span


def _culprit(readings: Mapping[int, Reading], mask: int) -> Conflict:
    """A place where some of the names, left as they were, do not conform; a hard one if any."""
    found = [
        conflict
        for choice, reading in readings.items()
        for conflict in reading.conflicts
        if conflict.why & mask & ~choice
    ]
    return min(found, key=lambda c: (c.soft, _place(c).end - _place(c).start))


def _kind(entry: Identifier, choice: int) -> str:
    return "scalar" if entry.greek ^ bool(choice & entry.bit) else "vector"


def _question(table: Table, choices: list[int], readings: Mapping[int, Reading]) -> MatcalcError:
    """Several readings are equally small: the declarations that pick each."""
    open_bits = union(choice ^ choices[0] for choice in choices)
    entries = [entry for entry in table.soft if entry.bit & open_bits]
    lines, words = [], []
    for choice in choices:
        rest = [other for other in choices if other != choice]
        picks = []
        while rest:
            told = {e.bit: sum((o ^ choice) & e.bit != 0 for o in rest) for e in entries}
            best = max(entries, key=lambda e: (told[e.bit], bool(choice & e.bit)))
            picks.append(best)
            rest = [other for other in rest if not (other ^ choice) & best.bit]
        text = ", ".join(f"{e.name}: {_kind(e, choice)}" for e in picks)
        meaning = ", ".join(f"{e.name} is a {_kind(e, choice)}" for e in entries)
        lines.append(f"declare `{text}`: {meaning}")
        words.append(meaning)
    conflict = _culprit(readings, open_bits)
    span = _place(conflict)
    number = {2: "two", 3: "three"}.get(len(choices), "several")
    return MatcalcError(
        "ambiguous",
        f"`{excerpt(conflict.source, span)}` can be read in {number} ways: " + "; or ".join(words),
        span,
        hint="\n".join(lines),
        label="which is the scalar?",
        source=conflict.source,
    )


def _too_many(table: Table, readings: Mapping[int, Reading]) -> MatcalcError:
    conflict = _culprit(readings, -1)
    return MatcalcError(
        "ambiguous",
        "too many of the names could be scalars or vectors",
        _place(conflict),
        hint="declare some of them, as in " + " or ".join(f"`{e.name}: n`" for e in table.soft[:2]),
        source=conflict.source,
    )


# --- names of sizes ------------------------------------------------------------------------------


def _name_sizes(reading: Reading, parsed: Parsed) -> None:
    """Name what is unknown: for the variable of differentiation first, then in order."""
    table, sizes = reading.table, reading.sizes
    taken = set(table.entries) | set(table.sizes)
    more = chain(_MORE_SIZES, (f"n{number}" for number in count(1)))

    def name(size: int, wanted: str = "") -> None:
        for element in sizes.unknown(size):
            fresh = next(name for name in chain(wanted, more) if name not in taken)
            taken.add(fresh)
            sizes.name(element, fresh)

    values = [reading.symbols[w] for w in parsed.wrt if w in reading.symbols]
    if all(value.scalar for value in values):
        shapes = (v for n, v in reading.symbols.items() if table.entries[n].role != "function")
        values += [value for value in shapes if not value.scalar][:1]
    for value in values:
        same = sizes.find(value.rows) == sizes.find(value.cols)
        wanted = "n" if same or 0 in value[:2] else "mn"
        name(value.rows, wanted)
        name(value.cols, wanted[::-1])
    elements = [size for value in reading.symbols.values() for size in value[:2]]
    elements += [size for value in reading.values.values() if value for size in value[:2]]
    for conflict in (*reading.conflicts, *reading.undetermined):
        elements += conflict.sizes
        elements += [part for size in conflict.sizes for part in sizes.parts(size)[1]]
    for size in elements:
        name(size)


# --- the result ----------------------------------------------------------------------------------


class _Report:
    """The typed problem of the reading that was chosen."""

    def __init__(
        self, reading: Reading, choice: int, readings: Mapping[int, Reading], parsed: Parsed
    ) -> None:
        self.reading = reading
        self.table = reading.table
        self.choice = choice
        self.readings = readings
        self.parsed = parsed
        self.integers: dict[str, tuple[Power, str]] = {}
        for power, source in reading.powers:
            self._check_exponent(power, source)

    def typed(self) -> Typed:
        value = self.reading.sizes.value
        shapes: dict[Tree, Shape] = {}
        cache: dict[tuple[int, int], Shape] = {}
        for node, found in self.reading.values.items():
            assert found is not None
            pair = found.rows, found.cols
            if pair not in cache:
                cache[pair] = Shape(value(found.rows), value(found.cols))
            shapes[node] = cache[pair]
        entries = self.table.entries.values()
        symbols = {e.name: self._info(e) for e in entries if e.role != "definition"}
        dims = chain(*(info.shape for info in symbols.values()), *cache.values())
        names = dict.fromkeys(name for dim in dims for word, _ in dim.terms for name in word)
        names |= dict.fromkeys(n for n, info in symbols.items() if info.kind == "dimension")
        notes = [*self._guesses(), *self._identities(), *self._broadcasts()]
        return Typed(
            self.parsed.tree,
            shapes,
            symbols,
            dict(self.table.definitions),
            tuple(names),
            tuple(dict.fromkeys(notes)),
        )

    def _info(self, entry: Identifier) -> SymbolInfo:
        found = self.reading.symbols[entry.name]
        value = self.reading.sizes.value
        shape = Shape(value(found.rows), value(found.cols))
        facts, source = entry.facts, "inferred"
        if entry.declared:
            source = "declared"
        if entry.bit & self.choice:
            source = "assumed"
        if entry.name in self.integers and "integer" not in facts:
            facts |= {"integer"}
            source = "assumed"
        if entry.role == "function":
            kind = "function"
        elif entry.role == "size":
            kind = "dimension"
        else:
            kind = "integer" if shape.is_scalar and "integer" in facts else kind_of(shape)
        return SymbolInfo(entry.name, shape, kind, source, facts)

    def _check_exponent(self, power: Power, source: str) -> None:
        """The exponent of a matrix is an integer, or made of names taken to be integers."""
        for node in postorder(power.exponent):
            entry = self.table.entries.get(node.name) if isinstance(node, Name) else None
            if entry is not None:
                if entry.role != "size":
                    self.integers.setdefault(entry.name, (power, source))
                continue
            whole = (
                isinstance(node, (Negative, Add))
                or (isinstance(node, Number) and node.value.denominator == 1)
                or (isinstance(node, Multiply) and all(op in ("", " ", "*") for op in node.ops))
                or (isinstance(node, Power) and isinstance(node.exponent, Number))
            )
            if not whole:
                message = "the exponent of a matrix is an integer"
                hint = "powers of the entries are written `.^`"
                raise MatcalcError("domain", message, node.span, hint=hint, source=source)

    def _guesses(self) -> list[str]:
        notes = []
        for bit in bits(self.choice):
            entry = self.table.soft[bit.bit_length() - 1]
            if entry.name in self.integers:
                continue
            conflict = _culprit(self.readings, bit)
            text = excerpt(conflict.source, _place(conflict))
            kind = _kind(entry, self.choice)
            notes.append(f"{entry.name} is taken to be a {kind}, so that `{text}` conforms")
        for name, (power, source) in self.integers.items():
            if "integer" not in self.table.entries[name].facts:
                text = excerpt(source, power.span)
                notes.append(f"{name} is taken to be an integer, as the exponent in `{text}`")
        return notes

    def _identities(self) -> list[str]:
        """An I whose size is that of nothing else."""
        sizes = self.reading.sizes
        known = {sizes.find(n) for value in self.reading.symbols.values() for n in value[:2]}
        notes = []
        for node, value in self.reading.values.items():
            if not isinstance(node, Name) or node.name != "I" or value is None:
                continue
            if sizes.find(value.rows) not in known and sizes.known(value.rows) is None:
                size = sizes.value(value.rows)
                notes.append(f"nothing determines the size of I: it is called {size}")
        return notes

    def _broadcasts(self) -> list[str]:
        notes = []
        for item in self.reading.broadcasts:
            small = excerpt(item.source, item.scalar.span)
            large = excerpt(item.source, item.other.span)
            verb = "added to" if isinstance(item.node, Add) else "combined with"
            notes.append(f"the scalar `{small}` is {verb} every entry of `{large}`")
        return notes
