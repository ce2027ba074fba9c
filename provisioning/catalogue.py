"""The office's catalogue: what was issued, to whom, when, and what of it no longer counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlite_utils

from protocol.bundle import Appliance, Revocation, StaffMember
from provisioning import messages
from provisioning.errors import AlreadyThereError, UnknownNameError
from runtime.database import open_database
from runtime.files import disk
from runtime.migrations import Schema, schema_of
from runtime.sqlite_errors import translating

SCHEMA: Final[Schema] = schema_of("provisioning.schema", application_id=0x45585031)


class Catalogue:
    """An open catalogue. Times are milliseconds since 1970, UTC."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = open_database(path, SCHEMA)
        self._db = sqlite_utils.Database(self._connection)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything within the block, or nothing of it. Raises `DiskError`."""
        with translating(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                disk().commit(self._connection)
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have ended it
                    self._connection.execute("ROLLBACK")
                raise

    # --- certificates and keys ---------------------------------------------------------

    def add_issued(self, fingerprint: str, kind: str, name: str, centre: str, at: int) -> None:
        """Write down a certificate or staff key; raise `AlreadyThereError` on a live namesake."""
        if self.is_live(kind, name, centre):
            text = messages.STAFF_TAKEN if kind == "staff" else messages.NAME_TAKEN
            raise AlreadyThereError(text, kind=kind, name=name)
        row = {
            "fingerprint": fingerprint,
            "kind": kind,
            "name": name,
            "centre": centre,
            "issued_at": at,
        }
        self._insert("issued", row)

    def is_live(self, kind: str, name: str, centre: str) -> bool:
        """Say whether something of this name counts."""
        where = "kind = ? AND name = ? AND centre = ? AND revoked_at IS NULL"
        return bool(self._db.table("issued").count_where(where, [kind, name, centre]))

    def revoke(self, kind: str, name: str, centre: str, at: int, reason: str) -> str:
        """Revoke by name and return the fingerprint; raise `UnknownNameError`.

        With a centre's CA go the boxes that it has certified: nobody believes them any more.
        """
        live = "kind = ? AND centre = ? AND revoked_at IS NULL"
        rows = list(self._db.table("issued").rows_where(live, [kind, centre]))
        found = [row["fingerprint"] for row in rows if row["name"] == name]
        if not found:
            known = ", ".join(row["name"] for row in rows) or messages.NONE
            raise UnknownNameError(messages.NAME_UNKNOWN, kind=kind, name=name, known=known)
        boxes_of = name if kind == "centre" else None
        with self.transaction():
            self._connection.execute(
                "UPDATE issued SET revoked_at = ?, reason = ? WHERE fingerprint = ? "
                "OR (kind = 'appliance' AND centre = ? AND revoked_at IS NULL)",
                (at, reason, found[0], boxes_of),
            )
        return str(found[0])

    def revocations(self) -> tuple[Revocation, ...]:
        """Return everything that was revoked, in the order of revoking."""
        rows = self._db.table("issued").rows_where(
            "revoked_at IS NOT NULL", order_by="revoked_at, fingerprint"
        )
        return tuple(
            Revocation(certificate=r["fingerprint"], at=r["revoked_at"], reason=r["reason"])
            for r in rows
        )

    def issued(self) -> list[dict[str, Any]]:
        """Return all rows of what was issued, for a list."""
        return list(self._db.table("issued").rows_where(order_by="issued_at, kind, name"))

    # --- centres, boxes, staff ---------------------------------------------------------

    def add_centre(self, centre: str, title: str) -> None:
        """Write down a centre, or its new title where its CA was made anew."""
        self._db.table("centres").upsert({"id": centre, "title": title}, pk="id")

    def check_centre(self, centre: str) -> None:
        """Raise `UnknownNameError` unless the centre was made here and its CA still counts."""
        live = "kind = 'centre' AND revoked_at IS NULL"
        known = [row["name"] for row in self._db.table("issued").rows_where(live, order_by="name")]
        if centre not in known:
            shown = ", ".join(known) or messages.NONE
            raise UnknownNameError(messages.NAME_UNKNOWN, kind="centre", name=centre, known=shown)

    def put_appliance(self, centre: str, appliance: Appliance) -> None:
        """Write down a box's public part; a box made anew takes its place."""
        fields = {name: getattr(appliance, name) for name in appliance.__struct_fields__}
        self._insert("appliances", {"centre": centre, **fields}, replace=True)

    def appliances(self, centre: str) -> tuple[Appliance, ...]:
        """Return the boxes of a centre that count, main ones first."""
        rows = self._db.query(
            "SELECT a.* FROM appliances a JOIN issued i ON i.fingerprint = a.tls_certificate "
            "WHERE a.centre = ? AND i.revoked_at IS NULL ORDER BY a.spare, a.id",
            [centre],
        )
        return tuple(
            Appliance(
                id=r["id"],
                room=r["room"],
                spare=bool(r["spare"]),
                box_key=r["box_key"],
                log_key=r["log_key"],
                age_recipient=r["age_recipient"],
                tls_certificate=r["tls_certificate"],
            )
            for r in rows
        )

    def put_staff(self, centre: str, member: StaffMember, key_id: str) -> None:
        """Write down a staff member's public key; a new key takes the place of a revoked one."""
        fields = {name: getattr(member, name) for name in member.__struct_fields__}
        self._insert("staff", {"centre": centre, "key_id": key_id, **fields}, replace=True)

    def staff(self, centre: str) -> tuple[StaffMember, ...]:
        """Return the staff of a centre whose keys count."""
        rows = self._db.query(
            "SELECT s.* FROM staff s JOIN issued i ON i.fingerprint = s.key_id "
            "WHERE s.centre = ? AND i.revoked_at IS NULL ORDER BY s.id",
            [centre],
        )
        return tuple(
            StaffMember(id=r["id"], name=r["name"], role=r["role"], key=r["key"]) for r in rows
        )

    # --- papers, bundles, codes --------------------------------------------------------

    def put_paper(self, **row: Any) -> None:
        """Write down a sealed paper: the columns of ``papers``."""
        self._insert("papers", row)

    def last_paper(self, sitting: str, subject: str) -> int:
        """Return the highest revision of a paper, 0 where there is none."""
        return self._highest("papers", "sitting = ? AND subject = ?", [sitting, subject])

    def add_bundle(self, **row: Any) -> None:
        """Write down a bundle: the columns of ``bundles``."""
        self._insert("bundles", row)

    def last_bundle(self, centre: str, sitting: str) -> int:
        """Return the highest revision of a bundle, 0 where there is none."""
        return self._highest("bundles", "centre = ? AND sitting = ?", [centre, sitting])

    def add_code(self, **row: Any) -> None:
        """Keep one sealed unlock code: the columns of ``codes``."""
        self._insert("codes", row)

    def codes(self, centre: str, sitting: str, subject: str, revision: int) -> list[bytes]:
        """Return the sealed unlock codes of a subject in a bundle, in the order of the layers."""
        rows = self._db.table("codes").rows_where(
            "centre = ? AND sitting = ? AND subject = ? AND revision = ?",
            [centre, sitting, subject, revision],
            order_by="number",
        )
        return [bytes(row["sealed"]) for row in rows]

    def add_given_code(self, **row: Any) -> None:
        """Write down that a code was given out, to whom and when."""
        self._insert("given_codes", row)

    def _highest(self, table: str, where: str, values: list[str]) -> int:
        rows = self._db.table(table).rows_where(where, values, select="max(revision) AS highest")
        return int(next(iter(rows))["highest"] or 0)

    def _insert(self, table: str, row: dict[str, Any], *, replace: bool = False) -> None:
        with translating(self._path):
            self._db.table(table).insert(row, replace=replace)
