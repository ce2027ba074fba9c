"""The forms that every module of the product keeps, each with a reason beside it."""

import ast

from tests.source_tree import ROOT, Module, calls, modules, tracked

LONGEST = 450  # lines; where a file grows past that, look for the two things in it
BROAD = {"Exception", "BaseException"}
LOOPS = ("asyncio", "loop", "asyncio.get_running_loop()", "get_running_loop()")


def test_every_module_says_what_it_owns() -> None:
    """Each module opens with a docstring."""
    silent = [str(module.path) for module in modules() if not ast.get_docstring(module.tree)]
    assert not silent, f"modules without a docstring: {silent}"


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    """No source file of the product, page and benchmarks included, is longer than the limit."""
    kinds = {".py", ".js", ".css", ".html", ".sql"}
    lengths = {
        str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines())
        for path in tracked()
        if path.suffix in kinds and path.parts[0] != "tests"
    }
    crowded = {path: lines for path, lines in lengths.items() if lines > LONGEST}
    assert not crowded, f"split these, they are longer than {LONGEST} lines: {crowded}"


def test_no_import_stands_for_types_only() -> None:
    """No module imports under `TYPE_CHECKING`: what needs it goes in a circle."""
    found = [m.at(n) for m in modules() for n in ast.walk(m.tree) if _is_type_checking(n)]
    assert not found, f"put what both need into a module below both: {found}"


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def test_nothing_sleeps_in_a_thread() -> None:
    """No code of ours waits by `time.sleep`: it blocks the loop, or hides an event to await."""
    found = [m.at(node) for m in modules() for node, name in calls(m) if name == "time.sleep"]
    assert not found, f"await the event, or use a timeout on it: {found}"


def test_every_task_has_an_owner() -> None:
    """No task is started and forgotten: a task group owns it, or a name keeps it."""
    found = [line for module in modules() for line in forgotten_tasks(module)]
    assert not found, f"start it in a TaskGroup, or keep it and await it: {found}"


def forgotten_tasks(module: Module) -> list[str]:
    """Name each task whose handle is thrown away, outside of a task group."""
    return [
        module.at(node)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if _starts_a_task_on_the_loop(ast.unparse(node.value.func))
    ]


def _starts_a_task_on_the_loop(name: str) -> bool:
    owner, _, method = name.rpartition(".")
    if method == "ensure_future":
        return True
    return method == "create_task" and (not owner or owner.endswith(LOOPS))


def test_no_failure_is_swallowed() -> None:
    """A broad `except` does something with what it caught, and nothing broad is suppressed."""
    found = [line for module in modules() for line in swallowed(module)]
    assert not found, f"name the errors, and log or return what happened: {found}"


def swallowed(module: Module) -> list[str]:
    """Name each place that catches everything and does nothing."""
    handlers = [
        module.at(node)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and _is_idle(node.body)
    ]
    suppressed = [
        module.at(node)
        for node, name in calls(module)
        if name.endswith("suppress") and any(_is_broad(argument) for argument in node.args)
    ]
    return handlers + suppressed


def _is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(ast.unparse(name) in BROAD for name in names)


def _is_idle(body: list[ast.stmt]) -> bool:
    return all(
        isinstance(node, ast.Pass | ast.Continue)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in body
    )


def test_the_watchers_see_what_they_watch_for() -> None:
    """The finders above name a forgotten task, each swallowed failure, and a circle."""
    source = (
        "import asyncio, contextlib\n"
        "asyncio.create_task(f())\n"
        "task = asyncio.create_task(f())\n"
        "group.create_task(f())\n"
        "try: f()\nexcept Exception: pass\n"
        "try: f()\nexcept: ...\n"
        "try: f()\nexcept (OSError, BaseException): continue\n"
        "try: f()\nexcept OSError: pass\n"
        "with contextlib.suppress(Exception): f()\n"
        "if typing.TYPE_CHECKING: import seat\n"
    )
    module = Module(path=ROOT, text=source, tree=ast.parse(source))
    assert len(forgotten_tasks(module)) == 1
    assert len(swallowed(module)) == 4
    assert sum(map(_is_type_checking, ast.walk(module.tree))) == 1
