"""Our engine in a process of its own, for `benchmarks.faces`: rounds on demand.

Reads lines ``MODE`` from standard input, runs all frames of the folder once each, and
prints a JSON line with the processor time that it took.
"""

import json
import sys
import time
from pathlib import Path

from appliance.faces.build import inspect_build
from appliance.faces.engine import Engine
from appliance.faces.look import Describe, Scale

MODES = {
    "full": (Scale.FULL, Describe.LARGEST),
    "half": (Scale.HALF, Describe.LARGEST),
    "full-look": (Scale.FULL, Describe.NONE),
    "half-look": (Scale.HALF, Describe.NONE),
}


def main() -> None:
    """Answer rounds until standard input ends."""
    frames = [path.read_bytes() for path in sorted(Path(sys.argv[1]).glob("*.jpg"))]
    engine = Engine.load()
    engine.look(frames[0], (Scale.FULL,), Describe.LARGEST)
    build = inspect_build()
    print(json.dumps({"build": str(build), "kind": build.kind.name}), flush=True)
    for line in sys.stdin:
        scale, describe = MODES[line.strip()]
        begun = time.process_time()
        faces = sum(len(engine.look(frame, (scale,), describe).faces) for frame in frames)
        took = time.process_time() - begun
        print(json.dumps({"cpu_s": took, "frames": len(frames), "faces": faces}), flush=True)


if __name__ == "__main__":
    main()
