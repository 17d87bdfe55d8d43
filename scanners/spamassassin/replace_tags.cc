#include "scanners/spamassassin/replace_tags.h"

#include <vector>

#include "scanners/spamassassin/pattern/perl_regex.h"

namespace sluice::scan::sa {
namespace {

constexpr int kPassesMax = 6;  // tags whose text holds tags

struct Piece {
  std::string text;
  bool tag = false;  // "<…>"
};

// What lies between two tags is a piece too, if only an empty one.
std::vector<Piece> split(std::string_view pattern) {
  std::vector<Piece> pieces;
  std::size_t from = 0;
  while (from <= pattern.size()) {
    std::size_t open = pattern.find('<', from);
    std::size_t close = std::string_view::npos;
    while (open != std::string_view::npos) {
      close = pattern.find_first_of("<>", open + 1);
      if (close != std::string_view::npos && pattern[close] == '>' && close > open + 1) break;
      open = pattern.find('<', open + 1);
    }
    if (open == std::string_view::npos) break;
    pieces.push_back({std::string(pattern.substr(from, open - from)), false});
    pieces.push_back({std::string(pattern.substr(open, close + 1 - open)), true});
    from = close + 1;
  }
  pieces.push_back({std::string(pattern.substr(from)), false});
  return pieces;
}

std::string_view name_of(const Piece& piece) {
  return std::string_view(piece.text).substr(1, piece.text.size() - 2);
}

// Takes "<word NAME>" out of the pattern; what `table` has for NAME, or nothing.
std::string take_modifier(std::string& pattern, std::string_view word,
                          const ReplaceTags::Table& table) {
  const std::string opening = "<" + std::string(word) + " ";
  const std::size_t at = pattern.find(opening);
  if (at == std::string::npos) return {};
  const std::size_t end = pattern.find('>', at);
  if (end == std::string::npos) return {};
  const std::string name = pattern.substr(at + opening.size(), end - at - opening.size());
  pattern.erase(at, end + 1 - at);
  const auto found = table.find(name);
  return found == table.end() ? std::string{} : found->second;
}

}  // namespace

std::string ReplaceTags::expand(std::string_view pattern) const {
  std::string text(pattern);
  bool again = true;
  for (int pass = 0; again && pass < kPassesMax; ++pass) {
    again = false;
    const std::string before = take_modifier(text, "pre", pre);
    const std::string behind = take_modifier(text, "post", post);
    const std::string between = take_modifier(text, "inter", inter);
    std::string out;
    const std::vector<Piece> pieces = split(text);
    for (std::size_t i = 0; i < pieces.size() && out.size() <= kPatternBytesMax; ++i) {
      const Piece& piece = pieces[i];
      if (!piece.tag) {
        // Between two tags stands nothing: the place of `inter`. The ends are no such place.
        const bool inside = i > 0 && i + 1 < pieces.size();
        out += piece.text.empty() && inside ? between : piece.text;
        continue;
      }
      const auto found = tag.find(name_of(piece));
      out += before;
      out += found == tag.end() ? piece.text : found->second;
      out += behind;
      again = again || (found != tag.end() && found->second.find('<') != std::string::npos);
    }
    text = std::move(out);
  }
  return text;
}

}  // namespace sluice::scan::sa
