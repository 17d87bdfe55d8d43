// Functions about senders who claim to be at a large provider without having come from there.
#include <array>
#include <cmath>
#include <string>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/evals/fixed_expression.h"
#include "scanners/spamassassin/evals/relay_facts.h"
#include "scanners/spamassassin/header/mail_time.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kGoogleTokenMin = 60;  // octets of X-Gm-Message-State and the like

bool claims(const MessageEvidence& message, std::string_view domain) {
  const std::string_view from = message.facts.first_address("From");
  if (!ends_ignoring_case(from, domain)) return false;
  const std::size_t before = from.size() - domain.size();
  return before == 0 || (std::isalnum(static_cast<unsigned char>(from[before - 1])) == 0 &&
                         from[before - 1] != '_');
}

bool has_address(const MessageEvidence& message, std::string_view field, pcre::Tools& tools) {
  static const FixedExpression kAddress(
      R"((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}:[0-9a-f:]*:[0-9a-f]{0,4})");
  return kAddress.matches(message.facts.values(field), tools);
}

bool is_msn_group(const MessageEvidence& message, pcre::Tools& tools) {
  static const FixedExpression kGroup(R"((?i)<\S+@groups\.msn\.com>)");
  static const FixedExpression kPickup(R"(from mail pickup service by p\d\dgroups\.msn\.com\b)");
  return kGroup.matches(message.facts.values("To"), tools) &&
         kPickup.matches(message.facts.values("Received"), tools);
}

enum class Hotmail { fine, forged, elsewhere };

Hotmail hotmail(const MessageEvidence& message, pcre::Tools& tools) {
  static const FixedExpression kPickup(
      R"(from mail pickup service by hotmail\.com with Microsoft SMTPSVC;)");
  static const FixedExpression kOwn(
      R"(from (?:\S*\.)?hotmail.com \((?:\S+\.hotmail(?:\.msn)?\.com[ )])"
      R"(|\[[0-9a-fA-F.:]+\][ ):]))"
      R"(|from \S+ by \S+\.hotmail(?:\.msn)?\.com with HTTP;)"
      R"(|from \[66.218.\S+\] by \S+\.yahoo\.com)");
  static const FixedExpression kOutlook(
      R"(from \S*\.outbound\.protection\.outlook\.com )"
      R"(\(\S+\.outbound\.protection\.outlook\.com[ )])"
      R"(|from \S*\.(?:eur|nam)prd\d+\.prod\.outlook\.com \([0-9a-fA-F.:]+\))");
  static const FixedExpression kOriginator(R"(hotmail\.com|msonline-outlook)");
  static const FixedExpression kNamed(R"((?:from |HELO |helo=)\S*hotmail\.com\b)");
  const std::string& received = message.facts.values_in_line("Received");
  if (received.find("hotmail.com") == std::string::npos && !claims(message, "hotmail.com"))
    return Hotmail::fine;  // whatever else is true
  if (kPickup.matches(received, tools) || is_msn_group(message, tools) ||
      lost_received(message, tools))
    return Hotmail::fine;
  if (has_address(message, "X-Originating-IP", tools) && kOwn.matches(received, tools))
    return Hotmail::fine;
  if (kOriginator.matches(message.facts.values("X-OriginatorOrg"), tools) &&
      kOutlook.matches(received, tools))
    return Hotmail::fine;
  if (kNamed.matches(received, tools)) return Hotmail::forged;
  return claims(message, "hotmail.com") ? Hotmail::elsewhere : Hotmail::fine;
}

int check_for_forged_hotmail_received_headers(const MessageEvidence& message,
                                              const Arguments& arguments) {
  return hotmail(message, *arguments.tools) == Hotmail::forged;
}

int check_for_no_hotmail_received_headers(const MessageEvidence& message,
                                          const Arguments& arguments) {
  return hotmail(message, *arguments.tools) == Hotmail::elsewhere;
}

int check_for_forged_eudoramail_received_headers(const MessageEvidence& message,
                                                 const Arguments& arguments) {
  static const FixedExpression kOwn(R"(by \S*whowhere.com;)");
  return claims(message, "eudoramail.com") && !lost_received(message, *arguments.tools) &&
         !(kOwn.matches(message.facts.values_in_line("Received"), *arguments.tools) &&
           has_address(message, "X-Sender-Ip", *arguments.tools));
}

int check_for_forged_yahoo_received_headers(const MessageEvidence& message,
                                            const Arguments& arguments) {
  static const FixedExpression kTrusted(R"( rdns=\S+\.yahoo\.com )");
  static const FixedExpression kUntrusted(R"(^[^\]]+ rdns=\S+\.yahoo\.com )");
  static const FixedExpression kOwn(
      R"(by web\S+\.mail\S*\.yahoo\.com via HTTP)"
      R"(|by sonic\S+\.consmr\.mail\S*\.yahoo\.com with HTTP)"
      R"(|by smtp\S+\.yahoo\.com with SMTP)"
      R"(|from \[[0-9a-fA-F.:]+\] by \S+\.(?:groups|scd|dcn)\.yahoo\.com with NNFMP)"
      R"(|by \w+\.\w+\.yahoo\.com \(\d+\.\d+\.\d+/\d+\.\d+\.\d+\)(?: with ESMTP)? id \w+)");
  static const FixedExpression kBulk(R"(\bmailer\d+\.bulk\.scd\.yahoo\.com\b)");
  pcre::Tools& tools = *arguments.tools;
  if (!claims(message, "yahoo.com") || lost_received(message, tools)) return 0;
  std::string trusted, untrusted;
  message.relays.value_of("X-Spam-Relays-Trusted", trusted);
  message.relays.value_of("X-Spam-Relays-Untrusted", untrusted);
  if (kTrusted.matches(trusted, tools) || kUntrusted.matches(untrusted, tools)) return 0;
  const bool resent = message.has("Resent-From") && message.has("Resent-To");
  const bool inner = resent && !message.facts.values("X-Received").empty();
  const std::string& received = message.facts.values_in_line(inner ? "X-Received" : "Received");
  if (kOwn.matches(received, tools)) return 0;
  return !(kBulk.matches(received, tools) && claims(message, "reply.yahoo.com"));
}

