"""The appliance's commands on a machine with a dead battery: its calendar begins in 2000."""

import sys
from typing import Final

from appliance.cli import main
from runtime.clock import MachineClock

YEAR_2000: Final = 946_684_800_000


def _wall_ms(clock: MachineClock) -> int:
    return YEAR_2000 + clock.steady_ms()


if __name__ == "__main__":
    MachineClock.wall_ms = _wall_ms  # type: ignore[method-assign]
    sys.exit(main())
