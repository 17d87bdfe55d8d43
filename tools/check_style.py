#!/usr/bin/env python3
"""Checks what the compiler does not: who may include whom, lengths, banned names, layout.

    tools/check_style.py [ROOT]     prints `path:line: what; use what`, exit status 1 when any

Lengths are a ratchet: tools/style_baseline.txt lists the files and functions that were too long when
they were listed, with their length. A listed one may not grow, and an entry that is no longer exact
has to be lowered or removed, so the list only shrinks.
"""

import pathlib
import re
import sys

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
COLUMNS_MAX = 100
BASELINE = "tools/style_baseline.txt"

# A folder may include itself and the folders with a lower number.
FLOORS = {
    "engine/base": 0,
    "engine/config": 1, "engine/mail": 1,
    "engine/net": 2, "queueing": 2, "tls": 2,
    "engine/dns": 3, "engine/smtp": 3, "engine/web": 4, "scanners": 3,
    "engine/antivirus": 4, "engine/agents": 4, "engine/policy": 4,
    "engine/delivery": 5, "engine/examination": 5,
    "engine/worker": 6,
    "engine/control": 7,
    "tools": 8,
    "bench": 9, "tests": 9,
}

# Headers of the libraries and of the system that only these folders may name. Tests and benchmarks
# may name all.
OUTSIDE = [
    (r"rte_\w+\.h", ["engine/net"]),
    (r"(hs/)?hs(_\w+)?\.h|pcre2\.h|libxml/.*|archive(_entry)?\.h", ["scanners"]),
    (r"openssl/.*", ["tls"]),
    (r"idn2\.h", ["scanners", "engine/dns"]),
    (r"libpsl\.h", ["scanners"]),
    (r"lmdb\.h", ["scanners"]),
    (r"curl/.*", ["engine/web"]),
    (r"zlib\.h", ["engine/control", "scanners"]),
    (r"toml\+\+/.*", ["engine/config"]),
    (r"liburing.*", ["queueing"]),
    (r"ares\w*\.h", ["engine/dns"]),
    (r"arpa/inet\.h", ["engine/base", "engine/net", "tools"]),
    (r"sys/(socket|un|epoll)\.h|netdb\.h|netinet/.*|net/.*|linux/if.*",
     ["engine/net", "engine/antivirus", "engine/control", "tools"]),
    (r"nlohmann/.*|spdlog/.*", ["engine/control", "tools"]),
    (r"CLI/.*", ["tools"]),
    (r"gtest/.*|gmock/.*|benchmark/.*", []),
]

# (pattern in the code, folders it counts in, what it is, what to use)
PRODUCT = ("engine", "queueing", "scanners", "tls")
EVERYWHERE = PRODUCT + ("tools", "bench", "tests")
REAL_TIME = "tests/integration/"  # real processes, which have to be waited for
BANNED = [
    (r"\bstd::(cout|cerr|clog|endl)\b|#\s*include\s*<iostream>", PRODUCT + ("tools",),
     "iostream output", "fmt::print in tools, the log in the engine"),
    (r"(?<![\w:])(std::)?(printf|puts|putchar)\s*\(", PRODUCT, "output on stdout", "the log"),
    (r"\bfmt::print\s*\(", PRODUCT, "output on stdout", "the log"),
    (r"\bsleep_(for|until)\b|(?<![\w.:>])(u|nano)?sleep\s*\(", PRODUCT + ("tests",),
     "sleeping", "the timer wheel, or a ManualClock in a test"),
    (r"(?<![\w.:>])s?rand\s*\(|\brandom_device\b", EVERYWHERE,
     "unseeded randomness", "engine/base/random.h"),
    (r"(?<![\w.:>])(strcpy|strcat|sprintf|vsprintf|gets|strtok|system)\s*\(", EVERYWHERE,
     "an unbounded C function", "std::string_view, fmt, posix_spawn"),
    (r"\busing namespace std\s*;", EVERYWHERE, "using namespace std", "the std:: prefix"),
    (r"\bstd::regex\b|#\s*include\s*<regex>", EVERYWHERE, "std::regex", "a hand-written parser"),
    (r"\bco_(await|yield|return)\b", EVERYWHERE, "a coroutine", "an explicit state machine"),
    (r"(?<!\w)throw\s+\w", PRODUCT, "an exception of our own", "std::expected"),
    (r"(?<!\w)assert\s*\(", EVERYWHERE, "assert()", "SLUICE_ASSERT"),
    (r"\b(reinterpret_cast<\s*(unsigned\s+)?(short|int|long)\s*\*)", PRODUCT,
     "a cast to a wider integer", "the loads of engine/base"),
]
BANNED_IN_COMMENTS = [
    (r"\b(TODO|FIXME|XXX|HACK)\b", "an open end", "an issue, or do it now"),
]

