#!/usr/bin/env python3
"""What becomes of a message by its SCL: each threshold, on arrival and when scanning was paused; and
phrases that decide by themselves.

Usage: scl_test.py SLUICE
"""
import base64
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import Refused, send_message
from smtp_sink import Sink

SLUICE = ""
# Words with the lowest score of an SCL, as the table of the defaults has it.
SCORES = {3: 3, 4: 4, 5: 5, 7: 8, 9: 15}
RULES = "".join(f"body WORD_{scl} /\\bword{scl}\\b/\nscore WORD_{scl} {score}\n"
                for scl, score in SCORES.items())
BLOCK = 16384  # octets of a message block (engine/base/block.h)
THRESHOLDS = "delete = 9\nreject = 7\nquarantine = 5\ntag = 4\n"
REFUSAL = "550 5.7.1 Message rejected due to content restrictions"


class Scl(unittest.TestCase):
    def start(self, scan, listener="", rules=RULES):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port, rules="rules.cf", scan=scan,
                             listener=listener)
        self.addCleanup(self.engine.__exit__)
        self.write("rules.cf", rules)
        self.write("allowed", "# names of the house\nProject Bluebird\n")
        self.write("blocked", "free   crédit\n100% (guaranteed)\nслово\n")
        self.engine.start()

    def write(self, name, text):
        with open(os.path.join(self.engine.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def sluice(self, *words):
        done = subprocess.run([SLUICE, *words, "--config", self.engine.config], timeout=30,
                              capture_output=True, check=True, cwd=self.engine.folder)
        return done.stdout.decode()

    def send(self, text, headers=b""):
        """The empty string, or the refusal."""
        octets = b"Subject: x\r\n" + headers + b"\r\n" + (
            text if isinstance(text, bytes) else text.encode()) + b"\r\n"
        try:
            send_message(self.engine.port, "from@example.org", ("user@example.com",), octets)
            return ""
        except Refused as refusal:
            return refusal.reply.strip()

    def held(self):
        return json.loads(self.sluice("queue", "list", "--held", "--json"))["messages"]

    def delivered(self, count):
        self.engine.wait_until(f"{count} delivered", lambda: len(self.sink.messages) >= count)
        return [message.octets.decode() for message in self.sink.messages]

    def test_each_threshold_on_arrival(self):
        self.start(THRESHOLDS)
        replies = {scl: self.send(f"word{scl}") for scl in (9, 7, 5, 4, 3)}
        self.assertEqual(replies, {9: "", 7: REFUSAL, 5: "", 4: "", 3: ""})
        texts = self.delivered(2)
        self.assertEqual(sorted(("X-Spam-Flag: YES" in text, f"X-Sluice-SCL: {scl}" in text)
                                for text, scl in zip(sorted(texts, key=lambda t: "word4" in t),
                                                     (3, 4))), [(False, True), (True, True)])
        self.assertEqual([row["scl"] for row in self.held()], [5])
        self.engine.wait_for_log(r"MID \d+ quarantined: SCL 5")
        self.engine.wait_for_log(r"Message aborted MID \d+ Dropped by content scan \(SCL 9\)")
        self.engine.wait_for_log(r"spam suspect SCL 4 .*\n(.*\n)*.*spam negative SCL 3 ")
        self.assertEqual([self.engine.worker_total(f"messages_{name}") for name in
                          ("accepted", "quarantined", "discarded", "rejected")], [4, 1, 1, 1])
        # The operator lets it go.
        self.sluice("queue", "requeue", "--held")
        self.assertIn("word5", self.delivered(3)[2])
        self.assertEqual(self.held(), [])
        self.engine.wait_drained()
        self.assertNotIn("word9", "".join(m.octets.decode() for m in self.sink.messages))

    def test_rules_see_who_handed_the_message_over(self):
        self.start(THRESHOLDS,
                   rules="header OURS X-Spam-Relays-Trusted =~ /^\\[ ip=127\\.0\\.0\\.1 /\n"
                         "header BOTH eval:check_header_count_range('Received', '2', '2')\n")
        self.send("x", b"Received: from elsewhere ([192.0.2.1]) by here; "
                       b"Mon, 2 Mar 2026 10:00:00 +0000\r\n")
        self.engine.wait_for_log("OURS.*BOTH")
        self.sluice("mta-control", "pause-mode", "pause-scan")
        self.send("x", b"Received: from elsewhere ([192.0.2.1]) by here; "
                       b"Mon, 2 Mar 2026 10:00:00 +0000\r\n")
        self.sluice("mta-control", "pause-mode", "resume-scan")
        self.engine.wait_for_log("OURS.*BOTH(.*\n)*.*OURS.*BOTH")

    def test_the_antispam_report_is_written_when_it_is_wanted(self):
        self.start("antispam_report = true\nallow_phrases = \"allowed\"\n")
        self.send("project bluebird")
        self.assertIn("X-Sluice-Antispam-Report: SCL:0;CW:CustomList;MessageSecurityAntispamBypass;"
                      "\r\n\tOrigIP:127.0.0.1\r\n", self.delivered(1)[0])
        self.sluice("mta-control", "pause-mode", "pause-scan")
        self.send("late")
        self.sluice("mta-control", "pause-mode", "resume-scan")
        self.assertIn("X-Sluice-Antispam-Report: SCL:0\r\n", self.delivered(2)[1])

    def test_copies_of_a_message_have_its_verdict(self):
        self.start(THRESHOLDS)
        for _ in range(4):
            self.send("nothing to see\r\n\r\nword4\r\n\r\nthe end")
        self.assertEqual({text[text.index("X-Spam"):text.index("Subject")]
                          for text in self.delivered(4)},
                         {"X-Spam-Flag: YES\r\nX-Sluice-SCL: 4\r\n"
                          "X-Sluice-Report: score=4.0 rules=WORD_4(4.0)\r\n"})
        # The first left hashes, the second was learned from; the others need no rules.
        self.engine.wait_until("texts are known", lambda: self.engine.worker_total(
            "known_texts_hits") > 0, 10)

    def test_a_quarantined_message_survives_a_kill(self):
        self.start(THRESHOLDS)
        self.assertEqual(self.send("word5"), "")
        self.engine.kill()
        self.engine.start()
        self.assertEqual([row["scl"] for row in self.held()], [5])
        self.assertEqual(self.sink.messages, [])

    def test_each_threshold_after_a_pause(self):
        self.start(THRESHOLDS)
        self.sluice("mta-control", "pause-mode", "pause-scan")
        self.assertEqual([self.send(f"word{scl}") for scl in (9, 7, 5, 4, 3)], [""] * 5)
        self.sluice("mta-control", "pause-mode", "resume-scan")
        self.delivered(2)
        self.engine.wait_until("two wait", lambda: len(self.held()) == 2)
        self.assertEqual(sorted(row["scl"] for row in self.held()), [5, 7])
        self.engine.wait_for_log(r"MID \d+ held: SCL 7 would have been refused on arrival")
        self.engine.wait_for_log(r"MID \d+ quarantined: SCL 5")
        self.engine.wait_for_log(r"Dropped by content scan \(SCL 9\)")

    def test_phrases_decide_by_themselves(self):
        self.start(THRESHOLDS + 'allow_phrases = "allowed"\nblock_phrases = "blocked"\n')
        latin = base64.b64encode("Un FREE\r\n CRÉDIT pour vous".encode("latin-1"))
        coded = (b'Content-Type: text/plain; charset="iso-8859-1"\r\n'
                 b"Content-Transfer-Encoding: base64\r\n")
        koi = (b'Content-Type: text/plain; charset="koi8-r"\r\n', "СЛОВО".encode("koi8-r"))
        self.assertEqual(self.send(latin, coded), "")
        self.assertEqual(self.send("it is 100% (Guaranteed) now"), "")
        self.assertEqual(self.send(koi[1], koi[0]), "")
        self.engine.wait_until("three dropped", lambda: self.engine.worker_total(
            "messages_discarded") == 3)
        self.assertEqual(self.send("free credit; 100 % (guaranteed); sword10"), "")
        self.assertIn("X-Sluice-SCL: 0", self.delivered(1)[0])
        # What is allowed is let in, whatever else it says.
        self.assertEqual(self.send("about PROJECT bluebird: word9, free crédit"), "")
        self.assertIn("X-Sluice-SCL: 0", self.delivered(2)[1])
        # Broken phrases are named, and a reload with them changes nothing.
        with open(os.path.join(self.engine.folder, "blocked"), "wb") as file:
            file.write(b"good\n\xff\xfe\n")
        self.engine.process.send_signal(1)
        self.engine.wait_for_log(r"blocked:2: scan.block_phrases: the phrase is not UTF-8")
        self.assertEqual(self.send(latin, coded), "")
        self.engine.wait_until("one more dropped", lambda: self.engine.worker_total(
            "messages_discarded") == 4)

    def test_stamps_of_strangers_are_taken_out(self):
        self.start("")
        forged = b"X-Sluice-SCL: -1\r\n"
        # Wherever the field lies in the blocks that the message is kept in.
        for at in range(BLOCK - 40, BLOCK + 5, 3):
            lines, rest = divmod(at - len(b"Subject: x\r\n"), 1000)
            filler = b"".join(b"X-Filler: " + b"f" * (size - 12) + b"\r\n"
                              for size in [1000] * (lines - 1) + [1000 + rest])
            self.assertEqual(self.send(f"at {at}", filler + forged + b"X-After: x\r\n"), "")
        for octets in self.delivered(15):
            sent = octets[octets.index("Subject: x"):]
            self.assertNotIn("SCL: -1", sent)
            at = int(sent.split("\r\n\r\nat ")[1])
            self.assertEqual(sent.index("X-After"), at)

    def test_stamps_of_another_gateway_of_ones_own_stay(self):
        self.start("", listener="header_firewall = false")
        self.assertEqual(self.send("x", b"X-Sluice-SCL: 3\r\n"), "")
        self.assertIn("Subject: x\r\nX-Sluice-SCL: 3\r\n", self.delivered(1)[0])


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
