// The assertions between %{ and }%: a small part of Python, over the fields of struct tcp_info.
#pragma once

#include <linux/tcp.h>

#include <string>

namespace sluice::script {

// Empty when all assertions hold; else the one that does not, with its values. Throws
// std::runtime_error at what it does not understand.
std::string check_info(const std::string& text, const tcp_info& info);

}  // namespace sluice::script
