"""Open the invigilator's console in this terminal."""

import argparse
import sys
from pathlib import Path
from typing import Final

from appliance.console.app import ConsoleApp
from appliance.console.link import HallLink
from appliance.console.messages import Language, Text
from appliance.console.pictures import ask_terminal
from appliance.ipc.settings import SettingsError, default_path, read_settings
from appliance.ipc.staff_client import StaffKeyError
from appliance.ipc.staff_keys import find_staff_key, open_staff_key
from protocol.fault_words import say_fault

NO_TERMINAL: Final = Text(
    "需要一个终端来显示；没有终端时请用 exam-appliance status 和 exam-appliance act",
    "expected a terminal to draw in; without one use exam-appliance status and exam-appliance act",
)


def main(argv: list[str] | None = None) -> int:
    """Run the console until the person closes it."""
    options = _parser().parse_args(argv)
    language = Language(options.language)
    try:
        settings = read_settings(options.config)
        file = find_staff_key(Path(settings.staff_keys), options.staff, options.staff_key)
        if not has_terminal():
            print(f"exam-console: {NO_TERMINAL.say(language)}", file=sys.stderr)
            return 2
        key = open_staff_key(file, options.passphrase_file)
    except StaffKeyError as error:
        print(f"exam-console: {error.show(language)}", file=sys.stderr)
        return 1
    except (SettingsError, OSError) as error:
        print(f"exam-console: {say_fault(error, language)}", file=sys.stderr)
        return 1
    if options.pictures == "best":
        ask_terminal()
    link = HallLink(settings.staff_socket, file.staff, key, Path(settings.staff_keys))
    ConsoleApp(link, language=language).run()
    return 0


def has_terminal() -> bool:
    """Say whether there is a terminal to draw in: Textual draws on standard error."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exam-console", description=__doc__)
    parser.add_argument(
        "--config",
        type=Path,
        default=default_path(),
        help="the box's settings (default: %(default)s, or as EXAMHALL_CONFIG says)",
    )
    parser.add_argument(
        "--staff",
        help="your name as the office has it, such as wang-fang; not needed where only one "
        "key lies here",
    )
    parser.add_argument(
        "--staff-key", type=Path, help="their key file; else NAME.staff.pem in the box's staff_keys"
    )
    parser.add_argument("--passphrase-file", type=Path, help="else the passphrase is asked for")
    parser.add_argument(
        "--language",
        choices=("zh", "en"),
        default="zh",
        help="begin with this (default: %(default)s)",
    )
    parser.add_argument(
        "--pictures",
        choices=("cells", "best"),
        default="cells",
        help="half-cells, or the best that this terminal can (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
