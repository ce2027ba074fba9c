"""`exam` and `protocol` decide on values they are given: no disk, no network, no clock, no loop."""

from tests.source_tree import PURE, Module, calls, imports, modules

MACHINERY = {
    "asyncio", "aiohttp", "concurrent", "http", "io", "multiprocessing", "os", "pathlib", "select",
    "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time",
    "urllib", "logging", "sys",
}  # fmt: skip
OUTSIDE_CALLS = {"open", "print", "input"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns"}
CLOCK_OWNERS = {"datetime", "date", "datetime.datetime", "datetime.date"}


def impurities(module: Module) -> list[str]:
    """Name each place where a module reaches for the world outside."""
    imported = [
        f"{module.at(node)}: imports {name}; pass in the value that it would give"
        for node, name in imports(module)
        if name.split(".")[0] in MACHINERY
    ]
    called = [
        f"{module.at(node)}: calls {name}(); pass in its result instead"
        for node, name in calls(module)
        if name in OUTSIDE_CALLS or _reads_a_clock(name)
    ]
    return imported + called


def _reads_a_clock(name: str) -> bool:
    owner, _, method = name.rpartition(".")
    return owner in CLOCK_OWNERS and method in CLOCKS


def test_pure_folders_import_no_machinery_and_read_no_clock() -> None:
    """Everything under `exam` and `protocol` is a function of its arguments."""
    pure = [module for module in modules() if module.path.parts[0] in PURE]
    assert pure
    found = [line for module in pure for line in impurities(module)]
    assert not found, "\n".join(["exam/ and protocol/ are pure:", *found])
