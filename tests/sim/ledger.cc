#include "tests/sim/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::sim {
namespace {

constexpr std::string_view kTokenField = "X-Token: ";
constexpr std::size_t kAddedHeaderMax = 8 * 1024;  // Received and stamps

// The message that `taken` is, or for a notification the one it reports on; SIZE_MAX: none.
std::size_t token_of(const Taken& taken, std::size_t count) {
  const std::size_t field = taken.octets.find(kTokenField);
  if (field == std::string::npos) return SIZE_MAX;
  std::size_t token = SIZE_MAX;
  const char* begin = taken.octets.data() + field + kTokenField.size();
  std::from_chars(begin, taken.octets.data() + taken.octets.size(), token);
  return token < count ? token : SIZE_MAX;
}

bool is_notification(const Taken& taken) { return taken.reverse_path.empty(); }

bool contains(const std::vector<std::string>& list, std::string_view wanted) {
  return std::ranges::find(list, wanted) != list.end();
}

// Is `taken` what the sender of `recipient` is owed: the message, or the news of its failure?
bool settles(const Taken& taken, std::string_view recipient) {
  if (!is_notification(taken)) return contains(taken.recipients, recipient);
  return taken.octets.find(fmt::format("Final-Recipient: rfc822;{}\r\n", recipient)) !=
         std::string::npos;
}

template <typename Visit>
void for_each_recipient(const Ledger& ledger, Visit&& visit) {
  for (const Sent& sent : ledger.sent)
    for (const std::string& recipient : sent.recipients) visit(sent, recipient);
}

}  // namespace

Sent draw_message(std::size_t token, Random& random) {
  Sent sent;
  const std::size_t recipients = 1 + random.below(3);
  for (std::size_t i = 0; i < recipients; ++i)
    sent.recipients.push_back(
        fmt::format("{}{}.{}@dest.example", random.chance(0.2) ? "unknown" : "user", i, token));
  sent.octets = fmt::format("Subject: {0}\r\n{1}{0}\r\n\r\n.\r\n", token, kTokenField);
  const std::size_t size = random.chance(0.2) ? random.below(120'000) : random.below(3'000);
  while (sent.octets.size() < size) {
    if (random.chance(0.1)) sent.octets += '.';
    sent.octets.append(random.below(70), static_cast<char>('!' + random.below(90)));
    sent.octets += "\r\n";
  }
  return sent;
}

std::string check_nothing_lost(const Ledger& ledger) {
  std::string fault;
  for_each_recipient(ledger, [&](const Sent& sent, const std::string& recipient) {
    if (sent.answered == 0 || !fault.empty()) return;
    const bool settled = std::ranges::any_of(ledger.taken, [&](const Taken& taken) {
      return is_notification(taken) == is_unknown(recipient) && settles(taken, recipient);
    });
    if (!settled)
      fault = fmt::format("answered with 250, but {} <{}>",
                          is_unknown(recipient) ? "no notification about" : "not delivered to",
                          recipient);
  });
  return fault;
}

std::string check_nothing_invented(const Ledger& ledger) {
  for (const Taken& taken : ledger.taken) {
    const std::size_t token = token_of(taken, ledger.sent.size());
    if (token == SIZE_MAX) return "the next hop got a message that nobody sent";
    const Sent& sent = ledger.sent[token];
    if (is_notification(taken)) {
      for (const std::string& recipient : sent.recipients)
        if (!is_unknown(recipient) && settles(taken, recipient))
          return fmt::format("<{}> takes mail, yet its failure was reported", recipient);
      continue;
    }
    for (const std::string& recipient : taken.recipients)
      if (!contains(sent.recipients, recipient))
        return fmt::format("message {} came to <{}>, who is not its recipient", token, recipient);
    if (!taken.octets.starts_with("Received: ") || !taken.octets.ends_with(sent.octets) ||
        taken.octets.size() > sent.octets.size() + kAddedHeaderMax)
      return fmt::format("message {} was changed on its way", token);
  }
  return {};
}

// The engine may hold as many copies as it was given. Each goes out once; again after a crash,
// which can forget that it went, and after a 250 that was lost on its way back. A crash can also
// forget that a notification was written (or find one that a failing disk had spoilt): then there
// is one more, and each of them goes out like a message.
std::string check_duplicates(const Ledger& ledger) {
  std::string fault;
  for_each_recipient(ledger, [&](const Sent& sent, const std::string& recipient) {
    std::size_t times = 0;
    std::size_t replies_lost = 0;
    Instant first = is_unknown(recipient) ? Instant{} : Instant::never();
    for (const Taken& taken : ledger.taken) {
      if (!settles(taken, recipient)) continue;
      ++times;
      first = std::min(first, taken.begun);
      if (!taken.reply_arrived) ++replies_lost;
    }
    const auto crashes = static_cast<std::size_t>(
        std::ranges::count_if(ledger.crashes, [&](Instant at) { return at >= first; }));
    std::size_t copies = sent.answered + sent.unsure;
    if (is_unknown(recipient)) copies *= 1 + crashes;
    if (times > copies * (1 + crashes) + replies_lost)
      fault = fmt::format("<{}> got {} copies: {} given to the engine, {} crashes, {} lost replies",
                          recipient, times, copies, crashes, replies_lost);
  });
  return fault;
}

}  // namespace sluice::sim
