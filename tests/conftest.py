"""Profiles of the tests: the default run takes some three minutes, ``--long`` runs the long profile as well.

Nothing is written into the checkout, which may be read-only: Hypothesis keeps no examples, and its tables elsewhere.
"""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from autograd_lite.compiler import building
from autograd_lite.compiler.backends import native
from autograd_lite.compiler.store import Store

os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir(), f"hypothesis-{getattr(os, 'getuid', int)()}"))
)

os.environ["AUTOGRAD_LITE_CACHE"] = "off"  # no test reads or writes the code that the user's own programs keep

gc.set_threshold(20_000)  # nodes die by their counts; looking at the young ones less often saves a tenth of the time

# A shell that starts the suite in the background lets it ignore Ctrl-C, and so would every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What these modules assert counts under python -O too, which drops every assertion that pytest has not rewritten.
pytest.register_assert_rewrite("tests.support")

# Ops of four operands filter much: a point must lie in every operand's domain.
HEAVY = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
COMMON = {"deadline": None, "database": None, "suppress_health_check": HEAVY}
# On CI the same examples every time; elsewhere each run looks at new ones.
settings.register_profile("default", max_examples=100, derandomize="CI" in os.environ, **COMMON)
settings.register_profile("few", max_examples=10, derandomize=True, **COMMON)
settings.register_profile("long", max_examples=1000, **COMMON)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew; look at the difference")
    parser.addoption("--few", action="store_true", help="few generated examples: enough to see which lines are reached")
    parser.addoption("--native", action="store_true", help='let "auto" compile to machine code in all tests')
    parser.addoption("--long", action="store_true", help="run the long profile too: soak, kills, a million points")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile(next((name for name in ("long", "few") if config.getoption(name)), "default"))


@pytest.fixture(scope="session", autouse=True)
def _auto(request: pytest.FixtureRequest) -> Iterator[None]:
    """Without ``--native``, "auto" takes NumPy or floats: LLVM would need minutes for what the tests compile."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.config.getoption("--native"):
            patch.setenv(building.VARIABLE, "off")
        yield


@pytest.fixture
def on_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let "auto" take NumPy in one test, with ``--native`` too: the test is about NumPy's source or memory."""
    monkeypatch.setenv(building.VARIABLE, "off")
    monkeypatch.setattr(building, "PROGRAMS", Store[building.Built](most=99, heaviest=10**6, weigh=lambda _: 1))


@pytest.fixture
def machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let "auto" compile to machine code in one test, as users have it; skip the test where there is none."""
    if native.missing():
        pytest.skip(native.missing())
    monkeypatch.delenv(building.VARIABLE, raising=False)
    monkeypatch.setattr(building, "LONGEST_NATIVE", 300)
    monkeypatch.setattr(building, "PROGRAMS", Store[building.Built](most=9, heaviest=10**6, weigh=lambda _: 1))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the collector pass over the tests themselves, of which there are many: it only looks at what they make."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="long profile: run with --long"))
