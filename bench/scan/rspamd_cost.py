"""What rspamd takes for messages, with Debian's configuration and rules: CPU time of all its
processes and of its redis, by /proc, over its HTTP protocol, with the envelope. Its questions to the
DNS reach an unbound that knows no name and whose own time does not count. Started and ended here, as
bench/verdict/rspamd.py has it.
"""

import importlib.util
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")
TOOLS = ("rspamd", "redis-server", "unbound")
PATH = os.environ["PATH"] + ":/usr/sbin"
IDLE_S = 3  # as long without work: what it compiles for Hyperscan is done
WAIT_S = 100
REPEATS = 4  # of all messages in a turn: /proc counts in hundredths of a second
BEFORE_RULES = ("greylist", "ratelimit")  # a message that comes again would get their answer and no scan
DNS_PORT = 21_353
NO_NAMES = f"""
server:
    directory: "{{folder}}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: "{{folder}}/unbound.log"
    interface: 127.0.0.1
    port: {DNS_PORT}
    do-daemonize: no
    local-zone: "." always_nxdomain
remote-control:
    control-enable: no
"""


def load_peer():
    spec = importlib.util.spec_from_file_location("rspamd", ROOT / "bench/verdict/rspamd.py")
    peer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peer)
    return peer


def cpu_us(pids: list[int]) -> float:
    """Of these processes and of all that descend from them."""
    parents, used = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended
        parents[int(entry.name)] = int(fields[1])
        used[int(entry.name)] = (int(fields[11]) + int(fields[12])) * TICK_US

    def is_ours(pid: int) -> bool:
        while pid not in pids and pid in parents:
            pid = parents[pid]
        return pid in pids

    return sum(us for pid, us in used.items() if is_ours(pid))


def wait_until_idle(pids: list[int]) -> None:
    before, since = cpu_us(pids), time.monotonic()
    for _ in range(WAIT_S * 2):
        time.sleep(0.5)
        now = cpu_us(pids)
        if now - before > 3 * TICK_US:
            before, since = now, time.monotonic()
        if time.monotonic() - since >= IDLE_S:
            return


def measure(files: list[str], cpu: int, rounds: int, network: bool, ours) -> dict:
    """`network`: with the modules that ask the network, too. `ours()`: what a message takes here, asked
    in turns with rspamd, for a shared machine is faster at one time than at another."""
    peer = load_peer()
    texts = [pathlib.Path(path).read_bytes() for path in files]
    envelopes = [peer.envelope(text) for text in texts]
    with tempfile.TemporaryDirectory(prefix="sluice-rspamd-") as folder:
        os.chmod(folder, 0o755)
        os.mkdir(f"{folder}/db")
        conf = peer.configure(folder, f"127.0.0.1:{DNS_PORT}")
        pathlib.Path(folder, "unbound.conf").write_text(NO_NAMES.format(folder=folder), encoding="utf-8")
        if network:
            for module in set(peer.NETWORK) - set(BEFORE_RULES):
                os.unlink(f"{conf}/override.d/{module}.conf")
        pin = ["taskset", "-c", str(cpu)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        resolver = subprocess.Popen([shutil.which("unbound", path=PATH), "-d", "-c", f"{folder}/unbound.conf"],
                                    **quiet)
        servers = [subprocess.Popen([*pin, "redis-server", "--port", "0", "--unixsocket",
                                     f"{folder}/redis.sock", "--save", "", "--dir", folder], **quiet)]
        try:
            servers.append(subprocess.Popen(
                [*pin, "rspamd", "-f", "-i", "-c", "/etc/rspamd/rspamd.conf",
                 f"--var=LOCAL_CONFDIR={conf}", f"--var=DBDIR={folder}/db",
                 f"--var=RUNDIR={folder}", f"--var=LOGDIR={folder}"], **quiet))
            pids = [server.pid for server in servers]
            peer.wait_until_up()
            wait_until_idle(pids)
            mail = list(zip(texts, envelopes))
            refused = sum(peer.ask("/checkv2", *one)[0] != 200 for one in mail)  # warms it
            wait_until_idle(pids)
            turns = []
            for _ in range(rounds):
                before = cpu_us(pids)
                for one in mail * REPEATS:
                    peer.ask("/checkv2", *one)
                turns.append(((cpu_us(pids) - before) / len(mail) / REPEATS, ours()))
        finally:
            for server in [*reversed(servers), resolver]:
                server.terminate()
                server.wait()
    return {"messages": len(texts), "refused": refused,
            "us": statistics.median(theirs for theirs, _ in turns),
            "times_less": statistics.median(theirs / here for theirs, here in turns)}
