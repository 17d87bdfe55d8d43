#include "scanners/spamassassin/pattern/letter.h"

#include <algorithm>

#include "scanners/spamassassin/pattern/factor.h"

namespace sluice::scan::sa {
namespace {

using NodeKind = RegexNode::Kind;

const OctetSet kHigh = ~OctetSet() << 128;

bool is_high(const RegexNode& node) {
  if (node.kind == NodeKind::octet) return (node.octets & ~kHigh).none();
  return (node.kind == NodeKind::sequence || node.kind == NodeKind::choice) &&
         !node.children.empty() && std::ranges::all_of(node.children, is_high);
}

bool is_high_row(const RegexNode& node) { return node.kind == NodeKind::sequence && is_high(node); }

bool is_reference(const RegexNode& node) {
  if (node.kind != NodeKind::sequence || node.children.empty()) return false;
  const OctetSet& first = node.children.front().octets;
  return first.count() == 1 && first['&'];
}

}  // namespace

bool Letter::is_letter(const RegexNode& choice) {
  return std::ranges::any_of(choice.children, is_high_row);
}

bool Letter::is_shape(const RegexNode& node) {
  return node.kind == NodeKind::octet || is_high_row(node) || is_reference(node);
}

void Letter::add(const RegexNode& shape) {
  width = std::max(width, max_width(shape));
  add(shape, nullptr);
}

OctetSet Letter::add(const RegexNode& node, const OctetSet* before) {
  if (node.kind == NodeKind::octet) {
    if (before != nullptr)
      add_pairs(*before, node.octets);
    else
      first |= node.octets;
    return node.octets;
  }
  OctetSet last;
  if (node.kind == NodeKind::choice) {
    for (const RegexNode& child : node.children) last |= add(child, before);
    return last;
  }
  if (before != nullptr) last = *before;  // it may match nothing
  if (node.kind == NodeKind::sequence) {
    for (const RegexNode& child : node.children) {
      last = add(child, before);
      before = &last;
    }
    return last;
  }
  const OctetSet any = alphabet_of(node);
  others |= any;
  symbols |= symbols_of(any);
  return last | any;
}

void Letter::add_pairs(const OctetSet& before, const OctetSet& next) {
  others |= next;
  const auto add_behind = [&](std::uint8_t lead) {
    for (std::size_t octet = next._Find_first(); octet < 256; octet = next._Find_next(octet))
      symbols.set(symbol_of(lead, static_cast<std::uint8_t>(octet)));
  };
  OctetSet no_leads = before;
  for (const std::uint8_t lead : kLeads) {
    no_leads.reset(lead);
    if (before[lead]) add_behind(lead);
  }
  if (no_leads.any()) add_behind(0);
}

OctetSet alphabet_of(const RegexNode& node) {
  if (node.kind == NodeKind::anything) return ~OctetSet();
  if (node.kind == NodeKind::end) return OctetSet().set('\n').set(kTextEnd);
  OctetSet all = node.octets;
  for (const RegexNode& child : node.children) all |= alphabet_of(child);
  return all;
}

}  // namespace sluice::scan::sa
