"""The roster of a sitting, from an office clerk's spreadsheet and folder of photos.

Nothing is half taken: a roster with one bad row is refused whole, with every bad cell
named by row, column and reason.

1. `sheet`: xlsx or csv to rows of cells, with the row numbers that the clerk sees.
2. `columns`: the heading row, found by the words that offices use.
3. `rows`: one candidate a row; `text` folds what was typed, `id_number` checks GB 11643.
4. `photos`: found by the filing rule, looked at by the rule book.
5. `roll`: seats and subjects of the plan; the roster.
"""

from provisioning.roster.photos import FaceCounter
from provisioning.roster.roll import Imported, import_roster

__all__ = ["FaceCounter", "Imported", "import_roster"]
