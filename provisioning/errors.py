"""Everything that provisioning raises, as one tree.

::

    ProvisioningError                has a stable ``code`` and says itself in two languages
    ├── NotAnOfficeError             the folder is no office, or a part of it is missing
    ├── OfficeBusyError              another command is at work in the office's folder
    ├── AlreadyThereError            a name or a place that is taken
    ├── UnknownNameError             nothing of this name was issued here
    ├── PassphraseError              too short, or it does not open the key
    ├── PlanError                    the plan of the sitting does not fit
    └── BundleError                  cannot be packed, or did not read back as it was written
    InputRefusedError (problems.py)  a roster or package with problems: all of them at once
"""

from typing import ClassVar

from provisioning.problems import Language, Text


class ProvisioningError(Exception):
    """Something that the office must change before it can go on."""

    code: ClassVar[str] = "provisioning"

    def __init__(self, text: Text, **values: object) -> None:
        self.text = text
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(text.fill("en", self.values))

    def show(self, language: Language) -> str:
        """Return the message in ``language``."""
        return self.text.fill(language, self.values)


class NotAnOfficeError(ProvisioningError):
    """The folder is no office, or a part of it is missing."""

    code = "not_an_office"


class OfficeBusyError(ProvisioningError):
    """Another command is at work in the office's folder."""

    code = "office_busy"


class AlreadyThereError(ProvisioningError):
    """A name or a place that is taken."""

    code = "already_there"


class UnknownNameError(ProvisioningError):
    """Nothing of this name was issued here."""

    code = "unknown_name"


class PassphraseError(ProvisioningError):
    """Too short, or it does not open the key."""

    code = "passphrase"


class PlanError(ProvisioningError):
    """The plan of the sitting does not fit."""

    code = "plan"


class BundleError(ProvisioningError):
    """A bundle cannot be packed, or did not read back as it was written."""

    code = "bundle"