int check_for_forged_juno_received_headers(const MessageEvidence& message,
                                           const Arguments& arguments) {
  static const FixedExpression kOwn(
      R"(from.*\b(?:juno|untd)\.com.*[\[(][0-9a-fA-F.:]+[\])].*by| cookie\.(?:juno|untd)\.com )");
  pcre::Tools& tools = *arguments.tools;
  if (!claims(message, "juno.com") || lost_received(message, tools)) return 0;
  const std::string& received = message.facts.values("Received");
  const std::string& mailer = message.facts.values("X-Mailer");
  if (message.has("X-Originating-IP"))
    return !kOwn.matches(received, tools) || mailer.find("Juno ") == std::string::npos;
  // Without that field the address that it would hold is missing in any case.
  return 1;
}

int check_for_forged_gmail_received_headers(const MessageEvidence& message,
                                            const Arguments& arguments) {
  static const FixedExpression kInner(
      R"(by 10\.\S+ with SMTP id \S+|by 2002:a\d\d:\w+:\S+ with SMTP id \S+)");
  static const FixedExpression kOuter(R"(by smtp\.googlemail\.com with ESMTPSA id \S+)");
  return claims(message, "gmail.com") &&
         !kInner.matches(message.facts.values("X-Received"), *arguments.tools) &&
         !kOuter.matches(message.facts.values("Received"), *arguments.tools) &&
         (message.facts.values("X-Gm-Message-State").size() < kGoogleTokenMin ||
          message.facts.values("X-Google-Smtp-Source").size() < kGoogleTokenMin);
}

int check_for_fake_aol_relay_in_rcvd(const MessageEvidence& message, const Arguments& arguments) {
  static const FixedExpression kRelay(R"((?i) rly-[a-z][a-z]\d\d\.)");
  static const FixedExpression kOwn(R"(/AOL-\d+\.\d+\.\d+\)|ESMTP id (?:RELAY|MAILRELAY|MAILIN))");
  const std::string& received = message.facts.values_in_line("Received");
  return kRelay.matches(received, *arguments.tools) && !kOwn.matches(received, *arguments.tools);
}

// Outlook's Message-ID holds the upper word of the time as Windows counts it (in 100 ns since
// 1601): that of Date, or of the newest Received.
int check_outlook_message_id(const MessageEvidence& message, const Arguments& arguments) {
  static const FixedExpression kForm(R"(^<[0-9a-f]{4}[0-9a-f]{8}\$[0-9a-f]{8}\$[0-9a-f]{8}@)");
  constexpr double kUnitsPerSecond = 0.0023283064365387;  // 10^7 / 2^32
  constexpr double kUnitsAtEpoch = 27'111'902.8329849;    // of 1970 since 1601
  constexpr double kFudge = 250;
  const std::string id = message_ids(message);
  if (!kForm.matches(id, *arguments.tools)) return 0;
  const auto token = static_cast<double>(std::stoul(id.substr(5, 8), nullptr, 16));
  const auto differs = [&](std::string_view text) {
    const auto time = static_cast<double>(parse_mail_time(text).value_or(0));
    const double off = token - std::trunc(time * kUnitsPerSecond + kUnitsAtEpoch);
    return off <= -kFudge || off >= kFudge;
  };
  if (!differs(trim(message.facts.values("Date")))) return 0;
  std::string newest;
  for (std::size_t i = 0; newest.empty() && i < message.headers.size(); ++i)
    if (const auto field = message.headers.field(i); equals_ignoring_case(field.name, "Received"))
      newest = field.value.substr(field.value.rfind(';') + 1);
  return differs(newest);
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_for_fake_aol_relay_in_rcvd", check_for_fake_aol_relay_in_rcvd},
    {"check_for_forged_eudoramail_received_headers", check_for_forged_eudoramail_received_headers},
    {"check_for_forged_gmail_received_headers", check_for_forged_gmail_received_headers},
    {"check_for_forged_hotmail_received_headers", check_for_forged_hotmail_received_headers},
    {"check_for_forged_juno_received_headers", check_for_forged_juno_received_headers},
    {"check_for_forged_yahoo_received_headers", check_for_forged_yahoo_received_headers},
    {"check_for_no_hotmail_received_headers", check_for_no_hotmail_received_headers},
    {"check_outlook_message_id", check_outlook_message_id},
});

}  // namespace

std::span<const NamedEval> provider_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
