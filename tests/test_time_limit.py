"""A proof ends in time, wherever it is when the alarm goes off."""

from __future__ import annotations

import signal
import weakref
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest

import matcalc
from matcalc.verify import prove as prover

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="a system without alarms")


class Thing:
    """Something to refer to weakly."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_alarm_in_a_callback_is_not_the_last() -> None:
    """Python drops what is raised while a weak reference is cleared."""
    lost = []

    def callback(_: object) -> None:
        wait(0.3)
        lost.append(True)  # not reached: the alarm goes off in wait

    def work() -> None:
        thing = Thing()
        reference = weakref.ref(thing, callback)
        del thing
        assert reference() is None
        wait(10)

    with pytest.raises(prover.TimeUp), prover._time_limit(0.1):
        work()
    assert not lost


def wait(seconds: float) -> None:
    end = monotonic() + seconds
    while monotonic() < end:
        pass


def test_no_alarm_is_left_behind() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with prover._time_limit(60):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_proof_outside_the_main_thread() -> None:
    """No alarm there; the proof looks at the clock itself."""
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(matcalc.diff, "tr(A X B)", "X", prove=True).result()
        late = pool.submit(prover._time_limit(0).__enter__).result()
    assert found.proof is not None and found.proof.ok
    assert late <= monotonic()
