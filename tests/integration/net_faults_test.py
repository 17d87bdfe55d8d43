#!/usr/bin/env python3
"""The engine's own TCP/IP against the Linux kernel over a wire that loses, delays, repeats and
damages frames, in a network namespace of its own: what arrives is what was sent, and nothing stays
behind. Bounded in time; how fast it is is the business of bench/goodput.py.

Exits with 77 and says why where namespaces or tap devices are not to be had.
Usage: net_faults_test.py NET_FAULTS [MEGABYTES [CONNECTIONS]]
"""
import os
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from faulty_wire import FaultyStack, receive_from_source, run, send_to_sink
from namespace import enter_namespace

LOSSES = {0: "cubic", 0.001: "bbr", 0.01: "cubic", 0.05: "bbr"}  # and the congestion control
FAULTS = ("--reorder=0.01", "--jitter-us=2000", "--duplicate=0.002", "--corrupt=0.002")
SHORT_CONNECTIONS_AT_ONCE = 16
AT_REST_SECONDS = 120  # the last repetitions of a FIN under 5 % loss are long over


class FaultsTest(unittest.TestCase):
    def setUp(self):
        self.stack = None

    def start(self, *faults):
        self.stack = FaultyStack(NET_FAULTS, *faults)
        self.addCleanup(self.stop)

    def stop(self):
        if self.stack:
            self.stack.stop()
            self.stack = None

    def at_rest(self):
        """Waits until the stack holds no connection; returns the last counters."""
        for _ in range(AT_REST_SECONDS):
            counters = self.stack.counters()
            if counters["connections"] + counters["half_open"] + counters["time_wait"] == 0:
                break
            time.sleep(1)
        return counters

    def assert_at_rest(self):
        counters = self.at_rest()
        self.assertEqual((counters["connections"], counters["half_open"], counters["time_wait"]),
                         (0, 0, 0))

    def test_bulk_transfers_arrive_intact_in_both_directions(self):
        size = MEGABYTES * 1_000_000
        for loss, control in LOSSES.items():
            self.start(f"--loss={loss}", f"--control={control}", *FAULTS)
            for address in self.stack.addresses:
                begin = time.monotonic()
                self.assertEqual(send_to_sink(address, size), f"{size} intact")
                middle = time.monotonic()
                self.assertTrue(receive_from_source(address, size), "octets came changed")
                print(f"{loss * 100:4} % loss, {address}: {MEGABYTES} MB in "
                      f"{middle - begin:.1f} s, out {time.monotonic() - middle:.1f} s", flush=True)
            self.assert_at_rest()
            self.stop()

    def test_short_connections_leave_no_state_behind(self):
        self.start("--loss=0.01", *FAULTS)
        self.stack.resolve()
        failures = []
        todo = iter(range(CONNECTIONS))
        lock = threading.Lock()

        def one(number):
            """The peer closes first, or the stack does."""
            address = self.stack.addresses[number % len(self.stack.addresses)]
            if number % 2:
                with socket.create_connection((address, 7), timeout=60) as connection:
                    connection.sendall(b"x")
                    assert connection.recv(10) == b"x"
            else:
                assert receive_from_source(address, 100)

        def client():
            while True:
                with lock:
                    number = next(todo, None)
                if number is None:
                    return
                try:
                    one(number)
                except (OSError, AssertionError) as error:
                    failures.append(f"connection {number}: {error!r}")
        threads = [threading.Thread(target=client) for _ in range(SHORT_CONNECTIONS_AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assert_at_rest()


if __name__ == "__main__":
    enter_namespace()
    NET_FAULTS = sys.argv.pop(1)
    MEGABYTES = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 100
    CONNECTIONS = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 10_000
    run("ip", "link", "set", "lo", "up")
    unittest.main()
