"""The ``exam-console`` command: the invigilator's console, in the terminal it is started from."""

import argparse
import getpass
import sys
from pathlib import Path

from appliance.ipc import staff_client
from appliance.ipc.settings import SettingsError, read_settings


def main(argv: list[str] | None = None) -> int:
    """Run the console until the person closes it."""
    options = _parser().parse_args(argv)
    try:
        settings = read_settings(options.config)
        key = staff_client.read_staff_key(options.staff_key, _passphrase(options))
    except (SettingsError, staff_client.StaffKeyError, OSError) as error:
        print(f"exam-console: {error}", file=sys.stderr)
        return 1
    # Textual and the pictures are imported after the passphrase: the latter ask the terminal.
    from appliance.console.app import ConsoleApp  # noqa: PLC0415
    from appliance.console.link import HallLink  # noqa: PLC0415
    from appliance.console.messages import Language  # noqa: PLC0415
    from appliance.console.pictures import Picture  # noqa: PLC0415

    Picture.sharp = options.pictures == "best"
    link = HallLink(settings.staff_socket, options.staff, key)
    ConsoleApp(link, language=Language(options.language)).run()
    return 0


def _passphrase(options: argparse.Namespace) -> str:
    if options.passphrase_file is not None:
        return str(options.passphrase_file.read_text("utf-8")).rstrip("\n")
    return getpass.getpass(f"passphrase of {options.staff}: ")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exam-console", description=__doc__)
    parser.add_argument(
        "--config",
        type=Path,
        default=Path("/etc/examhall/appliance.toml"),
        help="the box's settings (default: %(default)s)",
    )
    parser.add_argument("--staff", required=True, help="the staff member's identifier")
    parser.add_argument("--staff-key", type=Path, required=True, help="the staff member's key file")
    parser.add_argument("--passphrase-file", type=Path, help="else it is asked for")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="begin with this")
    parser.add_argument(
        "--pictures",
        choices=("cells", "best"),
        default="cells",
        help="half-cells, or the best that this terminal can (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
