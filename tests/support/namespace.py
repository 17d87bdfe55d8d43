"""For tests that need a network of their own: runs the calling script again in a fresh namespace."""
import os
import shutil
import subprocess
import sys

_INSIDE = "SLUICE_TEST_NAMESPACE"


def skip(reason):
    print(f"SKIPPED: {reason}", flush=True)
    sys.exit(77)


def enter_namespace(kind="n", needs=("/dev/net/tun",)):
    """Returns inside the namespace (n: network, m: mounts); exits with 77 and says why where none is
    to be had."""
    if os.environ.get(_INSIDE) == "1":
        return
    for path in needs:
        if not os.path.exists(path):
            skip(f"{path} does not exist")
    for tool in ("unshare", "ip"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    flags = f"-{kind}" if os.geteuid() == 0 else f"-Ur{kind}"
    if subprocess.run(["unshare", flags, "true"], capture_output=True, check=False).returncode != 0:
        skip(f"unshare {flags} is not allowed here: no namespace can be made")
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", ["unshare", flags, sys.executable, *sys.argv])
