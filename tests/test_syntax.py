"""The parser: trees, notes and declarations, errors with their carets, places, depth.

``corpus/syntax.txt`` holds inputs with the trees they become, ``corpus/syntax_errors.txt`` inputs
with the error drawn under them.  A tree is written as an s-expression: ``(mul a _ b)`` is a
juxtaposition, ``(T x)`` a transpose, ``(neg x)`` a minus sign.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from corpus import Case, Corpus
from effort import growth
from hypothesis import given
from hypothesis import strategies as st

from matcalc.errors import CODES, MatcalcError, Span
from matcalc.language import syntax
from matcalc.language.names import GREEK, LETTERS
from matcalc.language.syntax import canonical_name, parse, parse_expression
from matcalc.language.tree import (
    Add,
    Block,
    Call,
    Multiply,
    Name,
    Negative,
    Number,
    Power,
    Transpose,
    Tree,
    fold,
    postorder,
)


def dump(tree: Tree) -> str:
    """A tree as an s-expression."""

    def combine(node: Tree, parts: Sequence[str]) -> str:
        match node:
            case Number(text=text):
                return text
            case Name(name=name):
                return name
            case Call(function=function):
                return f"{function}({', '.join(parts)})"
            case Negative():
                return f"(neg {parts[0]})"
            case Transpose():
                return f"(T {parts[0]})"
            case Power(elementwise=elementwise):
                return f"({'.^' if elementwise else '^'} {parts[0]} {parts[1]})"
            case Add(signs=signs):
                signed = [("+" if s > 0 else "-") + p for s, p in zip(signs, parts, strict=True)]
                return f"(add {' '.join(signed)})"
            case Multiply(ops=ops):
                marks = [op.replace(" ", "_") + " " if op else "" for op in ops]
                return f"(mul {' '.join(m + p for m, p in zip(marks, parts, strict=True))})"
            case Block(rows=rows):
                entries = iter(parts)
                return f"[{'; '.join(', '.join(next(entries) for _ in row) for row in rows)}]"
        raise AssertionError(node)

    return fold(tree, combine)


CORPUS, ERRORS = Corpus("syntax.txt"), Corpus("syntax_errors.txt")


def written(case: Case) -> str:
    """What a case becomes: tree, notes, declarations."""
    parsed = parse(case.source, case.where, case.wrt)
    lines = [dump(parsed.tree)] + [f"note: {note}" for note in parsed.notes]
    for d in parsed.declarations:
        said = [f"{d.shape}"] if d.shape is not None else []
        said += [d.kind] * bool(d.kind) + list(d.facts)
        if d.function is not None:
            said.append(f"R^{d.function[0]} -> R^{d.function[1]}")
        if d.definition is not None:
            said.append(f"= {dump(d.definition)}")
        lines.append(f"{d.name}: {', '.join(said)}")
    return "\n".join(lines)


def drawn(case: Case) -> str:
    """The error of a case with the caret under its place."""
    with pytest.raises(MatcalcError) as caught:
        parse(case.source, case.where, case.wrt)
    error = caught.value
    first = error.source.split("\n")[0]
    caret = " " * error.start + "^" * max(1, error.end - error.start)
    message = f"{error.code}: {error.message}\nhint: {error.hint}"
    return f"  {first}\n  {caret}\n{message}"


@pytest.mark.parametrize("case", CORPUS.cases, ids=lambda c: c.title)
def test_tree(case: Case, update: bool) -> None:
    CORPUS.compare(case, written(case), update)


@pytest.mark.parametrize("case", ERRORS.cases, ids=lambda c: c.title)
def test_error(case: Case, update: bool) -> None:
    ERRORS.compare(case, drawn(case), update)


@pytest.mark.parametrize("case", CORPUS.cases, ids=lambda c: c.title)
def test_places(case: Case) -> None:
    """The span of a node holds the spans of its parts, and a leaf's span is its own text."""
    for node in postorder(parse(case.source, case.where, case.wrt).tree):
        assert 0 <= node.span.start < node.span.end <= len(case.source)
        for child in node.children:
            assert node.span | child.span == node.span
        text = case.source[node.span.start : node.span.end].strip("() \n{}")
        if isinstance(node, Name):
            assert "".join(LETTERS.get(char, char) for char in text) == node.name
        if isinstance(node, Number) and text[0] not in "-⁻T²":
            assert text == node.text


