// Which colours and sizes of letters hold where in an HTML part, by its elements that are open.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "scanners/html/tokenizer.h"
#include "scanners/spamassassin/evidence/html_figures.h"
#include "scanners/spamassassin/evidence/html_ink.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kHtmlStylesMax = 256;  // open at once

class HtmlStyles {
 public:
  void begin();
  void open(const html::Tag& tag, HtmlFigures& figures);  // of an element in kStyled
  void close(html::Name tag) noexcept;
  Ink ink() const noexcept { return styles_.back().legible; }

 private:
  struct Style {
    html::Name tag = html::Name::other;
    HtmlColor ink = 0;
    HtmlColor paper = 0xffffff;
    int size = 3;
    Ink legible = Ink::readable;  // what comes of the colours
  };

  void apply(std::string_view declarations, Style& style) const noexcept;
  void close_cells(html::Name tag) noexcept;

  std::vector<Style> styles_;
  int base_size_ = 3;
};

}  // namespace sluice::scan::sa
