"""Runs the engine for tests: its own folder, a kernel listener on 127.0.0.1, one worker."""
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CONFIG = """
hostname = "mx.sluice.test"

[domains]
accepted = ["example.com", "example.org"]

[memory]
sessions = {sessions}
blocks = {blocks}

[[listener]]
name = "inbound"
bind = "127.0.0.1:{port}"
{listener}
{extra}
[[route]]
domain = "*"
next_hop = ["127.0.0.1:{sink_port}"]

[delivery]
retry = [{retry}]
connect_timeout = "5s"
{delivery}

{dns}

[queue]
directory = "queue"
segment_bytes = "4 MiB"
disk_reserve = "0"

[scan]
rules = [{rules}]
{scan}

[log]
directory = "log"

[admin]
socket = "admin.sock"
"""


_given = set()  # ports that nobody may have bound yet


def free_port():
    """Below those that the kernel gives to connections, one of which may have it before the engine does."""
    for _ in range(100):
        port = random.randrange(12_000, 32_000)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                _given.add(port)
                return port
            except OSError:
                continue
    raise AssertionError("no port is free")


class Engine:
    """`with Engine(SLUICE, sink.port) as engine:` – the folder is removed at the end."""

    def __init__(self, binary, sink_port, listener="", delivery="", extra="", sessions=1024,
                 blocks=2048, rules=None, dns="[dns]\nsystem = false", retry=None,
                 scan=""):
        self.binary = os.path.abspath(binary)
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="sluice-test-")
        self.config = os.path.join(self.folder, "sluice.toml")
        with open(self.config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(port=self.port, sink_port=sink_port, listener=listener,
                                     delivery=delivery, extra=extra, dns=dns, sessions=sessions,
                                     blocks=blocks, retry=f'"{retry}"' if retry else '"1s", "2s"',
                                     rules=f'"{rules}"' if rules else "", scan=scan))
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *failure):
        self.kill()
        if any(failure):
            self.show_output()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, timeout=60, greets=True):
        """greets=False: acceptance is paused, only the commands are waited for."""
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen([self.binary, "run", "--config", self.config],
                                            cwd=self.folder, stdout=output, stderr=output)
        deadline = time.monotonic() + timeout
        while not ((not greets or self.answers()) and self.has_status()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.show_output()
                raise AssertionError(f"the engine does not serve; exit status {self.process.poll()}")
            time.sleep(0.02)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False

    def has_status(self):
        try:
            return bool(self.status())
        except AssertionError:
            return False

    def kill(self):
        """As a power cut for the process: no handler runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self, timeout=60):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def alive(self):
        return self.process.poll() is None

    def status(self):
        done = subprocess.run([self.binary, "monitor", "mta", "--json", "--config", self.config],
                              capture_output=True, timeout=20, check=False)
        if done.returncode != 0:
            raise AssertionError(f"monitor: {done.stderr.decode(errors='replace')}")
        status = json.loads(done.stdout)
        if "workers" not in status:
            raise AssertionError("monitor: no engine is running")
        return status

    def worker_total(self, key):
        return sum(worker[key] for worker in self.status()["workers"])

    def wait_until(self, what, condition, timeout=60):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout} s: {what}")
            time.sleep(0.1)

    def wait_drained(self, timeout=60):
        try:
            self.wait_until("the queue is empty", lambda: self.queued() == 0, timeout)
        except AssertionError as late:
            rest = subprocess.run([self.binary, "queue", "list", "--config",
                                   self.config], capture_output=True, timeout=60, check=False)
            lines = rest.stdout.decode(errors="replace").splitlines()
            raise AssertionError("\n".join([str(late), json.dumps(self.status()["workers"]),
                                            f"{len(lines)} lines", *lines[:20]])) from late

    def queued(self):
        status = self.status()
        return sum(status[key] for key in ("i_qmsgs", "o_qmsgs", "d_qmsgs"))

    def log(self):
        folder = os.path.join(self.folder, "log")
        text = ""
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                text += file.read()
        return text

    def wait_for_log(self, pattern, timeout=60):
        self.wait_until(pattern, lambda: re.search(pattern, self.log()), timeout)

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        return 0

    def show_output(self):
        with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as file:
            print("--- output of the engine ---\n" + file.read()[-4000:], flush=True)
