// What functions ask of a message's header again and again: made when somebody asks first, kept for
// the message. The storage serves one message after the other.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scanners/spamassassin/evidence/text_list.h"
#include "scanners/spamassassin/header/header_store.h"
#include "scanners/spamassassin/header/relays.h"

namespace sluice::scan::sa {

class HeaderFacts {
 public:
  HeaderFacts(const HeaderStore& headers, const Relays& relays)
      : headers_(headers), relays_(relays) {}

  void begin() noexcept;  // the next message

  const std::string& values(std::string_view field);  // all, each with a line end
  // "ALL": of all fields, with their names.
  const std::string& raw_values(std::string_view field);
  const std::string& values_in_line(std::string_view field);  // white space runs are one space
  const TextList& addresses(std::string_view field);
  std::string_view first_address(std::string_view field);  // or empty
  const std::string& envelope_from();                      // or empty
  // Of all fields that may name the sender, envelope included; Resent-From alone where there is
  // one.
  const TextList& senders();
  const TextList& recipients();
  // Seconds from the nearest date of a Received field to that of the message.
  std::optional<std::int64_t>& date_shift() noexcept { return date_shift_; }

 private:
  // By name; names are those in rules and functions, so there are few.
  template <typename Value>
  class Kept {
   public:
    void forget() noexcept {
      for (Entry& entry : entries_) entry.made = false;
    }
    template <typename Make>
    const Value& of(std::string_view name, Make&& make) {
      for (Entry& entry : entries_)
        if (entry.name == name) return filled(entry, make);
      return filled(entries_.emplace_back(std::string(name)), make);
    }

   private:
    struct Entry {
      std::string name;
      Value value{};
      bool made = false;
    };
    template <typename Make>
    static const Value& filled(Entry& entry, Make&& make) {
      if (!std::exchange(entry.made, true)) {
        entry.value.clear();
        make(entry.value);
      }
      return entry.value;
    }
    std::deque<Entry> entries_;  // what was told of stays where it is
  };
  using Texts = Kept<std::string>;
  using Lists = Kept<TextList>;

  void add_senders(TextList& all);
  void add_recipients(TextList& all);

  const HeaderStore& headers_;
  const Relays& relays_;
  Texts values_, raw_values_, lines_, made_;
  Lists addresses_, parties_;
  std::optional<std::int64_t> date_shift_;
};

}  // namespace sluice::scan::sa
