"""The colours of the console: calm, dark, and never without a sign beside them.

Every tone reaches a contrast of 4.5 to 1 (WCAG 2.2, AA) on the background.
"""

from typing import Final

from textual.theme import Theme

from appliance.console.seat_rows import Tone

GOOD: Final = "#7fd49b"
LOOK: Final = "#f0c34e"
BAD: Final = "#ff8a80"
CALM: Final = "#a9b8c3"
PLAIN: Final = "#e8edf0"
BACKGROUND: Final = "#12181d"

COLOURS: Final[dict[Tone, str]] = {
    Tone.PLAIN: PLAIN,
    Tone.GOOD: GOOD,
    Tone.LOOK: LOOK,
    Tone.BAD: BAD,
    Tone.CALM: CALM,
}

THEME: Final = Theme(
    name="examhall",
    primary="#6db3f2",
    secondary="#4c7ba6",
    accent="#6db3f2",
    foreground=PLAIN,
    background=BACKGROUND,
    surface="#1a2229",
    panel="#222d36",
    success=GOOD,
    warning=LOOK,
    error=BAD,
    dark=True,
)
