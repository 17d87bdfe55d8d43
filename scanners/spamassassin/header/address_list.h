// The addresses and names in From, To and their like, read as leniently as mail programs do: what
// ":addr" and ":name" of header rules look at. For SMTP's own paths see engine/mail/address.h.
#pragma once

#include <string>
#include <string_view>

namespace sluice::scan::sa {

struct NamedAddress {
  std::string_view address;  // empty: none, or nothing like one
  std::string_view name;     // phrase before "<…>", quotes removed, or else the comment; undecoded
  bool has_address = false;
  bool has_name = false;
};

inline constexpr std::size_t kAddressesMax = 1'000;  // of one field; the rest is not read

// Tells them one after the other: of the text itself, where nothing had to be taken out of it.
class AddressReader {
 public:
  // `field` is the raw value, folded or not.
  explicit AddressReader(std::string_view field);
  // False at the end. What was told before is not valid any more.
  bool next(NamedAddress& out);

 private:
  bool read(NamedAddress& out);
  bool read_phrase(NamedAddress& out);
  bool read_enclosed(NamedAddress& out);
  void read_comment(NamedAddress& out);
  bool find_enclosed(NamedAddress& out);
  bool ends_mailbox(std::size_t at) const;

  std::string_view rest_;
  std::size_t told_ = 0;
  bool listed_ = true;          // what is left is read as a list
  bool broken_ = false;         // something stands behind the last mailbox that no list has there
  std::string address_, name_;  // without what was taken out
};

}  // namespace sluice::scan::sa
