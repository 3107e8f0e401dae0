"""Random questions by number, each judged: the command that looks for wrong answers.

    python tests/fuzz.py --count 2000 --seed 1
    python tests/fuzz.py --seconds 120 --jobs 2 --seed "$(date +%F)"
    python tests/fuzz.py --seed 1 --only 417

Case k of a seed is always the same.  What was found comes out made small, as a command line, and
``--save`` appends it to a file in the format of tests/corpus.  The exit code is 1 if anything was
found; refusals are counted, and shown, but are no findings.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import corpus
from generate import Case, case_of, kind
from shrink import shrunk
from trials import OUTCOMES, Outcome, trial

CHUNK = 25  # cases for a process at a time
CHUNKS = 16  # that a process takes before a fresh one does, since answers are remembered
ADDRESS_SPACE = 4 * 2**30
SHOWN = 400  # characters of a detail


@dataclass(frozen=True)
class Found:
    """A case that was tried; ``small`` is the same finding made small."""

    number: int
    kind: str
    case: Case
    outcome: Outcome
    small: Case | None
    seconds: float


def tried(
    number: int, seed: str, depth: int, kinds: Sequence[str], smaller: float, known: str
) -> Found:
    """Case ``number``, judged, and shrunk for so many seconds if it is a finding."""
    begun = time.perf_counter()
    case = case_of(seed, number, depth, kinds)
    outcome = trial(case)
    seconds = time.perf_counter() - begun
    wanted = outcome.is_finding or outcome.kind == "refusal"
    small = (
        shrunk(case, outcome, smaller)
        if wanted and smaller and not (known and re.search(known, f"{outcome.detail} {case}"))
        else None
    )
    return Found(number, kind(case), case, outcome, small, seconds)


def chunk(numbers: Sequence[int], **options: object) -> list[Found]:
    """Several cases: what a process is given at a time."""
    return [tried(number, **options) for number in numbers]  # type: ignore[arg-type]


def run(numbers: Sequence[int], jobs: int, seconds: float, **options: object) -> Iterator[Found]:
    """Every case, until the time is over; in processes of their own if there are to be several."""
    begun = time.monotonic()
    parts = [numbers[i : i + CHUNK] for i in range(0, len(numbers), CHUNK)]
    if len(numbers) <= CHUNK:
        yield from chunk(numbers, **options)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _prepare, maxtasksperchild=CHUNKS) as pool:
        for part in pool.imap_unordered(partial(chunk, **options), parts):
            yield from part
            if seconds and time.monotonic() - begun > seconds:
                return


def _prepare() -> None:
    """A runaway answer must not take the machine with it."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def table(counts: dict[str, Counter[str]]) -> str:
    """Cases by kind and outcome."""
    total: Counter[str] = sum(counts.values(), Counter())
    columns = [name for name in OUTCOMES if total[name]]
    width = max(map(len, counts), default=4)
    lines = [" ".join([f"{'':<{width}}", "  cases", *(f"{name:>10}" for name in columns)])]
    for name, row in [*sorted(counts.items()), ("all", total)]:
        cells = (f"{row[column] or '':>10}" for column in columns)
        lines.append(" ".join([f"{name:<{width}}", f"{row.total():>7}", *cells]))
    return "\n".join(lines)


def report(found: Found) -> str:
    """A finding, as the command line that shows it."""
    lines = [f"# {found.number} {found.outcome.kind}: {found.outcome.detail[:SHOWN]}"]
    return "\n".join([*lines, str(found.small or found.case)])


def corpus_case(found: Found, seed: str) -> str:
    """A finding in the format of tests/corpus; the answer is yet to be mended."""
    case = found.small or found.case
    attributes = [("wrt", case.wrt), *(("where", each) for each in case.where)]
    usual = {"order": 1, "layout": "jacobian", "structure": "independent"}
    given = {name: getattr(case, name) for name in usual}
    attributes += [(name, str(given[name])) for name in usual if given[name] != usual[name]]
    title = f"random {seed}-{found.number}: {found.outcome.kind}"
    return str(corpus.Case(title, attributes, case.source, "?"))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _options().parse_args(arguments)
    numbers = options.only or range(options.first, options.first + options.count)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    shown: Counter[str] = Counter()
    begun, done, failed, slow = time.monotonic(), 0, 0, 0.0
    settings = {
        "known": options.known,
        "seed": options.seed,
        "depth": options.depth,
        "kinds": options.kinds,
    }
    print(f"seed {options.seed}", file=sys.stderr)
    for found in run(numbers, options.jobs, options.seconds, smaller=options.shrink, **settings):
        done, slow = done + 1, slow + found.seconds
        counts[found.kind][found.outcome.kind] += 1
        failed += found.outcome.is_finding
        if found.small is not None or found.outcome.is_finding:
            shown[found.outcome.kind] += 1
            if shown[found.outcome.kind] <= options.show:
                print(report(found), flush=True)
            if options.save and found.outcome.is_finding and found.case.ask == "diff":
                with Path(options.save).open("a", encoding="utf-8") as file:
                    file.write(corpus_case(found, options.seed) + "\n")
        if done % 200 == 0:
            spent = time.monotonic() - begun
            line = (
                f"{done} cases, {failed} findings, {spent:.0f} s, {1000 * slow / done:.0f} ms each"
            )
            print(line, file=sys.stderr, flush=True)
    print(table(counts))
    print(f"{done} cases of seed {options.seed}: {failed} findings")
    return 1 if failed else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10**6, help="how many cases")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--only", type=int, nargs="+", help="these cases")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--seconds", type=float, default=0, help="stop after so long")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--depth", type=int, default=5, help="of the expressions")
    parser.add_argument("--kinds", nargs="+", default=(), help='e.g. "vector/vector"')
    parser.add_argument("--shrink", type=float, default=10, help="seconds for a finding; 0: leave")
    parser.add_argument("--show", type=int, default=200, help="findings of a kind to print")
    parser.add_argument("--known", default="", help="regular expression of what is left unshrunk")
    parser.add_argument("--save", help="append what was found to this file, as a corpus")
    return parser


if __name__ == "__main__":
    sys.exit(main())
