"""What every test can rely on.

Rules: programs that a test starts run this checkout, whatever is installed; where `CI` is set, a
skipped test is a failed one, with the reason for the skip as its message.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no finding: what hangs is caught by the timeout of every test.
settings.register_profile("examhall", deadline=None)
settings.load_profile("examhall")

ROOT = Path(__file__).resolve().parent.parent
LONG_ID = 40
# Programs that a test starts must run this checkout, whatever is installed.
os.environ["PYTHONPATH"] = str(ROOT)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep tests with network namespaces in one worker: they are heavy and shake time.

    Tests on pictures that nobody but us has are not part of a run without those pictures.
    """
    for item in items:
        if item.get_closest_marker("netns"):
            item.add_marker(pytest.mark.xdist_group("netns"))
    if not os.environ.get("EXAMHALL_FACES"):
        measured = [item for item in items if item.get_closest_marker("measured")]
        items[:] = [item for item in items if item not in measured]
        config.hook.pytest_deselected(items=measured)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case of long bytes by its argument: sealed bytes differ from process to process."""
    return argname if isinstance(val, bytes) and len(val) > LONG_ID else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Fail a skipped test in CI."""
    report = yield
    return failed_if_skipped(report, item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Fail a module skipped as a whole in CI."""
    report = yield
    return failed_if_skipped(report, collector.nodeid)


def failed_if_skipped(report, name: str):
    """Turn a skip into a failure where `CI` is set; an expected failure stays what it is."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{name} was skipped, and in CI every test must run. {reason}"
    return report
