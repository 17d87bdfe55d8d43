// What header fields often are like: a literal that is in them says little of a message.
#pragma once

#include <string>

#include "scanners/mime/workspace.h"
#include "scanners/spamassassin/header/header_store.h"
#include "scanners/spamassassin/header/relays.h"

namespace sluice::scan::sa {

class TypicalHeader {
 public:
  TypicalHeader();
  std::string value_of(const HeaderTarget& target);  // empty: a field that few messages have

 private:
  HeaderStore headers_;
  Relays relays_;
  mime::Workspace workspace_;
};

}  // namespace sluice::scan::sa
