// Functions about senders and recipients.
#include <algorithm>
#include <array>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/eval.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kRecipientsMax = 256;   // that are compared with each other
constexpr std::size_t kRecipientsSorted = 7;  // fewer are sorted by chance
constexpr std::size_t kRecipientsSimilar = 5;
constexpr std::size_t kPrefixCompared = 2;

std::vector<std::string_view> recipients(const MessageEvidence& message) {
  std::vector<std::string_view> found;
  for (const char* field : {"To", "Cc", "Bcc"}) {
    if (field[0] == 'B' && found.size() >= kRecipientsSimilar) break;
    message.facts.addresses(field).for_each([&](std::string_view one) { found.push_back(one); });
  }
  found.erase(std::unique(found.begin(), found.end(), equals_ignoring_case), found.end());
  if (found.size() > kRecipientsMax) found.resize(kRecipientsMax);
  return found;
}

// Without the trouble of putting them together.
bool may_be(const MessageEvidence& message, std::size_t count) {
  std::size_t all = 0;
  for (const char* field : {"To", "Cc", "Bcc"}) all += message.facts.addresses(field).size();
  return all >= count;
}

int sorted_recipients(const MessageEvidence& message, const Arguments&) {
  if (!may_be(message, kRecipientsSorted)) return 0;
  const auto found = recipients(message);
  return found.size() >= kRecipientsSorted && std::ranges::is_sorted(found);
}

std::string_view domain_of(std::string_view address) {
  const std::size_t at = address.find('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

// The share of pairs whose local parts, or whose different domains, begin alike.
double similarity(const std::vector<std::string_view>& all) {
  if (all.size() < kRecipientsSimilar) return 0;
  double hits = 0, pairs = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      const std::string_view a = domain_of(all[i]), b = domain_of(all[j]);
      hits += all[i].substr(0, kPrefixCompared) == all[j].substr(0, kPrefixCompared);
      hits += a.substr(0, kPrefixCompared) == b.substr(0, kPrefixCompared) && a != b;
      ++pairs;
    }
  return hits / pairs;
}

bool within(double value, const Arguments& bounds) {
  return bounds.size() >= 2 && (bounds[0] == "undef" || value >= bounds.number(0)) &&
         (bounds[1] == "undef" || value < bounds.number(1));
}

int similar_recipients(const MessageEvidence& message, const Arguments& bounds) {
  const bool enough = may_be(message, kRecipientsSimilar);
  return within(enough ? similarity(recipients(message)) : 0, bounds);
}

int check_for_missing_to_header(const MessageEvidence& message, const Arguments&) {
  return !message.has("To") && !message.has("Apparently-To");
}

int check_for_matching_env_and_hdr_from(const MessageEvidence& message, const Arguments&) {
  return equals_ignoring_case(message.facts.envelope_from(), message.facts.first_address("From"));
}

// The last two labels.
std::string_view short_domain(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return {};
  std::string_view domain = address.substr(at + 1);
  const std::size_t last = domain.rfind('.');
  if (last == std::string_view::npos || last == 0) return domain;
  const std::size_t before = domain.rfind('.', last - 1);
  return before == std::string_view::npos ? domain : domain.substr(before + 1);
}

// In spite of its name it hits when they differ.
int check_equal_from_domains(const MessageEvidence& message, const Arguments&) {
  const std::string_view from = message.facts.first_address("From");
  const std::string& envelope = message.facts.envelope_from();
  const std::string_view a = short_domain(from), b = short_domain(envelope);
  return !a.empty() && !b.empty() && !equals_ignoring_case(a, b);
}

// A sender address made of the recipient's: "…example.com!joe@…".
int check_ratware_envelope_from(const MessageEvidence& message, const Arguments&) {
  const std::string_view to = message.facts.first_address("To");
  const std::string& from = message.facts.envelope_from();
  const std::size_t at = to.find('@');
  if (from.empty() || at == std::string::npos || from.starts_with("SRS")) return 0;
  const std::string_view user = to.substr(0, at);
  const std::string_view domain = to.substr(at + 1);
  for (std::size_t i = from.find('@'); i != std::string::npos; i = from.find('@', i + 1)) {
    if (i < user.size() + 1 + domain.size()) continue;
    const std::string_view before = std::string_view(from).substr(0, i);
    const std::size_t begin = i - user.size() - 1 - domain.size();
    const bool at_word = begin == 0 || !std::isalnum(static_cast<unsigned char>(from[begin - 1]));
    if (at_word && equals_ignoring_case(before.substr(i - user.size()), user) &&
        equals_ignoring_case(before.substr(begin, domain.size()), domain))
      return 1;
  }
  return 0;
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_equal_from_domains", check_equal_from_domains},
    {"check_for_matching_env_and_hdr_from", check_for_matching_env_and_hdr_from},
    {"check_for_missing_to_header", check_for_missing_to_header},
    {"check_ratware_envelope_from", check_ratware_envelope_from},
    {"similar_recipients", similar_recipients},
    {"sorted_recipients", sorted_recipients},
});

}  // namespace

std::span<const NamedEval> address_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
