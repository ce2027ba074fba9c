"""Everything that the machinery raises, as one tree.

::

    MachineryError
    ├── DiskError                 disk_error           the medium refuses a read or a write
    │   └── DiskFullError         disk_full            no room; nothing was half done
    ├── DatabaseError             database_error
    │   ├── DatabaseInUseError    database_in_use      another process owns it
    │   ├── DatabaseBusyError     database_busy        too much is waiting; come again
    │   ├── DatabaseClosedError   database_closed      the writer has ended
    │   ├── DatabaseTooNewError   database_too_new     written by a later release
    │   ├── DatabaseForeignError  database_foreign     not a database of this program
    │   ├── DatabaseDamagedError  database_damaged     SQLite's own check fails
    │   └── MigrationError        migration_failed     the upgrade was undone
    ├── ClockError                clock_error          no hall time, or one that would run back
    ├── TlsError                  tls_error
    │   └── CertificateTimeError  certificate_time     not valid at this hall time
    ├── IpcError                  ipc_error
    │   ├── IpcOfflineError       ipc_offline          nobody answers at the socket
    │   ├── IpcTooLargeError      ipc_too_large        a frame beyond the limit
    │   ├── IpcFormatError        ipc_format           a frame that does not decode
    │   └── IpcRefusedError       ipc_refused          the other side gave an error
    └── ServiceError              service_error        a part of a program ended unasked

``code`` is stable: operators look it up, tests and the console match on it. The
message says what was expected, what came, and what to do.
"""

from typing import ClassVar


class MachineryError(Exception):
    """The root of the tree; ``code`` names the fault for operators."""

    code: ClassVar[str] = "machinery_error"


class DiskError(MachineryError):
    """The medium refused: an input/output error, or it became read-only."""

    code = "disk_error"


class DiskFullError(DiskError):
    """No room is left (ENOSPC, EDQUOT, SQLITE_FULL); what was being written was undone."""

    code = "disk_full"


class DatabaseError(MachineryError):
    """A database cannot be used as it stands."""

    code = "database_error"


class DatabaseInUseError(DatabaseError):
    """Another process owns this database."""

    code = "database_in_use"


class DatabaseBusyError(DatabaseError):
    """Too many jobs wait, or an outside program holds the database; trying again is right."""

    code = "database_busy"


class DatabaseClosedError(DatabaseError):
    """The writer has ended; its cause, if it died, is chained."""

    code = "database_closed"


class DatabaseTooNewError(DatabaseError):
    """The database was written by a later release."""

    code = "database_too_new"


class DatabaseForeignError(DatabaseError):
    """The file is no database of this program."""

    code = "database_foreign"


class DatabaseDamagedError(DatabaseError):
    """SQLite finds the file damaged."""

    code = "database_damaged"


class MigrationError(DatabaseError):
    """An upgrade failed and was undone; the copy made before it lies beside the database."""

    code = "migration_failed"


class ClockError(MachineryError):
    """There is no hall time yet, or the one given lies before the last record."""

    code = "clock_error"


class TlsError(MachineryError):
    """A certificate is missing or unfit."""

    code = "tls_error"


class CertificateTimeError(TlsError):
    """A certificate is not valid at the given hall time."""

    code = "certificate_time"


class IpcError(MachineryError):
    """Two processes of one machine could not speak."""

    code = "ipc_error"


class IpcOfflineError(IpcError):
    """Nobody answers at the socket; the client keeps trying to reconnect."""

    code = "ipc_offline"


class IpcTooLargeError(IpcError):
    """A frame is longer than the limit of the socket."""

    code = "ipc_too_large"


class IpcFormatError(IpcError):
    """A frame does not decode into the messages that were agreed."""

    code = "ipc_format"


class IpcRefusedError(IpcError):
    """The other side answered with an error; ``remote_code`` is its code."""

    code = "ipc_refused"

    def __init__(self, message: str, *, remote_code: str) -> None:
        super().__init__(message)
        self.remote_code = remote_code


class ServiceError(MachineryError):
    """A part of a program ended although nobody had asked it to."""

    code = "service_error"
