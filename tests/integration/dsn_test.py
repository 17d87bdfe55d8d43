#!/usr/bin/env python3
"""Delivery status notifications (RFC 3461, 3464) as a mail program reads them: failure, delay, relayed,
passed on, and none where none is wanted. Parsed with Python's email package.

Usage: dsn_test.py SLUICE
"""
import email
import email.policy
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import Peer
from smtp_sink import Sink

SLUICE = ""
WITHOUT_DSN = "250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME"
BODY = b"Subject: x\r\nX-Mark: 1\r\n\r\nhello\r\n..dots\r\n"


def fields(message):
    return {name.lower(): " ".join(value.split()) for name, value in message.items()}


class Notifications(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.senders = Sink()  # takes what goes to senders, all of example.org
        cls.knows, cls.ignorant = Sink(), Sink()
        for sink in (cls.knows, cls.ignorant):
            sink.answer = cls.answer
        usual = cls.answer
        cls.ignorant.answer = lambda event, text: WITHOUT_DSN if event == "ehlo" else usual(event, text)
        extra = "".join(f'[[route]]\ndomain = "{domain}"\nnext_hop = ["127.0.0.1:{sink.port}"]\n'
                        for domain, sink in (("knows.example.com", cls.knows),
                                             (".example.com", cls.ignorant)))
        cls.engine = Engine(SLUICE, cls.senders.port, extra=extra, listener='relay_from = ["127.0.0.1"]',
                            delivery='delay_notice = "3s"\nreturn_max = "10 kB"\n')
        cls.engine.start()

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()
        for sink in (cls.senders, cls.knows, cls.ignorant):
            sink.stop()

    @staticmethod
    def answer(event, text):
        if event == "rcpt" and "bad" in text:
            return "550 5.1.1 User unknown"
        return "451 4.3.0 try later" if event == "rcpt" and "slow" in text else None

    def send(self, sender, recipients, parameters="", body=BODY):
        """`recipients`: address with the parameters of its RCPT."""
        with Peer(self.engine.port) as peer:
            peer.greet()
            peer.command(f"MAIL FROM:<{sender}>{parameters}")
            for address, wishes in recipients:
                peer.command(f"RCPT TO:<{address}>{wishes}")
            peer.command("DATA", "354")
            peer.send(body.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            peer.expect("250")

    def report(self, sender):
        """The one notification that came to the sender."""
        self.engine.wait_until(f"a report to {sender}", lambda: self.reports(sender))
        found = self.reports(sender)
        self.assertEqual(len(found), 1)
        message = email.message_from_bytes(found[0].octets, policy=email.policy.SMTP)
        self.assertEqual([], [d for part in message.walk() for d in part.defects])
        self.assertEqual(found[0].sender, "FROM:<>")
        self.assertIn(f"TO:<{sender}> NOTIFY=NEVER", found[0].recipients)
        self.assertEqual(message.get_content_type(), "multipart/report")
        self.assertEqual(message.get_param("report-type"), "delivery-status")
        self.assertEqual(message["Auto-Submitted"], "auto-replied")
        self.assertEqual(message["To"], sender)
        text, status, returned = message.iter_parts()
        self.assertEqual(text.get_content_type(), "text/plain")
        self.assertEqual(status.get_content_type(), "message/delivery-status")
        self.assertIn("This is the mail system at mx.sluice.test", text.get_content())
        return message, [fields(block) for block in status.get_payload()], returned

    def reports(self, sender):
        return [m for m in self.senders.messages if any(f"<{sender}>" in r for r in m.recipients)]

    def test_a_failure_with_everything_carried_over(self):
        self.send("full@example.org",
                  [("good@a.example.com", ""),
                   ("bad@a.example.com", " NOTIFY=FAILURE ORCPT=rfc822;Old+2Bbad@a.example.com")],
                  " RET=FULL ENVID=QQ+2B314")
        message, (about, bad), returned = self.report("full@example.org")
        self.assertEqual(message["Subject"], "Undelivered mail returned to sender")
        self.assertEqual(about["reporting-mta"], "dns; mx.sluice.test")
        self.assertEqual(about["original-envelope-id"], "QQ+314")
        self.assertIn("arrival-date", about)
        self.assertEqual(bad["original-recipient"], "rfc822;Old+bad@a.example.com")
        self.assertEqual(bad["final-recipient"], "rfc822;bad@a.example.com")
        self.assertEqual((bad["action"], bad["status"]), ("failed", "5.1.1"))
        self.assertEqual(bad["diagnostic-code"], "smtp; 550 5.1.1 User unknown")
        self.assertEqual(bad["remote-mta"], "dns; [127.0.0.1]")
        self.assertEqual(returned.get_content_type(), "message/rfc822")
        original = returned.get_payload(0)
        self.assertEqual(original["X-Mark"], "1")
        self.assertEqual(original.get_payload(), "hello\r\n..dots\r\n")

    def test_headers_only_when_asked_for_and_when_it_is_too_large(self):
        self.send("head@example.org", [("bad@a.example.com", "")], " RET=HDRS")
        self.send("large@example.org", [("bad@a.example.com", "")], " RET=FULL",
                  BODY + b"x" * 70 + b"\r\n" + b"line\r\n" * 3000)
        for sender in ("head@example.org", "large@example.org"):
            _, _, returned = self.report(sender)
            self.assertEqual(returned.get_content_type(), "text/rfc822-headers")
            self.assertIn("X-Mark: 1", returned.get_content())
            self.assertNotIn("hello", returned.get_content())

    def test_a_delay_is_told_once_and_only_to_who_wants_it(self):
        self.send("late@example.org", [("slow@a.example.com", " NOTIFY=DELAY,FAILURE")], " RET=FULL")
        self.send("calm@example.org", [("slow2@a.example.com", " NOTIFY=FAILURE")])
        message, (_, slow), returned = self.report("late@example.org")
        self.assertIn("Delayed mail", message["Subject"])
        self.assertEqual((slow["action"], slow["status"]), ("delayed", "4.3.0"))
        self.assertIn("will-retry-until", slow)
        self.assertEqual(returned.get_content_type(), "text/rfc822-headers")
        attempts = self.engine.log().count("451 4.3.0 try later")
        self.engine.wait_until("further attempts", lambda:
                               self.engine.log().count("451 4.3.0 try later") > attempts + 3)
        self.assertEqual(len(self.reports("late@example.org")), 1)
        self.assertEqual(self.reports("calm@example.org"), [])
        self.assertRegex(self.engine.log(), r"MID \d+ generated for notification of MID \d+ \(delay\)")

    def test_wishes_are_passed_on_where_dsn_is_offered_else_it_was_relayed(self):
        wishes = " NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@b.example"
        self.send("wish@example.org", [("one@knows.example.com", wishes)], " RET=HDRS ENVID=E1")
        self.send("wish2@example.org", [("two@a.example.com", wishes)], " RET=HDRS ENVID=E2")
        _, (about, two), returned = self.report("wish2@example.org")
        self.assertEqual(about["original-envelope-id"], "E2")
        self.assertEqual((two["action"], two["status"]), ("relayed", "2.0.0"))
        self.assertEqual(two["original-recipient"], "rfc822;a@b.example")
        self.assertEqual(returned.get_content_type(), "text/rfc822-headers")
        passed = self.knows.wait_for(1)[0]
        self.assertIn("RET=HDRS ENVID=E1", passed.sender)
        self.assertEqual(passed.recipients, [f"TO:<one@knows.example.com>{wishes}"])
        self.assertEqual(self.reports("wish@example.org"), [])

    def test_silence_for_the_null_sender_and_for_never(self):
        self.send("", [("bad@a.example.com", " NOTIFY=FAILURE")])
        self.send("quiet@example.org", [("bad@a.example.com", " NOTIFY=NEVER")])
        self.send("mark@example.org", [("bad@a.example.com", "")])
        self.report("mark@example.org")
        self.assertEqual(self.reports("quiet@example.org"), [])
        self.assertEqual(self.reports(""), [])


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
