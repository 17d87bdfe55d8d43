"""Debian's c-icap with its echo service, and a small ICAP server (RFC 3507) that says what it is told."""
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

CICAP = "/usr/bin/c-icap"

CONFIG = """
PidFile {folder}/pid
CommandsSocket {folder}/commands
Port 127.0.0.1:{port}
ServerLog {folder}/server.log
AccessLog {folder}/access.log
TmpDir {folder}
StartServers 1
MaxServers 1
ThreadsPerChild 4
ModulesDir /usr/lib/x86_64-linux-gnu/c_icap
ServicesDir /usr/lib/x86_64-linux-gnu/c_icap
Service echo srv_echo.so
"""


class CIcap:
    def __init__(self, port):
        self.folder = tempfile.mkdtemp(prefix="sluice-icap-")
        self.port = port
        path = os.path.join(self.folder, "c-icap.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=self.folder, port=port))
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen([CICAP, "-N", "-f", path], stdout=output, stderr=output)
        deadline = time.monotonic() + 30
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(os.path.join(self.folder, "output"), encoding="utf-8") as file:
                    raise AssertionError("c-icap does not serve: " + file.read())
            time.sleep(0.05)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2):
                return True
        except OSError:
            return False

    def requests(self):
        with open(os.path.join(self.folder, "access.log"), encoding="utf-8") as file:
            return [line for line in file if "RESPMOD" in line]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


class FakeIcap:
    """`answer(body)`: the octets to answer with, a list of those to send one by one, or None to hang
    up. A preview of `preview` octets."""

    def __init__(self, preview=16, method="RESPMOD"):
        self.preview = preview
        self.method = method
        self.tag = "database-1"
        self.answer = lambda body: b"ICAP/1.0 204 No Content\r\n\r\n"
        self.bodies = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = "127.0.0.1:%d" % self.listener.getsockname()[1]
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
            try:
                while request := self.header(file):
                    if request[0].startswith("OPTIONS"):
                        connection.sendall(self.options())
                        continue
                    body = self.body(request, file, connection)
                    self.bodies.append(body)
                    if (answer := self.answer(body)) is None:
                        return
                    for piece in answer if isinstance(answer, list) else [answer]:
                        connection.sendall(piece)
                        if isinstance(answer, list):
                            time.sleep(0.05)
            except OSError:
                pass

    def options(self):
        preview = "" if self.preview is None else f"Preview: {self.preview}\r\n"
        return (f"ICAP/1.0 200 OK\r\nMethods: {self.method}\r\nService: Fake\r\nISTag: \"{self.tag}\"\r\n"
                f"Allow: 204\r\n{preview}Encapsulated: null-body=0\r\n\r\n").encode()

    @staticmethod
    def header(file):
        lines = []
        while (line := file.readline()) not in (b"", b"\r\n"):
            lines.append(line.decode().rstrip("\r\n"))
        return lines

    def body(self, request, file, connection):
        assert request[0].startswith(self.method + " "), request
        fields = dict(line.split(": ", 1) for line in request[1:])
        assert fields["Allow"] == "204", fields
        parts = dict(part.strip().split("=") for part in fields["Encapsulated"].split(","))
        if self.method == "REQMOD":
            head = file.read(int(parts["req-body"]))
            assert head.startswith(b"POST ") and b"\r\nContent-Length: " in head, head
        else:
            head = file.read(int(parts["res-body"]))
            assert head[int(parts["res-hdr"]):].startswith(b"HTTP/1.1 200 OK\r\n"), head
        body, last = self.chunks(file)
        if "Preview" in fields:
            assert len(body) <= int(fields["Preview"]), "the preview is longer than it may be"
            if "ieof" not in last:
                connection.sendall(b"ICAP/1.0 100 Continue\r\n\r\n")
                body += self.chunks(file)[0]
        return body

    @staticmethod
    def chunks(file):
        body = b""
        while size := int((line := file.readline().decode().strip()).split(";")[0], 16):
            body += file.read(size)
            assert file.readline() == b"\r\n"
        assert file.readline() == b"\r\n"
        return body, line

    def stop(self):
        self.listener.close()


def modified_request(body):
    """An answer with another HTTP request in it."""
    head = b"POST http://sluice.invalid/message HTTP/1.1\r\n\r\n"
    return (f"ICAP/1.0 200 OK\r\nEncapsulated: req-hdr=0, req-body={len(head)}\r\n\r\n".encode()
            + head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


def modified(body, status="200 OK", fields=""):
    """An answer with another HTTP response in it."""
    head = b"HTTP/1.1 %s\r\n\r\n" % status.encode()
    return (f"ICAP/1.0 200 OK\r\n{fields}Encapsulated: res-hdr=0, res-body={len(head)}\r\n\r\n".encode()
            + head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
