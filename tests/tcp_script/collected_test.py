#!/usr/bin/env python3
"""Plays the packetdrill scripts of other projects: collected_test.py TCP_SCRIPT LIST.

They are not part of this tree: the archive lies in $SLUICE_SHARED/data, or in ../shared/data beside the tree.
Without it the test is skipped and says so.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77  # to meson


def main():
    tcp_script, exceptions = sys.argv[1:3]
    tree = pathlib.Path(__file__).resolve().parents[2]
    shared = pathlib.Path(os.environ.get("SLUICE_SHARED", tree.parent / "shared"))
    archive = shared / "data" / "packetdrill.tar.zst"
    if not archive.exists():
        print(f"SKIPPED: no {archive}; $SLUICE_SHARED names the folder with data/packetdrill.tar.zst")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "--zstd", "-xf", archive, "-C", folder], check=True)
        scripts = pathlib.Path(folder) / "packetdrill"
        return subprocess.run([tcp_script, "--suite", scripts, "--except", exceptions]).returncode


if __name__ == "__main__":
    sys.exit(main())
