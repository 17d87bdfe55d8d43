// Functions of our own, for what SpamAssassin does not look at: a form in which mail programs read
// different messages, links that are not what they look like, text that no reader sees. The names
// that they take are those of mime::Anomaly and mime::UriSign.
#include <algorithm>
#include <array>

#include "scanners/spamassassin/eval.h"

namespace sluice::scan::sa {
namespace {

constexpr auto kSigns = std::to_array<std::string_view>(
    {"schemeless", "obfuscated", "userinfo", "address_host", "numeric_host", "encoded_host",
     "international", "mixed_scripts", "broken_host", "port", "carries_uri", "carried",
     "deceptive_text", "hidden_link", "truncated"});
static_assert(kSigns.size() == static_cast<std::size_t>(mime::UriSign::truncated) + 1);

bool is_among(std::string_view name, const Arguments& arguments) noexcept {
  return std::ranges::find(arguments.words, name) != arguments.words.end();
}

// check_form('boundary_prefix', …): the message has one of these anomalies.
int check_form(const MessageEvidence& message, const Arguments& arguments) {
  bool found = false;
  message.gathered.message().anomalies.for_each([&](mime::Anomaly anomaly) {
    found = found || is_among(mime::anomaly_name(anomaly), arguments);
  });
  return found;
}

// check_link('deceptive_text', …): a link has one of these signs.
int check_link(const MessageEvidence& message, const Arguments& arguments) {
  for (std::size_t sign = 0; sign < kSigns.size(); ++sign)
    if ((message.gathered.uri_signs() >> sign & 1) != 0 && is_among(kSigns[sign], arguments))
      return 1;
  return 0;
}

// check_hidden_text('octets', 'percent'): so much text, of all text, is there and is not shown.
int check_hidden_text(const MessageEvidence& message, const Arguments& arguments) {
  const auto hidden = static_cast<double>(message.gathered.message().hidden_octets);
  const auto all = hidden + static_cast<double>(message.gathered.message().visible_octets);
  return hidden > 0 && hidden >= arguments.number(0) && 100 * hidden >= arguments.number(1) * all;
}

}  // namespace

std::span<const NamedEval> form_evals() noexcept {
  static const auto kEvals = std::to_array<NamedEval>({
      {"check_form", check_form, -1, mime::anomaly_names()},
      {"check_link", check_link, -1, kSigns},
      {"check_hidden_text", check_hidden_text},
  });
  return kEvals;
}

}  // namespace sluice::scan::sa
