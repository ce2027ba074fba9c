"""What provisioning says to people."""

import importlib
import pkgutil
import string

import provisioning
from provisioning.problems import Text


def texts():
    names = [m.name for m in pkgutil.walk_packages(provisioning.__path__, "provisioning.")]
    modules = [importlib.import_module(n) for n in names if n.endswith(("messages", "results"))]
    return [v for module in modules for v in vars(module).values() if isinstance(v, Text)]


def fields(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_both_languages_say_the_same_values():
    """No message loses in one language a value that it gives in the other."""
    assert texts()
    for text in texts():
        assert fields(text.zh) == fields(text.en), text.code


def test_codes_are_distinct():
    """A code names one message, so that a guide can list them."""
    codes = [text.code for text in texts()]
    assert len(codes) == len(set(codes))
