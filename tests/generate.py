"""Random questions: an expression with declarations, a variable, and what is asked of it.

Expressions are written as text, not as trees, so that the parser takes part, and with more
parentheses than needed, so that what is meant does not depend on it.  Every row of
``productions.TABLE`` writes an expression of a wanted shape out of smaller ones; every case has a
vocabulary of its own, few names, so that they meet again and terms can cancel, collect and combine,
with facts drawn for all of them, the variable included.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count as counting
from itertools import islice
from random import Random
from typing import Any

from hypothesis import strategies as st
from productions import BY_KIND, NUMBERS, SMALL, Production
from vocabulary import SCALAR, Shape, Vocabulary, default_shape, draw_vocabulary

ASKED = {"diff": 74, "simplify": 9, "perturb": 6, "taylor": 6, "steps": 5}
FORMS = {"code": 45, "text": 45, "formats": 3, "sympy": 1, "": 6}
LAYOUTS = ("jacobian", "numerator", "denominator", "gradient")
# what may be asked of a variable that has just this fact of these
STRUCTURES = {
    "symmetric": ("symmetric", "cookbook"),
    "positive definite": ("symmetric", "cookbook"),
    "skew": ("skew",),
    "diagonal": ("diagonal", "symmetric"),
    "lower": ("lower",),
    "upper": ("upper",),
}
LONGEST = 180  # characters of an expression


@dataclass(frozen=True)
class Case:
    """A question: what ``matcalc.diff`` takes, and what is known of its names.

    ``ask``     diff, steps, simplify, perturb or taylor; ``form`` what else of it is looked at
    ``shapes``  the shape of each name, in the texts of ``sizes``; ``facts`` what is declared of it
    ``value``   the shape of the expression
    ``declared`` whether everything is, so that nothing is left to be guessed
    """

    source: str
    where: tuple[str, ...]
    wrt: str
    order: int = 1
    layout: str = "jacobian"
    structure: str = "independent"
    ask: str = "diff"
    form: str = "code"
    value: Shape = SCALAR
    shapes: dict[str, Shape] = field(default_factory=dict, compare=False)
    facts: dict[str, frozenset[str]] = field(default_factory=dict, compare=False)
    sizes: dict[str, int] = field(default_factory=dict, compare=False)
    declared: bool = True

    def __str__(self) -> str:
        """The command line that asks."""
        words = ["matcalc", "diff" if self.ask == "steps" else self.ask, self.source]
        if self.ask != "simplify":
            words += ["--wrt", self.wrt]
        if self.order != 1 or self.ask in ("perturb", "taylor"):
            words += ["--order", str(self.order)]
        words += ["--layout", self.layout] * (self.layout != "jacobian")
        words += ["--structure", self.structure] * (self.structure != "independent")
        words += [word for each in self.where for word in ("--where", each)]
        return shlex.join(words + ["--steps"] * (self.ask == "steps"))

    @property
    def definitions(self) -> dict[str, str]:
        """The names that ``where`` defines, with what they stand for."""
        return dict(each.split(" = ") for each in self.where if " = " in each)

    @property
    def is_plain(self) -> bool:
        options = (self.ask, self.layout, self.structure, self.declared)
        return options == ("diff", "jacobian", "independent", True)

    @property
    def variables(self) -> list[str]:
        """The variable of each differentiation in turn."""
        names = self.wrt.split(",")
        return names * self.order if len(names) == 1 else names


def paren(text: str) -> str:
    """As a factor: in parentheses unless it is a name, a call or a number."""
    if re.fullmatch(r"[\w.]+'?", text):
        return text
    depth = 0
    opening = re.match(r"\w*\(", text)
    for k, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and (not opening or k >= opening.end()) and k < len(text) - 1:
            return f"({text})"
    return text if opening else f"({text})"


@dataclass
class Writing:
    """Writes one expression: ``favourite`` is the name that is used more often than others."""

    rng: Random
    words: Vocabulary
    favourite: str

    def expression(self, shape: Shape, depth: int) -> str:
        """Text of an expression of this shape."""
        if depth <= 0:
            return self.leaf(shape)
        rows = BY_KIND[self.words.kind(shape)]
        return self.instance(self.rng.choices(*rows)[0], shape, depth - 1)

    def instance(self, row: Production, shape: Shape, depth: int) -> str:
        """One production, with its letters bound to sizes and its holes filled."""
        m, n = self.words.dims
        sizes = {"a": shape[0], "b": shape[1], "m": m, "n": n, "1": "1", "l": f"{m}*{n}"}
        sizes |= {letter: self.rng.choice((m, n, n)) for letter in "cd"}
        same: dict[Shape, str] = {}

        def fill(found: re.Match[str]) -> str:
            rows, cols, flag = found["rows"], found["cols"], found["flag"] or ""
            if cols is None:
                return sizes[rows]
            inner = (sizes[rows], sizes[cols])
            if flag == "=" and inner in same:
                return paren(same[inner])
            if flag == "+":
                return paren(self.positive(inner))
            limit = int(flag) if flag.isdigit() else depth
            same[inner] = self.expression(inner, min(limit, depth - self.rng.randint(0, 1)))
            return paren(same[inner])

        def choose(found: re.Match[str]) -> str:
            return self.rng.choice(found[1].split("|"))

        text = re.sub(r"\[([^\]]*)\]", choose, row.template)
        text = text.replace("⟦", "[").replace("⟧", "]")
        text = text.replace("NUMBER", self.rng.choice(NUMBERS))
        text = text.replace("SMALL", self.rng.choice(SMALL))
        text = text.replace("WHOLE", self.rng.choice(self.words.whole))
        return re.sub(r"\{(?P<rows>\w)(,(?P<cols>\w))?(;(?P<flag>.))?\}", fill, text)

    def leaf(self, shape: Shape) -> str:
        """A name, or the transpose of one, or a constant."""
        fits = self.words.of(shape)
        turned = [name + "'" for name in self.words.of((shape[1], shape[0])) if shape != SCALAR]
        for name in (self.favourite, self.favourite + "'"):
            if name in (*fits, *turned) and self.rng.random() < 0.5:
                return name
        constants = [self.rng.choice(NUMBERS)] if shape == SCALAR else []
        if shape[0] == shape[1] != "1":
            constants = [f"eye({shape[0]})"] * (self.rng.random() < 0.2)
        if self.rng.random() < 0.06 or not (fits or turned or constants):
            constants = [f"{self.rng.choice(('ones', 'ones', 'zeros'))}({shape[0]}, {shape[1]})"]
            return constants[0]
        return self.rng.choice(fits * 3 + turned + constants)

    def positive(self, shape: Shape) -> str:
        """A name declared positive, so that its roots are simplified."""
        fits = [name for name in self.words.of(shape) if "positive" in self.words.facts[name]]
        return self.rng.choice(fits) if fits else f"exp({self.leaf(shape)})"


def random_case(rng: Random, depth: int = 5, kinds: Sequence[str] = ()) -> Case:
    """One case; of one of these ``kinds`` (see :func:`kind`) if any are named."""
    while True:
        words = draw_vocabulary(rng)
        name = rng.choice(words.variables)
        shape, order = _target(rng, words, name)
        source = Writing(rng, words, name).expression(shape, depth)
        wrt = name
        others = [w for w in words.variables if w in _words(source) and w != name]
        if order == 2 and shape == SCALAR and others and rng.random() < 0.3:
            wrt = f"{name},{rng.choice(others)}"
        defined = _defined(rng, words, name, source) if rng.random() < 0.12 else {}
        case = _asked(rng, words, source, wrt, shape, order, defined)
        if _is_good(case, depth) and (not kinds or kind(case) in kinds):
            return case


def _is_good(case: Case, depth: int) -> bool:
    texts = [case.source, *case.definitions.values()]
    used = {word for text in texts for word in _words(text)}
    return (
        set(case.wrt.split(",")) <= used
        and not set(case.wrt.split(",")) & set(case.definitions)
        and nesting(case.source) >= min(2, depth)
        and len(case.source) < LONGEST
    )


def _target(rng: Random, words: Vocabulary, name: str) -> tuple[Shape, int]:
    """The shape of f and the order, by the variable; some need Kronecker products."""
    m, n = words.dims
    column, row = (rng.choice((m, n)), "1"), ("1", rng.choice((m, n)))
    matrix = rng.choice(((m, n), (n, n), (n, m)))
    twice = [(column, 2, 1), (matrix, 2, 1)]
    targets: dict[str, list[tuple[Shape, int, float]]] = {
        "S": [(SCALAR, 1, 4), (SCALAR, 2, 3), (column, 1, 3), (row, 1, 1), (matrix, 1, 3), *twice],
        "V": [(SCALAR, 1, 8), (SCALAR, 2, 5), (column, 1, 6), (row, 1, 1), (matrix, 1, 2)],
        "M": [(SCALAR, 1, 20), (column, 1, 2), (matrix, 1, 2), (SCALAR, 2, 2)],
    }
    options = targets[{"S": "S", "V": "V", "R": "V", "L": "V"}.get(words.kind_of(name), "M")]
    shape, order, _ = rng.choices(options, [weight for *_, weight in options])[0]
    return shape, order


def _defined(rng: Random, words: Vocabulary, name: str, source: str) -> dict[str, str]:
    """A definition of one of the names, in others."""
    candidates = [w for w in dict.fromkeys(_words(source)) if w in words.shapes and w != name]
    candidates = [w for w in candidates if not words.facts[w] and words.kind_of(w) != "L"]
    if not candidates:
        return {}
    defined = rng.choice(candidates)
    text = Writing(rng, words, name).expression(words.shapes[defined], 2)
    return {} if defined in _words(text) else {defined: text}


def _asked(
    rng: Random,
    words: Vocabulary,
    source: str,
    wrt: str,
    shape: Shape,
    order: int,
    defined: dict[str, str],
) -> Case:
    ask = rng.choices(list(ASKED), list(ASKED.values()))[0]
    form = rng.choices(list(FORMS), list(FORMS.values()))[0]
    layout = rng.choice(LAYOUTS)
    structure = "independent"
    first = wrt.split(",")[0]
    tied = words.facts[first]
    found = [fact for fact in STRUCTURES if fact in tied]
    square = words.shapes[first] != ("1", "1")  # a number has no structure
    if len(found) == 1 and shape == SCALAR and square and "," not in wrt:
        structure = rng.choice(("independent", *STRUCTURES[found[0]]))
    if ask not in ("diff", "steps"):
        layout, structure, wrt = "jacobian", "independent", first
        by_scalar = words.kind_of(first) == "S"
        order = rng.choice((1, 2, 3) if ask == "perturb" or by_scalar else (1, 2))
        if ask == "taylor" and not by_scalar and (shape != SCALAR or words.kind_of(first) != "V"):
            ask, order = "perturb", min(order, 2)
    if ask == "simplify":
        order = 1
    used = {w for text in (source, *defined.values()) for w in _words(text)}
    names = [w for w in words.shapes if w in used]
    declarations, complete = _declarations(rng, words, names, defined, source)
    return Case(
        source,
        (*declarations, *(f"{name} = {text}" for name, text in defined.items())),
        wrt,
        order,
        layout,
        structure,
        ask,
        form,
        shape,
        {w: words.shapes[w] for w in names},
        {w: words.facts[w] for w in names},
        words.sizes,
        complete,
    )


def _declarations(
    rng: Random, words: Vocabulary, names: Sequence[str], defined: dict[str, str], source: str
) -> tuple[list[str], bool]:
    """The declarations, of which some are left out where the default reading is the right one."""
    lazy = 0.5 if rng.random() < 0.25 else 0.0
    declarations, complete = [], True
    # beside arrays, a guessed scalar may be read as a vector rather than broadcast
    guessed = {words.kind_of(name) for name in names if name not in defined} - {"S"}
    if not guessed and not re.search("ones|zeros|eye|I", source):
        guessed = {"S"}
    for name in names:
        if name in defined:
            continue
        called = re.search(rf"\b{name} ?\(", source) and name.islower()
        kind = words.kind_of(name)
        if rng.random() < lazy and kind == default_shape(name) and kind in guessed and not called:
            complete = False
            if not words.facts[name]:
                continue
            declarations.append(f"{name}: {' '.join(sorted(words.facts[name]))}")
        else:
            declarations.append(words.declare(name))
    sizes = set(re.findall(r"\w+", " ".join(declarations)))
    for size in words.sizes:
        if size in _words(" ".join((source, *defined.values()))) and size not in sizes:
            declarations.append(words.declare(words.of((size, "1"))[0]))
    return declarations, complete


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d]\w*", text)


def kind(case: Case) -> str:
    """What is asked: "simplify", or what by what, "scalar/vector", with "order 2" where it is."""
    if case.ask not in ("diff", "steps"):
        return case.ask
    by = ",".join(_word(case.shapes[name]) for name in case.wrt.split(","))
    return f"{_word(case.value)}/{by}{' order 2' if case.order == 2 else ''}"


def _word(shape: Shape) -> str:
    tall, wide = (size != "1" for size in shape)
    return ("matrix" if wide else "vector") if tall else ("row" if wide else "scalar")


def nesting(source: str) -> int:
    """How deep the parentheses nest."""
    deepest = depth = 0
    for character in source:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def case_of(seed: object, number: int, depth: int = 5, kinds: Sequence[str] = ()) -> Case:
    """The case of this number: the same every time."""
    return random_case(Random(f"{seed}-{number}"), depth, kinds)


def cases(count: int, seed: object = 0, depth: int = 5) -> Iterator[Case]:
    """So many cases, the same every time."""
    return (case_of(seed, k, depth) for k in range(count))


def derivatives(count: int, seed: object = 0, depth: int = 5) -> Iterator[Case]:
    """So many that ask for a derivative, laid out as it is by default, all names declared."""
    every = (case_of(seed, k, depth) for k in counting())
    return islice((case for case in every if case.is_plain), count)


def strategy(depth: int = 5) -> st.SearchStrategy[Any]:
    """The same for Hypothesis, which then shrinks the choices."""
    return st.randoms(use_true_random=False).map(lambda rng: random_case(rng, depth))
