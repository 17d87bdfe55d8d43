#include "scanners/spamassassin/evidence/uri_list.h"

#include <algorithm>
#include <array>

#include "engine/base/bytes.h"
#include "scanners/mime/hex.h"
#include "scanners/spamassassin/text.h"
#include "scanners/uri/host.h"

namespace sluice::scan::sa {
namespace {

constexpr int kCarriedMax = 3;  // links within links

bool begins(std::string_view text, std::string_view with) noexcept {
  return equals_ignoring_case(text.substr(0, with.size()), with);
}

// "http://" or "https://", else empty.
std::string_view web_scheme(std::string_view text) noexcept {
  if (begins(text, "http://")) return text.substr(0, 7);
  return begins(text, "https://") ? text.substr(0, 8) : std::string_view();
}

bool is_scheme(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || colon == 0) return false;
  return std::ranges::all_of(text.substr(0, colon), [](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

int hex_digit(char c) noexcept { return mime::hex_value(static_cast<std::uint8_t>(c)); }

// %-escapes of what needs none are undone; the others get capital digits.
std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    const char c = static_cast<char>(high * 16 + low);
    if (c > ' ' && c < '\x7f' && c != '%') {
      out += c;
    } else {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      out += '%';
      out += kDigits[static_cast<std::size_t>(high)];
      out += kDigits[static_cast<std::size_t>(low)];
    }
    i += 2;
  }
  return out;
}

// As browsers have it: slashes for backslashes, two behind the scheme, a scheme, a path.
std::string repair(std::string_view written) {
  std::string form(written);
  std::ranges::replace(form, '\\', '/');
  for (const std::string_view scheme : {"http:", "https:"})
    if (begins(form, scheme)) {
      std::size_t slashes = scheme.size();
      while (slashes < form.size() && slashes < scheme.size() + 2 && form[slashes] == '/')
        ++slashes;
      form = form.substr(0, scheme.size()) + "//" + form.substr(slashes);
    }
  if (form.find('%') != std::string::npos) form = decode(form);
  if (!is_scheme(form)) form.insert(0, form.starts_with("ftp.") ? "ftp://" : "http://");
  if (const std::string_view scheme = web_scheme(form); !scheme.empty()) {
    const std::size_t end = form.find_first_of("/?#", scheme.size());
    if (end != std::string::npos && end > scheme.size() && form[end] != '/') form.insert(end, "/");
  }
  return form;
}

// "https://user@host:443/path"
struct Web {
  std::string_view scheme, user, host, port, rest;  // user with "@", port with ":"
};

Web take_apart(std::string_view form) noexcept {
  Web web;
  web.scheme = web_scheme(form);
  if (web.scheme.empty()) return web;
  form.remove_prefix(web.scheme.size());
  const std::size_t end = std::min(form.find_first_of("/?#"), form.size());
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

std::string join(const Web& web, std::string_view host, std::string_view port) {
  std::string out(web.scheme);
  return out.append(host).append(port).append(web.rest);
}

// Another link in the path or query.
std::string_view carried(std::string_view rest) noexcept {
  for (std::size_t at = find_ignoring_case(rest, "http"); at != rest.npos;) {
    const std::string_view found = rest.substr(at);
    if (begins(found, "http:") || begins(found, "https:")) {
      const std::string_view link = found.substr(0, found.find_first_of("&#"));
      return link.find('.') == link.npos ? std::string_view() : link;
    }
    const std::size_t next = find_ignoring_case(rest.substr(at + 4), "http");
    if (next == rest.npos) break;
    at += 4 + next;
  }
  return {};
}

}  // namespace

void UriList::clear() noexcept {
  forms_.clear();
  seen_.clear();
  bytes_ = 0;
}

void UriList::add(std::string_view form) {
  if (forms_.size() == kUriFormsMax || bytes_ + form.size() > kUriListBytesMax) return;
  form = form.substr(0, kUriWrittenMax);
  if (!seen_.emplace(form).second) return;
  forms_.emplace_back(form);
  bytes_ += form.size();
}

void UriList::add_text(std::string_view written) {
  std::string uri(written);
  const bool mail = uri.find('@') != std::string::npos;
  if (!begins(uri, "http:") && !begins(uri, "https:") && !begins(uri, "ftp:") &&
      !begins(uri, "mailto:"))
    uri.insert(0, begins(uri, "ftp.")                          ? "ftp://"
                  : mail && uri.find('/') == std::string::npos ? "mailto:"
                                                               : "http://");
  add_forms(uri, 0);
}

void UriList::add_link(std::string_view target, std::string_view base) {
  target = trim(target).substr(0, kUriWrittenMax);
  if (target.empty()) return;
  if (base.empty() || is_scheme(target)) {
    // "//www.example.com" without a base is taken for the web.
    const bool web = begins(target, "//www") || begins(target, "//ftp");
    add_forms(web ? std::string(begins(target, "//ftp") ? "ftp:" : "http:").append(target)
                  : std::string(target),
              0);
    return;
  }
  const Web web = take_apart(base);
  std::string place(web.scheme);
  place.append(web.user).append(web.host).append(web.port);
  if (target.starts_with("//"))
    add_forms(std::string(web.scheme.substr(0, web.scheme.find(':') + 1)).append(target), 0);
  else if (target.starts_with('/'))
    add_forms(place.append(target), 0);
  else
    add_forms(place.append(web.rest.substr(0, web.rest.rfind('/') + 1)).append(target), 0);
}

// What stands behind the address in "mailto:joe@example.com?subject=x".
void UriList::add_mail_forms(std::string_view written) {
  const std::size_t at = written.find('@');
  if (at == written.npos) return;
  for (const char mark : {'?', '&'})
    if (const std::size_t end = written.find(mark, at); end != written.npos && end > at + 1)
      add(written.substr(0, end));
}

void UriList::add_forms(std::string_view written, int depth) {
  std::string clean;
  for (const char c : written)
    if (c != '\r' && c != '\n') clean += c;
  const std::string_view uri = trim(clean);
  if (uri.size() <= 1 || std::string_view("#?&").find(uri[0]) != std::string_view::npos ||
      (uri[0] == '/' && uri[1] != '/'))
    return;
  add(uri);
  if (begins(uri, "mailto:") || uri.find('@') < uri.find(':')) return add_mail_forms(uri);
  const std::string form = repair(uri);
  add(form);
  const Web web = take_apart(form);
  if (web.host.empty()) return;
  std::string host(web.host);
  const bool plain_port = (web.scheme.size() == 7 && web.port == ":80") ||
                          (web.scheme.size() == 8 && web.port == ":443");
  if (plain_port) add(join(web, host, {}));
  uri::HostText ascii;
  if (uri::to_ascii(host, ascii) && !equals_ignoring_case(ascii.view(), host)) {
    host = ascii.view();
    add(join(web, host, web.port));
  }
  if (const std::string_view other = carried(web.rest); !other.empty() && depth < kCarriedMax)
    add_forms(other, depth + 1);
  const std::size_t end =
      host.find_last_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
  if (end != std::string::npos && end + 1 < host.size())
    add(join(web, host.substr(0, end + 1), web.port));
  if (const auto address = uri::read_address(host)) {
    const std::string plain =
        std::to_string(*address >> 24) + "." + std::to_string(*address >> 16 & 255) + "." +
        std::to_string(*address >> 8 & 255) + "." + std::to_string(*address & 255);
    if (plain != host) add(join(web, plain, web.port));
  }
}

}  // namespace sluice::scan::sa
