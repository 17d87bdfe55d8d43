#!/usr/bin/env python3
"""The classifier in a running engine: what `sluice learn` is shown counts there without a reload, for
a domain with a database of its own that one; mbox files and Maildirs are read; what was learned can
be forgotten.

Usage: bayes_test.py SLUICE
"""
import json
import os
import random
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import send_message
from smtp_sink import Sink

SLUICE = ""
MESSAGES = 210  # of each kind; 200 are needed
RULES = """body BAYES_00 eval:check_bayes('0.00', '0.01')
body BAYES_99 eval:check_bayes('0.99', '1.00')
tflags BAYES_00 nice learn
tflags BAYES_99 learn
score BAYES_00 0 0 -1.5 -1.9
score BAYES_99 0 0 3.8 3.5
"""
BAYES = '[bayes]\nenabled = true\nrefresh = "1s"\ndomains = ["example.org"]\n'
WORDS = {
    "spam": "cheap watches replica pills discount winner lottery casino bonus credit".split(),
    "ham": "meeting agenda project report review schedule budget draft minutes release".split(),
}


def message(kind, number):
    draw = random.Random(f"{kind} {number}")
    words = draw.choices(WORDS[kind], k=30) + draw.choices(["and", "with", "for", "the"], k=10)
    return (f"From: sender{number}@{kind}.example\r\nTo: user@example.com\r\nSubject: {words[0]} {words[1]}\r\n"
            f"Message-ID: <{kind}{number}@{kind}.example>\r\n\r\n" + " ".join(words) + "\r\n").encode()


class Bayes(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port, extra=BAYES, rules="bayes.cf")
        self.addCleanup(self.engine.__exit__)
        folder = self.engine.folder
        with open(os.path.join(folder, "bayes.cf"), "w") as file:
            file.write(RULES)
        os.makedirs(os.path.join(folder, "spam", "cur"))
        os.makedirs(os.path.join(folder, "spam", "tmp"))
        for number in range(MESSAGES):
            with open(os.path.join(folder, "spam", "cur", str(number)), "wb") as file:
                file.write(message("spam", number))
        with open(os.path.join(folder, "spam", "tmp", "half"), "wb") as file:
            file.write(b"Subject: half written\r\n\r\n")
        with open(os.path.join(folder, "ham.mbox"), "wb") as file:
            for number in range(MESSAGES):
                file.write(b"From sender Thu Jan  1 00:00:00 2026\n" +
                           message("ham", number).replace(b"\r\n", b"\n") + b">From me\n\n")

    def sluice(self, *words, status=0):
        done = subprocess.run([SLUICE, *words, "--config", self.engine.config], timeout=60,
                              capture_output=True, check=False, cwd=self.engine.folder)
        self.assertEqual(done.returncode, status, done)
        return (done.stdout + done.stderr).decode()

    def learn(self, kind, path, *words):
        return json.loads(self.sluice("learn", kind, path, "--json", *words))

    def send(self, kind, number, recipient):
        send_message(self.engine.port, "from@example.net", (recipient,), message(kind, number))

    def test_what_is_learned_counts_in_the_running_engine(self):
        self.engine.start()
        self.send("spam", 900, "user@example.com")
        self.engine.wait_for_log(r"MID 1 queued for delivery")
        self.assertEqual(self.learn("spam", "spam")["added"], MESSAGES)
        self.assertEqual(self.learn("ham", "ham.mbox")["added"], MESSAGES)
        self.assertEqual(self.learn("ham", "ham.mbox")["known"], MESSAGES)
        self.engine.wait_for_log(r"bayes: enough was learned to be asked")
        self.send("spam", 901, "user@example.com")
        self.engine.wait_for_log(r"BAYES_99")
        self.send("ham", 901, "user@example.com")
        self.engine.wait_for_log(r"BAYES_00")

        # The other way round for one domain: only its mail is judged by that.
        self.learn("spam", "ham.mbox", "--domain", "example.org")
        self.learn("ham", "spam", "--domain", "example.org")
        judged = self.engine.log().count("BAYES_99")

        def ham_is_spam_there():
            self.send("ham", 902, "user@example.org")
            return self.engine.log().count("BAYES_99") > judged
        self.engine.wait_until("the domain's database is asked", ham_is_spam_there)
        good = self.engine.log().count("BAYES_00")
        self.send("ham", 903, "user@example.com")
        self.engine.wait_until("others ask the general one",
                               lambda: self.engine.log().count("BAYES_00") > good)

    def test_what_was_learned_is_undone(self):
        self.learn("ham", "spam")
        self.assertEqual(self.learn("spam", "spam")["changed"], MESSAGES)
        self.assertIn(f"{MESSAGES} spam, 0 ham", self.sluice("learn", "stats"))
        self.assertEqual(self.learn("forget", "spam")["forgotten"], MESSAGES)
        stats = json.loads(self.sluice("learn", "stats", "--json"))
        self.assertEqual((stats["spam"], stats["ham"], stats["tokens"]), (0, 0, 0))
        self.assertEqual(self.learn("forget", "spam")["unknown"], MESSAGES)

    def test_what_cannot_be_done_is_named(self):
        self.assertIn("nothing was learned there", self.sluice("learn", "stats", status=1))
        self.assertIn("cannot be read", self.sluice("learn", "ham", "missing", status=1))
        self.assertIn("bayes.domains", self.sluice("learn", "ham", "spam", "--domain", "example.net",
                                                   status=1))


