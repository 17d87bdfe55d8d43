"""The servers under test: the engine over either transport, and Postfix as its yardstick. Each runs
on one CPU of its own, with a fresh queue, and stops with everything it has started."""

import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import textwrap
import time

import accounting

SERVER_CPU = accounting.quiet_cpu(str(pathlib.Path(__file__).parent))
OTHER_CPU = 0 if SERVER_CPU else 1
START_SECONDS = 60
STOP_SECONDS = 60


class Failed(Exception):
    """Something outside this program did not do what it must; the text is for the operator."""


def wait_until(condition, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what} within {seconds:.0f} s")
        time.sleep(0.02)


def end_process(process: subprocess.Popen, sign: int = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(sign)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tail(path: pathlib.Path, lines: int = 5) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""


class Engine:
    """`sluice run`, its worker pinned to SERVER_CPU; delivery is paused for good without a next
    hop, which is an address on the engine's own network (dpdk) or of this machine."""

    def __init__(self, build: pathlib.Path, queue_root: pathlib.Path, transport: str,
                 rules: pathlib.Path | None, next_hop: str = ""):
        self.command = build / "tools/sluice/sluice"
        self.transport = transport
        self.next_hop = next_hop
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))  # short paths
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="engine-", dir=queue_root))
        self.port = free_port()
        self.config = self.data / "sluice.toml"
        self.config.write_text(self._config_text(rules))
        self.log = self.data / "engine.log"

    def _config_text(self, rules: pathlib.Path | None) -> str:
        port = textwrap.dedent(f"""\
            [[port]]
            name = "mx0"
            device = "net_vhost0,iface={self.sockets}/v.sock,queues=1"
            address = ["192.0.2.10/24"]
            conflict_detection = false
            """) if self.transport == "dpdk" else ""
        bind = "mx0:25" if self.transport == "dpdk" else f"127.0.0.1:{self.port}"
        return textwrap.dedent(f"""\
            hostname = "mx.example.com"
            [domains]
            accepted = ["example.com"]
            [cores]
            workers = "{SERVER_CPU}"
            control = "{OTHER_CPU}"
            idle = "spin"
            [tcp]
            time_wait = "1s"
            [[listener]]
            name = "inbound"
            bind = "{bind}"
            messages_max = 1000000
            [[route]]
            domain = "*"
            next_hop = ["{self.next_hop or f'127.0.0.1:{free_port()}'}"]
            via = "{"mx0" if self.next_hop and self.transport == "dpdk" else ""}"
            [delivery]
            paused = {"false" if self.next_hop else "true"}
            [dns]
            system = false
            [queue]
            directory = "{self.data}/queue"
            messages_max = 2000000
            [scan]
            rules = [{json.dumps(str(rules)) if rules else ""}]
            [log]
            directory = "{self.data}/log"
            [admin]
            socket = "{self.sockets}/admin"
            """) + port

    def start(self) -> None:
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([self.command, "run", "--config", self.config],
                                            stdout=log, stderr=log)
        wait_until(self._answers, START_SECONDS, "the engine does not answer on its admin socket")

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise Failed(f"the engine ended with status {self.process.returncode}:\n"
                         + tail(self.log))
        return (self.sockets / "admin").exists() and self.status() is not None

    def command_line(self, *words: str) -> None:
        """A command of the operator's."""
        done = subprocess.run([self.command, *words, "--config", self.config],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"sluice {' '.join(words)}: {done.stderr}{done.stdout}")

    def status(self) -> dict | None:
        done = subprocess.run([self.command, "monitor", "mta", "--json", "--config", self.config],
                              capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def snapshot(self) -> dict:
        status = self.status()
        if status is None:
            raise Failed("the engine no longer answers on its admin socket:\n" + tail(self.log))
        threads = accounting.thread_seconds(self.process.pid)
        return {"tsc_hz": status["tsc_hz"], "workers": status["workers"],
                "other_threads_s": sum(seconds for name, seconds in threads.items()
                                       if not name.startswith("worker-")),
                "worker_threads_s": sum(seconds for name, seconds in threads.items()
                                        if name.startswith("worker-")),
                "rss_mib": accounting.resident_mib(self.process.pid)}

    def load_arguments(self) -> list[str]:
        if self.transport == "dpdk":
            device = f"net_virtio_user0,path={self.sockets}/v.sock,queues=1,queue_size=1024"
            return ["--transport", "dpdk", "--device", device, "--address", "192.0.2.20/24",
                    "--target", "192.0.2.10:25"]
        return ["--transport", "kernel", "--target", f"127.0.0.1:{self.port}"]

    def sink_arguments(self) -> list[str]:
        """Of a sink that is the next hop."""
        if self.transport == "dpdk":
            device = f"net_virtio_user0,path={self.sockets}/v.sock,queues=1,queue_size=1024"
            return ["--device", device, "--address", self.next_hop.partition(":")[0] + "/24",
                    "--listen", self.next_hop]
        return ["--listen", self.next_hop]

    def stop(self) -> None:
        if hasattr(self, "process"):
            end_process(self.process)
        shutil.rmtree(self.data, ignore_errors=True)
        os.sync()  # blocks that were freed go back now, not in the next measurement
        shutil.rmtree(self.sockets, ignore_errors=True)


class Postfix:
    """Postfix with its own configuration: takes mail, makes it durable, holds it."""

    MASTER = pathlib.Path("/usr/lib/postfix/sbin/master")

    @staticmethod
    def version() -> str | None:
        """Of the installed Postfix that can be run here; None when there is none."""
        if not Postfix.MASTER.exists() or os.geteuid() != 0:
            return None
        done = subprocess.run(["postconf", "-d", "-h", "mail_version"], capture_output=True,
                              text=True, check=False)
        return done.stdout.strip() or None

    def __init__(self, queue_root: pathlib.Path):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="postfix-", dir=queue_root))
        self.port = free_port()
        self.config = self.root / "etc"

    def _write_config(self) -> None:
        user = pwd.getpwnam("postfix")
        for name in ("etc", "queue", "data"):
            (self.root / name).mkdir()
        self.root.chmod(0o755)
        os.chown(self.root / "data", user.pw_uid, user.pw_gid)
        (self.config / "main.cf").write_text(textwrap.dedent(f"""\
            compatibility_level = 3.6
            queue_directory = {self.root}/queue
            data_directory = {self.root}/data
            daemon_directory = {self.MASTER.parent}
            command_directory = /usr/sbin
            mail_owner = postfix
            setgid_group = postdrop
            myhostname = mx.example.com
            mydestination = example.com
            local_recipient_maps =
            alias_maps =
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            smtpd_client_restrictions = check_client_access static:HOLD
            smtpd_peername_lookup = no
            smtpd_client_connection_count_limit = 0
            smtpd_client_connection_rate_limit = 0
            default_process_limit = 100
            in_flow_delay = 0
            message_size_limit = 52428800
            maillog_file = {self.root}/maillog
            maillog_file_prefixes = {self.root}
            """))
        services = [f"127.0.0.1:{self.port} inet n - n - - smtpd",
                    "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
                    "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce",
                    "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
                    "proxymap unix - - n - - proxymap", "anvil unix - - n - 1 anvil",
                    "local unix - n n - - local", "smtp unix - - n - - smtp",
                    "error unix - - n - - error", "retry unix - - n - - error",
                    "showq unix n - n - - showq", "postlog unix-dgram n - n - 1 postlogd"]
        (self.config / "master.cf").write_text("\n".join(services) + "\n")

    def start(self) -> None:
        self._write_config()
        done = subprocess.run(["taskset", "-c", str(SERVER_CPU), "postfix", "-c", self.config,
                               "start"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed("postfix start: " + (done.stderr.strip() or tail(self.root / "maillog")))
        pid_file = self.root / "queue/pid/master.pid"
        wait_until(pid_file.exists, START_SECONDS, "Postfix wrote no pid file")
        self.pid = int(pid_file.read_text())
        wait_until(self._listens, START_SECONDS, "Postfix does not listen")

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def snapshot(self) -> dict:
        return {"cpu_s": accounting.tree_seconds(self.pid)}

    def load_arguments(self) -> list[str]:
        return ["--transport", "kernel", "--target", f"127.0.0.1:{self.port}"]

    def stop(self) -> None:
        if hasattr(self, "pid"):
            subprocess.run(["postfix", "-c", self.config, "stop"], capture_output=True, check=False)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            wait_until(lambda: not os.path.exists(f"/proc/{self.pid}"), STOP_SECONDS,
                       "Postfix does not stop")
        # Not deleted yet: inodes freed just before a run make the next run's creations dearer.


def remove_postfix_queues(queue_root: pathlib.Path) -> None:
    for folder in queue_root.glob("postfix-*"):
        shutil.rmtree(folder, ignore_errors=True)
