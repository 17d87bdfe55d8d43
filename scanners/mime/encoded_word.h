// Encoded words of header fields (RFC 2047, with the language tags of RFC 2231).
#pragma once

#include <string_view>

#include "engine/base/bytes.h"
#include "scanners/mime/workspace.h"

namespace sluice::scan::mime {

bool may_have_words(std::string_view value) noexcept;  // false: decode_field() changes nothing

// The field piece in UTF-8: itself, or in the workspace's `converted`. White space between encoded
// words is dropped; octets of neighbours in one charset are joined, as senders cut characters in
// two. Line ends and NUL that an encoded word carries become spaces. What is no valid encoded word
// stays as it is.
std::string_view decode_field(std::string_view value, Workspace& workspace) noexcept;

}  // namespace sluice::scan::mime
