"""The baseline in a process of its own: the same rounds with PyPI's ``face_recognition``.

Runs in that package's own environment and imports nothing of ours. Used as its manual
says: load the picture, find the faces, encode them.
"""

import io
import json
import sys
import time
from pathlib import Path

import dlib
import face_recognition


def check(frame: bytes, *, encode: bool) -> int:
    """Load, find, and encode one frame; return the faces found."""
    picture = face_recognition.load_image_file(io.BytesIO(frame))
    places = face_recognition.face_locations(picture)
    if encode:
        face_recognition.face_encodings(picture, places)
    return len(places)


def main() -> None:
    """Answer rounds until standard input ends."""
    frames = [path.read_bytes() for path in sorted(Path(sys.argv[1]).glob("*.jpg"))]
    check(frames[0], encode=True)
    build = f"dlib {dlib.__version__}, BLAS {'yes' if dlib.DLIB_USE_BLAS else 'no'}"
    print(json.dumps({"build": build, "kind": "BASELINE"}), flush=True)
    for line in sys.stdin:
        encode = line.strip() != "look"
        begun = time.process_time()
        faces = sum(check(frame, encode=encode) for frame in frames)
        took = time.process_time() - begun
        print(json.dumps({"cpu_s": took, "frames": len(frames), "faces": faces}), flush=True)


if __name__ == "__main__":
    main()
