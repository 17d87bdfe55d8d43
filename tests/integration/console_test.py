#!/usr/bin/env python3
"""The operator's commands against a running engine and against a stopped one; outputs are golden.

Usage: console_test.py SLUICE [UPDATE]        UPDATE=update writes tests/data/console/*.txt anew
"""
import getpass
import json
import os
import re
import socket
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from sluice_engine import Engine, free_port
from smtp_peer import Peer, send_message
from smtp_sink import Sink

SLUICE, UPDATE = "", False
GOLDEN = os.path.join(HERE, "..", "data", "console")
RULES = os.path.join(HERE, "..", "..", "tools", "demo.cf")
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
OUTBOUND = '[[listener]]\nname = "outbound"\nbind = "127.0.0.1:{port}"\n' \
           'direction = "outbound"\nrelay_from = ["127.0.0.1/32"]\n'

MASKS = [(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d \d{4}", "DATE"),
         (r"\b[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \d{4}", "DATE"),
         (r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000", "DATE"),
         (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"), (rf"(GMT by|DATE) {getpass.getuser()}$", r"\1 USER"),
         (r"/tmp/sluice-test-\w+", "FOLDER"),
         (r'"(as_of|since)": "[^"]*"', r'"\1": "DATE"'), (r'"by": "[^"]*"', '"by": "USER"'),
         (r'"(at|oldest|next_attempt|icid|age)": -?\d+', r'"\1": N'), (r"ICID \d+", "ICID N"),
         (r"^(  (?:open|accepted)) +\d+", r"\1 N"), (r"with ESMTP id \S+", "with ESMTP id ID"),
         (r"\b(\d+[dhm] )?\d+[hms]  +", "AGE       "), (r"\b(\d+[dhm] )?\d+[hms]$", "AGE"), (r"busy +[\d.]+ %", "busy N %"),
         (r"CPU +\d+", "CPU N"), (r"free \d+ \(lowest \d+\)", "free N (lowest N)")]


def masked(text):
    for pattern, replacement in MASKS:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def mail(subject, body=b"hello\r\n"):
    return f"Subject: {subject}\r\nFrom: <a@example.org>\r\n\r\n".encode() + body


def greeting(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        return connection.recv(200).decode()


class Console(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.out_port = free_port()
        self.engine = Engine(SLUICE, self.sink.port, rules=RULES, retry="1h",
                             extra=OUTBOUND.format(port=self.out_port))
        self.addCleanup(self.engine.__exit__)
        self.engine.start()

    def run_command(self, *words):
        return subprocess.run([SLUICE, *words, "--config", self.engine.config],
                              capture_output=True, text=True, timeout=30, check=False)

    def sluice(self, *words, status=0):
        done = self.run_command(*words)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout if status == 0 else done.stderr

    def json(self, *words):
        return json.loads(self.sluice(*words, "--json"))

    def golden(self, name, *words, status=0):
        done = self.run_command(*words)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        text = masked(f"$ sluice {' '.join(words)}\n{done.stdout}{done.stderr}")
        path = os.path.join(GOLDEN, name + ".txt")
        if UPDATE:
            os.makedirs(GOLDEN, exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(text, file.read(), path)

    def queues(self):
        status = self.engine.status()
        return [status[key] for key in ("i_qmsgs", "o_qmsgs", "d_qmsgs")]

    def wait_queues(self, *expected):
        self.engine.wait_until(f"queues are {expected}, not {self.queues()}",
                               lambda: self.queues() == list(expected))

    def send(self, subject, recipient="user@example.com", port=None, body=b"hello\r\n"):
        return send_message(port or self.engine.port, "a@example.org", [recipient],
                            mail(subject, body))

    def fill(self):
        """2 inbound, 1 outbound, 3 deferred for two hosts."""
        self.sink.answer = lambda event, _: "421 4.3.2 closed for today" if event == "connect" else None
        self.send("d 1")
        self.send("d 2")
        self.send("d 3", "user@example.org")
        self.engine.wait_until("all were tried", lambda: self.engine.log().count("pending till") == 3)
        self.sluice("mta-control", "pause-mode", "pause-scan")
        self.send("i 1")
        self.send("i 2", "other@example.org")
        self.send("o 1", "far@elsewhere.test", self.out_port)
        self.wait_queues(2, 1, 3)

    LOOKS = [("monitor", "mta"), ("mta-control", "pause-mode", "status"),
             ("mta-control", "delivery", "list"), ("tophosts",), ("tophosts", "soft_bounced"),
             ("hoststatus", "example.com"), ("hoststatus", "nowhere.test"),
             ("showrecipients", "example.com"), ("showrecipients", "nowhere.test"),
             ("queue", "list"), ("queue", "list", "--queue", "outbound"),
             ("queue", "list", "--domain", "example.org", "--limit", "1"), ("queue", "show", "1"),
             ("queue", "headers", "1"), ("queue", "show", "99")]

    def look_at_all(self, when):
        for words in self.LOOKS:
            name = f"{when}-{'-'.join(w.strip('-') for w in words)}"
            self.golden(name, *words, status=1 if words[-1] == "99" else 0)
            if words[-1] != "99" and words[0] != "monitor":
                json.loads(self.sluice(*words, "--json"))

    def test_every_look_at_a_running_and_a_stopped_engine(self):
        self.fill()
        self.sluice("mta-control", "delivery", "hold", "Example.ORG")
        self.sluice("mta-control", "delivery", "redirect", "elsewhere.test", "example.com")
        self.look_at_all("running")
        self.engine.stop()  # with what hosts have said last on the disk
        self.look_at_all("stopped")
        for words in (("mta-control", "pause-mode", "pause-accept"), ("mta-control", "drain"),
                      ("mta-control", "delivery", "flush"), ("deleterecipients", "example.com"),
                      ("mta-control", "delivery", "release", "example.org"),
                      ("queue", "delete", "1"), ("queue", "requeue", "--everything")):
            self.assertIn("nothing was changed", self.sluice(*words, status=1))
        self.engine.start()
        self.assertEqual(self.queues(), [2, 1, 3])
        status = self.json("hoststatus", "example.com")  # as before the restart
        self.assertIn("4.3.2 closed for today", status["last_answer"]["text"])
        self.engine.kill()
        self.engine.start()
        self.assertEqual(self.queues(), [2, 1, 3])  # none lost or doubled by kill -9

    def test_the_eight_pauses_are_what_they_say_and_survive_a_kill(self):
        verbs = ("accept", "scan", "delivery")
        for bits in range(8):
            wanted = {name: bool(bits >> i & 1) for i, name in enumerate(verbs)}
            for name, paused in wanted.items():
                self.sluice("mta-control", "pause-mode", ("pause-" if paused else "resume-") + name)
            self.assertEqual(greeting(self.engine.port)[:9],
                             "421 4.3.2" if wanted["accept"] else "220 mx.sl")
            if bits in (3, 7):
                self.engine.kill()
                self.engine.start(greets=not wanted["accept"])
            state = self.json("mta-control", "pause-mode", "status")
            for name, paused in wanted.items():
                self.assertEqual(state[name]["paused"], paused, (bits, state))
                if paused:
                    self.assertTrue(state[name]["since"] and state[name]["by"])

    def test_a_session_in_progress_finishes_when_acceptance_is_paused(self):
        with Peer(self.engine.port) as peer:
            peer.greet()
            peer.command("MAIL FROM:<a@example.org>")
            self.sluice("mta-control", "pause-mode", "pause-accept")
            self.assertEqual(greeting(self.engine.port)[:9], "421 4.3.2")
            peer.command("RSET")
            peer.message("a@example.org", ["user@example.com"], mail("in progress"))
        self.sink.wait_for(1)
        self.sluice("mta-control", "pause-mode", "resume-accept")
        self.assertEqual(greeting(self.engine.port)[:3], "220")

    def test_a_paused_scan_ends_with_the_same_verdict(self):
        self.send("at once")
        self.sink.wait_for(1)
        self.sluice("mta-control", "pause-mode", "pause-scan")
        self.send("later")
        self.send("spam", body=GTUBE + b"\r\n")
        self.wait_queues(2, 0, 0)
        self.engine.kill()
        self.engine.start()
        self.assertEqual(self.queues(), [2, 0, 0])
        self.sluice("mta-control", "pause-mode", "resume-scan")
        message = self.sink.wait_for(2)[1]
        stamps = [m.octets[m.octets.index(b"X-Sluice-SCL"):m.octets.index(b"Subject:")]
                  for m in (self.sink.messages[0], message)]
        self.assertEqual(stamps[0], stamps[1])
        self.wait_queues(1, 0, 0)  # what would have been refused waits for the operator
        held = self.json("queue", "list", "--held")["messages"]
        self.assertEqual([row["stage"] for row in held], ["held"])
        self.assertEqual(held[0]["scl"], 9)
        self.engine.kill()
        self.engine.start()
        self.wait_queues(1, 0, 0)
        self.sluice("queue", "requeue", "--held")
        self.assertIn(b"X-Sluice-SCL: 9", self.sink.wait_for(3)[2].octets)
        self.wait_queues(0, 0, 0)
        self.assertIn("held: SCL 9 would have been refused on arrival", self.engine.log())

    def test_a_paused_delivery_opens_no_connection(self):
        self.sluice("mta-control", "pause-mode", "pause-delivery")
        for i in range(5):
            self.send(f"kept {i}")
        self.wait_queues(0, 0, 5)
        time.sleep(0.3)
        self.assertEqual(self.sink.connections, 0)
        self.assertIn("delivery is paused", self.sluice("mta-control", "drain", "--until-empty",
                                                        status=1))
        self.sluice("mta-control", "pause-mode", "resume-delivery")
        self.sink.wait_for(5)
        self.sluice("mta-control", "drain", "--until-empty", "--timeout", "20")
        self.assertEqual(greeting(self.engine.port)[:9], "421 4.3.2")

    def test_hosts_are_held_released_and_redirected_and_recipients_deleted(self):
        self.sluice("mta-control", "delivery", "hold", "example.com")
        send_message(self.engine.port, "a@example.org",
                     ["one@example.com", "two@example.org", "three@example.com"], mail("both"))
        self.assertEqual(len(self.sink.wait_for(1)[0].recipients), 1)
        # Until the outcome is with the kernel: what is in flight at a kill may come twice.
        self.engine.wait_until("the log", lambda: "Message done" in self.engine.log())
        self.assertEqual(self.json("hoststatus", "example.org")["delivered"], 1)
        self.engine.kill()
        self.engine.start()
        self.assertEqual(self.json("hoststatus", "example.com")["active_recipients"], 2)
        rows = self.json("showrecipients", "example.com")["recipients"]
        self.assertEqual([(row["rid"], row["address"]) for row in rows],
                         [(0, "one@example.com"), (2, "three@example.com")])
        self.send("held too", "four@example.com")
        self.assertEqual(self.json("tophosts")["active_recipients"], 3)
        self.sluice("mta-control", "delivery", "release", "example.com")
        self.assertEqual(sum(len(m.recipients) for m in self.sink.wait_for(3)), 4)
        self.sluice("mta-control", "delivery", "hold", "example.com")
        send_message(self.engine.port, "a@example.org", ["one@example.com", "two@example.org"],
                     mail("again"))
        self.sink.wait_for(4)
        self.assertIn("1 recipient at", self.sluice("deleterecipients", "example.com"))
        self.wait_queues(0, 0, 0)
        self.assertRegex(self.engine.log(), r"Message \d+ to RID \[0\] deleted by ")
        # Those of mail that waits for a scan are deleted too, and no others.
        self.sluice("mta-control", "pause-mode", "pause-scan")
        send_message(self.engine.port, "a@example.org", ["one@example.com", "two@example.org"],
                     mail("unscanned"))
        self.assertIn("1 recipient at", self.sluice("deleterecipients", "example.com"))
        self.wait_queues(1, 0, 0)
        self.sluice("mta-control", "pause-mode", "resume-scan")
        self.assertEqual(self.sink.wait_for(5)[4].recipients, ["TO:<two@example.org>"])

    def test_a_redirect_may_name_a_next_hop(self):
        other = Sink()
        self.addCleanup(other.stop)
        self.assertIn("is neither a host nor a next hop",
                      self.sluice("mta-control", "delivery", "redirect", "example.com", "a b", status=1))
        self.sluice("mta-control", "delivery", "redirect", "example.com", f"127.0.0.1:{other.port}")
        self.engine.kill()
        self.engine.start()
        self.send("one")
        other.wait_for(1)
        self.assertIn(f"Redirected to: 127.0.0.1:{other.port}",
                      self.sluice("hoststatus", "example.com"))
        self.sluice("mta-control", "delivery", "redirect", "example.com")
        self.send("two")
        self.sink.wait_for(1)
        self.assertEqual(len(other.messages), 1)

    def test_queue_verbs_act_on_what_is_selected_only(self):
        self.fill()
        self.assertIn("--everything", self.sluice("queue", "delete", status=1))
        self.golden("running-queue-delete-domain", "queue", "delete", "--domain", "example.org",
                    "--queue", "delivery")
        self.wait_queues(2, 1, 2)
        folder = os.path.join(self.engine.folder, "export")
        self.sluice("queue", "export", "--queue", "inbound", "--to", folder)
        files = sorted(os.listdir(folder))
        self.assertEqual(len(files), 2)
        with open(os.path.join(folder, files[0]), "rb") as file:
            octets = file.read()
        self.assertTrue(octets.startswith(b"Received: "))
        self.assertTrue(octets.endswith(mail("i 1")))
        self.sink.answer = lambda event, _: None
        self.sluice("queue", "requeue", "--queue", "delivery")
        self.sink.wait_for(1)
        self.sluice("mta-control", "delivery", "flush")
        self.sink.wait_for(2)
        mids = [str(row["mid"]) for row in self.json("queue", "list")["messages"]]
        self.sluice("queue", "delete", mids[0], mids[0])
        self.wait_queues(1, 1, 0)
        self.sluice("queue", "delete", "--everything")
        self.wait_queues(0, 0, 0)

    def test_a_slow_client_of_the_admin_socket_is_dropped(self):
        with socket.socket(socket.AF_UNIX) as slow:
            slow.connect(os.path.join(self.engine.folder, "admin.sock"))
            with self.assertRaises(OSError):
                for _ in range(100):
                    slow.send(b" ")
                    time.sleep(0.2)

    def test_a_flush_reaches_all_and_a_second_one_nothing(self):
        self.fill()
        self.sink.answer = lambda event, _: None
        begun = time.monotonic()
        self.sluice("mta-control", "delivery", "flush")
        self.sink.wait_for(3)
        self.assertLess(time.monotonic() - begun, 20)
        self.sluice("mta-control", "delivery", "flush")
        self.wait_queues(2, 1, 0)
        self.assertEqual(len(self.sink.messages), 3)

    def test_help_links_and_completion(self):
        folder = os.path.join(self.engine.folder, "bin")
        self.sluice("links", folder)
        for name in ("mta-control", "monitor", "tophosts", "hoststatus", "showrecipients",
                     "deleterecipients"):
            done = subprocess.run([os.path.join(folder, name), "--help"], capture_output=True,
                                  text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 0, name)
        done = subprocess.run([os.path.join(folder, "tophosts"), "--config", self.engine.config],
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertIn("Recipient Host", done.stdout)
        script = self.sluice("completion", "bash")
        ask = script + 'COMP_WORDS=(mta-control pause-mode pause-); COMP_CWORD=2; _sluice; ' \
                       'echo "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, timeout=20,
                              check=False)
        self.assertEqual(done.stdout.split(), ["pause-accept", "pause-scan", "pause-delivery"])
        self.assertIn("bashcompinit", self.sluice("completion", "zsh"))
        for words in (("mta-control", "drain"), ("queue", "delete"), ("hoststatus",), ("tophosts",),
                      ("mta-control", "pause-mode", "pause-scan"), ("queue", "export")):
            self.assertIn("Example: sluice ", self.sluice(*words, "--help"))


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1 and sys.argv[1] == "update":
        UPDATE = bool(sys.argv.pop(1))
    unittest.main(verbosity=2)
