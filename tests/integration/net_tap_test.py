#!/usr/bin/env python3
"""The engine's own TCP/IP on net_tap against the Linux kernel, in a network namespace of its own.

Exits with 77 and says why where namespaces or tap devices are not to be had.
Usage: net_tap_test.py NET_PEER
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from namespace import enter_namespace

ENGINE, PORT = "10.8.0.1", 2525
DEVICE = "sluice0"


def run(*command):
    subprocess.run(command, check=True, capture_output=True)


def checksum(octets):
    """RFC 1071; 0 over octets that contain their own right checksum."""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def pattern(size, seed):
    return bytes((i * 31 + (i >> 8) + seed) & 0xFF for i in range(size))


def connect():
    return socket.create_connection((ENGINE, PORT), timeout=30)


def echo(data):
    """Sends data, half-closes, returns everything that comes back until the end."""
    with connect() as connection:
        def send():
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        back = bytearray()
        while chunk := connection.recv(65536):
            back += chunk
        sender.join()
        return bytes(back)


def kernel_counter(group, name):
    with open("/proc/net/snmp", encoding="ascii") as lines:
        rows = [line.split() for line in lines if line.startswith(group + ":")]
    return int(rows[1][rows[0].index(name)])


class TapTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.capture = os.path.join(cls.folder.name, "mx0.pcapng")
        run("ip", "link", "set", "lo", "up")
        cls.server = subprocess.Popen(
            [PEER, "serve", f"net_tap0,iface={DEVICE}", ENGINE + "/24", str(PORT), "2",
             cls.capture], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.facts = ""
        for line in cls.server.stdout:
            if line == "ready\n":
                break
            cls.facts += line
        else:
            raise RuntimeError("the server did not start")
        run("ip", "address", "add", "10.8.0.2/24", "dev", DEVICE)
        run("ip", "link", "set", DEVICE, "up")

    @classmethod
    def tearDownClass(cls):
        cls.server.stdin.close()
        out = cls.server.stdout.read()
        cls.server.wait(timeout=20)
        cls.server.stdout.close()
        print(cls.facts + out, flush=True)
        blocks = read_capture(cls.capture)
        cls.folder.cleanup()
        assert cls.server.returncode == 0, "the server lost packets"
        assert "packets missing 0" in out
        assert {1, 2} <= {direction for direction, _ in blocks}, "the capture lacks a direction"
        assert any(frame[12:14] == b"\x08\x06" for _, frame in blocks), "the capture lacks ARP"

    def test_arp_tells_the_kernel_who_the_engine_is(self):
        run("ip", "neighbour", "flush", "dev", DEVICE)
        self.assertEqual(echo(b"x"), b"x")
        neighbours = subprocess.run(["ip", "neighbour", "show", ENGINE], capture_output=True,
                                    text=True, check=True).stdout
        self.assertRegex(neighbours, r"lladdr ([0-9a-f]{2}:){5}")

    def test_ping_is_answered(self):
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.settimeout(5)
            for size in (0, 1, 56, 1400):
                head = struct.pack("!BBHHH", 8, 0, 0, 77, size)
                body = pattern(size, 5)
                total = checksum(head + body)
                raw.sendto(head[:2] + struct.pack("!H", total) + head[4:] + body, (ENGINE, 0))
                reply = raw.recv(4096)[20:]
                self.assertEqual(reply[:2], b"\0\0")
                self.assertEqual(reply[4:], head[4:] + body)
                self.assertEqual(checksum(reply), 0)

    def test_octets_come_back_intact_and_the_half_closed_side_gets_all(self):
        for seed, size in enumerate((1, 1459, 1460, 1461, 65536, 3_000_000)):
            data = pattern(size, seed)
            self.assertTrue(echo(data) == data, f"{size} octets came back changed")

    def test_many_connections_at_once_over_both_workers(self):
        results = {}

        def one(seed):
            data = pattern(100_000, seed)
            results[seed] = echo(data) == data
        threads = [threading.Thread(target=one, args=(seed,)) for seed in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, {seed: True for seed in range(40)})

    def test_a_port_nobody_listens_on_refuses(self):
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((ENGINE, PORT + 1), timeout=10)

    def test_a_reset_peer_harms_nobody_else(self):
        for _ in range(20):
            connection = connect()
            connection.sendall(b"y" * 10_000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        self.assertEqual(echo(b"still there"), b"still there")

    def test_every_checksum_of_the_engine_is_right(self):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)) as tap:
            tap.bind((DEVICE, 0))
            tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            data = pattern(100_001, 9)
            self.assertTrue(echo(data) == data)
            tap.setblocking(False)
            seen = 0
            while True:
                try:
                    frame = tap.recv(65536)
                except BlockingIOError:
                    break
                if frame[12:14] != b"\x08\x00" or frame[26:30] != socket.inet_aton(ENGINE):
                    continue
                packet = frame[14:14 + struct.unpack("!H", frame[16:18])[0]]
                self.assertEqual(checksum(packet[:20]), 0)
                pseudo = packet[12:20] + struct.pack("!HH", packet[9], len(packet) - 20)
                self.assertEqual(checksum(pseudo + packet[20:]), 0)
                seen += 1
        self.assertGreater(seen, 60)
        self.assertEqual(kernel_counter("Tcp", "InCsumErrors"), 0)
        self.assertEqual(kernel_counter("Ip", "InHdrErrors"), 0)

    @unittest.skipUnless(shutil.which("nft"), "nft is not installed: no packet loss")
    def test_lost_packets_in_both_directions_are_sent_again(self):
        rules = "; ".join(
            f"add chain netdev loss {hook} {{ type filter hook {hook} device {DEVICE} "
            f"priority 0; }}; add rule netdev loss {hook} meta protocol ip "
            "numgen random mod 100 < 3 drop" for hook in ("ingress", "egress"))
        run("nft", "add table netdev loss; " + rules)
        try:
            begin = time.monotonic()
            for seed in range(4):
                data = pattern(400_000, seed)
                self.assertTrue(echo(data) == data, "octets came back changed")
            print(f"1.6 MB each way with 3 % loss: {time.monotonic() - begin:.1f} s", flush=True)
        finally:
            run("nft", "delete table netdev loss")


def read_capture(path):
    """(direction, frame) of every packet block of a pcapng file."""
    with open(path, "rb") as file:
        data = file.read()
    blocks, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            size = struct.unpack_from("<I", data, at + 20)[0]
            flags = at + 28 + (size + 3) // 4 * 4
            blocks.append((struct.unpack_from("<I", data, flags + 4)[0],
                           data[at + 28:at + 28 + size]))
        at += length
    return blocks


if __name__ == "__main__":
    enter_namespace()
    PEER = sys.argv.pop(1)
    unittest.main()
