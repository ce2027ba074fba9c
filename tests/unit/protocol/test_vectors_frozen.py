"""What this product writes today is what the vectors hold."""

from tests.unit.protocol.vector_readers import FOLDER, paths
from tests.vectors.generate import all_vectors


def test_the_vectors_come_out_the_same_again() -> None:
    """Making every vector anew gives the very bytes of the files: no writer has changed."""
    made = all_vectors()
    there = {str(path.relative_to(FOLDER)): path.read_text("utf-8") for path in paths()}
    assert sorted(made) == sorted(there)
    assert [name for name in made if made[name] != there[name]] == []