# Code with comments and the insides of literals blanked; lines and columns stay where they are.
LEXEME = re.compile(
    r'R"(?P<tag>[^\s()\\]{0,16})\((?:.|\n)*?\)(?P=tag)"'
    r'|//[^\n]*|/\*(?:.|\n)*?\*/'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'")


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def strip_comments(text):
    return LEXEME.sub(lambda m: blank(m[0]) if m[0].startswith("/") else m[0], text)


def strip_literals(text):
    def replace(match):
        word = match[0]
        return blank(word) if word.startswith("/") else word[0] + blank(word[1:-1]) + word[-1]
    return LEXEME.sub(replace, text)


def fill_literals(text):
    """Literals filled with `_`, so that blanks in them are not taken for layout."""
    return LEXEME.sub(
        lambda m: m[0] if m[0].startswith("/") else re.sub(r"[^\n]", "_", m[0]), text)


def comments_of(text):
    """(line, text) of each comment."""
    for match in LEXEME.finditer(text):
        if match[0].startswith("/"):
            yield text.count("\n", 0, match.start()) + 1, match[0]


def folder_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "engine" else parts[0]


def is_function(head):
    """Whether the text before a `{` at class or namespace level begins a function's body."""
    head = re.sub(r"\b(public|private|protected)\s*:", " ", head).strip()
    if "(" not in head or re.search(r"\b(namespace|enum)\b", head):
        return False
    if re.search(r"(=|,|\()\s*$", head):
        return False
    return re.match(r"(template\s*<[^{]*>\s*)?(class|struct|union)\b", head) is None


def functions_of(code):
    """(name, first line, lines) of each function, members and free ones; lambdas count in theirs."""
    code = re.sub(r"^[ \t]*#.*(\\\n.*)*$", lambda m: blank(m[0]), code, flags=re.M)
    stack = []          # what each open brace is: "scope" or "function"
    head_start = 0      # where the text since the last ; { } begins
    opened = []         # (name, start) of the functions open
    for match in re.finditer(r"[{};]", code):
        char, at = match[0], match.start()
        inside = "function" in stack
        if char == "{":
            head = code[head_start:at]
            kind = "function" if not inside and is_function(head) else "scope"
            if kind == "function":
                start = head_start + len(head) - len(head.lstrip())
                names = re.findall(r"([\w:~]+|operator\s*\S+)\s*\(", head)
                opened.append((names[0] if names else "?", start))
            stack.append(kind)
        elif char == "}" and stack:
            if stack.pop() == "function":
                name, start = opened.pop()
                first = code.count("\n", 0, start) + 1
                yield name, first, code.count("\n", 0, at) + 2 - first
        if char == ";" and not inside and code.count("(", head_start, at) != code.count(
                ")", head_start, at):
            continue
        head_start = at + 1


class Checker:
    def __init__(self, root, baseline=None):
        self.root = pathlib.Path(root)
        self.faults = []
        self.baseline = dict(baseline or {})
        self.used = set()

    def fault(self, path, line, what):
        self.faults.append((path, line, what))

    def length(self, key, path, line, what, lines, allowed):
        listed = self.baseline.get(key)
        if lines <= allowed:
            return
        if listed is None:
            self.fault(path, line, f"{what} has {lines} lines; at most {allowed}: split it")
            return
        self.used.add(key)
        if lines > listed:
            self.fault(path, line, f"{what} grew to {lines} lines; at most {listed}: split it")
        elif lines < listed:
            self.fault(path, line, f"{what} shrank to {lines} lines; write {lines} in {BASELINE}")

    def check_includes(self, path, code):
        folder = folder_of(path)
        floor = FLOORS.get(folder)
        for number, line in enumerate(code.split("\n"), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            if match[1] == '"':
                self.check_own_include(path, number, folder, floor, match[2])
            elif folder not in ("tests", "bench"):
                self.check_outside_include(path, number, folder, match[2])

    def check_own_include(self, path, number, folder, floor, target):
        other = folder_of(target)
        if other not in FLOORS or "/" not in target:
            self.fault(path, number, f'"{target}" names no folder; use the path from the root')
        elif other != folder and floor is not None and FLOORS[other] >= floor:
            self.fault(path, number,
                       f"{folder} includes {other}, which does not stand below it; move the shared "
                       f"part down or pass a value")

    def check_outside_include(self, path, number, folder, target):
        for pattern, folders in OUTSIDE:
            if re.fullmatch(pattern, target) and folder not in folders:
                where = " and ".join(folders) if folders else "tests and bench"
                self.fault(path, number, f"<{target}> belongs in {where} alone; use its interface")

    def check_lines(self, path, text):
        if not text.endswith("\n"):
            self.fault(path, text.count("\n") + 1, "no newline at the end; use one")
        for number, line in enumerate(fill_literals(text).split("\n"), 1):
            if len(line) > COLUMNS_MAX:
                self.fault(path, number, f"{len(line)} columns; use at most {COLUMNS_MAX}")
            if "\t" in line:
                self.fault(path, number, "a tab; use spaces")
            if line != line.rstrip():
                self.fault(path, number, "blanks at the end of the line; use none")

    def check_banned(self, path, text, code):
        top = path.split("/")[0]
        for pattern, folders, what, instead in BANNED:
            if top in folders and not (what == "sleeping" and path.startswith(REAL_TIME)):
                for match in re.finditer(pattern, code):
                    line = code.count("\n", 0, match.start()) + 1
                    self.fault(path, line, f"{what} ({match[0].strip()}); use {instead}")
        for line, comment in comments_of(text):
            for pattern, what, instead in BANNED_IN_COMMENTS:
                if match := re.search(pattern, comment):
                    self.fault(path, line, f"{what} ({match[0]}); use {instead}")

    def check_file(self, path, text):
        code = strip_literals(text)
        self.check_lines(path, text)
        self.check_includes(path, strip_comments(text))
        self.check_banned(path, text, code)
        if path.endswith(".h") and "#pragma once" not in code:
            self.fault(path, 1, "no #pragma once; use one")
        self.length(path, path, 1, "the file", text.count("\n"), FILE_LINES_MAX)
        for name, line, lines in functions_of(code):
            self.length(f"{path}:{name}", path, line, f"{name}()", lines, FUNCTION_LINES_MAX)

    def check_tree(self):
        for top in EVERYWHERE:
            for file in sorted((self.root / top).rglob("*")):
                if file.suffix in (".h", ".cc"):
                    text = file.read_text(encoding="utf-8")
                    self.check_file(file.relative_to(self.root).as_posix(), text)
        for key in sorted(set(self.baseline) - self.used):
            self.fault(BASELINE, 1, f"{key} is no longer too long; remove it")


def read_baseline(root):
    """Lines `path lines` and `path:function lines`; # begins a comment."""
    entries = {}
    file = pathlib.Path(root) / BASELINE
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        words = line.split("#")[0].split()
        if words:
            entries[words[0]] = int(words[1])
    return entries


def main(argv):
    root = argv[1] if len(argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    checker = Checker(root, read_baseline(root))
    checker.check_tree()
    for path, line, what in checker.faults:
        print(f"{path}:{line}: {what}")
    return 1 if checker.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
