#!/usr/bin/env python3
"""Peers that misbehave: the engine goes on serving others, and its pools are full again afterwards.

Over kernel sockets, or over the engine's own TCP on a tap device (then in a network namespace of its
own; exits with 77 and says why where none is to be had).
Usage: mail_abuse_test.py SLUICE kernel|tap [SECONDS_EACH [SILENT_CONNECTIONS]]
"""
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from namespace import enter_namespace
from sluice_engine import Engine
from smtp_peer import Peer, send_message
from smtp_sink import Sink

SLUICE, SECONDS, SILENT = "", 2.0, 1000
BLOCKS = 2048
HOST, PORT = "127.0.0.1", 0
OWN_TCP = """
[[port]]
name = "mx0"
device = "net_tap0,iface=sluice0"
address = ["10.8.0.1/24"]
conflict_detection = false

[[listener]]
name = "own-tcp"
bind = "mx0:25"
"""
LIMITS = """errors_max = 20
command_timeout = "5s"
data_block_timeout = "5s"
"""
MESSAGE = b"Subject: good\r\n\r\nhello\r\n"


def until(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield


def connect():
    return socket.create_connection((HOST, PORT), timeout=5)


def read_away(connection):
    """Takes what there is without waiting."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass
    except OSError:
        pass
    connection.settimeout(5)


class Abuse(unittest.TestCase):
    """Every test abuses the engine in its own way while a good client keeps sending."""

    @classmethod
    def setUpClass(cls):
        cls.sink = Sink()
        own_tcp = HOST != "127.0.0.1"
        cls.engine = Engine(SLUICE, cls.sink.port, sessions=SILENT + 512, blocks=BLOCKS,
                            listener=LIMITS,
                            extra=OWN_TCP + LIMITS if own_tcp else "")
        cls.engine.start()
        if own_tcp:
            for command in ("ip addr add 10.8.0.2/24 dev sluice0", "ip link set sluice0 up"):
                subprocess.run(command.split(), check=True)
        else:
            global PORT
            PORT = cls.engine.port

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()
        cls.sink.stop()

    def setUp(self):
        self.engine.wait_until("no session is left of before", self.at_rest)
        self.accepted, self.slowest, self.stopping = 0, 0.0, False
        self.good_failure = None
        self.good = threading.Thread(target=self.good_client)
        self.good.start()

    def at_rest(self):
        status = self.engine.status()
        workers = status["workers"]
        return (sum(w["sessions"] + w["tcp_connections"] + w["tcp_half_open"] for w in workers) == 0
                and all(w["blocks_available"] == BLOCKS for w in workers)
                and self.engine.queued() == 0)

    def good_client(self):
        try:
            while not self.stopping:
                start = time.monotonic()
                send_message(PORT, "a@example.org", ["b@example.com"], MESSAGE, host=HOST)
                self.slowest = max(self.slowest, time.monotonic() - start)
                self.accepted += 1
                time.sleep(0.02)
        except Exception as failure:  # reported by the test's own thread
            self.good_failure = failure

    def tearDown(self):
        self.stopping = True
        self.good.join()
        self.assertIsNone(self.good_failure)
        self.assertTrue(self.engine.alive())
        self.assertGreater(self.accepted, 0)
        self.assertLess(self.slowest, 5.0)
        self.engine.wait_until("all sessions are gone and the pools full", self.at_rest)

    def test_random_octets(self):
        numbers = random.Random(1)
        for _ in until(SECONDS):
            with connect() as connection:
                try:
                    for _ in range(numbers.randrange(1, 20)):
                        connection.sendall(numbers.randbytes(numbers.choice((1, 100, 10_000))))
                    read_away(connection)
                except OSError:
                    pass  # refused: that is its right

    def test_random_commands(self):
        numbers = random.Random(2)
        words = [b"EHLO x\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n",
                 b"BDAT 100\r\n", b"BDAT 5 LAST\r\nhello", b"RSET\r\n", b".\r\n", b"\r\n", b"\0",
                 b"NOOP " + b"x" * 3000, b"\r\n.\r\n", b"\n.\n", b"QUIT\r\n", b"VRFY <", b"A" * 999]
        for _ in until(SECONDS):
            with connect() as connection:
                try:
                    connection.sendall(b"".join(numbers.choices(words, k=60)))
                    read_away(connection)
                except OSError:
                    pass

    def test_connections_that_go_at_once(self):
        for count, _ in enumerate(until(SECONDS)):
            connection = connect()
            if count % 2:  # a reset instead of a FIN
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()

    def test_connections_that_say_nothing(self):
        silent = [connect() for _ in range(SILENT)]
        time.sleep(min(SECONDS, 3))
        accepted = self.accepted
        self.engine.wait_until("others are served meanwhile",
                               lambda: self.accepted > accepted + 5)
        for connection in silent:
            connection.close()

    def test_silent_connections_are_told_and_closed(self):
        with Peer(PORT, host=HOST) as peer:
            peer.greet()
            start = time.monotonic()
            self.assertTrue(peer.reply().startswith("421 "))
            self.assertLess(time.monotonic() - start, 20)

    def test_clients_that_vanish_in_the_middle_of_data(self):
        numbers = random.Random(3)
        for _ in until(SECONDS):
            with Peer(PORT, host=HOST) as peer:
                peer.greet()
                peer.command("MAIL FROM:<a@example.org>")
                peer.command("RCPT TO:<b@example.com>")
                peer.command("DATA", "354")
                peer.send(b"Subject: never complete\r\n\r\n" + b"x" * numbers.randrange(60_000))
        self.stopping = True
        self.good.join()
        self.engine.wait_until("all sessions are gone", self.at_rest)
        self.assertFalse([m for m in self.sink.messages if b"never complete" in m.octets])

    def test_clients_that_read_nothing(self):
        connections = [connect() for _ in range(20)]
        for connection in connections:
            connection.setblocking(False)
        for _ in until(SECONDS):
            for connection in connections:
                try:
                    connection.send(b"NOOP\r\n" * 1000)
                except OSError:
                    pass
            time.sleep(0.01)
        for connection in connections:
            connection.close()


if __name__ == "__main__":
    if sys.argv[2] == "tap":
        enter_namespace()
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        HOST, PORT = "10.8.0.1", 25
    SLUICE = sys.argv.pop(1)
    sys.argv.pop(1)
    SECONDS = float(sys.argv.pop(1)) if len(sys.argv) > 1 else SECONDS
    SILENT = int(sys.argv.pop(1)) if len(sys.argv) > 1 else SILENT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = SILENT + 512
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard), hard))
    unittest.main(verbosity=2)
