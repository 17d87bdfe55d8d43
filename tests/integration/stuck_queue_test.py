#!/usr/bin/env python3
"""The operator's bad day: mail is stuck in all three queues, the next hop is down, there is only a
console. Find out why, pause acceptance, repair the route, flush, drain, resume: nothing is lost,
nothing comes twice, and mail_logs tells the story.

Usage: stuck_queue_test.py SLUICE [MESSAGES]
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine, free_port
from smtp_peer import Peer
from smtp_sink import Sink

SLUICE, MESSAGES = "", 300
RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "demo.cf")
OUTBOUND = '[[listener]]\nname = "outbound"\nbind = "127.0.0.1:{port}"\n' \
           'direction = "outbound"\nrelay_from = ["127.0.0.1/32"]\n'


class StuckQueue(unittest.TestCase):
    def setUp(self):
        self.down_port, self.out_port = free_port(), free_port()
        self.engine = Engine(SLUICE, self.down_port, rules=RULES, retry="1h",
                             extra=OUTBOUND.format(port=self.out_port))
        self.addCleanup(self.engine.__exit__)
        self.engine.start()
        self.sent = []

    def sluice(self, *words):
        done = subprocess.run([SLUICE, *words, "--config", self.engine.config],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *words):
        return json.loads(self.sluice(*words, "--json"))

    def send(self, port, count, recipient):
        for begin in range(0, count, 500):
            with Peer(port) as peer:
                peer.greet()
                for _ in range(min(500, count - begin)):
                    subject = f"n{len(self.sent)}"
                    reply = peer.message("a@example.org", [recipient],
                                         f"Subject: {subject}\r\n\r\nhello\r\n".encode())
                    self.assertTrue(reply.startswith("250 "), reply)
                    self.sent.append(subject)

    def queues(self):
        status = self.engine.status()
        return [status[key] for key in ("i_qmsgs", "o_qmsgs", "d_qmsgs")]

    def greeting(self):
        with socket.create_connection(("127.0.0.1", self.engine.port), timeout=5) as connection:
            return connection.recv(200).decode()

    def get_stuck(self):
        third = MESSAGES // 3
        self.send(self.engine.port, third, "user@example.com")
        self.engine.wait_until("every message was tried",
                               lambda: self.engine.log().count("pending till") == third)
        self.sluice("mta-control", "pause-mode", "pause-scan")
        self.send(self.engine.port, third, "user@example.com")
        self.send(self.out_port, third, "far@elsewhere.test")
        self.assertEqual(self.queues(), [third, third, third])
        return third

    def find_out_why(self, third):
        top = self.json("tophosts")
        self.assertEqual([(row["host"], row["active_recipients"], row["down"])
                          for row in top["hosts"]], [("example.com", third, True)])
        self.assertEqual(top["active_recipients"], top["d_qmsgs"])
        self.assertRegex(self.sluice("tophosts"), r"1\* example\.com")
        status = self.sluice("hoststatus", "example.com")
        self.assertIn("Host up/down: down", status)
        self.assertIn("connection refused", status)
        self.assertEqual(len(self.json("showrecipients", "example.com")["recipients"]), third)
        self.assertEqual(len(self.json("queue", "list", "--limit", "100000")["messages"]), 3 * third)

    def repair_the_route(self, sink):
        with open(self.engine.config, encoding="ascii") as file:
            text = file.read()
        with open(self.engine.config, "w", encoding="ascii") as file:
            file.write(text.replace(f"127.0.0.1:{self.down_port}", f"127.0.0.1:{sink.port}"))
        self.engine.process.send_signal(signal.SIGHUP)
        self.engine.wait_until("the reload", lambda: "configuration reloaded" in self.engine.log())

    def test_the_operator_gets_everything_out(self):
        third = self.get_stuck()
        self.find_out_why(third)
        self.engine.kill()  # and on top of it all
        self.engine.start()
        self.assertEqual(self.queues(), [third, third, third])
        self.sluice("mta-control", "pause-mode", "pause-accept")
        self.assertEqual(self.greeting()[:9], "421 4.3.2")
        sink = Sink()
        self.addCleanup(sink.stop)
        self.repair_the_route(sink)
        self.assertEqual(self.queues(), [third, third, third])
        self.sluice("mta-control", "pause-mode", "resume-scan")
        self.sluice("mta-control", "delivery", "flush")
        self.sluice("mta-control", "drain", "--until-empty", "--timeout", "100")
        self.sluice("mta-control", "pause-mode", "resume-accept")
        self.assertEqual(self.greeting()[:3], "220")
        came = [re.search(rb"Subject: (n\d+)\r\n", m.octets).group(1).decode()
                for m in sink.messages]
        self.assertEqual(len(came), len(set(came)), "something came twice")
        self.assertEqual(sorted(came), sorted(self.sent))
        self.the_log_tells_it()

    def the_log_tells_it(self):
        log = self.engine.log()
        at = 0
        for line in ("scan paused by ", "accept paused by ", "configuration reloaded",
                     "scan resumed by ", "delivery queue flushed by ", "accept resumed by "):
            at = log.find(line, at)
            self.assertGreaterEqual(at, 0, f"{line!r} is not there, or not in order")
        self.assertIn("reason: ", log)
        for phrase in (r"MID (\d+) queued for delivery", r"Message done DCID \d+ MID (\d+)",
                       r"Message finished MID (\d+) done"):
            self.assertEqual(len(set(re.findall(phrase, log))), len(self.sent), phrase)
        self.assertEqual(len(re.findall(r"MID \d+ queued for scanning", log)), MESSAGES // 3 * 2)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1:
        MESSAGES = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
