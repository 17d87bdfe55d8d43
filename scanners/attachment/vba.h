// The source of a VBA module, which is stored compressed (MS-OVBA 2.4.1).
#pragma once

#include <string>

#include "engine/base/bytes.h"

namespace sluice::scan::attachment {

// Of the stream of a module; empty when there is none in it.
std::string vba_source(ByteView stream);

// Whether it has a procedure that Office calls by itself.
bool runs_when_opened(std::string_view source);

}  // namespace sluice::scan::attachment
