"""A small SMTP server for tests: keeps every message byte for byte and misbehaves on demand.

    sink = Sink()                       # listens on 127.0.0.1, sink.port
    sink.answer = lambda event, text: "451 4.3.0 later" if event == "rcpt" else None
    sink.messages                       # list of Message

`answer(event, text)` is asked before each reply; events are connect, ehlo, mail, rcpt, data, dot. It
returns a reply line, None for the usual one, DROP to hang up or STALL to say nothing more.
"""
import socketserver
import threading
import time

DROP, STALL = "drop", "stall"
USUAL = {
    "connect": "220 sink.test ESMTP",
    "ehlo": "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 DSN",
    "mail": "250 2.1.0 Ok",
    "rcpt": "250 2.1.5 Ok",
    "data": "354 End data with <CR><LF>.<CR><LF>",
    "dot": "250 2.0.0 Ok: queued",
}


class Message:
    def __init__(self, sender, recipients, octets):
        self.sender = sender          # the argument of MAIL, parameters included
        self.recipients = recipients  # the arguments of accepted RCPTs
        self.octets = octets          # unstuffed, without the final dot
        self.time = time.monotonic()

    def after_added_header(self, first_line):
        """The octets from the line that starts with `first_line` on."""
        at = self.octets.index(first_line)
        assert at == 0 or self.octets[at - 1:at] == b"\n"
        return self.octets[at:]


class _Hangup(Exception):
    pass


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.sender, self.recipients = None, []
        with self.server.sink._counting():
            try:
                self.reply("connect", "")
                while line := self.rfile.readline(4096):
                    if self.command(line.decode("latin-1").rstrip("\r\n")):
                        return
            except (_Hangup, ConnectionError, TimeoutError):
                pass

    def reply(self, event, text, before=lambda: None):
        """Says the reply, and does `before` first when it is positive; returns its first digit."""
        answer = self.server.sink.answer(event, text) or USUAL[event]
        if answer == DROP:
            raise _Hangup
        if answer == STALL:
            while self.rfile.read(65536):
                pass
            raise _Hangup
        if answer.startswith("2"):
            before()
        self.wfile.write(answer.encode() + b"\r\n")
        return answer[0]

    def command(self, line):
        """Returns True when the session is over."""
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        if verb in ("EHLO", "HELO"):
            self.reply("ehlo", argument)
        elif verb == "MAIL":
            self.recipients = []
            self.sender = argument if self.reply("mail", argument) == "2" else None
        elif verb == "RCPT":
            if self.reply("rcpt", argument) == "2":
                self.recipients.append(argument)
        elif verb == "DATA":
            self.data()
        elif verb == "QUIT":
            self.wfile.write(b"221 2.0.0 Bye\r\n")
            return True
        elif verb in ("RSET", "NOOP"):
            self.recipients = []
            self.wfile.write(b"250 2.0.0 Ok\r\n")
        else:
            self.wfile.write(b"502 5.5.1 Command not implemented\r\n")
        return False

    def data(self):
        if not self.recipients:
            self.wfile.write(b"503 5.5.1 No valid recipients\r\n")
            return
        if self.reply("data", "") != "3":
            return
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                raise _Hangup  # the client has gone in the middle
            lines.append(line[1:] if line.startswith(b".") else line)
        message = Message(self.sender, self.recipients, b"".join(lines))
        # Kept before the 250: what the client believes delivered is here.
        self.reply("dot", "", before=lambda: self.server.sink._keep(message))


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class Sink:
    def __init__(self, port=0, address="127.0.0.1"):
        self.answer = lambda event, text: None
        self.open = self.most_open = self.connections = 0
        self._messages = []
        self._changed = threading.Condition()
        self._server = _Server((address, port), _Session)
        self._server.sink = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def messages(self):
        with self._changed:
            return list(self._messages)

    def wait_for(self, count, timeout=30):
        """The messages, once there are at least `count`; fails after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._messages) >= count, timeout):
                raise AssertionError(f"{len(self._messages)} of {count} messages came")
            return list(self._messages)

    def wait_for_text(self, marker, timeout=30):
        """The message that holds `marker`: that of one test, whatever others left under way."""
        def found():
            return next((m for m in self._messages if marker in m.octets), None)
        with self._changed:
            if not self._changed.wait_for(found, timeout):
                raise AssertionError(f"no message with {marker!r} came")
            return found()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def _keep(self, message):
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()

    def _counting(self):
        return _Count(self)


class _Count:
    def __init__(self, sink):
        self.sink = sink

    def __enter__(self):
        with self.sink._changed:
            self.sink.connections += 1
            self.sink.open += 1
            self.sink.most_open = max(self.sink.most_open, self.sink.open)

    def __exit__(self, *_):
        with self.sink._changed:
            self.sink.open -= 1
