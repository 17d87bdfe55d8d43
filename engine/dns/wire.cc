#include "engine/dns/wire.h"

#include <ares.h>

#include <algorithm>
#include <optional>

#include "engine/base/contract.h"
#include "engine/dns/name.h"

namespace sluice::dns {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::uint16_t kInternet = 1;            // CLASS
constexpr std::uint32_t kTtlMax = 7 * 24 * 3600;  // seconds; also for those with the sign bit

struct Record {
  std::string owner;
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;
  std::size_t data = 0;  // offset in the message
  std::size_t size = 0;
};

// Reads forward through a message; once something does not fit, everything fails.
class Reader {
 public:
  explicit Reader(ByteView message) : message_(message) {}

  bool good() const noexcept { return good_; }
  std::size_t offset() const noexcept { return offset_; }
  std::uint8_t octet() noexcept { return has(1) ? message_[offset_++] : std::uint8_t{0}; }
  std::uint16_t word() noexcept {
    const std::uint8_t high = octet();
    return static_cast<std::uint16_t>(high << 8 | octet());
  }
  std::uint32_t long_word() noexcept {
    const std::uint32_t high = word();
    return high << 16 | word();
  }
  void skip(std::size_t count) noexcept {
    if (has(count)) offset_ += count;
  }
  // Lower case; what cannot be asked for is "\" alone, which equals no name.
  std::string name() {
    char* text = nullptr;
    long length = 0;
    if (!has(1) ||
        ares_expand_name(message_.data() + offset_, message_.data(),
                         static_cast<int>(message_.size()), &text, &length) != ARES_SUCCESS) {
      good_ = false;
      return {};
    }
    auto normal = normal_name(text);
    ares_free_string(text);
    offset_ += static_cast<std::size_t>(length);
    return normal ? std::move(*normal) : "\\";
  }
  Record record() {
    Record record;
    record.owner = name();
    record.type = word();
    if (word() != kInternet) record.type = 0;
    record.ttl = std::min(long_word(), kTtlMax);
    record.size = word();
    record.data = offset_;
    skip(record.size);
    return record;
  }
  ByteView octets(const Record& record) const noexcept {
    return message_.subspan(record.data, record.size);
  }
  // Reads inside one record; a name may point to anywhere before, but has to end in it.
  Reader inside(const Record& record) const noexcept {
    Reader reader(message_.first(record.data + record.size));
    reader.offset_ = record.data;
    return reader;
  }
  bool at_end() const noexcept { return good_ && offset_ == message_.size(); }

 private:
  bool has(std::size_t count) noexcept {
    good_ = good_ && count <= message_.size() - offset_;
    return good_;
  }

