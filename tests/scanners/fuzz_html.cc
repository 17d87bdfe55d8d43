// Any HTML, in any chunks, is rendered alike and its links are told alike.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "scanners/html/html_text.h"
#include "scanners/mime/charset_decoder.h"
#include "scanners/uri/finder.h"

namespace {

using namespace sluice;
using namespace sluice::scan;

class Reader final : private html::HtmlSink, private mime::TextSink, private uri::FinderSink {
 public:
  std::string read(ByteView octets, std::size_t chunk) {
    told_.clear();
    links_.clear();
    html_.begin();
    uris_.begin();
    uris_.begin_part();
    charset_.begin("utf-8");
    while (!octets.empty()) {
      const ByteView piece = octets.first(std::min(chunk, octets.size()));
      charset_.feed(piece, workspace_, *this);
      octets = octets.subspan(piece.size());
    }
    charset_.finish(workspace_, *this);
    html_.finish(*this);
    uris_.end_part(*this);
    return told_ + links_;
  }

 private:
  void text(ByteView utf8) noexcept override { html_.feed(utf8, *this); }
  void rendered(ByteView utf8, bool visible) noexcept override {
    for (const std::uint8_t octet : utf8) {
      told_ += visible ? '+' : '-';
      told_ += static_cast<char>(octet);
    }
    uris_.feed(utf8, *this);
  }
  void link(const html::Link& link) noexcept override {
    uris_.take_link(link.target, link.source, link.shown, link.hidden, *this);
  }
  // Those of the text are told when the text has ended, those of links at once.
  void found(mime::Uri& uri) noexcept override {
    if (uri.source == mime::UriSource::text) return;
    links_ += uri.canonical;
    links_ += uri.host;
    links_ += std::to_string(uri.signs);
  }

  html::HtmlText html_;
  mime::CharsetDecoder charset_;
  mime::Workspace workspace_;
  uri::Finder uris_{1'000'000};
  std::string told_;
  std::string links_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto reader = std::make_unique<Reader>();
  if (size < 1) return 0;
  const ByteView html{data + 1, size - 1};
  const std::string whole = reader->read(html, SIZE_MAX);
  if (reader->read(html, 1 + data[0] % 32u) != whole) std::abort();
  return 0;
}
