#include "tools/loadgen/synthetic.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/random.h"

namespace sluice::load {
namespace {

constexpr std::size_t kVariantsMax = 300;
constexpr std::size_t kVariantsMin = 8;
constexpr std::size_t kMemoryMax = 64 * 1024 * 1024;
constexpr std::size_t kLineWidth = 72;

// Everyday words; their lengths and letters are what a scanner's first pass sees.
constexpr auto kWords = std::to_array<std::string_view>(
    {"the",     "of",        "and",      "to",       "in",       "is",       "that",    "for",
     "we",      "with",      "on",       "as",       "you",      "this",     "have",    "from",
     "are",     "at",        "not",      "please",   "meeting",  "report",   "project", "order",
     "invoice", "attached",  "regards",  "schedule", "team",     "customer", "update",  "review",
     "budget",  "plan",      "question", "thanks",   "tomorrow", "contract", "account", "service",
     "release", "version",   "problem",  "solution", "server",   "network",  "message", "address",
     "change",  "price",     "quarter",  "delivery", "support",  "document", "number",  "office",
     "because", "agreement", "results",  "travel",   "hotel",    "flight",   "monday",  "friday",
     "week",    "month",     "between",  "before",   "after",    "draft",    "remarks", "approve"});
constexpr auto kNames =
    std::to_array<std::string_view>({"Anna Keller", "Marc Dubois", "Priya Raman", "Tom Hughes",
                                     "Yuki Tanaka", "Elena Rossi", "Jonas Lind", "Sara Novak"});

template <typename Table>
std::string_view pick(const Table& table, Random& random) {
  return table[random.below(table.size())];
}

void add_header(std::string& out, std::size_t variant, Random& random) {
  const std::string number = std::to_string(variant);
  const std::string id = std::to_string(random.next());
  out +=
      "Received: from mail.example.net (mail.example.net [198.51.100.7])\r\n"
      "\tby relay.example.net with ESMTPS id ";
  out += id;
  out += "; Mon, 02 Nov 2026 09:15:00 +0000\r\nFrom: ";
  out += pick(kNames, random);
  out += " <sender" + number + "@example.net>\r\nTo: ";
  out += pick(kNames, random);
  out += " <user" + number + "@example.com>\r\nSubject: ";
  for (int i = 0; i < 5; ++i) (out += pick(kWords, random)) += ' ';
  out += number + "\r\nDate: Mon, 02 Nov 2026 09:14:58 +0000\r\nMessage-ID: <" + id + "." + number;
  out +=
      "@example.net>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 7bit\r\n\r\n";
}

void add_line(std::string& out, Random& random) {
  const std::size_t start = out.size();
  while (out.size() - start < kLineWidth - 10) (out += pick(kWords, random)) += ' ';
  out.back() = random.chance(0.2) ? '.' : ',';
  out += random.chance(0.1) ? "\r\n\r\n" : "\r\n";
}

Message make_variant(std::uint32_t size, std::size_t variant, Random& random) {
  Message message;
  message.name = "synthetic-" + std::to_string(variant);
  std::string& out = message.octets;
  out.reserve(size + 2 * kLineWidth);
  add_header(out, variant, random);
  while (out.size() + 2 < size) add_line(out, random);
  out.resize(std::max<std::size_t>(size, 2) - 2);
  for (auto it = out.rbegin(); *it == '\r' || *it == '\n'; ++it) *it = '-';
  out += "\r\n";
  return message;
}

}  // namespace

std::vector<Message> make_synthetic(std::uint32_t size, std::uint64_t seed) {
  Random random(seed);
  const std::size_t count = std::clamp(kMemoryMax / size, kVariantsMin, kVariantsMax);
  std::vector<Message> messages;
  messages.reserve(count);
  for (std::size_t variant = 0; variant < count; ++variant)
    messages.push_back(make_variant(size, variant, random));
  return messages;
}

}  // namespace sluice::load
