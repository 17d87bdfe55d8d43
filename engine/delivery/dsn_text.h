// Pieces of text that the parts of a delivery status notification share.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/clock.h"

namespace sluice::delivery {

std::string mail_date_text(WallTime when);
// One line of printable ASCII, cut to what a report repeats of a reply.
std::string printable(std::string_view text);
// "Name: value", folded at spaces so that no line becomes too long.
void put_field(std::string& out, std::string_view name, std::string_view value);

}  // namespace sluice::delivery
