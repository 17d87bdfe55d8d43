// What the HTML parts of a message say beside their text: which elements, how large, which colours,
// comments, titles, links. Counted as Mail::SpamAssassin::HTML counts it, which is no rendering:
// end tags without a beginning count, style sheets do not. Bounded by the limits below.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scanners/html/tokenizer.h"
#include "scanners/mime/message_sink.h"
#include "scanners/spamassassin/evidence/uri_list.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kHtmlPartsMax = 64;      // of a message; later ones are not counted
inline constexpr std::size_t kHtmlElementsMax = 256;  // of different names, in a part
inline constexpr std::size_t kHtmlTextsMax = 512;     // comments, titles, links: of each, in a part
inline constexpr std::size_t kHtmlTextBytes = 512;    // of each of them
inline constexpr std::size_t kHtmlStylesMax = 256;    // open at once
inline constexpr std::size_t kHtmlUriBytes = 8'182;   // beyond that a link is cut

struct HtmlAnchor {
  std::string target;
  std::string text;
};

struct HtmlFacts {
  std::map<std::string, int, std::less<>> inside;  // by element: begun and not ended
  std::uint64_t characters = 0;                    // as sent, tags and all
  std::uint64_t shown_characters = 0;              // rendered, without white space
  std::uint64_t image_area = 0;                    // of <img width height>, square pixels
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
  std::vector<std::string> comments;
  std::vector<std::string> titles;
  std::vector<HtmlAnchor> anchors;
};

class HtmlEvidence final : public html::TokenSink {
 public:
  void begin() noexcept;
  html::TokenSink* begin_part(UriList& uris);  // its links are added there
  void count_sent(ByteView utf8) noexcept;     // of the part begun last
  void count_shown(ByteView utf8) noexcept;    // likewise, rendered

  const std::vector<HtmlFacts>& parts() const noexcept { return parts_; }

 private:
  struct Style {
    std::string tag;
    std::string ink = "#000000";
    std::string paper = "#ffffff";
    int size = 3;
  };

  void characters(ByteView utf8) noexcept override;
  void start_tag(const html::Tag& tag) noexcept override;
  void end_tag(std::string_view name) noexcept override;
  void markup(std::string_view text) noexcept override;

  HtmlFacts& now() noexcept { return parts_.back(); }
  void count_tag(std::string_view name, int step, bool known);
  void test_tag(const html::Tag& tag);
  void add_links(const html::Tag& tag, std::uint16_t sets);
  void test_image(const html::Tag& tag);
  void open_style(const html::Tag& tag);
  void apply_style(std::string_view declarations, Style& style) const;
  void close_style(std::string_view name) noexcept;
  void close_cells(std::string_view name) noexcept;
  void look_at_ink() noexcept;
  void look_for_split_word(std::string_view text) noexcept;

  std::vector<HtmlFacts> parts_;
  std::vector<Style> styles_;
  UriList* uris_ = nullptr;  // of the part being read
  std::string base_;         // <base href>
  int base_size_ = 3;
  bool counting_ = false;
  struct {
    bool anchor = false, title = false, script = false, style = false;
  } inside_;
  bool after_tag_ = false;   // the next text is another piece
  bool word_ended_ = false;  // the last piece of text ended within a word
  bool cr_ = false;          // the last octet sent was a CR
};

}  // namespace sluice::scan::sa
