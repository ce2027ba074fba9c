"""A paper from a QTI content package (2.1, 2.2 or 3.0), its answer keys split off.

The paper that comes out holds no answer, and nothing is half taken: a package with one
problem is refused whole, with every problem named by file, item and line::

    converted = convert(data, subject="theory")
    converted.paper            # goes to provisioning.seal
    converted.keys             # stays at the office
    converted.assets           # pictures by name

1. `archive`: the zip, every file in memory, nothing that climbs out or blows up.
2. `outline`: manifest and test: which items, in which order, for how many points.
3. `items`: one item and its key; `html` cleans what is shown, `keys` reads how it counts.
4. `pictures`: looked at and named by digest.
"""

from provisioning.qti.convert import Converted, convert

__all__ = ["Converted", "convert"]
