"""The names of a random case: their shapes, and the facts declared of them.

Shapes are pairs of texts, "n", "1", "m*n" or "3", as they are declared; ``sizes`` says what the
names among them are at the point where an answer is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

Shape = tuple[str, str]
SCALAR: Shape = ("1", "1")

# names that mean something to Python, to NumPy, to a derivation, or to the language itself
SCALARS = ("t", "s", "alpha", "lambda", "rho", "theta0", "dt", "t_1", "gamma", "eta")
COLUMNS = ("x", "y", "z", "b", "c", "w", "dx", "np", "mu", "x_1", "v", "h", "f", "a0")
ROWS = ("r", "d", "g", "row")
MATRICES = (
    *("X", "A", "B", "Y", "Z", "C", "H", "T", "Q", "P", "K", "L", "M", "S", "W", "R", "E", "F"),
    *("G", "J", "V", "dX", "X_1", "Sigma", "Phi", "Theta", "N", "D", "U"),
)
DIMENSIONS = (("m", "n"), ("n", "m"), ("p", "q"), ("3", "2"), ("2", "3"), ("n", "3"), ("2", "n"))

SQUARE_FACTS = tuple(
    frozenset(facts.split(", "))
    for facts in (
        "symmetric",
        "symmetric",
        "skew",
        "skew",
        "diagonal",
        "orthogonal",
        "lower",
        "upper",
        "idempotent",
        "positive definite",
        "positive semidefinite",
        "invertible",
        "positive",
        "symmetric, idempotent",
        "symmetric, orthogonal",
        "symmetric, invertible",
        "symmetric, positive",
        "diagonal, positive",
        "diagonal, invertible",
        "diagonal, orthogonal",
        "diagonal, idempotent",
        "diagonal, positive definite",
        "lower, invertible",
        "upper, invertible",
        "upper, positive",
        "orthogonal, invertible",
        "idempotent, positive semidefinite",
        "positive definite, positive",
    )
)
ARRAY_FACTS = (frozenset({"positive"}),)
ONE_FACTS = (frozenset({"symmetric"}), frozenset({"positive definite"}), *ARRAY_FACTS)


@dataclass(frozen=True)
class Vocabulary:
    """``dims`` are the two sizes, ``whole`` the names declared integer, ``variables`` those by
    which it makes sense to differentiate."""

    dims: tuple[str, str]
    sizes: dict[str, int]
    shapes: dict[str, Shape]
    facts: dict[str, frozenset[str]]
    whole: tuple[str, ...]

    @property
    def variables(self) -> list[str]:
        return [name for name in self.shapes if "integer" not in self.facts[name]]

    def of(self, shape: Shape) -> list[str]:
        """The names of a shape."""
        return [name for name, own in self.shapes.items() if own == shape and name != self.whole[0]]

    def kind_of(self, name: str) -> str:
        return self.kind(self.shapes[name])

    def kind(self, shape: Shape) -> str:
        """S scalar, V column, L column as long as a matrix has entries, R row, Q square, M."""
        if shape == SCALAR:
            return "S"
        if shape[1] == "1":
            return "L" if "*" in shape[0] else "V"
        if shape[0] == "1":
            return "R"
        return "Q" if shape[0] == shape[1] else "M"

    def declare(self, name: str) -> str:
        """The declaration of a name."""
        shape, facts = self.shapes[name], sorted(self.facts[name])
        size = " x ".join(shape)
        if shape == SCALAR and not name[0].isupper():
            size = "scalar"
        elif shape[1] == "1" != shape[0]:
            size = shape[0]
        return " ".join([f"{name}: {size}", *facts])


def default_shape(name: str) -> str:
    """The kind that an undeclared name is read as; "" for names that are several, perhaps."""
    if name in ("t", "alpha", "lambda", "rho", "gamma", "eta"):
        return "S"
    if name in ("Sigma", "Phi", "Theta"):
        return "M"
    return ("M" if name.isupper() else "V") if len(name) == 1 else ""


def draw_vocabulary(rng: Random) -> Vocabulary:
    """Few names of each shape, some with facts."""
    dims = rng.choice(DIMENSIONS[:3] * 6 + DIMENSIONS)
    values = dict(zip(dims, rng.choice(((2, 3), (3, 2), (2, 4), (3, 4), (3, 2)))))
    sizes = {name: value for name, value in values.items() if not name.isdigit()}
    for size in dims:  # unequal, also to those that are numbers
        if size.isdigit() and len(sizes) == 1:
            sizes = dict.fromkeys(sizes, {"2": 3, "3": 2}[size])
    m, n = dims
    shapes: dict[str, Shape] = {}
    pools = {
        SCALARS: [SCALAR, SCALAR],
        COLUMNS: [(n, "1"), (n, "1"), (m, "1"), *rng.choices([(n, "1"), (m, "1")], k=1)],
        ROWS: [("1", n)],
        MATRICES: [(m, n), (n, n), (n, n), (m, m), (n, m)],
    }
    pools[MATRICES] += [SCALAR] * (rng.random() < 0.1) + [("1", n)] * (rng.random() < 0.1)
    pools[COLUMNS] += [(f"{m}*{n}", "1")] * (rng.random() < 0.4)
    for pool, wanted in pools.items():
        common = pool[:7] if rng.random() < 0.7 else pool
        names = rng.sample([w for w in common if w not in sizes], len(wanted))
        shapes |= dict(zip(names, wanted))
    share = rng.choice((0.0, 0.25, 0.6))
    facts = {name: _facts(rng, name, shape, share) for name, shape in shapes.items()}
    whole = "k" if "k" not in shapes else "kappa"
    shapes[whole], facts[whole] = SCALAR, frozenset({"integer"})
    return Vocabulary(dims, sizes, shapes, facts, (whole,))


def _facts(rng: Random, name: str, shape: Shape, share: float) -> frozenset[str]:
    if rng.random() >= share:
        return frozenset()
    if shape == SCALAR and name[0].isupper():
        return rng.choice(ONE_FACTS)
    return rng.choice(SQUARE_FACTS if shape[0] == shape[1] != "1" else ARRAY_FACTS)
