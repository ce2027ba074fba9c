"""Keys: a letter is the same key whether Caps Lock is on or off."""

import importlib
import inspect
import pkgutil

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import appliance.console
from appliance.console.dialogs.menu import MenuDialog
from appliance.console.view import ExtraKey, Surroundings
from tests import sample_halls as halls
from tests.consoles import console


def classes_with_keys():
    """Return every class of the console that binds keys itself."""
    path, name = appliance.console.__path__, "appliance.console."
    found = set()
    for module in pkgutil.walk_packages(path, name):
        for _, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            is_ours = each.__module__.startswith(name) and "BINDINGS" in vars(each)
            if is_ours and issubclass(each, DOMNode):
                found.add(each)
    return found


def test_every_letter_is_bound_in_both_cases():
    """No screen binds a letter without its capital."""
    letters = 0
    for each in classes_with_keys():
        for binding in each.BINDINGS:
            assert isinstance(binding, Binding)
            keys = set(binding.key.split(","))
            small = {key for key in keys if len(key) == 1 and key.isalpha() and key.islower()}
            assert {key.upper() for key in small} <= keys, (each, binding.key)
            letters += len(small)
    assert letters > 15


@pytest.mark.parametrize("keys", ["as", "AS"])
async def test_keys_work_with_caps_lock(tmp_path, keys):
    """The menu, its letters, and the keys of a program around the console take capitals."""
    pressed = []

    async def press():
        pressed.append("s")

    around = Surroundings(keys=(ExtraKey(key="s", label=lambda _: "sit", press=press),))
    async with console(halls.in_the_exam(), tmp_path, surroundings=around) as running:
        await running.press(keys[1])
        assert pressed == ["s"]
        await running.press(keys[0])
        assert isinstance(running.app.screen, MenuDialog)
        await running.press("m" if keys.islower() else "M")
        assert not isinstance(running.app.screen, MenuDialog)
