#!/usr/bin/env python3
"""One network card, two users: mail goes to the engine, everything else to the kernel behind it.

The card is a TAP device whose other side is this test. The interface that the engine gives to the
kernel is moved to a second namespace, which plays the appliance's own kernel: same address as the
engine, with a management service on a port of its own.
"""
import os
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from namespace import enter_namespace
from sluice_engine import Engine

SLUICE = ""
CARD, MANAGEMENT, ENGINE, HOST = "sluice0", "mgmt0", "10.8.0.1", "10.8.0.2"
ENGINE6, HOST6 = "fd08::1", "fd08::2"

PORT = f"""
[[port]]
name = "mx0"
device = "net_tap0,iface={CARD}"
address = ["{ENGINE}/24", "{ENGINE6}/64"]
conflict_detection = false
exception = "tap,iface={MANAGEMENT}"

[[listener]]
name = "own-tcp"
bind = "mx0:25"
"""

SERVICE = """
import socket, sys
listener = socket.create_server(("::", 2222), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
while True:
    connection, peer = listener.accept()
    connection.sendall(b"management")
    connection.recv(100)
    connection.close()
"""


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, timeout=60)


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it takes too long")
        time.sleep(0.05)


class ExceptionDevice(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run("ip", "link", "set", "lo", "up")
        cls.engine = Engine(SLUICE, 2526, extra=PORT)
        cls.engine.start()
        run("ip", "addr", "add", f"{HOST}/24", "dev", CARD)
        run("ip", "addr", "add", f"{HOST6}/64", "dev", CARD, "nodad")
        # The two sides of a net_tap share an address; a peer of the card has one of its own.
        run("ip", "link", "set", CARD, "address", "02:00:00:00:00:77", "up")
        cls.kernel = subprocess.Popen(["unshare", "-n", "sleep", "300"])
        wait_for(lambda: os.readlink(f"/proc/{cls.kernel.pid}/ns/net") !=
                 os.readlink("/proc/self/ns/net"))
        run("ip", "link", "set", MANAGEMENT, "netns", str(cls.kernel.pid))
        cls.inside("ip", "addr", "add", f"{ENGINE}/24", "dev", MANAGEMENT)
        cls.inside("ip", "addr", "add", f"{ENGINE6}/64", "dev", MANAGEMENT, "nodad")
        cls.inside("ip", "link", "set", MANAGEMENT, "up")
        cls.service = subprocess.Popen(cls.entering(sys.executable, "-c", SERVICE),
                                       stdout=subprocess.PIPE)
        cls.service.stdout.readline()

    @classmethod
    def tearDownClass(cls):
        for process in (cls.service, cls.kernel):
            process.kill()
            process.wait()
        cls.service.stdout.close()
        cls.engine.__exit__()

    @classmethod
    def entering(cls, *command):
        return ["nsenter", "-t", str(cls.kernel.pid), "-n", *command]

    @classmethod
    def inside(cls, *command):
        return run(*cls.entering(*command))

    def hear(self, address, port):
        with socket.create_connection((address, port), timeout=10) as connection:
            return connection.recv(10)

    def test_mail_goes_to_the_engine(self):
        self.assertEqual(self.hear(ENGINE, 25)[:3], b"220")
        self.assertEqual(self.hear(ENGINE6, 25)[:3], b"220")

    def test_another_port_is_the_kernels(self):
        self.assertEqual(self.hear(ENGINE, 2222), b"management")
        self.assertEqual(self.hear(ENGINE6, 2222), b"management")

    def test_a_port_where_nobody_listens_is_refused_by_the_kernel(self):
        with self.assertRaises(ConnectionRefusedError):
            self.hear(ENGINE, 2223)

    def test_the_kernel_reaches_the_network_by_the_same_card(self):
        with socket.create_server((HOST, 2224)) as listener:
            client = subprocess.Popen(self.entering(
                sys.executable, "-c",
                f"import socket; socket.create_connection(({HOST!r}, 2224), 10).sendall(b'out')"))
            listener.settimeout(10)
            connection, peer = listener.accept()
            with connection:
                self.assertEqual(peer[0], ENGINE)
                self.assertEqual(connection.recv(10), b"out")
            self.assertEqual(client.wait(10), 0)


if __name__ == "__main__":
    enter_namespace()
    SLUICE = sys.argv.pop(1)
    unittest.main()
