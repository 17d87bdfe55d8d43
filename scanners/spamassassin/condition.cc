#include "scanners/spamassassin/condition.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "scanners/spamassassin/expression.h"

namespace sluice::scan::sa {
namespace {

constexpr std::string_view kPrefix = "Mail::SpamAssassin::";

// Plugins whose rules are read. Functions of theirs that the engine lacks are reported one by one,
// which tells the operator more than rules that silently vanish.
constexpr auto kPlugins = std::to_array<std::string_view>({
    "AskDNS",
    "AutoLearnThreshold",
    "Bayes",
    "BodyEval",
    "Check",
    "DKIM",
    "DMARC",
    "DNSEval",
    "Dmarc",
    "FreeMail",
    "HTMLEval",
    "HTTPSMismatch",
    "HashBL",
    "HeaderEval",
    "ImageInfo",
    "MIMEEval",
    "MIMEHeader",
    "Pyzor",
    "RaciallyCharged",
    "Razor2",
    "RelayEval",
    "ReplaceTags",
    "SPF",
    "SpamCop",
    "URIDNSBL",
    "URIDetail",
    "URIEval",
    "VBounce",
    "WLBLEval",
    "WelcomeListSubject",
    "WhiteListSubject",
});

constexpr auto kAbilities = std::to_array<std::string_view>({
    "Conf::feature_bayes_stopwords",
    "Conf::feature_bug6558_free",
    "Conf::feature_capture_rules",
    "Conf::feature_dns_block_rule",
    "Conf::feature_dns_local_ports_permit_avoid",
    "Conf::feature_header_first_last",
    "Conf::feature_header_match_many",
    "Conf::feature_local_tests_only",
    "Conf::feature_meta_rules_matching",
    "Conf::feature_originating_ip_headers",
    "Conf::feature_registryboundaries",
    "Conf::feature_uri_host_listed",
    "Conf::feature_welcomelist_blocklist",
    "Conf::feature_yesno_takes_args",
    "Conf::has_tflags_nolog",
    "Conf::has_tflags_nosubject",
    "Conf::perl_min_version_5010000",
    "Plugin::BodyEval::has_check_body_length",
    "Plugin::DKIM::has_arc",
    "Plugin::MIMEEval::has_check_abundant_unicode_ratio",
    "Plugin::MIMEEval::has_check_for_ascii_text_illegal",
    "Plugin::MIMEHeader::has_tflags_concat",
    "Plugin::MIMEHeader::has_tflags_range",
    "Plugin::SPF::has_check_for_spf_errors",
    "Plugin::URIDNSBL::has_tflags_domains_only",
    "Plugin::URIDNSBL::has_uridnsbl_for_a",
});

bool is_plugin(std::string_view name) {
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  if (!name.starts_with("Plugin::")) return false;
  name.remove_prefix(std::string_view("Plugin::").size());
  return std::ranges::find(kPlugins, name) != kPlugins.end();
}

bool is_ability(std::string_view name) {
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  return std::ranges::find(kAbilities, name) != kAbilities.end();
}

std::expected<Expression::Operand, std::string> resolve(std::string_view name,
                                                        std::string_view argument) {
  if (name == "version") return Expression::Operand{true, kLanguageVersion, 0};
  if (name == "perl_version") return Expression::Operand{true, 5.036, 0};
  if (name == "local_tests_only") return Expression::Operand{true, 1, 0};
  if (name == "plugin") return Expression::Operand{true, is_plugin(argument) ? 1.0 : 0.0, 0};
  if (name == "can" || name == "has")
    return Expression::Operand{true, is_ability(argument) ? 1.0 : 0.0, 0};
  return std::unexpected(
      fmt::format("{:?} is no condition; known: version, plugin(), can(), has()", name));
}

}  // namespace

std::expected<bool, std::string> evaluate_condition(std::string_view text) {
  const auto expression = Expression::parse(text, resolve);
  if (!expression) return std::unexpected(expression.error());
  return expression->evaluate({}) != 0;
}

}  // namespace sluice::scan::sa
