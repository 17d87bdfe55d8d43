#include "scanners/spamassassin/evidence/uri_list.h"

#include <algorithm>
#include <array>

#include "engine/base/ascii_text.h"
#include "engine/base/bytes.h"
#include "scanners/mime/hex.h"
#include "scanners/mime/octet_search.h"
#include "scanners/spamassassin/text.h"
#include "scanners/uri/host.h"

namespace sluice::scan::sa {
namespace {

bool begins(std::string_view text, std::string_view with) noexcept {
  return equals_ignoring_case(text.substr(0, with.size()), with);
}

// "http://" or "https://", else empty.
std::string_view web_scheme(std::string_view text) noexcept {
  if (begins(text, "http://")) return text.substr(0, 7);
  return begins(text, "https://") ? text.substr(0, 8) : std::string_view();
}

// Where what is behind a host, from `at` on, begins; text.size() when there is nothing.
std::size_t authority_end(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && text[at] != '/' && text[at] != '?' && text[at] != '#') ++at;
  return at;
}

bool is_scheme(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || colon == 0) return false;
  return std::ranges::all_of(text.substr(0, colon), [](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

constexpr mime::OctetPattern kLineEnd(mime::OctetSet::of([](unsigned octet) {
                                        return octet == '\r' || octet == '\n';
                                      }),
                                      {}, {});

// Where "http" may be.
constexpr mime::OctetPattern kHt(
    {}, mime::OctetSet::of([](unsigned octet) { return (octet | 0x20) == 'h'; }),
    mime::OctetSet::of([](unsigned octet) { return (octet | 0x20) == 't'; }));

int hex_digit(char c) noexcept { return mime::hex_value(static_cast<std::uint8_t>(c)); }

// In place: %-escapes of what needs none are undone; the others get capital digits.
void decode(std::string& text) noexcept {
  std::size_t size = std::min(text.find('%'), text.size());
  for (std::size_t i = size; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      text[size++] = text[i];
      continue;
    }
    const char c = static_cast<char>(high * 16 + low);
    if (c > ' ' && c < '\x7f' && c != '%') {
      text[size++] = c;
    } else {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      text[size++] = '%';
      text[size++] = kDigits[static_cast<std::size_t>(high)];
      text[size++] = kDigits[static_cast<std::size_t>(low)];
    }
    i += 2;
  }
  text.resize(size);
}

// As browsers have it: slashes for backslashes, two behind the scheme, a scheme, a path.
void repair(std::string_view written, std::string& form) {
  form = written;
  std::ranges::replace(form, '\\', '/');
  for (const std::string_view scheme : {"http:", "https:"})
    if (begins(form, scheme)) {
      std::size_t slashes = scheme.size();
      while (slashes < form.size() && slashes < scheme.size() + 2 && form[slashes] == '/')
        ++slashes;
      if (slashes < scheme.size() + 2) form.replace(scheme.size(), slashes - scheme.size(), "//");
    }
  decode(form);
  if (!is_scheme(form)) form.insert(0, form.starts_with("ftp.") ? "ftp://" : "http://");
  if (const std::string_view scheme = web_scheme(form); !scheme.empty()) {
    const std::size_t end = authority_end(form, scheme.size());
    if (end < form.size() && end > scheme.size() && form[end] != '/') form.insert(end, "/");
  }
}

}  // namespace

// "https://user@host:443/path"
struct Web {
  std::string_view scheme, user, host, port, rest;  // user with "@", port with ":"
};

namespace {

Web take_apart(std::string_view form) noexcept {
  Web web;
  web.scheme = web_scheme(form);
  if (web.scheme.empty()) return web;
  form.remove_prefix(web.scheme.size());
  const std::size_t end = authority_end(form, 0);
  std::string_view place = form.substr(0, end);
  web.rest = form.substr(end);
  if (const std::size_t at = place.find('@'); at != place.npos) {
    web.user = place.substr(0, at + 1);
    place.remove_prefix(at + 1);
  }
  const std::size_t colon = std::min(place.find(':'), place.size());
  web.host = place.substr(0, colon);
  web.port = place.substr(colon);
  return web;
}

// Octets up to the last letter or digit.
std::size_t name_size(std::string_view host) noexcept {
  while (!host.empty() && !is_ascii_alnum(host.back())) host.remove_suffix(1);
  return host.size();
}

// Another link in the path or query.
std::string_view carried(std::string_view rest) noexcept {
  for (std::size_t at = 0; (at += mime::find(kHt, as_bytes(rest.substr(at)))) < rest.size(); ++at) {
    const std::string_view found = rest.substr(at);
    if (begins(found, "http:") || begins(found, "https:")) {
      const std::string_view link = found.substr(0, found.find_first_of("&#"));
      return link.find('.') == link.npos ? std::string_view() : link;
    }
  }
  return {};
}

}  // namespace

void UriList::add(std::string_view form) {
  const TextList& all = forms_.texts();
  if (all.size() == kUriFormsMax || all.bytes() + form.size() > kUriListBytesMax) return;
  forms_.add(form.substr(0, kUriWrittenMax));
}

void UriList::add_with(const Web& web, std::string_view host, std::string_view port) {
  other_.assign(web.scheme).append(host).append(port).append(web.rest);
  add(other_);
}

void UriList::add_text(std::string_view written) {
  std::string_view scheme;
  const bool has_scheme = begins(written, "http:") || begins(written, "https:") ||
                          begins(written, "ftp:") || begins(written, "mailto:");
  if (has_scheme) return add_forms(written, 0);
  if (begins(written, "ftp."))
    scheme = "ftp://";
  else if (written.find('@') != written.npos && written.find('/') == written.npos)
    scheme = "mailto:";
  else
    scheme = "http://";
  absolute_.assign(scheme).append(written);
  add_forms(absolute_, 0);
}

void UriList::add_link(std::string_view target, std::string_view base) {
  target = trim(target).substr(0, kUriWrittenMax);
  if (target.empty()) return;
  if (base.empty() || is_scheme(target)) {
    // "//www.example.com" without a base is taken for the web.
    if (!begins(target, "//www") && !begins(target, "//ftp")) return add_forms(target, 0);
    absolute_.assign(begins(target, "//ftp") ? "ftp:" : "http:").append(target);
    return add_forms(absolute_, 0);
  }
  const Web web = take_apart(base);
  absolute_.assign(web.scheme);
  if (target.starts_with("//"))
    absolute_.assign(web.scheme.substr(0, web.scheme.find(':') + 1));
  else
    absolute_.append(web.user).append(web.host).append(web.port);
  if (!target.starts_with('/')) absolute_.append(web.rest.substr(0, web.rest.rfind('/') + 1));
  absolute_.append(target);
  add_forms(absolute_, 0);
}

// What stands behind the address in "mailto:joe@example.com?subject=x".
void UriList::add_mail_forms(std::string_view written) {
  const std::size_t at = written.find('@');
  if (at == written.npos) return;
  for (const char mark : {'?', '&'})
    if (const std::size_t end = written.find(mark, at); end != written.npos && end > at + 1)
      add(written.substr(0, end));
}

void UriList::add_forms(std::string_view written, std::size_t depth) {
  auto& [clean, form] = making_[depth];
  if (mime::find(kLineEnd, as_bytes(written)) < written.size()) {
    clean = written;
    std::erase_if(clean, [](char c) { return c == '\r' || c == '\n'; });
    written = clean;
  }
  const std::string_view uri = trim(written);
  if (uri.size() <= 1 || std::string_view("#?&").find(uri[0]) != std::string_view::npos ||
      (uri[0] == '/' && uri[1] != '/'))
    return;
  add(uri);
  if (begins(uri, "mailto:") || uri.find('@') < uri.find(':')) return add_mail_forms(uri);
  repair(uri, form);
  add(form);
  const Web web = take_apart(form);
  if (web.host.empty()) return;
  const bool plain_port = (web.scheme.size() == 7 && web.port == ":80") ||
                          (web.scheme.size() == 8 && web.port == ":443");
  if (plain_port) add_with(web, web.host, {});
  std::string_view host = web.host;
  uri::HostText ascii;
  if (uri::to_ascii(host, ascii) && !equals_ignoring_case(ascii.view(), host)) {
    host = ascii.view();
    add_with(web, host, web.port);
  }
  if (const std::string_view other = carried(web.rest); !other.empty() && depth < kCarriedMax)
    add_forms(other, depth + 1);
  const std::size_t end = name_size(host);
  if (end > 0 && end < host.size()) add_with(web, host.substr(0, end), web.port);
  if (const auto address = uri::read_address(host)) {
    const std::string plain =
        std::to_string(*address >> 24) + "." + std::to_string(*address >> 16 & 255) + "." +
        std::to_string(*address >> 8 & 255) + "." + std::to_string(*address & 255);
    if (plain != host) add_with(web, plain, web.port);
  }
}

}  // namespace sluice::scan::sa
