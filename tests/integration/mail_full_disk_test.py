#!/usr/bin/env python3
"""The queue's file system fills up while mail comes in, and gets room again. In a mount namespace of
its own, on a small tmpfs.

Exits with 77 and says why where namespaces are not to be had.
Usage: mail_full_disk_test.py SLUICE
"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from namespace import enter_namespace
from sluice_engine import Engine
from smtp_peer import Refused, send_message
from smtp_sink import Sink

SLUICE = ""
BODY = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 4 * 16_384 + b"\r\n"  # 1 MiB
SMALL_MIB, LARGE_MIB = 40, 120


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port, delivery="paused = true")
        self.queue = os.path.join(self.engine.folder, "queue")
        os.mkdir(self.queue)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_MIB}m", "none", self.queue],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.queue], check=False)
        self.engine.start()
        self.addCleanup(self.engine.__exit__)

    def send(self):
        send_message(self.engine.port, "from@example.org", ("user@example.com",), BODY)

    def send_until_refused(self):
        for accepted in range(2 * LARGE_MIB):
            try:
                self.send()
            except Refused as refusal:
                return accepted, refusal.reply
        raise AssertionError("a full disk refused nothing")

    def accepts_again(self):
        try:
            self.send()
            return True
        except Refused as refusal:
            self.assertTrue(refusal.reply.startswith("452 4.3.1"), refusal.reply)
            return False

    def test_452_while_full_250_when_there_is_room_and_nothing_is_lost(self):
        accepted, reply = self.send_until_refused()
        self.assertTrue(reply.startswith("452 4.3.1"), reply)
        self.assertGreater(accepted, SMALL_MIB // 4)
        self.assertTrue(self.engine.alive())
        subprocess.run(["mount", "-o", f"remount,size={LARGE_MIB}m", self.queue], check=True)
        self.engine.wait_until("mail is accepted again", self.accepts_again)
        self.engine.wait_until("the count is there",
                               lambda: self.engine.queued() == accepted + 1)
        self.assertEqual(self.engine.stop(), 0)
        self.engine.start()
        self.assertEqual(self.engine.queued(), accepted + 1)


if __name__ == "__main__":
    enter_namespace("m", needs=())
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
