#!/usr/bin/env python3
"""Writes own_rules_text.h: the rules of the .cf files beside it, as a text for the rule reader.

make_own_rules.py OUT FILE...
"""
import sys

PIECE = 8_000  # octets of a literal: some compilers take no longer ones


def lines(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            yield from (line for line in file if line.strip() and not line.startswith("#"))


def pieces(paths):
    piece = ""
    for line in lines(paths):
        if len(piece) + len(line) > PIECE:
            yield piece
            piece = ""
        piece += line
    yield piece


with open(sys.argv[1], "w", encoding="utf-8") as out:
    literals = "\n".join(f'R"cf({piece})cf"' for piece in pieces(sys.argv[2:]))
    out.write(f"""// Written by make_own_rules.py.
#pragma once

#include <string_view>

namespace sluice::scan {{

inline constexpr std::string_view kOwnRules = {literals};

}}  // namespace sluice::scan
""")
