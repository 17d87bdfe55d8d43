#include "engine/config/bayes_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/config/kinds.h"

namespace sluice::config {
namespace {

std::string_view any(std::string_view) { return {}; }

std::string_view bind_fault(std::string_view text) {
  return text.empty() || Endpoint::parse(text) ? std::string_view()
                                               : "is no address with a port (\"127.0.0.1:783\")";
}

}  // namespace

std::vector<Key<Bayes>> bayes_keys() {
  return {
      {"enabled", boolean(&Bayes::enabled),
       "ask the classifier, once 200 messages of each kind were learned: rules BAYES_00 to "
       "BAYES_999 of the stock set"},
      {"directory", text(&Bayes::directory, "a path", any),
       "folder of its databases; bayes in queue.directory unless given"},
      {"domains", texts(&Bayes::domains, "domains", domain_fault),
       "recipient domains with a database of their own, asked instead of the general one when all "
       "recipients are of the domain and enough was learned for it"},
      {"database_bytes_max",
       size(&Bayes::database_bytes_max, 1024UL * 1024, 1024UL * 1024 * 1024 * 1024),
       "octets of each database; above it nothing more is learned"},
      {"tokens_max", integer(&Bayes::tokens_max, 256, 65'536),
       "tokens of a message that the classifier sees, 8 octets each for every transaction"},
      {"refresh", duration(&Bayes::refresh, seconds(1), hours(24)),
       "how often the engine looks whether something was learned"},
      {"auto_learn", boolean(&Bayes::auto_learn),
       "learn messages unasked whose points without the classifier are clear, on a thread of its "
       "own; it takes a restart to change"},
      {"auto_learn_spam", real(&Bayes::auto_learn_spam, 1, 1'000),
       "points at or above which a message is learned as spam, if 3 of them are of its header and "
       "3 of its body"},
      {"auto_learn_ham", real(&Bayes::auto_learn_ham, -1'000, 0.9),
       "points at or below which a message is learned as wanted"},
      {"auto_learn_bytes", size(&Bayes::auto_learn_bytes, 1024UL * 1024, 1024UL * 1024 * 1024),
       "octets of what waits to be learned, of each worker, up to the next power of two; what "
       "finds no room is not learned"},
  };
}

std::vector<Key<Spamd>> spamd_keys() {
  return {
      {"bind", text(&Spamd::bind, "an address with a port, or \"\"", bind_fault),
       "where SpamAssassin's protocol is spoken, for spamc and the like; \"\": nowhere. Whoever "
       "reaches it may ask: an address of this machine"},
      {"tell", boolean(&Spamd::tell), "clients may teach the classifier, the general database"},
      {"message_size_max", size(&Spamd::message_size_max, 1024, 1024UL * 1024 * 1024),
       "octets of a message; larger ones are refused"},
      {"connections_max", integer(&Spamd::connections_max, 1, 10'000),
       "connections at once, each with a message in memory; others wait"},
      {"timeout", duration(&Spamd::timeout, seconds(1), hours(1)),
       "longest time of a connection, from its beginning to its end"},
  };
}

std::vector<std::pair<std::string, std::string>> learning_faults(const Bayes& bayes,
                                                                 const Scan& scan) {
  const auto scl =
      static_cast<std::size_t>(std::min({scan.discard, scan.reject, scan.quarantine, scan.tag}));
  if (!bayes.auto_learn || scl == 0 || scl > scan.scl_score.size()) return {};  // 10: never
  const double spam = scan.scl_score[scl - 1];
  const auto treated = fmt::format(
      "{}, from where on mail is treated as spam (SCL {} of scan.scl_score)", spam, scl);
  std::vector<std::pair<std::string, std::string>> faults;
  if (bayes.auto_learn_ham >= spam)
    faults.emplace_back("auto_learn_ham", fmt::format("auto_learn_ham {} is not below {}: spam "
                                                      "would be learned as wanted",
                                                      bayes.auto_learn_ham, treated));
  if (bayes.auto_learn_spam < spam)
    faults.emplace_back("auto_learn_spam", fmt::format("auto_learn_spam {} is below {}: what is "
                                                       "delivered would be learned as spam",
                                                       bayes.auto_learn_spam, treated));
  return faults;
}

}  // namespace sluice::config
