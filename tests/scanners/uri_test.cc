#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "scanners/uri/finder.h"
#include "scanners/uri/host.h"

namespace sluice::scan::uri {
namespace {

using mime::Uri;
using mime::UriSign;

class Finding final : private FinderSink {
 public:
  explicit Finding(std::uint32_t uris_max = 100) : finder_(std::make_unique<Finder>(uris_max)) {
    finder_->begin();
  }
  // What is in a text, each as "canonical signs".
  std::string in_text(std::string_view text, std::size_t chunk = SIZE_MAX) {
    found_.clear();
    finder_->begin_part();
    for (; !text.empty(); text.remove_prefix(std::min(chunk, text.size())))
      finder_->feed(as_bytes(text.substr(0, chunk)), *this);
    finder_->end_part(*this);
    return found_;
  }
  std::string in_link(std::string_view target, std::string_view shown) {
    found_.clear();
    finder_->take_link(target, mime::UriSource::link, shown, false, *this);
    return found_;
  }

 private:
  void found(Uri& uri) noexcept override {
    constexpr const char* kSigns[] = {"schemeless", "obfuscated", "userinfo",      "address",
                                      "numeric",    "encoded",    "international", "mixed_scripts",
                                      "broken",     "port",       "carries",       "carried",
                                      "deceptive",  "hidden",     "truncated"};
    if (!found_.empty()) found_ += " | ";
    found_ += uri.canonical;
    for (std::size_t i = 0; i < std::size(kSigns); ++i)
      if (uri.has(static_cast<UriSign>(i))) found_ += std::string(" ") + kSigns[i];
  }

  std::unique_ptr<Finder> finder_;
  std::string found_;
};

struct Row {
  const char* text;
  const char* found;
};

TEST(Uri, IsFoundInText) {
  const Row rows[] = {
      {"see http://Example.COM/Path?q#f now", "http://example.com/Path?q#f"},
      {"(https://example.com:443/a_(b)).", "https://example.com/a_(b)"},
      {"www.example.com, and example.org/x",
       "http://www.example.com/ schemeless | "
       "http://example.org/x schemeless"},
      {"no e.g. uri.noplace 3.14 a.b ... end.", ""},
      {"hxxp://example[.]com/x hxxps[:]//a(dot)example.com",
       "http://example.com/x obfuscated | https://a.example.com/ obfuscated"},
      {"http://user:pw@evil.example/@x", "http://evil.example/@x userinfo"},
      {"http://www.bank.example%2f@10.0.0.1/", "http://10.0.0.1/ userinfo address"},
      {"http://0x7f.1/ http://2130706433/ http://0177.0.0.1:8080/",
       "http://127.0.0.1/ numeric | http://127.0.0.1/ numeric | http://127.0.0.1:8080/ numeric "
       "port"},
      {"http://%65xample.com/", "http://example.com/ encoded"},
      {"http://bücher.example/", "http://xn--bcher-kva.example/ international"},
      {"http://pаypal.com/", "http://xn--pypal-4ve.com/ international mixed_scripts"},
      {"http://example。com/", "http://example.com/"},
      {"http:\\\\example.com\\x", "http://example.com/x"},
      {"http://a..b/", "http://a..b/ broken"},
      {"http://r.example/?u=https%3A%2F%2Fevil.example%2Fx&z",
       "http://r.example/?u=https%3A%2F%2Fevil.example%2Fx&z carries | "
       "https://evil.example/x carried"},
      {"请访问www.example.com吧", "http://www.example.com/ schemeless"},
      {"write to ann@example.com.", "mailto:ann@example.com"},
      {"<http://[::1]:80/>", "http://[::1]/ address"},
      {"www.example.com/a(b)c))].", "http://www.example.com/a(b)c schemeless"},
      {"www.example.com/[(a])])", "http://www.example.com/[(a]) schemeless"},
  };
  for (const Row& row : rows)
    for (const std::size_t chunk : {SIZE_MAX, std::size_t{1}, std::size_t{5}}) {
      Finding finding;
      EXPECT_EQ(finding.in_text(row.text, chunk), row.found) << row.text << " by " << chunk;
    }
}

TEST(Uri, OfALinkIsComparedWithItsText) {
  Finding finding;
  EXPECT_EQ(finding.in_link("http://evil.example.net/", "https://www.bank.com/login"),
            "http://evil.example.net/ deceptive");
  EXPECT_EQ(finding.in_link("http://click.bank.com/", "www.bank.com"), "http://click.bank.com/");
  EXPECT_EQ(finding.in_link("http://evil.example.net/", "Click here. Now"),
            "http://evil.example.net/");
  EXPECT_EQ(finding.in_link("javascript:alert(1)", "x"), "");
  EXPECT_EQ(finding.in_link("/relative.html", "x"), "");
  EXPECT_EQ(finding.in_link("//example.com/x", "x"), "http://example.com/x schemeless");
}

TEST(Uri, NumbersAreLimited) {
  Finding finding(3);
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "http://example.com/?http://example.org/ ";
  const std::string found = finding.in_text(text);
  EXPECT_EQ(std::ranges::count(found, '|'), 2);
}

TEST(Host, HasASuffixThatExists) {
  for (const std::string_view host : {"a.de", "a.com", "a.museum", "a.b.uk", "a.xn--p1ai", "x.zw"})
    EXPECT_TRUE(has_known_suffix(host)) << host;
  for (const std::string_view host :
       {"com", "a.zz", "a.zzz", "a.aaaa", "a.c", "a.com.", "", "a.", ".", "a.c0m", "a.nosuchtld"})
    EXPECT_FALSE(has_known_suffix(host)) << host;
}

TEST(Uri, HasNoHostThatIsTooLong) {
  const std::string address = "http://[" + std::string(400, '1') + "]/";
  EXPECT_EQ(Finding().in_text(address), address + " address broken");
  for (const std::size_t size : {242, 243, 244, 400}) {
    const std::string host = std::string(size, 'a') + ".example.com";
    EXPECT_EQ(registered_domain(host), size == 242 ? "example.com" : host) << size;
    EXPECT_FALSE(has_known_suffix("a." + host.substr(0, size))) << size;
  }
}

TEST(Uri, OfAnyLengthStaysWithinItsMemory) {
  Finding finding;
  EXPECT_LE(finding.in_text("http://" + std::string(100'000, 'a') + ".com/").size(),
            kUriBytes + 40);
  EXPECT_LE(finding.in_link("http://example.com/" + std::string(100'000, '%'), "x").size(),
            kUriBytes + 40);
}

}  // namespace
}  // namespace sluice::scan::uri
