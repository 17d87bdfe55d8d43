#!/usr/bin/env python3
"""Two processes with the engine's own TCP, joined by net_vhost and net_virtio_user.

Needs neither root nor hugepages. Usage: net_vhost_test.py NET_PEER
"""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

PEER = sys.argv.pop(1)


class VhostTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "v.sock")

    def tearDown(self):
        self.folder.cleanup()

    def start_server(self, workers=1):
        server = subprocess.Popen(
            [PEER, "serve", f"net_vhost0,iface={self.path},queues={workers}", "10.9.0.1/24", "2525",
             str(workers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end, server)
        for line in server.stdout:
            if line == "ready\n":
                return server
        self.fail("the server did not start")

    @staticmethod
    def end(server):
        server.kill()
        server.wait()
        server.stdin.close()
        server.stdout.close()

    def fetch_command(self, connections, octets):
        return [PEER, "fetch", f"net_virtio_user0,path={self.path},queues=1,queue_size=1024",
                "10.9.0.2/24", "10.9.0.1:2525", str(connections), str(octets)]

    def fetch(self, connections, octets):
        return subprocess.run(self.fetch_command(connections, octets), capture_output=True,
                              text=True, timeout=90)

    def stop(self, server):
        server.stdin.close()
        out = server.stdout.read()
        server.wait(timeout=20)
        self.assertEqual(server.returncode, 0, out)
        self.assertIn("packets missing 0", out)
        self.assertFalse(os.path.exists(self.path))
        return out

    def test_octets_come_back_intact_over_many_connections(self):
        server = self.start_server()
        result = self.fetch(connections=50, octets=300_000)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("fetched 50 of 50 connections", result.stdout)
        self.assertIn("malformed 0", self.stop(server))

    def test_the_server_outlives_a_killed_peer(self):
        server = self.start_server()
        for _ in range(3):
            peer = subprocess.Popen(self.fetch_command(20, 50_000_000),
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                peer.wait(timeout=0.7)
            except subprocess.TimeoutExpired:
                pass
            peer.send_signal(signal.SIGKILL)
            peer.wait()
        result = self.fetch(connections=10, octets=100_000)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.stop(server)

    def test_a_socket_left_behind_is_taken_over(self):
        left = socket.socket(socket.AF_UNIX)
        left.bind(self.path)
        left.close()
        server = self.start_server()
        result = self.fetch(connections=1, octets=1_000)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.stop(server)


if __name__ == "__main__":
    unittest.main()
