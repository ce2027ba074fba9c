"""The two model files: where they are, and that they are the right ones.

Both come with PyPI's ``face_recognition_models`` 0.3 (its author, Davis King, has put them
into the public domain). The package is located and never imported: its import needs
``pkg_resources``, which newer environments do not have. The 68-point landmark file beside
them is not used: its data set excludes commercial products.
"""

import hashlib
import importlib.util
from pathlib import Path
from typing import Final

import msgspec

from appliance.faces.errors import ModelError

_PACKAGE: Final = "face_recognition_models"
LANDMARKS: Final = (
    "shape_predictor_5_face_landmarks.dat",
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)
DESCRIPTOR: Final = (
    "dlib_face_recognition_resnet_model_v1.dat",
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of the checked files."""

    landmarks: Path
    descriptor: Path


def find_models(folder: Path | None = None) -> Models:
    """Return the models in ``folder`` (default: the package's), or raise `ModelError`.

    Reads both files wholly: 32 MB, 0.1 s.
    """
    place = folder or _package_folder()
    return Models(
        landmarks=_checked(place / LANDMARKS[0], LANDMARKS[1]),
        descriptor=_checked(place / DESCRIPTOR[0], DESCRIPTOR[1]),
    )


def _package_folder() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    places = (found.submodule_search_locations if found else None) or []
    for place in places:
        return Path(place) / "models"
    raise ModelError(f"expected the package {_PACKAGE}, it is not installed; install it with pip")


def _checked(path: Path, expected: str) -> Path:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"expected the model {path}, cannot read it: {error.strerror}; reinstall {_PACKAGE} 0.3"
        ) from error
    if digest != expected:
        raise ModelError(
            f"{path}: expected SHA-256 {expected}, got {digest}; reinstall {_PACKAGE} 0.3"
        )
    return path
