// What the DNS said, and the table that DNS-dependent logic reads it from. Such logic (MX, DANE,
// SPF, …) is a pure function over an AnswerTable that can be run again: when an answer is missing,
// find() notes the question and the function returns "need DNS"; its owner asks the resolver for
// wanted(), puts the answers in, and runs it again. Tests fill the table by hand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"

namespace sluice::dns {

enum class Type : std::uint16_t {
  a = 1,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  tlsa = 52,  // RFC 6698
};
std::string_view type_name(Type type) noexcept;

struct Question {
  std::string name;  // as normal_name() has it
  Type type = Type::a;

  auto operator<=>(const Question&) const = default;
  std::string text() const;  // "example.com MX"
};

struct MxRecord {
  std::uint16_t preference = 0;
  std::string exchange;  // "" is the root: a null MX (RFC 7505)
};

struct TlsaRecord {  // RFC 6698 2.1
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching = 0;
  std::vector<std::uint8_t> data;
};

struct Answer {
  enum class Status : std::uint8_t {
    found,
    no_data,  // the name exists, the type does not
    no_name,  // NXDOMAIN
    failed,   // SERVFAIL (a bogus answer too), no answer, nonsense: nothing is known
  };
  Status status = Status::failed;
  bool secure = false;  // validated by a resolver that is trusted, all CNAMEs included
  Instant expires{};
  std::string canonical;             // where CNAMEs led to; empty when there was none
  std::vector<IpAddress> addresses;  // A, AAAA
  std::vector<MxRecord> exchanges;   // MX, in the order of the answer
  std::vector<std::string> names;    // PTR; CNAME: one
  std::vector<std::string> texts;    // TXT, the strings of each record joined
  std::vector<TlsaRecord> tlsa;
  std::string trouble;  // failed: what went wrong, for logs

  bool found() const noexcept { return status == Status::found; }
  bool failed() const noexcept { return status == Status::failed; }
};
using AnswerRef = std::shared_ptr<const Answer>;  // of one core

class AnswerTable {
 public:
  static constexpr std::size_t kAnswersMax = 512;  // questions of one run of the logic

  // The answer, valid as long as the table; or nullptr, and the question is wanted. A name that
  // cannot be asked for, and a question beyond kAnswersMax, have an answer: they failed.
  const Answer* find(std::string_view name, Type type);
  void put(const Question& question, AnswerRef answer);

  // The questions of the last run that had no answer.
  const std::vector<Question>& wanted() const noexcept { return wanted_; }
  std::vector<Question> take_wanted() noexcept { return std::exchange(wanted_, {}); }
  // When the first of the answers expires.
  Instant expires() const noexcept;

 private:
  std::map<Question, AnswerRef> answers_;
  std::vector<Question> wanted_;
};

}  // namespace sluice::dns
