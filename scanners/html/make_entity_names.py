#!/usr/bin/env python3
"""Writes entity_names.h: the named character references of HTML, from Python's html.entities."""

import html.entities
import sys

rows = []
for name, text in sorted(html.entities.html5.items(), key=lambda item: item[0].encode()):
    octets = "".join(f"\\x{octet:02x}" for octet in text.encode())
    rows.append(f'    {{"{name}", "{octets}"}},')
longest = max(len(name) for name in html.entities.html5)
with open(sys.argv[1], "w", encoding="ascii") as out:
    out.write(f"""// Written by make_entity_names.py.
#pragma once

#include <array>
#include <string_view>

namespace sluice::scan::html {{

struct EntityName {{
  std::string_view name;  // with its ";" where it needs one
  std::string_view utf8;
}};

inline constexpr std::size_t kEntityNameBytes = {longest};
inline constexpr std::array<EntityName, {len(rows)}> kEntities{{{{
""" + "\n".join(rows) + "\n}};\n\n}  // namespace sluice::scan::html\n")