def test_error_codes_are_of_the_syntax() -> None:
    """The corpus of errors meets every code that this layer raises."""
    codes = {case.expected.split("\n")[2].split(":")[0] for case in ERRORS.cases}
    own = {code for code, row in CODES.items() if row.kind == "syntax"}
    assert own | {"arity", "declaration", "limit", "unknown-function", "usage"} <= codes


# --- the grammar ----------------------------------------------------------------------------------


def test_grammar_is_strict() -> None:
    """No conflicts between rules, no collisions between terminals of one context."""
    pytest.importorskip("interegular")
    from lark import Lark

    Lark(
        syntax.grammar(),
        parser="lalr",
        lexer="contextual",
        start=["problem", "declarations"],
        strict=True,
    )


def test_every_terminal_is_named() -> None:
    rules = syntax.grammar().split("// --- terminals")[0]
    assert '"' not in re.sub(r"//.*", "", rules)


def test_greek_of_grammar_and_tables_agree() -> None:
    for letter, name in LETTERS.items():
        (tree,) = [parse_expression(letter)]
        assert isinstance(tree, Name) and tree.name == name
        assert tree.span == Span(0, 1)
    assert len(GREEK) == 34


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [("x", "x"), (" α ", "alpha"), ("θ_1", "theta_1"), ("σ_ε", "sigma_epsilon"), ("dΣ", "dSigma"),
     ("Xtrain", "Xtrain"), ("\u00b5", "mu"), ("\u2126", "Omega"), ("\u2206", "Delta")],
)  # fmt: skip
def test_canonical_name(text: str, name: str) -> None:
    assert canonical_name(text) == name


@pytest.mark.parametrize("text", ["", " ", "x y", "λA", "x'", "1x", "_x", "x-y", "Х", "\0"])
def test_not_a_name(text: str) -> None:
    with pytest.raises(MatcalcError) as caught:
        canonical_name(text)
    assert caught.value.code == "usage"
    assert caught.value.message.isprintable()


def test_longest_name() -> None:
    assert canonical_name("a" * 64) == "a" * 64
    for text in ("a" * 65, "θ" + "_" * 60):
        with pytest.raises(MatcalcError) as caught:
            canonical_name(text)
        assert caught.value.code == "limit"
    with pytest.raises(MatcalcError) as caught:
        parse("x + " + "a" * 65)
    assert (caught.value.code, caught.value.start, caught.value.end) == ("limit", 4, 69)


def test_ascii_and_unicode_are_one_variable() -> None:
    parsed = parse("α + alpha", where=["α: scalar"], wrt=["α"])
    assert parsed.wrt == ("alpha",)
    assert dump(parsed.tree) == "(add +alpha +alpha)"
    assert [d.name for d in parsed.declarations] == ["alpha"]


def test_where_texts_keep_their_own_offsets() -> None:
    inner, outer = parse("x'y where y = H x", where=["x: n"]).declarations
    assert (inner.source, inner.span) == ("x'y where y = H x", Span(10, 11))
    assert inner.definition is not None and inner.definition.span == Span(14, 17)
    assert (outer.source, outer.span) == ("x: n", Span(0, 1))
    with pytest.raises(MatcalcError) as caught:
        parse("x'x", where=["x: n", "y: 0"])
    assert (caught.value.source, caught.value.start) == ("y: 0", 3)


def test_errors_about_two_places() -> None:
    with pytest.raises(MatcalcError) as caught:
        parse("(A + B]")
    assert caught.value.others == ((Span(0, 1), "opened here"),)
    with pytest.raises(MatcalcError) as caught:
        parse("x where x: 3, x: 4")
    assert caught.value.others == ((Span(8, 9), "first here"),)


def test_parse_expression_is_cached() -> None:
    assert parse_expression("x' A x") is parse_expression("x' A x")


