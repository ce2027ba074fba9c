"""Putting words on the screen, and only where they have changed: what is equal costs nothing."""

from rich.text import Text as Styled
from textual.dom import DOMNode
from textual.widgets import Static


def put(owner: DOMNode, name: str, words: str | Styled, *, grows: bool = True) -> Static:
    """Show words in a line of a screen; ``grows``: the number of lines may change."""
    line = owner.query_one(name, Static)
    if line.content != words:
        line.update(words, layout=grows)
    return line


def put_if_any(owner: DOMNode, name: str, words: str) -> Static:
    """Show words in a line that is not there while it has none."""
    line = put(owner, name, words)
    line.display = bool(words)
    return line
