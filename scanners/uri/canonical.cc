#include "scanners/uri/canonical.h"

#include <libpsl.h>

#include <algorithm>
#include <array>

#include "engine/base/bytes.h"
#include "scanners/mime/hex.h"
#include "scanners/mime/octet_search.h"
#include "scanners/uri/host.h"

namespace sluice::scan::uri {
namespace {

using mime::UriSign;
using Text = mime::BoundedText<kUriBytes>;

constexpr std::size_t kAddressBytes = 45;  // IPv6 with IPv4 behind it, RFC 4291 2.2

struct Obfuscation {
  std::string_view written;
  std::string_view meant;
};

constexpr std::array<Obfuscation, 12> kObfuscations{{{"[.]", "."},
                                                     {"(.)", "."},
                                                     {"{.}", "."},
                                                     {"[dot]", "."},
                                                     {"(dot)", "."},
                                                     {"{dot}", "."},
                                                     {"[:]", ":"},
                                                     {"[://]", "://"},
                                                     {"[/]", "/"},
                                                     {"[@]", "@"},
                                                     {"[at]", "@"},
                                                     {"(at)", "@"}}};

struct Scheme {
  std::string_view written;
  std::string_view meant;
};

constexpr std::array<Scheme, 10> kSchemes{{{"http", "http"},
                                           {"https", "https"},
                                           {"ftp", "ftp"},
                                           {"ws", "ws"},
                                           {"wss", "wss"},
                                           {"hxxp", "http"},
                                           {"hxxps", "https"},
                                           {"h**p", "http"},
                                           {"h**ps", "https"},
                                           {"fxp", "ftp"}}};

bool begins_ignoring_case(std::string_view text, std::string_view with) noexcept {
  return equals_ignoring_case(text.substr(0, with.size()), with);
}

// Line ends, which are nothing, and what an obfuscation begins with.
constexpr mime::OctetPattern kNotPlain(mime::OctetSet::of([](unsigned octet) {
                                         return octet == '\t' || octet == '\r' || octet == '\n' ||
                                                octet == '[' || octet == '(' || octet == '{';
                                       }),
                                       {}, {});

// A URI that someone made unclickable is made clickable again.
void append_plain(std::string_view written, Text& out, Canonical& result) noexcept {
  for (;;) {
    const std::size_t plain = find(kNotPlain, as_bytes(written));
    out.append(written.substr(0, plain));
    written.remove_prefix(plain);
    if (written.empty()) return;
    const auto found = std::ranges::find_if(kObfuscations, [&](const Obfuscation& one) {
      return begins_ignoring_case(written, one.written);
    });
    if (found != kObfuscations.end()) {
      result.add(UriSign::obfuscated);
      out.append(found->meant);
      written.remove_prefix(found->written.size());
      continue;
    }
    const char c = written.front();
    if (c != '\t' && c != '\r' && c != '\n') out.append(written.substr(0, 1));
    written.remove_prefix(1);
  }
}

bool is_slash(char c) noexcept { return c == '/' || c == '\\'; }

constexpr mime::OctetPattern kPathBegin(mime::OctetSet::of([](unsigned octet) {
                                          return octet == '/' || octet == '\\' || octet == '?' ||
                                                 octet == '#';
                                        }),
                                        {}, {});

// Octets before what begins a path, a query or a fragment.
std::size_t authority_size(std::string_view text) noexcept {
  return find(kPathBegin, as_bytes(text));
}

// What needs more than small letters to be a plain host: an escape, a bracket, another script.
constexpr mime::OctetPattern kDisguise(mime::OctetSet::of([](unsigned octet) {
                                         return octet == '%' || octet == '[' || octet >= 0x80;
                                       }),
                                       {}, {});

// Where "http" may be.
constexpr mime::OctetPattern kHt(
    {}, mime::OctetSet::of([](unsigned octet) { return (octet | 0x20) == 'h'; }),
    mime::OctetSet::of([](unsigned octet) { return (octet | 0x20) == 't'; }));

std::string_view skip_slashes(std::string_view text) noexcept {
  while (!text.empty() && is_slash(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view default_port(std::string_view scheme) noexcept {
  if (scheme == "ftp") return "21";
  return scheme == "https" || scheme == "wss" ? "443" : "80";
}

void append_number(std::uint32_t number, HostText& out) noexcept {
  std::array<char, 3> digits;
  std::size_t size = 0;
  do digits[size++] = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  while (size > 0) out.append({&digits[--size], 1});
}

// "[2001:db8::1]"
bool bracketed_host(std::string_view host, HostText& out, Canonical& result) noexcept {
  result.add(UriSign::address_host);
  if (host.find(']') > 1 + kAddressBytes) return false;
  for (const char c : host.substr(0, host.find(']') + 1)) {
    const char lower = ascii_lower(c);
    out.append({&lower, 1});
  }
  return host.ends_with(']');
}

// The host in its plain form; false when it is broken.
bool plain_host(std::string_view host, HostText& out, Canonical& result) noexcept {
  Text decoded;
  if (find(kDisguise, as_bytes(host)) < host.size()) {
    append_percent_decoded(host, decoded);
    if (decoded.view().size() < host.size()) result.add(UriSign::encoded_host);
    host = decoded.view();
    if (host.starts_with('[')) return bracketed_host(host, out, result);
    if (mixes_scripts(host)) result.add(UriSign::mixed_scripts);
  }
  if (!to_ascii(host, out)) return false;
  if (out.view().find("xn--") != std::string_view::npos) result.add(UriSign::international);
  const auto address = read_address(out.view());
  if (!address) {
    result.known_suffix = has_known_suffix(out.view());
    return true;
  }
  HostText dotted;
  for (int shift = 24; shift >= 0; shift -= 8) {
    append_number(*address >> shift & 255, dotted);
    if (shift > 0) dotted.append(".");
  }
  result.add(dotted.view() == out.view() ? UriSign::address_host : UriSign::numeric_host);
  out.assign(dotted.view());
  return true;
}

// "//" authority, path … behind the scheme.
bool compose(std::string_view scheme, std::string_view rest, Canonical& out) noexcept {
  rest = skip_slashes(rest);
  std::string_view authority = rest.substr(0, authority_size(rest));
  rest.remove_prefix(authority.size());
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
    out.add(UriSign::userinfo);
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (const std::size_t colon = authority.rfind(':');
      colon != authority.npos && authority.find(']', colon) == authority.npos) {
    port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
  }
  if (authority.empty()) return false;
  HostText host;
  const bool sound = plain_host(authority, host, out);
  if (!sound) out.add(UriSign::broken_host);
  out.text.assign(scheme);
  out.text.append("://");
  out.text.append(sound ? host.view() : authority);
  if (!port.empty() && port != default_port(scheme)) {
    out.add(UriSign::port);
    out.text.append(":");
    out.text.append(port);
  }
  const std::size_t path = out.text.view().size();
  if (!rest.starts_with('/')) out.text.append("/");
  if (rest.starts_with('\\')) rest.remove_prefix(1);
  out.text.append(rest);
  const std::string_view all = out.text.view();
  out.scheme = all.substr(0, scheme.size());
  out.host = sound ? all.substr(scheme.size() + 3, host.view().size()) : std::string_view{};
  out.rest = all.substr(std::min(path, all.size()));
  return true;
}

}  // namespace

void append_percent_decoded(std::string_view text, Text& out) noexcept {
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('%'), text.size());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    std::size_t size = 1;
    char octet = text.front();
    if (text.size() > 2) {
      const int high = mime::hex_value(static_cast<std::uint8_t>(text[1]));
      const int low = mime::hex_value(static_cast<std::uint8_t>(text[2]));
      if (high >= 0 && low >= 0) {
        octet = static_cast<char>(high * 16 + low);
        size = 3;
      }
    }
    out.append({&octet, 1});
    text.remove_prefix(size);
  }
}

bool canonicalize(std::string_view written, Canonical& out) noexcept {
  out.text.clear();
  out.host = out.scheme = out.rest = {};
  out.signs = 0;
  out.known_suffix = false;
  if (written.size() > kUriBytes) out.add(UriSign::truncated);
  Text plain;
  append_plain(written, plain, out);
  const std::string_view text = plain.view();
  const std::size_t colon = text.find(':');
  const std::string_view scheme = text.substr(0, colon);
  if (colon != text.npos) {
    for (const Scheme& known : kSchemes) {
      if (!equals_ignoring_case(known.written, scheme)) continue;
      if (known.written != known.meant) out.add(UriSign::obfuscated);
      return compose(known.meant, text.substr(colon + 1), out);
    }
    if (equals_ignoring_case(scheme, "mailto")) {
      out.text.assign("mailto:");
      out.text.append(text.substr(colon + 1));
      out.scheme = out.text.view().substr(0, 6);
      out.rest = out.text.view().substr(7);
      return !out.rest.empty();
    }
  }
  // "cid:", "javascript:" … are no places; "example.com:8080/" is.
  const bool has_dot = scheme.substr(0, authority_size(text)).find('.') != scheme.npos;
  if (!has_dot && !text.starts_with("//")) return false;
  out.add(UriSign::schemeless);
  return compose("http", text, out);
}

std::string_view registered_domain(std::string_view host) noexcept {
  if (host.size() >= kHostBytes) return host;
  HostText terminated;
  terminated.assign(host);
  terminated.append(std::string_view("\0", 1));
  const char* const begin = terminated.view().data();
  const char* const domain = psl_registrable_domain(psl_builtin(), begin);
  if (domain == nullptr || read_address(host)) return host;
  return host.substr(static_cast<std::size_t>(domain - begin));
}

std::string_view carried_uri(std::string_view rest) noexcept {
  for (std::size_t at = 0; at + 7 < rest.size(); ++at) {
    at += find(kHt, as_bytes(rest.substr(at)));
    if (at + 7 >= rest.size()) break;
    std::string_view tail = rest.substr(at);
    if (!begins_ignoring_case(tail, "http")) continue;
    tail.remove_prefix((tail[4] | 0x20) == 's' ? 5 : 4);
    if (tail.starts_with("://") || begins_ignoring_case(tail, "%3a%2f%2f") ||
        begins_ignoring_case(tail, ":%2f%2f") || begins_ignoring_case(tail, "%3a//"))
      return rest.substr(at);
  }
  return {};
}

}  // namespace sluice::scan::uri
