"""Names and characters: Greek, Unicode spellings of ASCII symbols, look-alikes.

A variable has one canonical name, its ASCII spelling: ``α`` is ``alpha``, ``θ_1`` is ``theta_1``.
Greek is what LaTeX has commands for; the other Greek letters (Α, Χ, omicron, ...) look like Latin
ones and are refused by name rather than read as either.  Text is never normalised as a whole, so
that offsets stay those of what was typed.
"""

from __future__ import annotations

import re
import unicodedata

from matcalc.errors import MatcalcError, Option, Span

LONGEST_NAME = 64

_LOWER = (  # noqa: SIM905
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega"
).split()
_UPPER = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()  # noqa: SIM905

#: canonical name -> the letter, the Greek that LaTeX has commands for
GREEK: dict[str, str] = dict(
    zip(_LOWER + _UPPER, "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True)
)
#: letter -> canonical name, with the variants that fonts and keyboards produce
LETTERS: dict[str, str] = {letter: name for name, letter in GREEK.items()} | {
    "ϑ": "theta",
    "ϕ": "phi",
    "ϱ": "rho",
    "ϵ": "epsilon",
    "\u00b5": "mu",  # micro sign
    "\u2126": "Omega",  # ohm sign
    "\u2206": "Delta",  # increment
    "ℝ": "R",
}
_GREEK = "".join(LETTERS)

#: a word as the lexer finds it: letters, digits, underscores, Greek letters
WORD = re.compile(rf"[A-Za-z{_GREEK}][A-Za-z0-9_{_GREEK}]*")
# the names in a word: a Greek letter begins a name, unless an underscore has made it a subscript;
# dλ is one name, the perturbation of λ
_PIECE = re.compile(
    rf"d?[{_GREEK}](?:[0-9_][A-Za-z0-9_{_GREEK}]*)?"
    rf"|[A-Za-z](?:(?!d[{_GREEK}])[A-Za-z0-9])*(?:_[A-Za-z0-9_{_GREEK}]*)?"
)
_DOTTED = re.compile(r"[0-9]*\.[0-9]*\.[0-9.]*")
_FOREIGN = re.compile(rf"[{_GREEK}]")

#: what a declaration may say besides sizes and facts: words for the kind of a thing
KINDS = ("scalar", "vector", "matrix", "square", "integer")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")

_WRT = Option("wrt")

# what people type, or paste from a PDF, and what they mean by it
_MEANT = {
    "|": "an absolute value is abs(x), a norm ||x|| or norm(x), a determinant det(X)",
    "\\": "LaTeX commands are written without the backslash (alpha, Sigma); A \\ b is inv(A) b",
    "!": "n! is tgamma(n + 1)",
    "%": "comments begin with #; there is no remainder operator",
    "&": "there are no logical operators",
    "~": "a declaration is written with a colon, as in X: m x n",
    "_": "a name begins with a letter, as in x_1; digits are not grouped (1000)",
    ".": "a transpose is X' or X.T, element-wise operators are .* ./ .^, a number is 0.5",
    "$": "leave the dollar signs out: the whole text is mathematics",
    "?": "type an expression such as x'A x",
    '"': "leave the quotation marks out",
    "`": "a transpose is X'",
    "ˆ": "a power is written x^2",
    "√": "a square root is sqrt(x)",
    "∑": "a sum of entries is sum(x); the letter is Σ or Sigma",
    "∏": "the letter is Π or Pi",
    "†": "all matrices are real: a transpose is X'",
    "∂": f"write the function only; the variable is given by {_WRT}",
    "∇": f"write the function only; the variable is given by {_WRT}",
    "∞": "matcalc computes with finite numbers",
    "×": "a product is written A B or A*B; × stands in sizes, as in X: m×n",
    "—": "a minus sign is -",
    "…": "write the expression out",
    "½": "write 1/2",
    "¼": "write 1/4",
    "¾": "write 3/4",
    "°": "angles are in radians: pi/180",
    "±": "choose one sign, + or -",
    "ᵗ": "a transpose is X' or Xᵀ",
    "“": "leave the quotation marks out",
    "”": "leave the quotation marks out",
}
# letters that look Latin and are not, by their place in the alphabets they come from
_LOOKS = dict(
    zip(
        "ΑΒΕΖΗΙΚΜΝΟΡΤΧοϒАВЕЅІЈКМНОРСТУХаеорсухѕіј",
        "ABEZHIKMNOPTXoYABESIJKMHOPCTYXaeopcyxsij",
        strict=True,
    )
)


def canonical(piece: str) -> str:
    """The ASCII spelling of one name: ``θ_1`` -> ``theta_1``."""
    return piece if piece.isascii() else _FOREIGN.sub(lambda m: LETTERS[m.group()], piece)


def pieces(word: str) -> list[tuple[int, str]]:
    """The names that a word consists of, with their offsets: ``λAx`` is ``λ`` and ``Ax``."""
    if word.isascii():
        return [(0, word)]
    return [(m.start(), m.group()) for m in _PIECE.finditer(word)]


def is_greek(name: str) -> bool:
    """Whether a canonical name is a Greek letter."""
    return name in GREEK


def canonical_name(text: str) -> str:
    """The canonical form of a text that is one name: ``'α'`` -> ``'alpha'``.

    Raises ``usage`` if the text is not one name and ``limit`` if the name is too long.
    """
    name = text.strip()
    match = WORD.fullmatch(name)
    if match is None or len(pieces(name)) != 1:
        raise MatcalcError(
            "usage",
            f"{printable(text)!r} is not the name of a variable" if name else "a name is missing",
            Span(0, len(text)),
            hint="a name is a letter followed by letters, digits and underscores, as in X, x_1, "
            "theta",
            source=text,
        )
    name = canonical(name)
    if len(name) > LONGEST_NAME:
        raise too_long(name, Span(0, len(text))).in_source(text)
    return name


def too_long(name: str, span: Span) -> MatcalcError:
    return MatcalcError(
        "limit",
        f"the name {name[:12]}... has {len(name)} characters",
        span,
        hint=f"a name has at most {LONGEST_NAME} characters",
    )


def printable(text: str) -> str:
    """The text with everything that would not show, or not encode, as a code point."""
    return "".join(c if c.isprintable() else code_point(c) for c in text)


def code_point(char: str) -> str:
    return f"U+{ord(char):04X}"


def describe(char: str) -> str:
    """A character in words: ``Х (U+0425, Cyrillic capital letter ha)``."""
    if char.isascii() and char.isprintable():
        return f"`{char}`"
    name = unicodedata.name(char, "").lower()
    script = name.split(" ")[0]
    if script in ("greek", "cyrillic", "latin", "armenian", "cherokee"):
        name = name.capitalize()
    if unicodedata.category(char) == "Cc":
        name = "NUL" if char == "\0" else "a control character"
    shown = f"{char} " if char.isprintable() and not unicodedata.combining(char) else ""
    return f"{shown}({code_point(char)}{', ' + name if name else ''})"


def bad_character(source: str, at: int) -> MatcalcError:
    """The error for a character that is no part of the language, naming the character."""
    char = source[at]
    if char == "." and (number := _DOTTED.match(source, source.rfind(" ", 0, at) + 1)):
        return MatcalcError(
            "number",
            f"{number.group()} is not a number",
            Span(*number.span()),
            hint="a number has one decimal point",
        )
    is_index = char == "_" or "SUBSCRIPT" in unicodedata.name(char, "")
    if is_index and source[:at].rstrip().endswith(("||", "‖", "∥")):
        return MatcalcError(
            "character",
            "a norm carries no index",
            Span(at, at + 1),
            hint="||x|| is the Euclidean norm, of a matrix the Frobenius norm; others are "
            "norm1(x), norminf(x)",
        )
    latin = _LOOKS.get(char) or unicodedata.normalize("NFKC", char)
    message = f"the character {describe(char)} is not part of an expression"
    if source.startswith((r"\top", r"\intercal", r"\mathsf"), at):
        hint = "a transpose is X' or X^T"
    elif char in _MEANT:
        hint = _MEANT[char]
    elif latin != char and len(latin) == 1 and latin.isascii() and latin.isalnum():
        if char in _LOOKS:
            message = f"the character {describe(char)} looks like the Latin letter {latin}"
        hint = f"type {latin}"
        if "SUBSCRIPT" in unicodedata.name(char, ""):
            hint = f"type _{latin}, as in x_{latin}"
    elif char.isprintable() and char.isalpha():
        hint = "names consist of Latin letters, digits, underscores and Greek letters"
    elif char.isprintable():
        hint = "retype it in ASCII; `matcalc examples` shows what can be written"
    else:
        hint = "delete it; it was probably pasted along with the text"
    return MatcalcError("character", message, Span(at, at + 1), hint=hint, options=(_WRT,))
