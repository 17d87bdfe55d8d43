"""For tests that need a network of their own: runs the calling script again in a fresh namespace."""
import os
import shutil
import subprocess
import sys

_INSIDE = "SLUICE_TEST_NAMESPACE"


def skip(reason):
    print(f"SKIPPED: {reason}", flush=True)
    sys.exit(77)


def enter_namespace():
    """Returns inside the namespace; exits with 77 and says why where none is to be had."""
    if os.environ.get(_INSIDE) == "1":
        return
    if not os.path.exists("/dev/net/tun"):
        skip("/dev/net/tun does not exist: no tap device can be made")
    for tool in ("unshare", "ip"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    flags = "-n" if os.geteuid() == 0 else "-Urn"
    if subprocess.run(["unshare", flags, "true"], capture_output=True, check=False).returncode != 0:
        skip(f"unshare {flags} is not allowed here: no network namespace can be made")
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", ["unshare", flags, sys.executable, *sys.argv])
