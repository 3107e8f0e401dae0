"""THE FUNCTION TABLE: everything matcalc knows about a function is its one row here.

From a row follow the parser's keyword, shape inference, the derivative, all renderings, numeric
evaluation, ``matcalc functions``, the README's table and the row's own tests.  To add a function,
add a row.  Its ``kind`` says how it acts and which column has its derivative.

* *elementwise*: each entry x is mapped to f(x).  ``derivative`` is a formula in the scalar x, as
  every calculus book has it; ``calculus.differential`` lifts it to vectors and matrices: df(X) =
  f'(X) .* dX.  One of several arguments, of one shape, has its ``differential`` in scalars instead.
* *linear* in each of the arguments: df is the sum of f(.., dX, ..) over the arguments, and
  ``adjoint`` has one formula for each of them, in the other parameters and the cotangent G:
  <G, f(.., dX, ..)> = <adjoint, dX>.  It is "" for one in which f is not linear: a Frechet
  derivative L(X, E) is linear in E alone, and has no derivative by X here.
* *matrix*: any other function.  ``differential`` is df in the parameters and ``dX`` for the
  parameter X; of several parameters the sum of their terms.
* *defined*: short for an expression in matcalc's own language (``definition``), without a
  derivative of its own: norm(X) is sqrt(tr(X' X)).

Signatures are shapes in size names that unify: ``(n,n) -> (1,1)`` says square in, scalar out.
Formulas: K. B. Petersen and M. S. Pedersen, The Matrix Cookbook (2012), cited as MC and equation;
J. R. Magnus and H. Neudecker, Matrix Differential Calculus (3rd ed.), cited as MN; NIST Digital
Library of Mathematical Functions, cited as DLMF.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from matcalc.tables.signatures import Signature

KINDS = ("elementwise", "linear", "matrix", "defined")


@dataclass(frozen=True)
class Function:
    """One row.

    ``parameters``  the names that the formulas of the row use
    ``signature``   unifiable shapes; the size names may be used in the formulas, as in ``ones(n)``
    ``kind``        one of KINDS, above
    ``sizes``       the size names that a call has to give after the arguments: unvec(x, m, n)
    ``derivative``  f'(x) for element-wise functions, a formula in the scalar x
    ``differential`` df in the parameters and dX, dY, ...
    ``adjoint``     for linear functions: the cotangent of each parameter, from the cotangent G
    ``matrix``      for linear functions: K with vec f(.., X, ..) = K vec X, for each parameter
    ``definition``  what the function is short for
    ``transpose``   f(X)' in the parameters, where that is a function of their transposes
    ``trace``       tr(f(X)) in the parameters, where they are square
    ``of_product`` f(A B), where one of the factors comes out, in A and B
    ``transposable`` f(X') = f(X)
    ``domain``      condition on the parameters for f to be differentiable, ``""`` if everywhere;
                    ``{X}`` stands for the argument as written
    ``parity``      -1 for odd, +1 for even functions, 0 for neither
    ``at_zero``     f(0) where that is a number worth knowing ("0", "1"), else ""
    ``values``      what every entry of every value is: "> 0", ">= 0", or "" where nothing is known
    ``for_positive`` f(x) for x > 0 where that is simpler: "x" or a number
    ``right_inverse`` the function g with f(g(x)) = x
    ``written``     the name of another row of the same kind by which it is called as well: of the
                    two, the one whose argument has the lower rank that fits is meant
    ``notation``    how terminals write it if not by name, in ``#1``, ``#2``; what the parser reads
                    as the function, where it has these signs (of rows that share them, the last)
    ``latex``       a command, or a template in which ``#1``, ``#2`` are the arguments
    ``numpy``       an expression in ``{0}``, ``{1}``, ... and the sizes ``{m}``, ...; the arguments
                    have the rank that the signature gives them: (m,n) is 2-D even where m is 1,
                    (n,1) is 1-D or, where n is 1, a float like (1,1); what takes rows, (p + q,n)
                    -> (p,n), takes those of a column from 1-D
    ``helper``      a Python function that ``numpy`` calls and that emitted code brings along
    ``product``     f(P Q) in index notation, ``ij,ji->``, where that is cheaper than the product
    ``mpmath``      an expression in the parameters and sizes (see ``verify.scalars.Formulas``);
                    of element-wise functions on a number
    ``sympy``       the name of the SymPy function, or an expression in ``{0}``, sizes ``{m}`` and
                    a dummy ``{entry}``; of element-wise functions of a number; "" if there is none
    """

    name: str
    parameters: tuple[str, ...]
    signature: str
    doc: str
    kind: str
    sizes: tuple[str, ...] = ()
    derivative: str = ""
    differential: str = ""
    adjoint: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    definition: str = ""
    transpose: str = ""
    trace: str = ""
    of_product: str = ""
    transposable: bool = False
    aliases: tuple[str, ...] = ()
    domain: str = ""
    parity: int = 0
    at_zero: str = ""
    values: str = ""
    for_positive: str = ""
    right_inverse: str = ""
    written: str = ""
    notation: str = ""
    latex: str = ""
    numpy: str = ""
    helper: str = ""
    product: str = ""
    mpmath: str = ""
    sympy: str = ""
    reference: str = ""

    @property
    def is_elementwise(self) -> bool:
        return self.kind == "elementwise"

    @property
    def is_linear(self) -> bool:
        """Linear in each argument."""
        return all(map(self.is_linear_in, range(self.arity)))

    def is_linear_in(self, i: int) -> bool:
        """Linear in the argument of this number."""
        return self.kind == "linear" and bool(self.adjoint[i])

    @property
    def positive(self) -> bool:
        """Every entry of every value is > 0."""
        return self.values == "> 0"

    @property
    def nonnegative(self) -> bool:
        """Every entry of every value is >= 0."""
        return self.values != ""

    @property
    def arity(self) -> int:
        return len(self.parameters)

    @property
    def call(self) -> str:
        """How the function is called."""
        return f"{self.name}({', '.join((*self.parameters, *self.sizes))})"

    @cached_property
    def shapes(self) -> Signature:
        """The signature, read."""
        return Signature.read(self.signature)


def _elementwise(
    name: str,
    derivative: str,
    doc: str,
    *,
    definition: str = "",
    aliases: tuple[str, ...] = (),
    domain: str = "",
    parity: int = 0,
    at_zero: str = "",
    values: str = "",
    for_positive: str = "",
    right_inverse: str = "",
    notation: str = "",
    latex: str = "",
    numpy: str = "",
    helper: str = "",
    mpmath: str = "",
    sympy: str = "",
    reference: str = "",
) -> Function:
    return Function(
        name=name,
        parameters=("x",),
        signature="(m,n) -> (m,n)",
        doc=doc,
        kind="elementwise",
        derivative=derivative,
        definition=definition,
        aliases=aliases,
        domain=domain,
        parity=parity,
        at_zero=at_zero,
        values=values,
        for_positive=for_positive,
        right_inverse=right_inverse,
        notation=notation,
        latex=latex or rf"\operatorname{{{name}}}",
        numpy=numpy or f"np.{name}({{0}})",
        helper=helper,
        mpmath=mpmath or f"mp.{name}(x)",
        sympy=sympy or name,
        reference=reference,
    )


def _of_square(
    name: str,
    slope: str,
    doc: str,
    *,
    helper: str,
    domain: str = "",
) -> tuple[Function, Function]:
    """A function of matrices made of that of numbers, and its Frechet derivative at X along E.

    The derivative is found in the corner of f([X, E; 0, X]); ``slope`` is f'(X), which it is where
    X and E commute, and under the trace.  N. J. Higham, Functions of Matrices (2008), chapter 3.
    """
    whole = Function(
        name=name,
        parameters=("X",),
        signature="(n,n) -> (n,n)",
        doc=doc,
        kind="matrix",
        differential=f"d{name}(X, dX)",
        transpose=f"{name}(X')",
        domain=domain,
        latex=rf"\operatorname{{{name}}}",
        numpy=f"_{name}({{0}})",
        helper=helper,
        mpmath=f"of_matrix('{name}', X)",
        reference="N. J. Higham, Functions of Matrices (2008)",
    )
    along = Function(
        name=f"d{name}",
        parameters=("X", "E"),
        signature="(n,n),(n,n) -> (n,n)",
        doc=f"Frechet derivative of {name} at X along E, with which d {name}(X) = d{name}(X, dX)",
        kind="linear",
        adjoint=("", f"d{name}(X', G)"),
        transpose=f"d{name}(X', E')",
        trace=f"tr(({slope}) E)",
        domain=domain,
        latex=rf"L_{{\operatorname{{{name}}}}}",
        numpy=f"_frechet(_{name}, {{0}}, {{1}})",
        helper=helper + _FRECHET,
        mpmath=f"frechet('{name}', X, E)",
        reference="N. J. Higham, Functions of Matrices (2008), theorem 3.6",
    )
    return whole, along


_FRECHET = """
def _frechet(f, X, E):
    # the corner of f of a block matrix
    n = len(X)
    return f(np.block([[X, E], [np.zeros((n, n)), X]]))[:n, n:]
"""

_EXPM = """
def _expm(X):
    # the Taylor series at X / 2^k, squared k times
    k = max(0, int(np.frexp(np.linalg.norm(X, 1))[1]) + 3)
    term = total = np.eye(len(X))
    for i in range(1, 16):
        term = term @ X / (i * 2.0**k)
        total = total + term
    return np.linalg.matrix_power(total, 2**k)
"""

_SINM = (
    _EXPM
    + """
def _sinm(X):
    return _expm(1j * X).imag
"""
)

_COSM = (
    _EXPM
    + """
def _cosm(X):
    return _expm(1j * X).real
"""
)

_SQRTM = """
def _sqrtm(X):
    # the iteration of Denman and Beavers
    root, other = X, np.eye(len(X))
    for _ in range(60):
        after = (root + np.linalg.inv(other)) / 2
        other = (other + np.linalg.inv(root)) / 2
        done = np.linalg.norm(after - root, 1) <= 1e-15 * np.linalg.norm(after, 1)
        root = after
        if done:
            break
    return root
"""

_LOGM = (
    _SQRTM
    + """
def _logm(X):
    # log(X) = 2^k log(X^(1/2^k)), and log(Y) = 2 atanh((Y - I) / (Y + I)) near I
    k, one = 0, np.eye(len(X))
    while np.linalg.norm(X - one, 1) > 0.25 and k < 60:
        X, k = _sqrtm(X), k + 1
    W = np.linalg.solve(X + one, X - one)
    term, total = W, W
    for i in range(3, 23, 2):
        term = term @ W @ W
        total = total + term / i
    return 2.0 ** (k + 1) * total
"""
)

_SIGMOID = """\
def _sigmoid(x):
    return np.exp(-np.logaddexp(0.0, -x))
"""

_DIGAMMA = """\
def _digamma(x):
    # shift to x >= 10 by psi(x) = psi(x + 1) - 1/x, then the asymptotic series
    def one(z):
        if z <= 0 and z == math.floor(z):
            return math.nan
        if z < 0:
            return one(1 - z) - math.pi / math.tan(math.pi * z)
        total = 0.0
        while z < 10:
            total -= 1 / z
            z += 1
        w = 1 / (z * z)
        series = w * (1/12 - w * (1/120 - w * (1/252 - w * (1/240 - w * (1/132 - w * 691/32760)))))
        return total + math.log(z) - 0.5 / z - series

    return np.vectorize(one, otypes=[float])(x)[()]
"""

_TRIGAMMA = """\
def _trigamma(x):
    # shift to x >= 10 by psi'(x) = psi'(x + 1) + 1/x^2, then the asymptotic series
    def one(z):
        if z <= 0 and z == math.floor(z):
            return math.nan
        if z < 0:
            return (math.pi / math.sin(math.pi * z)) ** 2 - one(1 - z)
        total = 0.0
        while z < 10:
            total += 1 / (z * z)
            z += 1
        w = 1 / (z * z)
        series = 1/6 - w * (1/30 - w * (1/42 - w * (1/30 - w * (5/66 - w * 691/2730))))
        return total + 1 / z + 0.5 * w + series * w / z

    return np.vectorize(one, otypes=[float])(x)[()]
"""

_SOFTMAX = """\
def _softmax(x):
    weights = np.exp(x - np.max(x))
    return weights / np.sum(weights)
"""

_LOGSUMEXP = """\
def _logsumexp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))
"""

_ONEHOTMAX = """\
def _onehotmax(x):
    return np.reshape(np.arange(np.size(x)) == np.argmax(x), np.shape(x)).astype(float)[()]
