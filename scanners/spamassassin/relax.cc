#include "scanners/spamassassin/relax.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kRepeatsKept = 4;

struct Repeat {
  std::size_t least = 0;
  std::size_t most = 0;
  std::size_t end = 0;  // behind "}"
};

// "{2}", "{2,}" or "{2,90}" at `at`; false when the brace is an octet like others.
bool read_repeat(std::string_view pattern, std::size_t at, Repeat& repeat) {
  const std::size_t close = pattern.find('}', at);
  if (close == std::string_view::npos) return false;
  const char* from = pattern.data() + at + 1;
  const char* const end = pattern.data() + close;
  auto read = std::from_chars(from, end, repeat.least);
  if (read.ec != std::errc{}) return false;
  repeat.most = repeat.least;
  repeat.end = close + 1;
  if (read.ptr == end) return true;
  if (*read.ptr != ',') return false;
  if (read.ptr + 1 == end) return true;  // no upper bound: a loop, no unfolding
  read = std::from_chars(read.ptr + 1, end, repeat.most);
  return read.ec == std::errc{} && read.ptr == end;
}

// Behind the class that begins at `at`.
std::size_t end_of_class(std::string_view pattern, std::size_t at) {
  std::size_t i = at + 1;
  if (i < pattern.size() && pattern[i] == '^') ++i;
  if (i < pattern.size() && pattern[i] == ']') ++i;
  for (; i < pattern.size() && pattern[i] != ']'; ++i) {
    if (pattern[i] == '\\')
      ++i;
    else if (pattern.substr(i, 2) == "[:")
      i = std::min(pattern.find(":]", i) + 1, pattern.size());
  }
  return std::min(i + 1, pattern.size());
}

// Behind the atom at `at`: an escape, a class, or one octet.
std::size_t end_of_atom(std::string_view pattern, std::size_t at) {
  if (pattern[at] == '\\') return std::min(at + 2, pattern.size());
  if (pattern[at] == '[') return end_of_class(pattern, at);
  return at + 1;
}

}  // namespace

std::size_t unfolded_size(std::string_view pattern) {
  struct Group {
    std::size_t sum = 0;
    std::size_t last = 0;  // of its last atom, which a repeat is about
  };
  std::vector<Group> open(1);
  const auto add = [&](std::size_t size) {
    open.back().sum += size;
    open.back().last = size;
  };
  for (std::size_t i = 0; i < pattern.size();) {
    Repeat repeat;
    if (pattern[i] == '(') {
      open.emplace_back();
      ++i;
    } else if (pattern[i] == ')' && open.size() > 1) {
      const std::size_t sum = open.back().sum;
      open.pop_back();
      add(sum);
      ++i;
    } else if (pattern[i] == '{' && read_repeat(pattern, i, repeat)) {
      const std::size_t times = std::max<std::size_t>(repeat.most, 1);
      open.back().sum += open.back().last * (times - 1);
      open.back().last *= times;
      i = repeat.end;
    } else {
      if (std::string_view("*+?|^$").find(pattern[i]) == std::string_view::npos) add(1);
      i = end_of_atom(pattern, i);
    }
  }
  std::size_t size = 0;
  for (const Group& group : open) size += group.sum;
  return size;
}

std::string relax_repeats(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size();) {
    Repeat repeat;
    if (pattern[i] == '{' && read_repeat(pattern, i, repeat) && repeat.most > kRepeatsKept) {
      out += repeat.least > 0 ? '+' : '*';
      i = repeat.end;
      // A lazy or possessive mark changes what is matched first, not whether something matches.
      if (i < pattern.size() && (pattern[i] == '?' || pattern[i] == '+')) ++i;
      continue;
    }
    const std::size_t end = end_of_atom(pattern, i);
    out += pattern.substr(i, end - i);
    i = end;
  }
  return out;
}

}  // namespace sluice::scan::sa
