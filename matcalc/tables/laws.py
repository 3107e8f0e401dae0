"""THE LAW TABLE: what may be rewritten into what, by name.

A row is a statement in matcalc's own language, and it runs: ``algebra.rules`` reads it once and
applies it.  Its name is what a derivation prints, what ``matcalc rules NAME`` explains and
``using`` of ``matcalc simplify`` asks for, and the id of its tests.  ``by`` says how it comes to
act.  A few laws are the very form of nodes and formulas (a scalar is its own transpose); each of
those names what makes it true, and a test holds the row against that.  A derivation, which has the
factors one by one, moves them as the rows say (``calculus.windows``).  To add a law, add a row.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Law:
    """``left relation right`` for all values of the declared names.

    ``relation``  "=" exactly, "~" to first order in the names of ``small``
    ``where``     declarations of the names, with the conditions under which the law holds
    ``proof``     a proof sketch or a reference
    ``by``        "name"  where it is asked for by name
                  "cost"  wherever it makes an expression shorter
                  "expanding"  where products are multiplied out, to compare and to cancel
                  "always"  to every node, as it is made: to two factors side by side, to a
                  function of something, to a power
                  "definition of f", "differential of f"  it follows from that cell of the row of f
                  in the function table; "fact p" from the row of p in the table of facts
                  else the constructor, or the part of a derivation, that makes it true
    ``example``   an expression that the law changes, or an expression and a variable for whose
                  derivative it is needed; if empty, the left side
    ``given``     declarations for the example; ``structure`` of its variable
    """

    name: str
    title: str
    left: str
    right: str
    where: tuple[str, ...]
    proof: str
    relation: str = "="
    small: tuple[str, ...] = ()
    by: str = "name"
    example: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    structure: str = "independent"

    @property
    def runs(self) -> bool:
        """Is it applied as it stands in the table?"""
        return self.by in ("name", "cost", "always", "expanding")

    @property
    def by_name(self) -> bool:
        """May one ask for it?"""
        return self.by in ("name", "cost")

    @property
    def always(self) -> bool:
        """Are both sides the same node, whatever is asked?"""
        built_in = ("always", "algebra.", "language.", "definition of ", "fact ")
        return self.by.startswith(built_in)


_SQUARE = ("A: n x n", "B: n x n", "C: n x n")

_ROWS: tuple[Law, ...] = (
    # --- the moves of a derivation ----------------------------------------------------------------
    Law(
        "perturb",
        "the derivative is the linear part of the change",
        "f(x + dx) - f(x)",
        "Df(x) dx",
        ("f: R^n -> R^p", "x: n", "dx: n"),
        "The definition of the (Frechet) derivative: the linear map that takes a perturbation of "
        "the argument to the perturbation of the value, up to terms of second order.",
        relation="~",
        small=("dx",),
        by="derivation.derivation._Derivation._perturb",
        example=("a' X' inv(A + X B) X b", "X"),
    ),
    Law(
        "product",
        "product rule: each instance is perturbed on its own",
        "(A + dA) (B + dB) - A B",
        "dA B + A dB",
        ("A: m x n", "B: n x p", "dA: m x n", "dB: n x p"),
        "Multiply out; A B cancels and dA dB is of second order.",
        relation="~",
        small=("dA", "dB"),
        by="calculus.differential._changed",
        example=("x' Q x", "x"),
    ),
    Law(
        "chain",
        "chain rule: the Jacobian of a composition is the product of the Jacobians",
        "g(f(x + dx)) - g(f(x))",
        "Dg(f(x)) Df(x) dx",
        ("f: R^n -> R^p", "g: R^p -> R^q", "x: n", "dx: n"),
        "To first order f moves by Df(x) dx, and g moves by its Jacobian times that.",
        relation="~",
        small=("dx",),
        by="derivation.linear.moved",
        example=("exp(-1/2 x' Q x)", "x"),
    ),
    Law(
        "woodbury",
        "Woodbury matrix identity",
        "inv(A + U C V)",
        "inv(A) - inv(A) U inv(inv(C) + V inv(A) U) V inv(A)",
        ("A: n x n invertible", "C: k x k invertible", "U: n x k", "V: k x n"),
        "Multiply the right side by A + U C V and collect; M. A. Woodbury, Inverting modified "
        "matrices (1950).  With C = I it expands inv(A + dX B) exactly, whatever the size of dX.",
        by="cost",
        example=("a' X' inv(A + X B) X b", "X"),
    ),
    Law(
        "neumann",
        "Neumann series of an inverse, first order",
        "inv(A + dA)",
        "inv(A) - inv(A) dA inv(A)",
        ("A: n x n invertible", "dA: n x n"),
        "From inv(I + E) = I - E + E^2 - ... for small E, with A taken out.",
        relation="~",
        small=("dA",),
        by="differential of inv",
        example=("exp(tr(inv(X)))", "X"),
    ),
    Law(
        "first-order",
        "terms of second and higher order in the perturbation are dropped",
        "a' dX b + b' dX' dX b",
        "a' dX b",
        ("a: m", "b: n", "dX: m x n"),
        "What is left out is at most a constant times the square of the norm of the perturbation.",
        relation="~",
        small=("dX",),
        by="derivation.derivation._Derivation._exact",
        example=("x' Q x", "x"),
    ),
    Law(
        "trace",
        "a scalar is its own trace",
        "x' A y",
        "tr(x' A y)",
        ("x: m", "A: m x n", "y: n"),
        "The trace of a 1 x 1 matrix is its entry.",
        by="algebra.traces.trace",
        example=("a' X b", "X"),
    ),
    Law(
        "transpose",
        "a scalar is its own transpose; a trace is that of the transpose",
        "tr(A B)",
        "tr(B' A')",
        ("A: m x n", "B: n x m"),
        "The transpose has the same diagonal, and (A B)' = B' A'.",
        by="algebra.traces.trace",
        example=("a' X' b", "X"),
    ),
    Law(
        "cyclic",
        "cyclic property of the trace",
        "tr(A B C)",
        "tr(C A B)",
        ("A: m x n", "B: n x p", "C: p x m"),
        "Both are the sum over i, j, k of A_ij B_jk C_ki.",
        by="algebra.traces.trace",
        example=("tr(A X B)", "X"),
    ),
    Law(
        "collect",
        "common factors taken out, like terms collected",
        "A X + A Y",
        "A (X + Y)",
        ("A: m x n", "X: n x p", "Y: n x p"),
        "Distributivity.",
    ),
    Law(
        "read-off",
        "df = tr(G' dX) for every dX means that G is the derivative",
        "tr(G' dX)",
        "<G, dX>",
        ("G: m x n", "dX: m x n"),
        "An inner product with every dX determines G (take dX = e_i e_j').  For a vector x and a "
        "scalar f, df = g dx gives the row g; for a vector f, df = J dx gives the Jacobian J.",
        by="derivation.read_off.ReadOff.trace",
        example=("a' X' inv(A + X B) X b", "X"),
    ),
    Law(
        "symmetric-part",
        "only the symmetric part of G contributes",
        "tr(G' dX)",
        "tr(1/2 (G + G') dX)",
        ("G: n x n", "dX: n x n symmetric"),
        "tr(G' dX) = tr(dX' G) = tr(G dX), and the mean of two equal numbers is that number.",
        by="calculus.derive._structured",
        example=("tr(A X)", "X"),
        given=("X: n x n symmetric",),
        structure="symmetric",
    ),
    Law(
        "symmetric-entries",
        "each entry on and below the diagonal counted once",
        "tr(G' dX)",
        "tr((G + G' - diag(diag(G))) tril(dX))",
        ("G: n x n", "dX: n x n symmetric"),
        "With R = G + G' - diag(diag(G)) both are the sum over i >= j of R_ij dX_ij; MC 138.",
        by="calculus.derive._structured",
        example=("logdet(X)", "X"),
        given=("X: n x n symmetric",),
        structure="cookbook",
    ),
    # --- further moves ---------------------------------------------------------------------------
    Law(
        "push-through",
        "push-through identity",
        "A inv(I + B A)",
        "inv(I + A B) A",
        ("A: m x n", "B: n x m"),
        "(I + A B) A = A (I + B A).",
        by="cost",
    ),
    Law(
        "determinant-lemma",
        "matrix determinant lemma",
        "det(A + u v')",
        "det(A) (1 + v' inv(A) u)",
        ("A: n x n invertible", "u: n", "v: n"),
        "det(A + u v') = det(A) det(I + inv(A) u v'), and a rank-one change of I has the "
        "eigenvalue 1 + v' inv(A) u, the others being 1.",
        by="cost",
    ),
    Law(
        "sherman-morrison",
        "Sherman-Morrison formula: the inverse after a change of rank one",
        "inv(A + u v')",
        "inv(A) - inv(A) u v' inv(A) / (1 + v' inv(A) u)",
        ("A: n x n invertible", "u: n", "v: n"),
        "Woodbury's identity for a column u and a row v'.",
        by="cost",
    ),
    Law(
        "inverse-absorbed",
        "an inverse in front of an inverse goes inside",
        "inv(A) inv(I + B inv(A))",
        "inv(A + B)",
        ("A: n x n invertible", "B: n x n"),
        "(I + B inv(A)) A = A + B.",
        by="cost",
    ),
    Law(
        "sylvester",
        "Sylvester's determinant theorem",
        "det(I + A B)",
        "det(I + B A)",
        ("A: m x n", "B: n x m"),
        "Both are the determinant of the block matrix [I, -A; B, I], by eliminating either block.",
        by="cost",
    ),
    Law(
        "sylvester-log",
        "Sylvester's determinant theorem for the logarithm",
        "logdet(I + A B)",
        "logdet(I + B A)",
        ("A: m x n", "B: n x m"),
        "The logarithm of Sylvester's theorem.",
        by="cost",
    ),
    # --- laws of the normal form ----------------------------------------------------------------
    Law(
        "transpose-of-product",
        "the transpose of a product",
        "(A B)'",
        "B' A'",
        ("A: m x n", "B: n x p"),
        "Entry (i, j) of both is the sum over k of A_jk B_ki.",
        by="algebra.products.transpose",
    ),
    Law(
        "transpose-of-inverse",
        "inverse and transpose commute",
        "inv(A)'",
        "inv(A')",
        ("A: n x n invertible",),
        "Transpose A inv(A) = I.",
        by="algebra.products.transpose",
        example=("inv(A)' A'",),
    ),
    Law(
        "inverse-of-product",
        "the inverse of a product of square matrices",
        "inv(A B)",
        "inv(B) inv(A)",
        ("A: n x n invertible", "B: n x n invertible"),
        "Multiply by A B.",
        by="algebra.products.power",
    ),
    Law(
        "inverse-cancels",
        "an inverse cancels",
        "inv(X' X) X' X",
        "I",
        ("X: n x n invertible",),
        "The definition of the inverse; it holds for X m x n of full rank as well.",
        by="algebra.products.push",
    ),
    Law(
        "scalar-transpose",
        "a scalar is its own transpose",
        "x' A y",
        "y' A' x",
        ("x: m", "A: m x n", "y: n"),
        "It is 1 x 1.",
        by="algebra.inner_products._scalar_chain",
        example=("x' A y - y' A' x",),
    ),
    Law(
        "skew-form",
        "the quadratic form of a skew matrix vanishes",
        "x' K x",
        "0",
        ("K: n x n skew", "x: n"),
        "x' K x = (x' K x)' = -x' K x.",
        by="algebra.inner_products._scalar_chain",
        example=("x' K x", "x"),
        given=("K: n x n skew",),
    ),
    Law(
        "orthogonal",
        "the transpose of an orthogonal matrix is its inverse",
        "Q' Q",
        "I",
        ("Q: n x n orthogonal",),
        "The definition.",
        by="fact orthogonal",
    ),
    Law(
        "idempotent",
        "a projection squared is itself",
        "P P",
        "P",
        ("P: n x n idempotent",),
        "The definition.",
        by="fact idempotent",
    ),
    Law(
        "trace-of-outer",
        "the trace of an outer product is the inner product",
        "tr(A u v')",
        "v' A u",
        ("A: n x n", "u: n", "v: n"),
        "The cyclic property, and a scalar is its own trace.",
        by="algebra.traces.trace",
    ),
    Law(
        "trace-linear",
        "the trace is linear",
        "tr(A + 2 B)",
        "tr(A) + 2 tr(B)",
        _SQUARE,
        "It is a sum of entries.",
        by="algebra.traces.trace",
        example=("logdet(I + X X')", "X"),
    ),
    Law(
        "trace-of-diag",
        "the trace with a diagonal factor",
        "tr(diag(u) A)",
        "u' diag(A)",
        ("A: n x n", "u: n"),
        "Both are the sum over i of u_i A_ii.",
        by="always",
    ),
    Law(
        "norm-squared",
        "the square of a norm is an inner product",
        "norm(x)^2",
        "x'x",
        ("x: n",),
        "The definition of the norm.",
        by="definition of norm",
    ),
    Law(
        "sum-ones",
        "a sum of entries is an inner product with ones",
        "sum(x)",
        "ones(n)' x",
        ("x: n",),
        "The definition.",
        by="definition of sum",
        example=("ones(n)' x",),
    ),
    Law(
        "inner-elementwise",
        "an element-wise factor moves across an inner product",
        "u' (v .* w)",
        "(u .* v)' w",
        ("u: n", "v: n", "w: n"),
        "All are the sum over i of u_i v_i w_i.",
        by="algebra.inner_products._inner_product",
        example=("u' (v .* w) - (u .* v)' w",),
    ),
    Law(
        "diag-vector",
        "a diagonal matrix times a vector is an element-wise product",
        "diag(u) v",
        "u .* v",
        ("u: n", "v: n"),
        "Entry by entry.",
        by="always",
    ),
    Law(
        "row-diag",
        "a row times a diagonal matrix is an element-wise product",
        "u' diag(v)",
        "(u .* v)'",
        ("u: n", "v: n"),
        "Entry by entry.",
        by="always",
    ),
    Law(
        "diag-diag",
        "diagonal matrices multiply entry by entry",
        "diag(u) diag(v)",
        "diag(u .* v)",
        ("u: n", "v: n"),
        "Entry by entry.",
        by="always",
    ),
    Law(
        "power-of-diag",
        "a power of a diagonal matrix, entry by entry",
        "diag(u)^k",
        "diag(u .^ k)",
        ("u: n", "k: integer"),
        "Diagonal matrices multiply entry by entry.",
        by="always",
    ),
    Law(
        "diag-of-ones",
        "the diagonal matrix of ones is the identity",
        "diag(ones(n))",
        "eye(n)",
        ("n: integer",),
        "The definition of the identity.",
        by="always",
    ),
    Law(
        "diag-of-identity",
        "the diagonal of the identity is ones",
        "diag(eye(n))",
        "ones(n)",
        ("n: integer",),
        "The definition of the identity.",
        by="always",
    ),
    Law(
        "diag-of-outer",
        "the diagonal of an outer product",
        "diag(u v')",
        "u .* v",
        ("u: n", "v: n"),
        "Entry i is u_i v_i.",
        by="always",
    ),
    Law(
        "diag-scaled",
        "the diagonal of a matrix whose rows are scaled",
        "diag(diag(u) A)",
        "u .* diag(A)",
        ("u: n", "A: n x n"),
        "Entry i of both is u_i A_ii.",
        by="always",
    ),
    Law(
        "diag-of-product",
        "the diagonal of A diag(u) B",
        "diag(A diag(u) B)",
        "(A .* B') u",
        ("A: m x n", "u: n", "B: n x m"),
        "Entry i of both is the sum over j of A_ij u_j B_ji.",
        by="always",
    ),
    Law(
        "vec-inner",
        "the inner product of vectorised matrices is a trace",
        "vec(A)' vec(B)",
        "tr(A' B)",
        ("A: m x n", "B: m x n"),
        "Both are the sum over all entries of A_ij B_ij.",
        by="always",
    ),
    Law(
        "vec-of-unvec",
        "vec undoes unvec",
        "vec(unvec(x, m, n))",
        "x",
        ("x: m*n",),
        "Their definitions.",
        by="always",
    ),
    Law(
        "unvec-of-vec",
        "unvec undoes vec",
        "unvec(vec(A), m, n)",
        "A",
        ("A: m x n",),
        "Their definitions.",
        by="always",
    ),
    Law(
        "kron-vec",
        "the product of three matrices under vec",
        "kron(B, A) vec(X)",
        "vec(A X B')",
        ("A: m x n", "B: q x p", "X: n x p"),
        "Column j of A X B' is the sum over k of B_jk A x_k; MN 2.4.",
        by="always",
    ),
    Law(
        "vec-of-outer",
        "the outer product under vec",
        "vec(u v')",
        "kron(v, u)",
        ("u: m", "v: n"),
        "Column j of u v' is v_j u.",
        by="always",
    ),
    Law(
        "vec-kron",
        "the product of three matrices under vec, transposed",
        "vec(X)' kron(B, A)",
        "vec(A' X B)'",
        ("A: m x n", "B: q x p", "X: m x q"),
        "The transpose of kron-vec.",
        by="always",
    ),
    Law(
        "kron-kron",
        "the mixed product of Kronecker products",
        "kron(A, B) kron(C, D)",
        "kron(A C, B D)",
        ("A: m x n", "B: p x q", "C: n x k", "D: q x l"),
        "Block (i, j) of both is the sum over k of A_ik C_kj times B D; MN 2.2.",
        by="always",
    ),
    Law(
        "kron-column",
        "a Kronecker product with a column",
        "kron(A, b) C",
        "kron(A C, b)",
        ("b: n", "A: m x p", "C: p x k"),
        "The mixed product of kron(A, b) and kron(C, 1).",
        by="always",
    ),
    Law(
        "column-kron",
        "a Kronecker product of a column",
        "kron(b, A) C",
        "kron(b, A C)",
        ("b: n", "A: m x p", "C: p x k"),
        "The mixed product of kron(b, A) and kron(1, C).",
        by="always",
    ),
    Law(
        "kron-row",
        "a Kronecker product with a row",
        "C kron(A, b')",
        "kron(C A, b')",
        ("b: n", "A: p x m", "C: k x p"),
        "The mixed product of kron(C, 1) and kron(A, b').",
        by="always",
    ),
    Law(
        "row-kron",
        "a Kronecker product of a row",
        "C kron(b', A)",
        "kron(b', C A)",
        ("b: n", "A: p x m", "C: k x p"),
        "The mixed product of kron(1, C) and kron(b', A).",
        by="always",
    ),
    Law(
        "outer-kron",
        "a column times a Kronecker product of rows",
        "u kron(b, v)'",
        "kron(b', u v')",
        ("u: m", "b: n", "v: k"),
        "The mixed product of kron(1, u) and kron(b', v').",
        by="always",
    ),
    Law(
        "power-of-kron",
        "the power of a Kronecker product",
        "kron(A, B)^k",
        "kron(A^k, B^k)",
        ("A: m x m invertible", "B: n x n invertible", "k: integer"),
        "The mixed product; for k = -1 the inverse.",
        by="always",
    ),
    Law(
        "kron-of-identities",
        "the Kronecker product of identities",
        "kron(eye(m), eye(n))",
        "eye(m n)",
        ("m: integer", "n: integer"),
        "Its blocks are those of the identity.",
        by="always",
    ),
    Law(
        "kron-scalar",
        "the Kronecker product with a number",
        "kron(s, A)",
        "s A",
        ("s: scalar", "A: m x n"),
        "There is one block.",
        by="always",
    ),
    Law(
        "scalar-kron",
        "the Kronecker product with a number on the right",
        "kron(A, s)",
        "s A",
        ("s: scalar", "A: m x n"),
        "Every block is 1 x 1.",
        by="always",
    ),
    Law(
        "commutation",
        "the commutation matrix transposes under vec",
        "commutation(m, n) vec(X)",
        "vec(X')",
        ("X: m x n",),
        "Its definition; J. R. Magnus and H. Neudecker, Matrix Differential Calculus, 3.7.",
        by="always",
    ),
    Law(
        "commutation-squared",
        "commuting twice changes nothing",
        "commutation(m, n) commutation(n, m)",
        "eye(m n)",
        ("m: integer", "n: integer"),
        "(X')' = X.",
        by="always",
    ),
    Law(
        "det-of-power",
        "the determinant of a power",
        "det(inv(A))",
        "1/det(A)",
        ("A: n x n invertible",),
        "det is multiplicative.",
        by="algebra.traces.det",
    ),
    Law(
        "det-of-product",
        "the determinant of a product of square matrices",
        "det(A B)",
        "det(A) det(B)",
        ("A: n x n", "B: n x n"),
        "The volume of what A makes of the image of B.",
        by="expanding",
        example=("det(A B) - det(B) det(A)",),
    ),
    Law(
        "logdet-of-product",
        "the logarithm of a determinant of a product",
        "logdet(A B)",
        "logdet(A) + logdet(B)",
        ("A: n x n", "B: n x n"),
        "The logarithm of det-of-product.",
        by="expanding",
        example=("logdet(A B) - logdet(B)",),
    ),
    Law(
        "det-scaled",
        "the determinant of a multiple",
        "det(2 A)",
        "2^n det(A)",
        ("A: n x n invertible",),
        "det is linear in each of the n rows.",
        by="algebra.traces.det",
    ),
    Law(
        "log-det",
        "the logarithm of a determinant",
        "log(det(A))",
        "logdet(A)",
        ("A: n x n",),
        "logdet is log|det|, and det(A) is positive where its logarithm is real.",
        by="always",
    ),
    Law(
        "exp-product",
        "exponentials multiply by adding exponents",
        "exp(s) exp(t)",
        "exp(s + t)",
        ("s: scalar", "t: scalar"),
        "The functional equation of exp.",
        by="algebra.scalar_factors.Factors.take_exponential",
    ),
    Law(
        "logistic",
        "a quotient of exponentials",
        "exp(t) / (1 + exp(t))",
        "1/(1 + exp(-t))",
        ("t: scalar",),
        "Divide by exp(t).",
        by="algebra.powers.logistic_denominator",
    ),
    Law(
        "softmax-sum",
        "the entries of a softmax add up to 1",
        "ones(n)' softmax(x)",
        "1",
        ("x: n",),
        "The definition of softmax.",
        by="always",
    ),
    Law(
        "onehotmax-sum",
        "exactly one entry of onehotmax is 1",
        "ones(n)' onehotmax(x)",
        "1",
        ("x: n",),
        "The definition of onehotmax.",
        by="always",
    ),
    Law(
        "count",
        "a sum of ones is their number",
        "ones(n)' ones(n)",
        "n",
        ("n: integer",),
        "There are n of them.",
        by="always",
    ),
)

LAWS: dict[str, Law] = {row.name: row for row in _ROWS}
