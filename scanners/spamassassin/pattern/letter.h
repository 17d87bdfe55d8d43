// "(?:[pP\xde]|\xce\xa1|\xd1[\x80-\x8f]|&#222;)" is one letter in all its shapes: single octets,
// rows beyond ASCII and character references.
#pragma once

#include "scanners/spamassassin/pattern/regex_tree.h"
#include "scanners/spamassassin/pattern/symbols.h"

namespace sluice::scan::sa {

// Each shape is one of `first` and any number of `others`. They are apart because all octets of a
// Cyrillic text together are in every letter.
struct Letter {
  OctetSet first;
  OctetSet others;
  SymbolSet symbols;      // those of the others that stand behind what they stand behind there
  std::size_t width = 0;  // octets of the longest shape

  // Takes the shapes out of a choice's alternatives; what is no shape is given to other(node).
  template <typename Other>
  static Letter take(const RegexNode& choice, Other&& other) {
    Letter letter;
    const bool is_one = is_letter(choice);
    for (const RegexNode& child : choice.children) {
      if (is_one && is_shape(child))
        letter.add(child);
      else
        other(child);
    }
    return letter;
  }

 private:
  static bool is_letter(const RegexNode& choice);
  static bool is_shape(const RegexNode& node);
  void add(const RegexNode& shape);
  // Behind one of `before`; without, at its beginning. Tells what it may end with.
  OctetSet add(const RegexNode& node, const OctetSet* before);
  void add_pairs(const OctetSet& before, const OctetSet& next);
};

// What its matches are made of.
OctetSet alphabet_of(const RegexNode& node);

}  // namespace sluice::scan::sa
