"""How fast is matcalc?  Ratios measured in one run, so that the machine cancels.

    python tests/benchmarks/run.py [--quick]

Four tables: whole processes against ``python -c pass``; derivatives in process against SymPy's own
``diff``; time against the length of input plus output, as the exponent of a fitted power law (1 is
linear); and what reading and derivations take, in times of the derivative.
Medians throughout.  Nothing here is asserted; the numbers are for people.
"""

from __future__ import annotations

import argparse
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import matcalc
from matcalc.derivation.derivation import derivation

EXAMPLE = "a' X' inv(A + X B) X b"


def median(work: Callable[[], object], repetitions: int) -> float:
    """Seconds that the work takes, the median."""
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def heading(title: str) -> None:
    print(f"\n{title}\n{'-' * len(title)}")


# --- whole processes ----------------------------------------------------------------------------


def process(*args: str) -> Callable[[], object]:
    command = [sys.executable, *args]
    return lambda: subprocess.run(command, check=True, capture_output=True)


def processes(repetitions: int) -> None:
    """A process that answers, as a multiple of a process that does nothing."""
    heading("whole process, in times of `python -c pass`")
    diff = ("-m", "matcalc", "diff", EXAMPLE, "--wrt", "X", "-q", "--to")
    rows = {
        "matcalc --version": process("-m", "matcalc", "--version"),
        "diff --to text": process(*diff, "text"),
        "diff --to latex": process(*diff, "latex"),
        "diff --to json": process(*diff, "json"),
        "import lark": process("-c", "import lark"),
        "import sympy": process("-c", "import sympy"),
    }
    # one after the other in each round, so that a busy moment hits all of them
    times: dict[str, list[float]] = {name: [] for name in ("", *rows)}
    for _ in range(repetitions):
        for name, work in (("", process("-c", "pass")), *rows.items()):
            times[name].append(median(work, 1))
    bare = statistics.median(times.pop(""))
    print(f"{'python -c pass':24} {1000 * bare:7.0f} ms")
    for name, measured in times.items():
        took = statistics.median(measured)
        print(f"{name:24} {1000 * took:7.0f} ms {took / bare:7.1f} x")


# --- against SymPy ------------------------------------------------------------------------------


def sympy_cases() -> dict[str, tuple[str, str, Callable[[], object]]]:
    """Name, variable and SymPy's way of asking the same."""
    import sympy
    from sympy import Inverse, MatrixSymbol, Symbol, Trace, Transpose

    m, n, p = (Symbol(name, integer=True, positive=True) for name in "mnp")
    A, B, X = MatrixSymbol("A", p, m), MatrixSymbol("B", n, p), MatrixSymbol("X", m, n)
    Q, x, b = MatrixSymbol("Q", n, n), MatrixSymbol("x", n, 1), MatrixSymbol("b", n, 1)
    C, a = MatrixSymbol("A", m, m), MatrixSymbol("a", n, 1)
    D = MatrixSymbol("B", n, m)
    trace = Trace(A * X * B)
    form = Transpose(x) * Q * x + Transpose(b) * x
    example = Transpose(a) * Transpose(X) * Inverse(C + X * D) * X * b

    def fresh(expression: sympy.Basic, variable: sympy.Basic) -> Callable[[], object]:
        def work() -> object:
            sympy.core.cache.clear_cache()
            return expression.diff(variable)

        return work

    return {
        "tr(A X B)": ("tr(A X B)", "X", fresh(trace, X)),
        "x'Q x + b'x": ("x'Q x + b'x", "x", fresh(form, x)),
        EXAMPLE: (EXAMPLE, "X", fresh(example, X)),
    }


def against_sympy(repetitions: int) -> None:
    """Both in one process that has everything loaded; matcalc reads text and writes text."""
    heading(
        "in process, against SymPy's diff of the same (SymPy is given its expression ready-made)"
    )
    for name, (expression, wrt, theirs) in sympy_cases().items():

        def ours(expression: str = expression, wrt: str = wrt) -> object:
            return str(matcalc.diff(expression, wrt))

        ours(), theirs()
        our, their = median(ours, repetitions), median(theirs, repetitions)
        ratio = their / our
        print(f"{name:24} {1000 * our:8.1f} ms, SymPy {1000 * their:8.1f} ms: {ratio:6.1f} x")


# --- growth -------------------------------------------------------------------------------------


def traces(n: int) -> tuple[str, str]:
    return " + ".join(f"tr(A{i} X B{i})" for i in range(n)), "X"


def factors(n: int) -> tuple[str, str]:
    return f"tr({' '.join(f'A{i} X' for i in range(n // 2))})", "X"


def inverses(n: int) -> tuple[str, str]:
    text = "X"
    for i in range(n):
        text = f"inv(A{i} + {text})"
    return f"tr({text})", "X"


def tanhs(n: int) -> tuple[str, str]:
    text = "x"
    for i in range(n):
        text = f"tanh(W{i} {text})"
    return f"sum({text})", "x"


GROWTH: dict[str, tuple[Callable[[int], tuple[str, str]], Sequence[int]]] = {
    "sums of traces": (traces, (250, 500, 1000, 2000, 4000)),
    "factors of a product": (factors, (8, 16, 32, 64)),
    "nested inverses": (inverses, (6, 12, 25, 50)),
    "nested tanh(W x)": (tanhs, (12, 25, 50, 100)),
}


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """The slope of log(time) over log(size), by least squares."""
    x, y = [math.log(s) for s in sizes], [math.log(t) for t in times]
    slope, _ = statistics.linear_regression(x, y)
    return slope


def growth(largest: float, repetitions: int) -> None:
    """Time against characters of input plus output."""
    heading("time against the length of input plus output, as an exponent (1 is linear)")
    for name, (make, counts) in GROWTH.items():
        lengths, times = [], []
        for count in counts:
            if count > largest * counts[-1]:
                break
            expression, wrt = make(count)
            answer = str(matcalc.diff(expression, wrt))
            lengths.append(float(len(expression) + len(answer)))
            runs = repetitions if count <= 100 else 1
            times.append(median(lambda e=expression, w=wrt: str(matcalc.diff(e, w)), runs))
        line = "  ".join(
            f"{count}: {took * 1000:.0f} ms" for count, took in zip(counts, times, strict=False)
        )
        print(f"{name:21} length^{exponent(lengths, times):4.2f}   {line}")


# --- parts of the way ---------------------------------------------------------------------------


def parts(repetitions: int) -> None:
    """What reading a problem takes, and what its derivation takes, in times of the derivative."""
    heading("parts, in times of the derivative of the same (text included)")
    for name, (make, counts) in GROWTH.items():
        expression, wrt = make(counts[1])
        derivative = matcalc.diff(expression, wrt)
        whole = median(lambda e=expression, w=wrt: str(matcalc.diff(e, w)), repetitions)
        reading = median(lambda e=expression: matcalc.shape(e), repetitions)
        steps = median(lambda d=derivative: [s.text for s in derivation(d)], repetitions)
        ratios = f"reading {reading / whole:5.2f} x  steps {steps / whole:5.2f} x"
        print(f"{name:21} {whole * 1000:6.0f} ms  {ratios}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few repetitions, small sizes")
    quick = parser.parse_args().quick
    processes(3 if quick else 15)
    against_sympy(3 if quick else 20)
    growth(0.25 if quick else 1, 3)
    parts(1 if quick else 3)


if __name__ == "__main__":
    main()