  ByteView message_;
  std::size_t offset_ = 0;
  bool good_ = true;
};

std::uint16_t code_of(Type type) noexcept { return static_cast<std::uint16_t>(type); }

// RFC 1035 3.3.14: strings of up to 255 octets, joined.
std::optional<std::string> read_text(ByteView octets) {
  std::string text;
  while (!octets.empty()) {
    const std::size_t size = octets[0];
    if (size >= octets.size()) return {};
    text += as_text(octets.subspan(1, size));
    octets = octets.subspan(1 + size);
  }
  return text;
}

bool add_address(ByteView octets, Answer& answer) {
  IpAddress address;
  if (octets.size() == 4) {
    address = IpAddress::from_v4(static_cast<std::uint32_t>(octets[0]) << 24 |
                                 static_cast<std::uint32_t>(octets[1]) << 16 |
                                 static_cast<std::uint32_t>(octets[2]) << 8 | octets[3]);
  } else if (octets.size() == 16) {
    std::ranges::copy(octets, address.octets.begin());
  } else {
    return false;
  }
  answer.addresses.push_back(address);
  return true;
}

// A record of the type that was asked for, into its place; false when it is malformed.
bool add_record(const Reader& message, const Record& record, Answer& answer) {
  const ByteView octets = message.octets(record);
  Reader reader = message.inside(record);
  switch (static_cast<Type>(record.type)) {
    case Type::a: return octets.size() == 4 && add_address(octets, answer);
    case Type::aaaa: return octets.size() == 16 && add_address(octets, answer);
    case Type::mx: {
      const std::uint16_t preference = reader.word();
      answer.exchanges.push_back({preference, reader.name()});
      return reader.at_end();
    }
    case Type::ptr:
    case Type::cname: answer.names.push_back(reader.name()); return reader.at_end();
    case Type::txt: {
      auto text = read_text(octets);
      if (text) answer.texts.push_back(std::move(*text));
      return text.has_value();
    }
    case Type::tlsa:
      if (octets.size() < 4) return false;
      answer.tlsa.push_back({octets[0], octets[1], octets[2], {octets.begin() + 3, octets.end()}});
      return true;
    case Type::soa: return true;  // only whether there is one
  }
  return false;
}

// Where the CNAMEs from `name` lead within the answer; nothing when it is a loop or too far.
std::optional<std::string> follow(const Reader& message, const std::vector<Record>& records,
                                  std::string name, std::uint32_t& ttl) {
  for (std::size_t step = 0; step <= kChainMax; ++step) {
    const auto alias = std::ranges::find_if(records, [&](const Record& record) {
      return record.type == code_of(Type::cname) && record.owner == name;
    });
    if (alias == records.end()) return name;
    ttl = std::min(ttl, alias->ttl);
    Reader reader = message.inside(*alias);
    name = reader.name();
    if (!reader.at_end()) return {};
  }
  return {};
}

// RFC 2308 5: how long absence may be remembered; 0 without a SOA.
std::uint32_t negative_ttl(const Reader& message, const std::vector<Record>& authority) {
  for (const Record& record : authority) {
    if (record.type != code_of(Type::soa)) continue;
    Reader reader = message.inside(record);
    reader.name();
    reader.name();
    for (int field = 0; field < 4; ++field) reader.long_word();
    const std::uint32_t minimum = reader.long_word();
    return reader.at_end() ? std::min(record.ttl, minimum) : 0;
  }
  return 0;
}

std::optional<std::vector<Record>> read_section(Reader& reader, std::size_t count) {
  std::vector<Record> records;
  if (count > kRecordsMax) return {};
  for (std::size_t i = 0; i < count && reader.good(); ++i) records.push_back(reader.record());
  if (!reader.good()) return {};
  return records;
}

std::string_view fill(const Reader& reader, const Question& question,
                      const std::vector<Record>& answers, const std::vector<Record>& authority,
                      Reply& reply) {
  reply.ttl = kTtlMax;
  std::string owner = question.name;
  if (question.type != Type::cname) {
    auto last = follow(reader, answers, question.name, reply.ttl);
    if (!last) return "a loop of CNAMEs, or too many";
    owner = std::move(*last);
    if (owner != question.name) reply.answer.canonical = owner;
  }
  bool any = false;
  for (const Record& record : answers) {
    if (record.type != code_of(question.type) || record.owner != owner) continue;
    if (!add_record(reader, record, reply.answer)) return "a malformed record";
    reply.ttl = std::min(reply.ttl, record.ttl);
    any = true;
  }
  if (any) {
    reply.answer.status = Answer::Status::found;
    return {};
  }
  reply.answer.status =
      reply.code == kNameError ? Answer::Status::no_name : Answer::Status::no_data;
  reply.ttl = std::min(reply.ttl, negative_ttl(reader, authority));
  return {};
}

}  // namespace

std::vector<std::uint8_t> make_question(const Question& question, std::uint16_t id) {
  unsigned char* buffer = nullptr;
  int size = 0;
  const int status =
      ares_create_query(question.name.empty() ? "." : question.name.c_str(), kInternet,
                        static_cast<int>(question.type), id, 1, &buffer, &size, kDatagramBytesMax);
  SLUICE_ASSERT(status == ARES_SUCCESS);  // the name is a normal one
  std::vector<std::uint8_t> message(buffer, buffer + size);
  ares_free_string(buffer);
  message[3] |= 0x20;                   // AD
  message[message.size() - 4] |= 0x80;  // DO, in the OPT record that ends the message
  return message;
}

std::expected<Reply, std::string_view> read_reply(ByteView message, const Question& question,
                                                  std::uint16_t id) {
  Reader reader(message);
  if (message.size() < kHeaderBytes) return std::unexpected("shorter than a header");
  const bool same_id = reader.word() == id;
  const std::uint16_t flags = reader.word();
  if (!same_id || (flags & 0x8000) == 0) return std::unexpected("not a reply to this question");
  const std::size_t questions = reader.word();
  const std::size_t answer_count = reader.word();
  const std::size_t authority_count = reader.word();
  reader.skip(2);
  const bool same_name = questions == 1 && reader.name() == question.name;
  if (!same_name || reader.word() != code_of(question.type) || reader.word() != kInternet)
    return std::unexpected("not a reply to this question");  // RFC 5452 4.2

  Reply reply;
  reply.code = flags & 15;
  reply.truncated = (flags & 0x0200) != 0;
  reply.authentic = (flags & 0x0020) != 0;
  if (reply.truncated || (reply.code != 0 && reply.code != kNameError)) return reply;
  const auto answers = read_section(reader, answer_count);
  const auto authority =
      answers ? read_section(reader, authority_count) : std::optional<std::vector<Record>>();
  if (!authority) {
    reply.code = kServerFailure;
    reply.answer.trouble = "a malformed or too long reply";
    return reply;
  }
  const std::string_view trouble = fill(reader, question, *answers, *authority, reply);
  if (trouble.empty()) return reply;
  Reply failed;
  failed.code = kServerFailure;
  failed.answer.trouble = trouble;
  return failed;
}

}  // namespace sluice::dns
