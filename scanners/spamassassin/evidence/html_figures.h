// What is counted of an HTML part.
#pragma once

#include <cstdint>

namespace sluice::scan::sa {

struct HtmlFigures {
  std::uint64_t characters = 0;        // as sent, tags and all
  std::uint64_t shown_characters = 0;  // rendered, without white space
  std::uint64_t image_area = 0;        // of <img width height>, square pixels
  std::uint32_t tags = 0;
  std::uint32_t elements = 0;  // tags of elements that HTML 4 has
  std::uint32_t tags_seen = 0;
  std::uint32_t elements_seen = 0;
  std::uint32_t closed_extra = 0;  // end tags without a beginning
  std::uint32_t obfuscations = 0;  // tags in the middle of words
  int size_min = 3;                // of <font size>
  int size_max = 3;
  bool embeds = false;
  bool font_face_bad = false;
  bool font_low_contrast = false;
  bool font_invalid_color = false;
  bool form_action_mailto = false;
  bool iframe_source = false;
  bool uri_truncated = false;
};

}  // namespace sluice::scan::sa
