#!/usr/bin/env python3
"""Mail through the real engine over kernel sockets to a real next hop.

Usage: mail_path_test.py SLUICE
"""
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import Peer, Refused, send_message
from smtp_sink import DROP, Sink

SLUICE = ""
SENDER, RECIPIENT = "from@example.org", "user@example.com"


def text(subject, lines=3):
    body = "".join(f"line {i}\r\n" for i in range(lines))
    return f"Subject: {subject}\r\nFrom: <{SENDER}>\r\n\r\n{body}".encode()


class MailPath(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port)
        self.engine.start()
        self.addCleanup(self.engine.__exit__)

    def send(self, octets, recipients=(RECIPIENT,), sender=SENDER):
        return send_message(self.engine.port, sender, recipients, octets)

    def test_a_message_arrives_unchanged_below_the_added_header(self):
        for octets in (text("small"), text("dots") + b".\r\n..\r\n.end\r\n",
                       text("large", 200_000), b"Subject: empty\r\n\r\n"):
            before = len(self.sink.messages)
            self.assertTrue(self.send(octets).startswith("250 2."))
            message = self.sink.wait_for(before + 1)[-1]
            self.assertEqual(message.after_added_header(b"Subject: "), octets)
            self.assertTrue(message.octets.startswith(b"Received: from client.test ([127.0.0.1])"))
            self.assertIn(b"X-Sluice-SCL: ", message.octets[:2000])
        self.engine.wait_drained()

    def test_swaks_gets_a_250_and_its_message_arrives(self):
        if not shutil.which("swaks"):
            self.skipTest("swaks is not installed")
        done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.engine.port),
                               "--from", SENDER, "--to", RECIPIENT, "--body", "hello from swaks"],
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.assertIn(b"hello from swaks", self.sink.wait_for(1)[0].octets)

    def test_many_refused_messages_in_one_burst_are_all_answered(self):
        text = b"Subject: x\r\n\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
        one = (b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\n"
               b"BDAT %d LAST\r\n" % len(text) + text)
        rules = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/demo.cf")
        with Engine(SLUICE, self.sink.port, rules=rules) as engine, Peer(engine.port) as peer:
            peer.greet()
            peer.send(one * 60)
            for _ in range(60):
                peer.expect("250 2.1.0")
                peer.expect("250 2.1.5")
                with self.assertRaises(Refused) as refused:
                    peer.expect("2")
                self.assertTrue(refused.exception.reply.startswith("550 5.7.1"))
            peer.command("QUIT")

    def test_a_route_to_itself_ends_after_thirty_hops(self):
        engine = Engine(SLUICE, 0)
        self.addCleanup(engine.__exit__)
        with open(engine.config, encoding="ascii") as file:
            config = file.read()
        with open(engine.config, "w", encoding="ascii") as file:
            file.write(config.replace('"127.0.0.1:0"', f'"127.0.0.1:{engine.port}"'))
        engine.start()
        send_message(engine.port, SENDER, (RECIPIENT,), text("loop"))
        engine.wait_drained()
        self.assertIn("Rejected: 554 5.4.6 Too many hops", engine.log())
        self.assertLess(engine.worker_total("messages_accepted"), 80)  # the message and its report

    def test_an_unusable_queue_directory_is_named(self):
        with open(self.engine.config, encoding="ascii") as file:
            text = file.read().replace('directory = "queue"', 'directory = "/proc/nowhere"')
        config = os.path.join(self.engine.folder, "broken.toml")
        with open(config, "w", encoding="ascii") as file:
            file.write(text)
        done = subprocess.run([SLUICE, "run", "--config", config], capture_output=True, timeout=30,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"error: queue.directory /proc/nowhere", done.stderr)

    def test_every_recipient_gets_it_and_a_foreign_domain_is_refused(self):
        recipients = [f"user{i}@example.com" for i in range(50)]
        self.send(text("many"), recipients)
        message = self.sink.wait_for(1)[0]
        self.assertEqual(len(message.recipients), 50)
        with Peer(self.engine.port) as peer:
            peer.greet()
            peer.command(f"MAIL FROM:<{SENDER}>")
            with self.assertRaises(Refused) as refused:
                peer.command("RCPT TO:<user@elsewhere.test>")
        self.assertEqual(refused.exception.reply,
                         "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain")

    def test_a_temporary_failure_is_tried_again(self):
        tries = []
        self.sink.answer = lambda event, _: (
            tries.append(1) or ("451 4.3.0 later" if len(tries) < 3 else None)
            if event == "dot" else None)
        self.send(text("later"))
        self.sink.wait_for(1)
        self.assertEqual(len(tries), 3)
        self.engine.wait_drained()

    def test_a_connection_cut_at_the_dot_is_not_taken_for_delivery(self):
        cuts = []
        self.sink.answer = lambda event, _: (
            DROP if event == "dot" and not cuts and not cuts.append(1) else None)
        self.send(text("cut"))
        self.sink.wait_for(1)
        self.engine.wait_drained()
        self.assertEqual(len(self.sink.messages), 1)

    def test_a_refused_recipient_is_reported_to_the_sender(self):
        self.sink.answer = lambda event, argument: (
            "550 5.1.1 User unknown" if event == "rcpt" and "bad@" in argument else None)
        self.send(text("bounce"), ["good@example.com", "bad@example.com"])
        messages = self.sink.wait_for(2)
        report = next(m for m in messages if m.sender.startswith("FROM:<>"))
        self.assertTrue(report.recipients[0].startswith(f"TO:<{SENDER}>"))
        self.assertIn(b"report-type=delivery-status", report.octets)
        self.assertIn(b"Final-Recipient: rfc822;bad@example.com\r\n", report.octets)
        self.assertIn(b"Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n", report.octets)
        self.assertIn(b"Subject: bounce\r\n", report.octets)
        self.engine.wait_drained()
        self.engine.stop()
        log = self.engine.log()
        self.assertRegex(log, r"Bounced: DCID \d+ MID \d+ to RID 1 - 5\.1\.1 - ")
        self.assertRegex(log, r"Message done DCID \d+ MID \d+ to RID \[0\]")

    def test_what_is_queued_at_sigterm_is_delivered_after_the_next_start(self):
        self.sink.answer = lambda event, _: "421 4.3.2 not now" if event == "connect" else None
        for i in range(20):
            self.send(text(f"kept {i}"))
        self.assertEqual(self.engine.stop(), 0)
        self.sink.answer = lambda event, _: None
        self.engine.start()
        messages = self.sink.wait_for(20)
        self.assertEqual(len({m.after_added_header(b"Subject: ") for m in messages}), 20)
        self.engine.wait_drained()

    def test_connections_are_reused_and_closed_after_idle_time(self):
        with Peer(self.engine.port) as peer:
            peer.greet()
            for i in range(60):
                peer.message(SENDER, [RECIPIENT], text(f"n {i}"))
        self.sink.wait_for(60)
        self.assertLess(self.sink.connections, 60)
        self.assertLessEqual(self.sink.most_open, 20)
        self.engine.wait_until("idle connections are closed", lambda: self.sink.open == 0)


if __name__ == "__main__":
    SLUICE = sys.argv.pop(1)
    unittest.main(verbosity=2)