# --- size -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "nodes"),
    [
        ("(" * 10_000 + "x" + ")" * 10_000, 1),
        (" + ".join(["x"] * 10_000), 10_001),
        (" ".join(["x"] * 10_000), 10_001),
        ("exp(" * 5_000 + "x" + ")" * 5_000, 5_001),
        ("x" + "'" * 10_000, 10_001),
        ("-" * 10_000 + "x", 10_001),
        ("x^(" * 5_000 + "2" + ")" * 5_000, 10_001),
        ("[x; " * 5_000 + "x" + "]" * 5_000, 10_001),
        ("||(" * 5_000 + "x" + ")||" * 5_000, 5_001),
    ],
    ids=[
        "parentheses",
        "terms",
        "factors",
        "calls",
        "primes",
        "minus",
        "powers",
        "blocks",
        "norms",
    ],
)
def test_depth(source: str, nodes: int) -> None:
    tree = parse(source).tree
    assert sum(1 for _ in postorder(tree)) == nodes


@pytest.mark.parametrize(
    ("left", "right"), [("(", ")"), ("x + ", ""), ("exp(", ")"), ("[x; ", "]")]
)
def test_effort_grows_as_the_input(left: str, right: str) -> None:
    assert growth(lambda n: parse(left * n + "x" + right * n), 500, 2000) < 1.1


def test_longest_input() -> None:
    assert dump(parse("x" + " " * 99_999).tree) == "x"
    with pytest.raises(MatcalcError) as caught:
        parse("x" + " " * 100_000)
    assert caught.value.code == "limit"


def test_unclosed_parentheses() -> None:
    with pytest.raises(MatcalcError) as caught:
        parse("(" * 50_000)
    assert caught.value.code == "bracket"


_SCRAPS = (  # noqa: SIM905
    "x X A Qx tr tr( ( ) [ ] { } < > , ; || ‖ ' ^ ^T ^-1 ** * .* ./ / + - 1 2.5 . 1e3 where in "
    "x: = : n R^ -> symmetric pd sin foo( λ θ_1 λA ⊗ ᵀ ² ⁻¹ ⊤ \0 é # e^ f f( Df( y= ∈ × @ | _ "
    "inv( T TQx I dX 0x10 nxn 3x4 .. ℝ \u200b"
).split(" ")


@given(st.lists(st.sampled_from(_SCRAPS), max_size=10), st.sampled_from(["", " ", "\n"]))
def test_scraps(scraps: list[str], glue: str) -> None:
    """Whatever is typed becomes a tree or an error that says what to do, within the text."""
    source = glue.join(scraps)
    error: MatcalcError | None = None
    try:
        tree = parse(source, wrt=["x"]).tree
    except MatcalcError as caught:
        error = caught
    if error is None:
        assert all(node.span.end <= len(source) for node in postorder(tree))
        return
    assert error.source == source
    assert 0 <= error.start <= error.end <= len(source) + 1
    assert error.hint
    assert not re.search(r"[A-Z]{4,}|[{][0-9][}]", error.hint)


@pytest.mark.parametrize(
    ("template", "spellings"),
    [
        ("A ? B", "= :="),
        ("A ? B", ": ∈"),
        ("A ? B", "→ ×"),
        ("x^? y", "< ⟨"),
        ("? A", "' ’ ′ ᵀ ⊤ .T"),
        ("x where x: ? n", "- −"),
        ("x where x: 2 ? n", "+ ^ /"),
        ("x where x: n ?", "x ×"),
        ("x where x: n ? 2", "= :="),
    ],
)
def test_what_is_said_of_one_spelling_is_said_of_all(template: str, spellings: str) -> None:
    said = set()
    for spelling in spellings.split():
        with pytest.raises(MatcalcError) as failure:
            parse(template.replace("?", spelling))
        error = failure.value
        words = ["?" if word == spelling else word for word in error.message.split()]
        said.add((error.code, " ".join(words), error.hint))
        assert "cannot stand here" not in error.message
        assert "is not part of" not in error.message
    assert len(said) == 1
