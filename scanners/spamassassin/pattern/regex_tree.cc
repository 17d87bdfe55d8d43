#include "scanners/spamassassin/pattern/regex_tree.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace sluice::scan::sa {
namespace {

using Kind = RegexNode::Kind;

constexpr int kDepthMax = 100;  // groups within groups

template <typename Test>
OctetSet octets_where(Test test) {
  OctetSet set;
  for (unsigned octet = 0; octet < 256; ++octet) set[octet] = test(octet);
  return set;
}

bool is_digit(unsigned c) { return c >= '0' && c <= '9'; }
bool is_upper(unsigned c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(unsigned c) { return c >= 'a' && c <= 'z'; }
bool is_word(unsigned c) { return is_digit(c) || is_upper(c) || is_lower(c) || c == '_'; }
bool is_space(unsigned c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

OctetSet single(unsigned octet) {
  OctetSet set;
  set.set(octet & 0xff);
  return set;
}

OctetSet both_cases(OctetSet set) {
  for (unsigned c = 'a'; c <= 'z'; ++c)
    if (set[c] || set[c - 32]) set.set(c), set.set(c - 32);
  return set;
}

// The class of "\d" and the like.
std::optional<OctetSet> class_escape(char letter) {
  switch (letter) {
    case 'd': return octets_where(is_digit);
    case 'D': return ~octets_where(is_digit);
    case 'w': return octets_where(is_word);
    case 'W': return ~octets_where(is_word);
    case 's': return octets_where(is_space);
    case 'S': return ~octets_where(is_space);
    case 'h': return single(' ') | single('\t') | single(0xa0);
    case 'v': return octets_where([](unsigned c) { return (c >= 10 && c <= 13) || c == 0x85; });
    default: return {};
  }
}

std::optional<OctetSet> posix_class(std::string_view name) {
  if (name == "alpha") return octets_where([](unsigned c) { return is_upper(c) || is_lower(c); });
  if (name == "digit") return octets_where(is_digit);
  if (name == "alnum") return octets_where(is_word) & ~single('_');
  if (name == "upper") return octets_where(is_upper);
  if (name == "lower") return octets_where(is_lower);
  if (name == "space") return octets_where(is_space);
  if (name == "word") return octets_where(is_word);
  if (name == "xdigit")
    return octets_where([](unsigned c) { return is_digit(c) || (c | 32U) - 'a' < 6; });
  if (name == "punct")
    return octets_where(
        [](unsigned c) { return c > ' ' && c < 0x7f && (!is_word(c) || c == '_'); });
  if (name == "cntrl") return octets_where([](unsigned c) { return c < ' ' || c == 0x7f; });
  if (name == "blank") return single(' ') | single('\t');
  return {};
}

class RegexParser {
 public:
  explicit RegexParser(const PerlRegex& regex)
      : text_(regex.pattern), caseless_(regex.caseless), multiline_(regex.multiline) {}

  std::optional<RegexNode> parse() {
    RegexNode node = choice(0);
    if (unknown_ || at_ != text_.size()) return {};
    return node;
  }

 private:
  bool more() const { return !unknown_ && at_ < text_.size(); }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  RegexNode give_up() {
    unknown_ = true;
    return {};
  }
  RegexNode octet(const OctetSet& set) const {
    return {Kind::octet, caseless_ ? both_cases(set) : set, {}, 1, 1};
  }

  RegexNode choice(int depth);
  RegexNode sequence(int depth);
  RegexNode atom(int depth);
  RegexNode dollar() const;
  RegexNode group(int depth);
  RegexNode group_body(int depth, bool assertion);
  RegexNode inline_flags(int depth);
  RegexNode escape();
  unsigned escaped_octet(char letter);
  OctetSet octet_class();
  OctetSet class_member(bool& range_end);
  bool repeat(RegexNode& node);
  bool counted(std::uint32_t& least, std::uint32_t& most);

  std::string_view text_;
  std::size_t at_ = 0;
  bool caseless_;
  bool multiline_;
  bool unknown_ = false;
};

RegexNode RegexParser::choice(int depth) {
  if (depth > kDepthMax) return give_up();
  RegexNode node{Kind::choice, {}, {}, 1, 1};
  node.children.push_back(sequence(depth));
  while (more() && take("|")) node.children.push_back(sequence(depth));
  if (node.children.size() > 1) return node;
  RegexNode only = std::move(node.children.front());
  return only;
}

RegexNode RegexParser::sequence(int depth) {
  RegexNode node;
  while (more() && text_[at_] != '|' && text_[at_] != ')') {
    RegexNode next = atom(depth);
    while (repeat(next)) {
    }
    const bool nothing = next.kind == Kind::sequence && next.children.empty();
    if (!nothing) node.children.push_back(std::move(next));
  }
  if (node.children.size() != 1) return node;
  RegexNode only = std::move(node.children.front());
  return only;
}

RegexNode RegexParser::atom(int depth) {
  const char c = text_[at_++];
  switch (c) {
    case '(': return group(depth + 1);
    case '[': return octet(octet_class());
    case '.': return octet(~OctetSet());
    case '^': return {};
    case '$': return dollar();
    case '\\': return escape();
    default: return octet(single(static_cast<unsigned char>(c)));
  }
}

// Of use where nothing follows in its group.
RegexNode RegexParser::dollar() const {
  const bool last = at_ == text_.size() || text_[at_] == ')' || text_[at_] == '|';
  if (multiline_ || !last) return {};
  return {Kind::end, {}, {}, 1, 1};
}

RegexNode RegexParser::group(int depth) {
  if (!take("?")) return text_.substr(at_, 1) == "*" ? give_up() : group_body(depth, false);
  for (const std::string_view assertion : {"=", "!", "<=", "<!"})
    if (take(assertion)) return group_body(depth, true);
  if (take("#")) {
    at_ = std::min(text_.find(')', at_), text_.size());
    return take(")") ? RegexNode{} : give_up();
  }
  if (take(":") || take(">")) return group_body(depth, false);
  if (take("<") || take("P<")) {  // a name
    at_ = std::min(text_.find('>', at_), text_.size());
    return take(">") ? group_body(depth, false) : give_up();
  }
  return inline_flags(depth);
}

RegexNode RegexParser::group_body(int depth, bool assertion) {
  const bool outer = caseless_;
  RegexNode node = choice(depth);
  caseless_ = outer;
  if (!take(")")) return give_up();
  if (assertion) return {};
  return node;
}

// "(?i)" to the end of the group around it, "(?-i:…)" within.
RegexNode RegexParser::inline_flags(int depth) {
  const bool outer = caseless_;
  bool on = true;
  for (; more(); ++at_) {
    const char c = text_[at_];
    if (c == '-')
      on = false;
    else if (c == 'i')
      caseless_ = on;
    else if (c == 'm')
      multiline_ = true;
    else if (c != 's')
      break;
  }
  if (take(")")) return {};
  if (!take(":")) return give_up();
  RegexNode node = choice(depth);
  caseless_ = outer;
  return take(")") ? node : give_up();
}

RegexNode RegexParser::escape() {
  if (!more()) return give_up();
  const char letter = text_[at_++];
  if (const auto set = class_escape(letter)) return octet(*set);
  if (std::string_view("bBAzZG").find(letter) != std::string_view::npos) return {};
  if (letter >= '1' && letter <= '9') {
    while (more() && is_digit(static_cast<unsigned char>(text_[at_]))) ++at_;
    return {Kind::anything, {}, {}, 1, 1};
  }
  return octet(single(escaped_octet(letter)));
}

unsigned RegexParser::escaped_octet(char letter) {
  switch (letter) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'f': return '\f';
    case 'e': return 0x1b;
    case 'a': return 0x07;
    case '0': return 0;
    case 'x': {
      const bool braces = take("{");
      const char* const from = text_.data() + at_;
      const char* const end = text_.data() + std::min(text_.size(), at_ + (braces ? 4 : 2));
      unsigned value = 0;
      at_ += static_cast<std::size_t>(std::from_chars(from, end, value, 16).ptr - from);
      if (value > 0xff || (braces && !take("}"))) unknown_ = true;
      return value;
    }
    default:
      if (is_word(static_cast<unsigned char>(letter))) unknown_ = true;
      return static_cast<unsigned char>(letter);
  }
}

OctetSet RegexParser::octet_class() {
  const bool negated = take("^");
  OctetSet set;
  for (bool first = true; more() && (first || text_[at_] != ']'); first = false) {
    bool ranges = false;
    const std::size_t before = at_;
    const OctetSet low = class_member(ranges);
    set |= low;
    if (!ranges || at_ + 1 >= text_.size() || text_[at_] != '-' || text_[at_ + 1] == ']') continue;
    ++at_;
    const OctetSet high = class_member(ranges);
    if (!ranges || at_ == before) {
      unknown_ = true;
      break;
    }
    for (std::size_t octet = low._Find_first(); octet < high._Find_first(); ++octet) set.set(octet);
    set |= high;
  }
  if (!take("]")) unknown_ = true;
  if (caseless_) set = both_cases(set);
  return negated ? ~set : set;
}

// One octet, which may begin or end a range, or a class.
OctetSet RegexParser::class_member(bool& ranges) {
  ranges = false;
  if (take("[:")) {
    const std::size_t end = text_.find(":]", at_);
    const bool negated = take("^");
    const auto set =
        end == std::string_view::npos ? std::nullopt : posix_class(text_.substr(at_, end - at_));
    if (!set) return unknown_ = true, OctetSet();
    at_ = end + 2;
    return negated ? ~*set : *set;
  }
  const char c = text_[at_++];
  ranges = true;
  if (c != '\\' || !more()) return single(static_cast<unsigned char>(c));
  const char letter = text_[at_++];
  if (const auto set = class_escape(letter)) {
    ranges = false;
    return *set;
  }
  return single(letter == 'b' ? 0x08 : escaped_octet(letter));
}

bool RegexParser::repeat(RegexNode& node) {
  if (!more()) return false;
  std::uint32_t least = 0;
  std::uint32_t most = RegexNode::kUnbounded;
  if (take("+"))
    least = 1;
  else if (take("?"))
    most = 1;
  else if (!take("*") && !counted(least, most))
    return false;
  if (!take("?")) take("+");  // lazy, possessive: the same matches or fewer
  const bool nothing = node.kind == Kind::sequence && node.children.empty();
  if (nothing || (least == 1 && most == 1)) return true;
  RegexNode outer{Kind::repeat, {}, {}, least, most};
  outer.children.push_back(std::move(node));
  node = std::move(outer);
  return true;
}

// "{2}", "{2,}", "{2,90}"; other braces are octets like others.
bool RegexParser::counted(std::uint32_t& least, std::uint32_t& most) {
  const std::size_t close = text_.find('}', at_);
  if (text_[at_] != '{' || close == std::string_view::npos) return false;
  const char* const from = text_.data() + at_ + 1;
  const char* const end = text_.data() + close;
  auto read = std::from_chars(from, end, least);
  if (read.ec != std::errc{}) return false;
  most = least;
  if (read.ptr != end) {
    if (*read.ptr != ',') return false;
    most = RegexNode::kUnbounded;
    if (read.ptr + 1 != end) read = std::from_chars(read.ptr + 1, end, most);
    if (read.ec != std::errc{} || (most != RegexNode::kUnbounded && read.ptr != end)) return false;
  }
  at_ = close + 1;
  return true;
}

}  // namespace

std::optional<RegexNode> parse_regex(const PerlRegex& regex) { return RegexParser(regex).parse(); }

std::size_t add_widths(std::size_t a, std::size_t b) noexcept {
  return a > kUnboundedWidth - b ? kUnboundedWidth : a + b;
}

std::size_t max_width(const RegexNode& node) {
  if (node.kind == Kind::octet) return 1;
  if (node.kind == Kind::anything) return kUnboundedWidth;
  std::size_t width = 0;
  for (const RegexNode& child : node.children)
    width = node.kind == Kind::choice ? std::max(width, max_width(child))
                                      : add_widths(width, max_width(child));
  if (node.kind != Kind::repeat || width == 0) return width;
  if (node.most == RegexNode::kUnbounded || width > kUnboundedWidth / std::max(node.most, 1U))
    return kUnboundedWidth;
  return width * node.most;
}

std::size_t min_width(const RegexNode& node) {
  if (node.kind == Kind::octet) return 1;
  const bool choice = node.kind == Kind::choice;
  std::size_t width = choice ? kUnboundedWidth : 0;
  for (const RegexNode& child : node.children)
    width = choice ? std::min(width, min_width(child)) : add_widths(width, min_width(child));
  if (node.kind != Kind::repeat) return width;
  return width > 0 && node.least > kUnboundedWidth / width ? kUnboundedWidth : width * node.least;
}

std::size_t unfolded_size(const RegexNode& node) {
  if (node.kind == Kind::octet) return 1;
  std::size_t size = 0;
  for (const RegexNode& child : node.children) size += unfolded_size(child);
  if (node.kind != Kind::repeat) return size;
  const std::uint32_t times = node.most == RegexNode::kUnbounded ? node.least : node.most;
  return std::min<std::size_t>(size * std::max<std::uint32_t>(times, 1), 1'000'000'000);
}

}  // namespace sluice::scan::sa