class Unasked(unittest.TestCase):
    """bayes.auto_learn: what rules are sure of is learned, and never against what somebody taught."""

    RULES = """header SENDER From =~ /spam\\.example/
score SENDER 3
body WORDS /casino|pills|watches|lottery|replica/
score WORDS 3
header GOOD From =~ /ham\\.example/
score GOOD -1
"""
    CONFIG = BAYES + "auto_learn = true\nauto_learn_spam = 5.5\nauto_learn_ham = -0.5\n"

    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port, extra=self.CONFIG, rules="unasked.cf")
        self.addCleanup(self.engine.__exit__)
        with open(os.path.join(self.engine.folder, "unasked.cf"), "w") as file:
            file.write(self.RULES)
        self.engine.start()

    def sluice(self, *words):
        return subprocess.run([SLUICE, *words, "--config", self.engine.config], timeout=60, capture_output=True,
                              check=False, cwd=self.engine.folder).stdout.decode()

    def learned(self, *words):
        stats = self.sluice("learn", "stats", "--json", *words)
        stats = json.loads(stats) if stats else {"spam": 0, "ham": 0}
        return stats["spam"], stats["ham"]

    def send(self, octets, recipient="user@example.com"):
        send_message(self.engine.port, "from@example.net", (recipient,), octets)

    def wait_for(self, spam, ham, *words):
        self.engine.wait_until(f"{spam} spam and {ham} ham are learned",
                               lambda: self.learned(*words) == (spam, ham))

    def test_what_is_clear_is_learned_once_and_corrections_stay(self):
        for number in range(3):
            self.send(message("spam", number))
            self.send(message("ham", number))
        # Points of the header only, as many as it takes: nothing to learn.
        self.send(b"From: a@spam.example\r\nSubject: x\r\nX-Again: x\r\n\r\nnothing\r\n")
        self.send(message("spam", 0))  # known
        self.wait_for(3, 3)
        self.engine.wait_for_log(r"bayes: learned unasked: \d spam, \d ham")
        with open(os.path.join(self.engine.folder, "wrong"), "wb") as file:
            file.write(message("spam", 0))
        self.assertEqual(json.loads(self.sluice("learn", "ham", "wrong", "--json"))["changed"], 1)
        self.send(message("spam", 0))
        self.send(message("ham", 7))
        self.wait_for(2, 5)  # 7 is there, and 0 still what it was said to be
        self.send(message("ham", 8), "user@example.org")
        self.wait_for(0, 1, "--domain", "example.org")

    def test_what_is_scanned_after_a_pause_is_learned_too(self):
        self.sluice("mta-control", "pause-mode", "pause-scan")
        self.send(message("spam", 0))
        self.send(message("ham", 0))
        self.sluice("mta-control", "pause-mode", "resume-scan")
        self.wait_for(1, 1)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
