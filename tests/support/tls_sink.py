"""A mail server for tests that speaks STARTTLS and keeps every octet that came before TLS.

    peer = TlsSink(context)             # an ssl.SSLContext; None: STARTTLS is not offered
    peer.starttls = "454 4.7.0 TLS not available due to temporary reason"    # instead of 220
    peer.after_220 = lambda connection: connection.close()                   # instead of TLS
    peer.messages                       # list of Message: sender, octets, tls
    peer.clear                          # one bytes object for each connection, closed or not
"""
import base64
import socket
import ssl
import threading
from collections import namedtuple

Message = namedtuple("Message", "sender octets tls")


class _Session:
    def __init__(self, peer, connection):
        self.peer, self.connection, self.tls = peer, connection, False
        self.clear = bytearray()
        self.pending, self.user = b"", ""
        peer.clear_octets.append(self.clear)

    def receive(self):
        octets = self.connection.recv(65536)
        if not octets:
            raise ConnectionError("the client has gone")
        if not self.tls:
            self.clear += octets
        self.pending += octets

    def line(self):
        while b"\n" not in self.pending:
            self.receive()
        line, self.pending = self.pending.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def say(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def run(self):
        if self.peer.implicit:
            self.wrap()
        self.say("220 mx.sluice.test ESMTP")
        sender = ""
        while True:
            line = self.line()
            verb = line[:4].upper()
            if verb == "EHLO":
                self.hello()
            elif verb == "STAR":
                if not self.start_tls():
                    return
            elif verb == "AUTH":
                self.log_in(line[5:])
            elif verb == "MAIL":
                sender = line[5:]
                if self.peer.users and not self.user:
                    self.say("530 5.7.0 Authentication required")
                    continue
                self.say("250 2.1.0 Ok")
            elif verb == "DATA":
                self.data(sender)
            elif verb == "QUIT":
                self.say("221 2.0.0 Bye")
                return
            else:
                self.say("250 2.0.0 Ok")

    def hello(self):
        if self.peer.ehlo:
            return self.say(self.peer.ehlo)
        words = ["mx.sluice.test", "PIPELINING", "8BITMIME"]
        if self.peer.context and not self.tls:
            words.append("STARTTLS")
        if self.peer.requiretls and self.tls:
            words.append("REQUIRETLS")
        if self.peer.users and self.tls:
            words.append("AUTH " + self.peer.mechanisms)
        for word in words[:-1]:
            self.say("250-" + word)
        return self.say("250 " + words[-1])

    def log_in(self, argument):
        mechanism, _, initial = argument.partition(" ")
        if not self.tls or mechanism not in self.peer.mechanisms.split():
            return self.say("504 5.5.4 no")
        if mechanism == "PLAIN":
            _, user, password = base64.b64decode(initial).decode().split("\0")
        else:
            user, password = self.ask("VXNlcm5hbWU6"), self.ask("UGFzc3dvcmQ6")
        if self.peer.users.get(user) != password:
            return self.say("535 5.7.8 Authentication credentials invalid")
        self.user = user
        self.peer.logins.append(user)
        return self.say("235 2.7.0 welcome")

    def ask(self, challenge):
        self.say("334 " + challenge)
        return base64.b64decode(self.line()).decode()

    def start_tls(self):
        self.say(self.peer.starttls)
        if not self.peer.starttls.startswith("220"):
            return True
        if self.peer.after_220:
            self.peer.after_220(self.connection)
            while True:  # what the client says now is kept
                self.receive()
        self.wrap()
        return True

    def wrap(self):
        self.connection = self.peer.context.wrap_socket(self.connection, server_side=True)
        self.tls = True
        self.pending = b""

    def data(self, sender):
        self.say("354 go")
        lines = []
        while (line := self.line()) != ".":
            lines.append(line[1:] if line.startswith(".") else line)
        octets = "\r\n".join(lines).encode("latin-1")
        self.peer.keep(Message(sender, octets, self.tls))
        self.say("250 2.0.0 Ok: queued")


class TlsSink:
    def __init__(self, context=None, implicit=False):
        self.context, self.implicit = context, implicit
        self.starttls = "220 Ready"
        self.after_220 = None
        self.ehlo = ""             # the reply to EHLO instead of the usual one
        self.requiretls = False
        self.users = {}            # name: password; mail is taken from them only
        self.mechanisms = "PLAIN LOGIN"
        self.logins = []
        self.clear_octets, self._messages = [], []
        self._changed = threading.Condition()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.settimeout(60)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        session = _Session(self, connection)
        try:
            session.run()
        except (OSError, ssl.SSLError):
            pass
        finally:
            session.connection.close()

    @property
    def clear(self):
        return [bytes(octets) for octets in self.clear_octets]

    @property
    def messages(self):
        with self._changed:
            return list(self._messages)

    def keep(self, message):
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()

    def wait_for(self, octets, timeout=30):
        """The message that has these octets."""
        def found():
            return next((m for m in self._messages if octets in m.octets), None)
        with self._changed:
            if not self._changed.wait_for(found, timeout):
                raise AssertionError(f"no message with {octets!r} within {timeout} s")
            return found()

    def stop(self):
        self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listening.close()
