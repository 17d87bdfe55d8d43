"""A plain SMTP client for tests: sends exactly the octets it is told to."""
import socket


class Refused(Exception):
    def __init__(self, reply):
        super().__init__(reply)
        self.reply = reply
        self.code = int(reply[:3])


IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h


def connected(host, port, timeout, source):
    """From the address `source`, when it is given. Its port is chosen for this one connection, so that
    ports that others have in use or in TIME-WAIT do not matter."""
    if not source:
        return socket.create_connection((host, port), timeout)
    peer = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET)
    peer.settimeout(timeout)
    peer.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    peer.bind((source, 0))
    peer.connect((host, port))
    return peer


class Peer:
    def __init__(self, port, timeout=30, host="127.0.0.1", source=""):
        self.socket = connected(host, port, timeout, source)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def reply(self):
        """All lines of one reply; ConnectionError when the server has gone."""
        lines = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                raise ConnectionError("connection closed")
            lines.append(line.decode("latin-1").rstrip("\r\n"))
            if line[3:4] != b"-":
                return "\n".join(lines)

    def send(self, octets):
        self.socket.sendall(octets)

    def command(self, line, expected="2"):
        self.send(line.encode("latin-1") + b"\r\n")
        return self.expect(expected)

    def expect(self, expected):
        reply = self.reply()
        if not reply.startswith(expected):
            raise Refused(reply)
        return reply

    def greet(self, name="client.test"):
        self.expect("220")
        return self.command(f"EHLO {name}")

    def message(self, sender, recipients, octets):
        """One transaction; returns the reply to the final dot. `octets` end with CRLF."""
        self.command(f"MAIL FROM:<{sender}>")
        for recipient in recipients:
            self.command(f"RCPT TO:<{recipient}>")
        self.command("DATA", "354")
        self.send(stuffed(octets) + b".\r\n")
        return self.expect("2")


def stuffed(octets):
    body = octets.replace(b"\r\n.", b"\r\n..")
    return b"." + body if body.startswith(b".") else body


def send_message(port, sender, recipients, octets, host="127.0.0.1"):
    with Peer(port, host=host) as peer:
        peer.greet()
        reply = peer.message(sender, recipients, octets)
        peer.command("QUIT")
        return reply