"""

_EIGEN = """\
def _eigen(A, k):
    # of the symmetric part; the entry that is largest in absolute value is positive
    values, vectors = np.linalg.eigh((A + A.T) / 2)
    v = vectors[:, k]
    return values[k], v * np.sign(v[np.argmax(np.abs(v))])
"""

_POLAR = """\
def _polar(X):
    left, _, right = np.linalg.svd(X, full_matrices=False)
    return left @ right
"""

_ROWS: tuple[Function, ...] = (
    # --- element-wise -----------------------------------------------------------------------
    _elementwise(
        "exp",
        "exp(x)",
        "exponential",
        at_zero="1",
        values="> 0",
        latex=r"\exp",
    ),
    _elementwise(
        "log",
        "1/x",
        "natural logarithm",
        aliases=("ln",),
        domain="{x} > 0",
        latex=r"\log",
        right_inverse="exp",
    ),
    _elementwise(
        "log1p",
        "1/(1 + x)",
        "log(1 + x)",
        domain="{x} > -1",
        at_zero="0",
        latex=r"\operatorname{log1p}",
        sympy="log(1 + {0})",
        right_inverse="expm1",
    ),
    _elementwise(
        "expm1",
        "exp(x)",
        "exp(x) - 1",
        at_zero="0",
        latex=r"\operatorname{expm1}",
        sympy="exp({0}) - 1",
        right_inverse="log1p",
    ),
    _elementwise(
        "abs",
        "sign(x)",
        "absolute value",
        domain="{x} != 0",
        parity=1,
        at_zero="0",
        notation="|#1|",
        latex=r"\left|#1\right|",
        mpmath="abs(x)",
        sympy="Abs",
        values=">= 0",
        for_positive="x",
    ),
    _elementwise(
        "sign",
        "0",
        "sign",
        domain="{x} != 0",
        parity=-1,
        at_zero="0",
        mpmath="mp.sign(x)",
        for_positive="1",
    ),
    _elementwise(
        "sin",
        "cos(x)",
        "sine",
        parity=-1,
        at_zero="0",
        latex=r"\sin",
        right_inverse="asin",
    ),
    _elementwise(
        "cos",
        "-sin(x)",
        "cosine",
        parity=1,
        at_zero="1",
        latex=r"\cos",
        right_inverse="acos",
    ),
    _elementwise(
        "tan",
        "1 + tan(x)^2",
        "tangent",
        domain="cos({x}) != 0",
        parity=-1,
        at_zero="0",
        latex=r"\tan",
        right_inverse="atan",
    ),
    _elementwise(
        "asin",
        "1/sqrt(1 - x^2)",
        "inverse sine",
        aliases=("arcsin",),
        domain="abs({x}) < 1",
        parity=-1,
        at_zero="0",
        latex=r"\arcsin",
        numpy="np.arcsin({0})",
    ),
    _elementwise(
        "acos",
        "-1/sqrt(1 - x^2)",
        "inverse cosine",
        aliases=("arccos",),
        domain="abs({x}) < 1",
        latex=r"\arccos",
        numpy="np.arccos({0})",
    ),
    _elementwise(
        "atan",
        "1/(1 + x^2)",
        "inverse tangent",
        aliases=("arctan",),
        parity=-1,
        at_zero="0",
        latex=r"\arctan",
        numpy="np.arctan({0})",
    ),
    _elementwise(
        "sinh",
        "cosh(x)",
        "hyperbolic sine",
        parity=-1,
        at_zero="0",
        latex=r"\sinh",
        right_inverse="asinh",
    ),
    _elementwise(
        "cosh",
        "sinh(x)",
        "hyperbolic cosine",
        parity=1,
        at_zero="1",
        values="> 0",
        latex=r"\cosh",
        right_inverse="acosh",
    ),
    _elementwise(
        "tanh",
        "1 - tanh(x)^2",
        "hyperbolic tangent",
        parity=-1,
        at_zero="0",
        latex=r"\tanh",
        right_inverse="atanh",
    ),
    _elementwise(
        "asinh",
        "1/sqrt(1 + x^2)",
        "inverse hyperbolic sine",
        aliases=("arcsinh",),
        parity=-1,
        at_zero="0",
        numpy="np.arcsinh({0})",
        right_inverse="sinh",
    ),
    _elementwise(
        "acosh",
        "1/sqrt(x^2 - 1)",
        "inverse hyperbolic cosine",
        aliases=("arccosh",),
        domain="{x} > 1",
        numpy="np.arccosh({0})",
    ),
    _elementwise(
        "atanh",
        "1/(1 - x^2)",
        "inverse hyperbolic tangent",
        aliases=("arctanh",),
        domain="abs({x}) < 1",
        parity=-1,
        at_zero="0",
        numpy="np.arctanh({0})",
        right_inverse="tanh",
    ),
    _elementwise(
        "sigmoid",
        "sigmoid(x) (1 - sigmoid(x))",
        "logistic function 1/(1 + exp(-x))",
        aliases=("logistic",),
        values="> 0",
        latex=r"\sigma",
        numpy="_sigmoid({0})",
        helper=_SIGMOID,
        mpmath="1/(1 + mp.exp(-x))",
        sympy="1/(1 + exp(-({0})))",
    ),
    _elementwise(
        "softplus",
        "sigmoid(x)",
        "log(1 + exp(x))",
        values="> 0",
        numpy="np.logaddexp(0.0, {0})",
        mpmath="mp.log(1 + mp.exp(x))",
        sympy="log(1 + exp({0}))",
    ),
    _elementwise(
        "relu",
        "step(x)",
        "max(x, 0)",
        domain="{x} != 0",
        at_zero="0",
        numpy="np.maximum({0}, 0.0)",
        mpmath="x if x > 0 else mp.mpf(0)",
        sympy="Max(0, {0})",
        values=">= 0",
        for_positive="x",
    ),
    _elementwise(
        "step",
        "0",
        "Heaviside step: 1 for x > 0, 0 for x < 0, 1/2 at 0",
        domain="{x} != 0",
        numpy="np.heaviside({0}, 0.5)",
        mpmath="(1 + mp.sign(x))/2",
        sympy="Heaviside",
        for_positive="1",
    ),
    _elementwise(
        "erf",
        "2 exp(-x^2)/sqrt(pi)",
        "error function",
        parity=-1,
        at_zero="0",
        numpy="np.vectorize(math.erf, otypes=[float])({0})[()]",
        reference="DLMF 7.2.1",
    ),
    _elementwise(
        "erfc",
        "-2 exp(-x^2)/sqrt(pi)",
        "complementary error function 1 - erf(x)",
        at_zero="1",
        values="> 0",
        numpy="np.vectorize(math.erfc, otypes=[float])({0})[()]",
        reference="DLMF 7.2.2",
    ),
    _elementwise(
        "tgamma",
        "tgamma(x) digamma(x)",
        "Gamma function",
        domain="{x} > 0",
        latex=r"\Gamma",
        numpy="np.vectorize(math.gamma, otypes=[float])({0})[()]",
        mpmath="mp.gamma(x)",
        sympy="gamma",
        reference="DLMF 5.2.2",
    ),
    _elementwise(
        "lgamma",
        "digamma(x)",
        "logarithm of the Gamma function",
        domain="{x} > 0",
        latex=r"\ln\Gamma",
        numpy="np.vectorize(math.lgamma, otypes=[float])({0})[()]",
        mpmath="mp.loggamma(x).real",
        sympy="loggamma",
        reference="DLMF 5.2.2",
    ),
    _elementwise(
        "digamma",
        "trigamma(x)",
        "digamma function, the derivative of lgamma",
        domain="{x} > 0",
        latex=r"\psi",
        numpy="_digamma({0})",
        helper=_DIGAMMA,
        mpmath="mp.digamma(x)",
        reference="DLMF 5.2.2, 5.11.2",
    ),
    Function(
        name="trigamma",
        parameters=("x",),
        signature="(m,n) -> (m,n)",
        doc="trigamma function, the derivative of digamma (it has no derivative in this table)",
        kind="elementwise",
        domain="{x} > 0",
        latex=r"\psi_1",
        numpy="_trigamma({0})",
        helper=_TRIGAMMA,
        mpmath="mp.polygamma(1, x)",
        sympy="trigamma",
        reference="DLMF 5.15.1, 5.15.8",
    ),
    # --- linear -------------------------------------------------------------------------------
    Function(
        name="tr",
        parameters=("X",),
        signature="(n,n) -> (1,1)",
        doc="trace",
        kind="linear",
        adjoint=("G eye(n)",),
        aliases=("trace",),
        transposable=True,
        latex=r"\operatorname{tr}",
        numpy="np.trace({0})",
        product="ij,ji->",
        mpmath="mp.fsum(X[i, i] for i in range(n))",
        sympy="Trace",
        reference="MC 99",
    ),
    Function(
        name="diag",
        parameters=("x",),
        signature="(n,1) -> (n,n)",
        doc="diagonal matrix of a vector; of a matrix, its diagonal as a column",
        kind="linear",
        adjoint=("diag(G)",),
        transpose="diag(x)",
        matrix=("diag(vec(eye(n))) kron(ones(n), eye(n))",),
        latex=r"\operatorname{diag}",
        numpy="np.diag({0})",
        mpmath="matrix(n, n, lambda i, j: x[i, 0] if i == j else 0 * x[i, 0])",
        sympy="DiagMatrix",
        reference="MC 142",
    ),
    Function(
        name="diagonal",
        parameters=("X",),
        signature="(n,n) -> (n,1)",
        doc="diagonal of a matrix as a column; written diag(X) as well",
        kind="linear",
        adjoint=("diag(G)",),
        transposable=True,
        matrix=("kron(ones(n)', eye(n)) diag(vec(eye(n)))",),
        written="diag",
        latex=r"\operatorname{diag}",
        numpy="np.diag({0})",
        product="ij,ji->i",
        mpmath="matrix(n, 1, lambda i, j: X[i, i])",
        # DiagonalOf cannot be evaluated once X is explicit (SymPy 1.14)
        sympy="HadamardProduct(Identity({n}), {0})*OneMatrix({n}, 1)",
    ),
    Function(
        name="vec",
        parameters=("X",),
        signature="(m,n) -> (m n,1)",
        doc="the columns of a matrix, stacked",
        kind="linear",
        adjoint=("unvec(G, m, n)",),
        matrix=("eye(m n)",),
        latex=r"\operatorname{vec}",
        numpy="np.ravel({0}, order='F')",
        mpmath="matrix(m * n, 1, lambda i, j: X[i % m, i // m])",
        reference="MN 2.4",
    ),
    Function(
        name="unvec",
        parameters=("x",),
        signature="(m n,1) -> (m,n)",
        doc="the m x n matrix whose columns, stacked, are x",
        kind="linear",
        sizes=("m", "n"),
        adjoint=("vec(G)",),
        matrix=("eye(m n)",),
        latex=r"\operatorname{unvec}",
        numpy="np.reshape({0}, ({m}, {n}), order='F')",
        mpmath="matrix(m, n, lambda i, j: x[i + j * m, 0])",
        reference="MN 2.4",
    ),
    Function(
        name="tril",
        parameters=("X",),
        signature="(m,n) -> (m,n)",
        doc="the entries on and below the diagonal, zero above it",
        kind="linear",
        adjoint=("tril(G)",),
        transpose="triu(X')",
        trace="tr(X)",
        matrix=("diag(vec(tril(ones(m, n))))",),
        latex=r"\operatorname{tril}",
        numpy="np.tril({0})",
        mpmath="matrix(m, n, lambda i, j: X[i, j] if i >= j else 0 * X[i, j])",
    ),
    Function(
        name="triu",
        parameters=("X",),
        signature="(m,n) -> (m,n)",
        doc="the entries on and above the diagonal, zero below it",
        kind="linear",
        adjoint=("triu(G)",),
        transpose="tril(X')",
        trace="tr(X)",
        matrix=("diag(vec(triu(ones(m, n))))",),
        latex=r"\operatorname{triu}",
        numpy="np.triu({0})",
        mpmath="matrix(m, n, lambda i, j: X[i, j] if i <= j else 0 * X[i, j])",
    ),
    Function(
        name="kron",
        parameters=("X", "Y"),
        signature="(m,n),(p,q) -> (m p,n q)",
        doc="Kronecker product: the blocks X_ij Y; also X ⊗ Y",
        kind="linear",
        adjoint=("blockinner(G, Y, m, n)", "blocksum(G, X, p, q)"),
        transpose="kron(X', Y')",
        trace="tr(X) tr(Y)",
        matrix=(
            "kron(eye(n), kron(commutation(q, m), eye(p))) kron(eye(m n), vec(Y))",
            "kron(eye(n), kron(commutation(q, m), eye(p))) kron(vec(X), eye(p q))",
        ),
        notation="#1 ⊗ #2",
        latex=r"#1 \otimes #2",
        numpy="np.kron({0}, {1})",
        mpmath="matrix(m * p, n * q, lambda i, j: X[i // p, j // q] * Y[i % p, j % q])",
        reference="MN 2.1",
    ),
    Function(
        name="blockinner",
        parameters=("Z", "Y"),
        signature="(m p,n q),(p,q) -> (m,n)",
        doc="the inner products <Z_ij, Y> of Y with the m x n blocks of Z, each of the shape of Y",
        kind="linear",
        sizes=("m", "n"),
        adjoint=("kron(G, Y)", "blocksum(Z, G, p, q)"),
        transpose="blockinner(Z', Y', n, m)",
        matrix=(
            "kron(eye(m n), vec(Y)') kron(eye(n), kron(commutation(m, q), eye(p)))",
            "unvec(kron(eye(n), kron(commutation(m, q), eye(p))) vec(Z), p q, m n)'",
        ),
        latex=r"\operatorname{blockinner}",
        numpy="np.einsum('ipjq,pq->ij', np.reshape({0}, ({m}, {p}, {n}, {q})), {1})",
        mpmath=(
            "matrix(m, n, lambda i, j: mp.fsum("
            "Z[i * p + k, j * q + l] * Y[k, l] for k in range(p) for l in range(q)))"
        ),
    ),
    Function(
        name="blocksum",
        parameters=("Z", "X"),
        signature="(m p,n q),(m,n) -> (p,q)",
        doc="the sum of the p x q blocks of Z, each times its entry of X: sum of X_ij Z_ij",
        kind="linear",
        sizes=("p", "q"),
        adjoint=("kron(X, G)", "blockinner(Z, G, m, n)"),
        transpose="blocksum(Z', X', q, p)",
        matrix=(
            "kron(vec(X)', eye(p q)) kron(eye(n), kron(commutation(m, q), eye(p)))",
            "unvec(kron(eye(n), kron(commutation(m, q), eye(p))) vec(Z), p q, m n)",
        ),
        latex=r"\operatorname{blocksum}",
        numpy="np.einsum('ipjq,ij->pq', np.reshape({0}, ({m}, {p}, {n}, {q})), {1})",
        mpmath=(
            "matrix(p, q, lambda k, l: mp.fsum("
            "Z[i * p + k, j * q + l] * X[i, j] for i in range(m) for j in range(n)))"
        ),
    ),
    # --- parts of block matrices: of the p + q rows or columns the first p, or the last q ------
    Function(
        name="top",
        parameters=("X",),
        signature="(p + q,n) -> (p,n)",
        doc="the first p of p + q rows",
        kind="linear",
        sizes=("p", "q"),
        adjoint=("[G; zeros(q, n)]",),
        transpose="left(X', p, q)",
        of_product="top(A, p, q) B",
        matrix=("kron(eye(n), [eye(p), zeros(p, q)])",),
        latex=r"\operatorname{top}",
        numpy="{0}[:{p}]",
        mpmath="matrix(p, n, lambda i, j: X[i, j])",
    ),
    Function(
        name="bottom",
        parameters=("X",),
        signature="(p + q,n) -> (q,n)",
        doc="the last q of p + q rows",
        kind="linear",
        sizes=("p", "q"),
        adjoint=("[zeros(p, n); G]",),
        transpose="right(X', p, q)",
        of_product="bottom(A, p, q) B",
        matrix=("kron(eye(n), [zeros(q, p), eye(q)])",),
        latex=r"\operatorname{bottom}",
        numpy="{0}[{p}:]",
        mpmath="matrix(q, n, lambda i, j: X[p + i, j])",
    ),
    Function(
        name="left",
        parameters=("X",),
        signature="(m,p + q) -> (m,p)",
        doc="the first p of p + q columns",
        kind="linear",
        sizes=("p", "q"),
        adjoint=("[G, zeros(m, q)]",),
        transpose="top(X', p, q)",
        of_product="A left(B, p, q)",
        matrix=("[eye(m p), zeros(m p, m q)]",),
        latex=r"\operatorname{left}",
        numpy="{0}[:, :{p}]",
        mpmath="matrix(m, p, lambda i, j: X[i, j])",
    ),
    Function(
        name="right",
        parameters=("X",),
        signature="(m,p + q) -> (m,q)",
        doc="the last q of p + q columns",
        kind="linear",
        sizes=("p", "q"),
        adjoint=("[zeros(m, p), G]",),
        transpose="bottom(X', p, q)",
        of_product="A right(B, p, q)",
        matrix=("[zeros(m q, m p), eye(m q)]",),
        latex=r"\operatorname{right}",
        numpy="{0}[:, {p}:]",
        mpmath="matrix(m, q, lambda i, j: X[i, p + j])",
    ),
    # --- matrix functions -----------------------------------------------------------------------
    Function(
        name="det",
        parameters=("X",),
        signature="(n,n) -> (1,1)",
        doc="determinant",
        kind="matrix",
        differential="det(X) tr(inv(X) dX)",
        aliases=("determinant",),
        domain="{X} invertible",
        transposable=True,
        latex=r"\det",
        numpy="np.linalg.det({0})",
        mpmath="mp.det(X)",
        sympy="Determinant",
        reference="MC 46, Jacobi's formula",
    ),
    Function(
        name="logdet",
        parameters=("X",),
        signature="(n,n) -> (1,1)",
        doc="log of the absolute value of the determinant",
        kind="matrix",
        differential="tr(inv(X) dX)",
        domain="{X} invertible",
        latex=r"\log\left|\det #1\right|",
        numpy="np.linalg.slogdet({0})[1]",
        mpmath="mp.log(abs(mp.det(regular(X))))",
        sympy="log(Abs(Determinant({0})))",
        reference="MC 43",
    ),
    Function(
        name="inv",
        parameters=("X",),
        signature="(n,n) -> (n,n)",
        doc="inverse, also X^-1",
        kind="matrix",
        differential="-inv(X) dX inv(X)",
        aliases=("inverse",),
        domain="{X} invertible",
        notation="#1⁻¹",
        latex=r"#1^{-1}",
        numpy="np.linalg.inv({0})",
        mpmath="mp.inverse(X)",
        reference="MC 40, 59",
    ),
    Function(
        name="pinv",
        parameters=("X",),
        signature="(m,n) -> (n,m)",
        doc="Moore-Penrose inverse",
        kind="matrix",
        differential=(
            "-pinv(X) dX pinv(X) + pinv(X) pinv(X)' dX' (eye(m) - X pinv(X))"
            " + (eye(n) - pinv(X) X) dX' pinv(X)' pinv(X)"
        ),
        transpose="pinv(X')",
        domain="{X} of constant rank",
        latex=r"#1^{+}",
        numpy="np.linalg.pinv({0})",
        mpmath=(
            "times(X.T, mp.inverse(times(X, X.T))) if m <= n"
            " else times(mp.inverse(times(X.T, X)), X.T)"
        ),
        reference="Golub and Pereyra (1973), 4.12",
    ),
    # --- of a matrix, as of a number ------------------------------------------------------------
    *_of_square("expm", "expm(X)", "matrix exponential", helper=_EXPM),
    *_of_square(
        "logm",
        "inv(X)",
        "principal logarithm of a matrix",
        helper=_LOGM,
        domain="no eigenvalue of {X} is zero or negative",
    ),
    *_of_square(
        "sqrtm",
        "inv(sqrtm(X))/2",
        "principal square root of a matrix",
        helper=_SQRTM,
        domain="no eigenvalue of {X} is zero or negative",
    ),
    *_of_square("sinm", "cosm(X)", "sine of a matrix", helper=_SINM),
    *_of_square("cosm", "-sinm(X)", "cosine of a matrix", helper=_COSM),
    # --- spectral -------------------------------------------------------------------------------
    Function(
        name="eigmax",
        parameters=("A",),
        signature="(n,n) -> (1,1)",
        doc="largest eigenvalue of a symmetric matrix, of any other that of (A + A')/2",
        kind="matrix",
        differential="eigvecmax(A)' dA eigvecmax(A)",
        domain="{A} symmetric with a unique largest eigenvalue",
        transposable=True,
        latex=r"\lambda_{\max}",
        numpy="_eigen({0}, -1)[0]",
        helper=_EIGEN,
        mpmath="eigen(A)[-1][0]",
        reference="MC 67",
    ),
    Function(
        name="eigvecmax",
        parameters=("A",),
        signature="(n,n) -> (n,1)",
        doc="unit eigenvector of eigmax(A), its largest entry in absolute value positive",
        kind="matrix",
        differential=(
            "(inv(eigvecmax(A) eigvecmax(A)' + eigmax(A) eye(n) - (A + A')/2)"
            " - eigvecmax(A) eigvecmax(A)') (dA + dA') eigvecmax(A) / 2"
        ),
        domain="{A} symmetric with a unique largest eigenvalue",
        transposable=True,
        latex=r"v_{\max}",
        numpy="_eigen({0}, -1)[1]",
        helper=_EIGEN,
        mpmath="eigenvector(A, -1)",
        reference="MC 68",
    ),
    Function(
        name="eigmin",
        parameters=("A",),
        signature="(n,n) -> (1,1)",
        doc="smallest eigenvalue of a symmetric matrix, of any other that of (A + A')/2",
        kind="matrix",
        differential="eigvecmin(A)' dA eigvecmin(A)",
        domain="{A} symmetric with a unique smallest eigenvalue",
        transposable=True,
        latex=r"\lambda_{\min}",
        numpy="_eigen({0}, 0)[0]",
        helper=_EIGEN,
        mpmath="eigen(A)[0][0]",
        reference="MC 67",
    ),
    Function(
        name="eigvecmin",
        parameters=("A",),
        signature="(n,n) -> (n,1)",
        doc="unit eigenvector of eigmin(A), its largest entry in absolute value positive",
        kind="matrix",
        differential=(
            "(inv(eigvecmin(A) eigvecmin(A)' + eigmin(A) eye(n) - (A + A')/2)"
            " - eigvecmin(A) eigvecmin(A)') (dA + dA') eigvecmin(A) / 2"
        ),
        domain="{A} symmetric with a unique smallest eigenvalue",
        transposable=True,
        latex=r"v_{\min}",
        numpy="_eigen({0}, 0)[1]",
        helper=_EIGEN,
        mpmath="eigenvector(A, 0)",
        reference="MC 68",
    ),
    Function(
        name="normspec",
        parameters=("X",),
        signature="(m,n) -> (1,1)",
        doc="spectral norm, the largest singular value",
        kind="matrix",
        differential="eigvecmax(X' X)' X' dX eigvecmax(X' X) / normspec(X)",
        domain="the largest singular value of {X} is unique and not 0",
        transposable=True,
        latex=r"\left\lVert #1\right\rVert_2",
        numpy="np.linalg.norm({0}, 2)",
        mpmath="mp.sqrt(eigen(times(X.T, X))[-1][0])",
        values=">= 0",
    ),
    Function(
        name="normnuc",
        parameters=("X",),
        signature="(m,n) -> (1,1)",
        doc="nuclear norm, the sum of the singular values",
        kind="matrix",
        differential="tr(polar(X)' dX)",
        domain="{X} of full rank",
        transposable=True,
        latex=r"\left\lVert #1\right\rVert_{*}",
        numpy="np.linalg.norm({0}, 'nuc')",
        mpmath="mp.fsum(mp.sqrt(s) for s, _ in eigen(times(X, X.T) if m < n else times(X.T, X)))",
        values=">= 0",
    ),
    Function(
        name="polar",
        parameters=("X",),
        signature="(m,n) -> (m,n)",
        doc="polar factor: the matrix U V' of a singular value decomposition X = U S V'",
        kind="matrix",
        differential=(
            "polar(X) unvec(inv(kron(eye(n), polar(X)' X + eye(n) - polar(X)' polar(X))"
            " + kron(polar(X)' X + eye(n) - polar(X)' polar(X), eye(n)))"
            " vec(polar(X)' dX polar(X)' polar(X) - polar(X)' polar(X) dX' polar(X)), n, n)"
            " + (eye(m) - polar(X) polar(X)') dX polar(X)' pinv(X)'"
            " + pinv(X)' polar(X)' dX (eye(n) - polar(X)' polar(X))"
        ),
        transpose="polar(X')",
        domain="{X} of full rank",
        latex=r"\operatorname{polar}",
        numpy="_polar({0})",
        helper=_POLAR,
        mpmath="orthonormal(X)",
        reference="N. J. Higham, Functions of Matrices (2008), chapter 8",
    ),
    # --- of a vector ------------------------------------------------------------------------------
    Function(
        name="logsumexp",
        parameters=("x",),
        signature="(n,1) -> (1,1)",
        doc="log(sum(exp(x)))",
        kind="matrix",
        differential="softmax(x)' dx",
        latex=r"\operatorname{logsumexp}",
        numpy="_logsumexp({0})",
        helper=_LOGSUMEXP,
        mpmath="mp.log(mp.fsum(mp.exp(z) for z in x))",
        sympy="log(Trace({0}.applyfunc(Lambda({entry}, 1)).T*{0}.applyfunc(exp)))",
    ),
    Function(
        name="softmax",
        parameters=("x",),
        signature="(n,1) -> (n,1)",
        doc="exp(x) / sum(exp(x))",
        kind="matrix",
        differential="softmax(x) .* dx - softmax(x) (softmax(x)' dx)",
        latex=r"\operatorname{softmax}",
        values="> 0",
        numpy="_softmax({0})",
        helper=_SOFTMAX,
        mpmath="(lambda e: e.map(lambda z: z / mp.fsum(e)))(x.map(mp.exp))",
        sympy="{0}.applyfunc(exp)/Trace({0}.applyfunc(Lambda({entry}, 1)).T*{0}.applyfunc(exp))",
    ),
    Function(
        name="logsoftmax",
        parameters=("x",),
        signature="(n,1) -> (n,1)",
        doc="log(softmax(x)) = x - logsumexp(x)",
        kind="defined",
        definition="x - logsumexp(x)",
        latex=r"\operatorname{logsoftmax}",
        numpy="({0} - _logsumexp({0}))",
        helper=_LOGSUMEXP,
        mpmath="(lambda s: x.map(lambda z: z - s))(mp.log(mp.fsum(mp.exp(z) for z in x)))",
    ),
    Function(
        name="onehotmax",
        parameters=("x",),
        signature="(n,1) -> (n,1)",
        doc="1 at the largest entry of x, 0 elsewhere",
        kind="matrix",
        differential="zeros(n)",
        domain="the largest entry of {x} is unique",
        latex=r"\operatorname{onehotmax}",
        numpy="_onehotmax({0})",
        helper=_ONEHOTMAX,
        mpmath="(lambda top: x.map(lambda z: 0 * z + int(z == top)))(largest(x))",
        values=">= 0",
    ),
    Function(
        name="max",
        parameters=("x",),
        signature="(n,1) -> (1,1)",
        doc="largest entry of a vector",
        kind="matrix",
        differential="onehotmax(x)' dx",
        domain="the largest entry of {x} is unique",
        latex=r"\max",
        numpy="np.max({0})",
        mpmath="max(x)",
    ),
    Function(
        name="min",
        parameters=("x",),
        signature="(n,1) -> (1,1)",
        doc="smallest entry of a vector",
        kind="matrix",
        differential="onehotmax(-x)' dx",
        domain="the smallest entry of {x} is unique",
        latex=r"\min",
        numpy="np.min({0})",
        mpmath="min(x)",
    ),
    Function(
        name="prod",
        parameters=("x",),
        signature="(n,1) -> (1,1)",
        doc="product of the entries of a vector",
        kind="matrix",
        differential="prod(x) (1 ./ x)' dx",
        domain="{x} != 0 entry-wise",
        latex=r"\operatorname{prod}",
        numpy="np.prod({0})",
        mpmath="mp.fprod(x)",
    ),
    Function(
        name="var",
        parameters=("x",),
        signature="(n,1) -> (1,1)",
        doc="variance of the entries of a vector, divided by n: mean((x - mean(x)) .^ 2)",
        kind="matrix",
        differential="2/n (x - mean(x) ones(n))' dx",
        latex=r"\operatorname{var}",
        numpy="np.var({0})",
        mpmath="mp.fsum((z - mp.fsum(x)/n)**2 for z in x)/n",
        values=">= 0",
    ),
    Function(
        name="std",
        parameters=("x",),
        signature="(n,1) -> (1,1)",
        doc="standard deviation sqrt(var(x)) of the entries of a vector, divided by n",
        kind="defined",
        definition="sqrt(var(x))",
        latex=r"\operatorname{std}",
        numpy="np.std({0})",
        mpmath="mp.sqrt(mp.fsum((z - mp.fsum(x)/n)**2 for z in x)/n)",
    ),
    Function(
        name="norminf",
        parameters=("x",),
        signature="(n,1) -> (1,1)",
        doc="largest absolute value of the entries of a vector",
        kind="matrix",
        differential="(sign(x) .* onehotmax(abs(x)))' dx",
        domain="the largest entry of abs({x}) is unique",
        latex=r"\left\lVert #1\right\rVert_\infty",
        numpy="np.max(np.abs({0}))",
        mpmath="max(abs(z) for z in x)",
        values=">= 0",
    ),
    # --- of two arguments, entry by entry ---------------------------------------------------------
    Function(
        name="hypot",
        parameters=("x", "y"),
        signature="(m,n),(m,n) -> (m,n)",
        doc="sqrt(x^2 + y^2), entry by entry",
        kind="elementwise",
        differential="(x dx + y dy) / hypot(x, y)",
        domain="hypot({x}, {y}) != 0",
        latex=r"\operatorname{hypot}",
        numpy="np.hypot({0}, {1})",
        mpmath="mp.sqrt(x**2 + y**2)",
        sympy="sqrt({0}**2 + {1}**2)",
        values=">= 0",
    ),
    Function(
        name="atan2",
        parameters=("y", "x"),
        signature="(m,n),(m,n) -> (m,n)",
        doc="the angle of the point (x, y), from -pi to pi, entry by entry",
        kind="elementwise",
        differential="(x dy - y dx) / (x^2 + y^2)",
        aliases=("arctan2",),
        domain="{x} + hypot({x}, {y}) != 0",
        latex=r"\operatorname{atan2}",
        numpy="np.arctan2({0}, {1})",
        mpmath="mp.atan2(y, x)",
        sympy="atan2({0}, {1})",
        reference="DLMF 4.23",
    ),
    Function(
        name="logaddexp",
        parameters=("x", "y"),
        signature="(m,n),(m,n) -> (m,n)",
        doc="log(exp(x) + exp(y)), entry by entry",
        kind="elementwise",
        differential="sigmoid(x - y) dx + sigmoid(y - x) dy",
        latex=r"\operatorname{logaddexp}",
        numpy="np.logaddexp({0}, {1})",
        mpmath="mp.log(mp.exp(x) + mp.exp(y))",
        sympy="log(exp({0}) + exp({1}))",
    ),
    Function(
        name="maximum",
        parameters=("x", "y"),
        signature="(m,n),(m,n) -> (m,n)",
        doc="the larger of x and y, entry by entry",
        kind="elementwise",
        differential="step(x - y) dx + step(y - x) dy",
        domain="{x} - {y} != 0",
        latex=r"\operatorname{maximum}",
        numpy="np.maximum({0}, {1})",
        mpmath="max(x, y)",
        sympy="Max({0}, {1})",
    ),
    Function(
        name="minimum",
        parameters=("x", "y"),
        signature="(m,n),(m,n) -> (m,n)",
        doc="the smaller of x and y, entry by entry",
        kind="elementwise",
        differential="step(y - x) dx + step(x - y) dy",
        domain="{x} - {y} != 0",
        latex=r"\operatorname{minimum}",
        numpy="np.minimum({0}, {1})",
        mpmath="min(x, y)",
        sympy="Min({0}, {1})",
    ),
    # --- short for something else ---------------------------------------------------------------
    Function(
        name="sqrt",
        parameters=("x",),
        signature="(m,n) -> (m,n)",
        doc="square root, entry by entry",
        kind="elementwise",
        definition="x .^ (1/2)",
        domain="{x} > 0",
        latex=r"\sqrt{#1}",
        numpy="np.sqrt({0})",
        mpmath="mp.sqrt(x)",
        sympy="sqrt",
    ),
    Function(
        name="sum",
        parameters=("X",),
        signature="(m,n) -> (1,1)",
        doc="sum of all entries",
        kind="defined",
        definition="ones(m)' X ones(n)",
        latex=r"\operatorname{sum}",
        numpy="np.sum({0})",
        mpmath="mp.fsum(X)",
    ),
    Function(
        name="mean",
        parameters=("X",),
        signature="(m,n) -> (1,1)",
        doc="mean of all entries",
        kind="defined",
        definition="ones(m)' X ones(n) / (m n)",
        latex=r"\operatorname{mean}",
        numpy="np.mean({0})",
        mpmath="mp.fsum(X)/len(X)",
    ),
    Function(
        name="cumsum",
        parameters=("x",),
        signature="(n,1) -> (n,1)",
        doc="running sums of the entries of a vector",
        kind="defined",
        definition="tril(ones(n, n)) x",
        latex=r"\operatorname{cumsum}",
        numpy="np.cumsum({0})",
        mpmath="matrix(n, 1, lambda i, j: mp.fsum(x[k, 0] for k in range(i + 1)))",
    ),
    Function(
        name="cov",
        parameters=("X",),
        signature="(m,n) -> (n,n)",
        doc="covariance matrix of the columns of X over its m rows, divided by m",
        kind="defined",
        definition="X' (eye(m) - ones(m, m)/m) X / m",
        latex=r"\operatorname{cov}",
        numpy="np.cov({0}, rowvar=False, bias=True)",
        mpmath=(
            "(lambda Y: times(Y.T, Y).map(lambda z: z/m))"
            "(matrix(m, n, lambda i, j: X[i, j] - mp.fsum(X[k, j] for k in range(m))/m))"
        ),
    ),
    Function(
        name="dot",
        parameters=("x", "y"),
        signature="(n,1),(n,1) -> (1,1)",
        doc="x'y",
        kind="defined",
        definition="x'y",
        notation="⟨#1, #2⟩",
        latex=r"\left\langle #1, #2\right\rangle",
        numpy="np.dot({0}, {1})",
        mpmath="mp.fsum(a*b for a, b in zip(x, y))",
    ),
    Function(
        name="inner",
        parameters=("X", "Y"),
        signature="(m,n),(m,n) -> (1,1)",
        doc="inner product <X, Y> = tr(X' Y)",
        kind="defined",
        definition="tr(X' Y)",
        notation="⟨#1, #2⟩",
        latex=r"\left\langle #1, #2\right\rangle",
        numpy="np.sum({0} * {1})",
        mpmath="mp.fsum(a*b for a, b in zip(X, Y))",
    ),
    Function(
        name="norm",
        parameters=("X",),
        signature="(m,n) -> (1,1)",
        doc="Euclidean norm of a vector, Frobenius norm of a matrix; also ||X||",
        kind="defined",
        definition="sqrt(tr(X' X))",
        aliases=("normF", "norm2"),
        domain="{X} != 0",
        notation="‖#1‖",
        latex=r"\left\lVert #1\right\rVert",
        numpy="np.linalg.norm({0})",
        mpmath="mp.sqrt(mp.fsum(z*z for z in X))",
        reference="MC 129, 131",
    ),
    Function(
        name="norm1",
        parameters=("X",),
        signature="(m,n) -> (1,1)",
        doc="sum of the absolute values of the entries",
        kind="defined",
        definition="ones(m)' abs(X) ones(n)",
        domain="{X} != 0 entry-wise",
        latex=r"\left\lVert #1\right\rVert_1",
        numpy="np.sum(np.abs({0}))",
        mpmath="mp.fsum(abs(z) for z in X)",
    ),
    Function(
        name="adj",
        parameters=("X",),
        signature="(n,n) -> (n,n)",
        doc="adjugate, det(X) inv(X)",
        kind="defined",
        definition="det(X) inv(X)",
        aliases=("adjugate",),
        domain="{X} invertible",
        latex=r"\operatorname{adj}",
        numpy="np.linalg.det({0}) * np.linalg.inv({0})",
        mpmath="mp.det(X)*mp.inverse(X)",
    ),
)

FUNCTIONS: dict[str, Function] = {row.name: row for row in _ROWS}
ALIASES: dict[str, str] = {alias: row.name for row in _ROWS for alias in row.aliases}
NOTATIONS: dict[str, str] = {row.notation: row.name for row in _ROWS if row.notation}
#: what is short for x .^ k
POWERS: dict[Fraction, str] = {
    Fraction(found[1]): row.name
    for row in _ROWS
    if (found := re.fullmatch(r"x \.\^ \((.+)\)", row.definition))
}
_NAMED = {
    name: sorted(
        (row.shapes.parameters[0].rank, row.name)
        for row in _ROWS
        if name in (row.name, row.written)
    )
    for name in FUNCTIONS
}
# syntax rather than functions of a value: transpose(X) is X', the rest take sizes
SYNTAX_FUNCTIONS = ("transpose", "eye", "ones", "zeros", "commutation")


def lookup(name: str) -> Function | None:
    """The row of a function by its name or an alias, else None."""
    return FUNCTIONS.get(ALIASES.get(name, name))


def meant(name: str, rank: int) -> Function:
    """The row that a name means where the first argument has this rank."""
    rows = _NAMED[name]
    return FUNCTIONS[next((row for most, row in rows if rank <= most), rows[-1][1])]
