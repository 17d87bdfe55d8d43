// What the HTML parts of a message say beside their text: which elements, how large, which colours,
// comments, titles, links. Counted as Mail::SpamAssassin::HTML counts it, which is no rendering:
// end tags without a beginning count, style sheets do not. Bounded by the limits below.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanners/html/tokenizer.h"
#include "scanners/mime/message_sink.h"
#include "scanners/spamassassin/evidence/element_counts.h"
#include "scanners/spamassassin/evidence/html_figures.h"
#include "scanners/spamassassin/evidence/html_styles.h"
#include "scanners/spamassassin/evidence/text_list.h"
#include "scanners/spamassassin/evidence/uri_list.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kHtmlPartsMax = 64;      // of a message; later ones are not counted
inline constexpr std::size_t kHtmlPartsKept = 4;      // whose memory is kept for other messages
inline constexpr std::size_t kHtmlElementsMax = 256;  // of different names, in a part
inline constexpr std::size_t kHtmlTextsMax = 512;     // comments, titles, links: of each, in a part
inline constexpr std::size_t kHtmlTextBytes = 512;    // of each of them
inline constexpr std::size_t kHtmlUriBytes = 8'182;   // beyond that a link is cut

struct HtmlFacts : HtmlFigures {
  ElementCounts inside;  // begun and not ended
  TextList comments;
  TextList titles;
  TextList anchor_targets;
  TextList anchor_texts;  // of the same anchors

  void clear();
};

class HtmlEvidence final : public html::TokenSink {
 public:
  void begin();
  html::TokenSink* begin_part(UriList& uris);  // its links are added there
  void count_sent(ByteView utf8) noexcept;     // of the part begun last
  void count_shown(ByteView utf8) noexcept;    // likewise, rendered

  std::span<const HtmlFacts> parts() const noexcept { return std::span(parts_).first(used_); }

 private:
  void characters(ByteView utf8) noexcept override;
  void start_tag(const html::Tag& tag) noexcept override;
  void end_tag(html::Name id, std::string_view name) noexcept override;
  void markup(std::string_view text) noexcept override;

  HtmlFacts& now() noexcept { return parts_[used_ - 1]; }
  void count_tag(html::Name id, std::string_view name, int step, bool known);
  void test_tag(const html::Tag& tag);
  void add_links(const html::Tag& tag, std::uint16_t sets);
  void test_targets(const html::Tag& tag);
  void test_image(const html::Tag& tag);
  void look_at_ink() noexcept;
  void look_for_split_word(std::string_view text) noexcept;

  std::vector<HtmlFacts> parts_;  // for their memory, more than are used
  std::size_t used_ = 0;
  HtmlStyles styles_;
  UriList* uris_ = nullptr;  // of the part being read
  std::string base_;         // <base href>
  bool counting_ = false;
  struct {
    bool anchor = false, title = false, script = false, style = false;
  } inside_;
  bool after_tag_ = false;   // the next text is another piece
  bool word_ended_ = false;  // the last piece of text ended within a word
  bool cr_ = false;          // the last octet sent was a CR
};

}  // namespace sluice::scan::sa
