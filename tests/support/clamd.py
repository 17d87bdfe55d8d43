"""Debian's clamd with a signature of the test's own, and a stand-in that misbehaves on demand."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

CLAMD = "/usr/sbin/clamd"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
VIRUS = "Local-Eicar"

CONFIG = """
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}/db
TemporaryDirectory {folder}
LogFile {folder}/log
Foreground true
StreamMaxLength 25M
"""


class Clamd:
    """The real one, on a unix socket in a folder of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-clamd-")
        os.chmod(self.folder, 0o755)
        self.server = os.path.join(self.folder, "clamd.sock")
        os.mkdir(os.path.join(self.folder, "db"))
        self.sign("local.ndb", f"{VIRUS}:0:*:{EICAR.hex()}\n")
        with open(os.path.join(self.folder, "clamd.conf"), "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=self.folder))
        self.process = None

    def sign(self, name, text):
        with open(os.path.join(self.folder, "db", name), "w", encoding="ascii") as file:
            file.write(text)

    def start(self, timeout=60):
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen(
                [CLAMD, "--config-file", os.path.join(self.folder, "clamd.conf")],
                stdout=output, stderr=output)
        deadline = time.monotonic() + timeout
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(os.path.join(self.folder, "output"), encoding="utf-8") as file:
                    raise AssertionError("clamd does not serve: " + file.read())
            time.sleep(0.05)

    def answers(self):
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(self.server)
                probe.sendall(b"zPING\0")
                return probe.recv(5) == b"PONG\0"
        except OSError:
            return False

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class FakeClamd:
    """Reads streams as clamd does; `behave(stream)` returns the reply, or None to hang up."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-clamd-")
        self.server = os.path.join(self.folder, "clamd.sock")
        self.behave = lambda stream: "stream: OK"
        self.version = "Fake 1"
        self.streams = []
        self.came = threading.Semaphore(0)  # released for each stream, before it is answered
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.server)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.session, args=[connection], daemon=True).start()

    def session(self, connection):
        with connection, connection.makefile("rb") as file:
            number = 0
            try:
                while command := self.command(file):
                    if command == b"zIDSESSION":
                        continue
                    number += 1
                    reply = self.version
                    if command == b"zINSTREAM":
                        stream = self.read_stream(file)
                        self.streams.append(stream)
                        self.came.release()
                        reply = self.behave(stream)
                    if reply is None:
                        return
                    connection.sendall(f"{number}: {reply}".encode() + b"\0")
            except OSError:
                pass

    @staticmethod
    def command(file):
        text = b""
        while (octet := file.read(1)) not in (b"", b"\0"):
            text += octet
        return text

    @staticmethod
    def read_stream(file):
        stream = b""
        while size := int.from_bytes(file.read(4), "big"):
            stream += file.read(size)
        return stream

    def stop(self):
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)
