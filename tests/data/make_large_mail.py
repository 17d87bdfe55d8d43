#!/usr/bin/env python3
"""Writes the demo mail of several MiB: too big to commit, the same octets every time."""

import base64
import random
import sys

ATTACHMENT_OCTETS = 4 * 1024 * 1024

HEADER = """\
Received: from studio.harbour-sound.example ([203.0.113.77]) by mx.example.com with ESMTPS
\tid 90ab12; Thu, 12 Nov 2026 10:00:09 +0100
From: Harbour Sound <studio@harbour-sound.example>
To: radio@example.com
Subject: The interview, uncut
Date: Thu, 12 Nov 2026 10:00:00 +0100
Message-ID: <interview-uncut@harbour-sound.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="sound-1"

--sound-1
Content-Type: text/plain; charset=utf-8

Here is the whole interview as one file. The part about the old crane
starts at 14:20; the wind is loud there, but the words can be understood.

--sound-1
Content-Type: audio/basic; name="interview.au"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="interview.au"

"""
TRAILER = "\n--sound-1--\n"


def main() -> None:
    (path,) = sys.argv[1:]
    sound = base64.b64encode(random.Random(1119).randbytes(ATTACHMENT_OCTETS)).decode()
    with open(path, "w", encoding="ascii", newline="\n") as mail:
        mail.write(HEADER)
        for start in range(0, len(sound), 76):
            mail.write(sound[start:start + 76] + "\n")
        mail.write(TRAILER)


if __name__ == "__main__":
    main()
