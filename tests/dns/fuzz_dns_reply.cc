// A reply of arbitrary octets: the question is made from the first two, so that every type is read.
#include "engine/dns/wire.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr dns::Type kTypes[] = {dns::Type::a,    dns::Type::cname, dns::Type::soa,
                                  dns::Type::ptr,  dns::Type::mx,    dns::Type::txt,
                                  dns::Type::aaaa, dns::Type::tlsa};
  const dns::Question question{"a.test", kTypes[data[0] % 8]};
  // Header and question are right, so that the octets get to the records.
  std::vector<std::uint8_t> message = dns::make_question(question, 7);
  message.resize(12 + 8 + 4);
  message[2] |= 0x80;
  message[7] = data[1] & 15;  // answers
  message[9] = data[1] >> 4;  // authority
  message[11] = 0;
  message.insert(message.end(), data + 2, data + size);
  const auto reply = dns::read_reply(message, question, 7);
  if (reply && reply->answer.found() && reply->code != 0 && reply->code != dns::kNameError)
    __builtin_trap();
  (void)dns::read_reply({data, size}, question, 7);
  return 0;
}
