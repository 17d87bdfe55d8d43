// What a command has done or found: a text for people, with --json the same facts for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tools/sluice/command.h"

namespace sluice::tools {

void add_json(CLI::App* command, Options& options);

// One of the two, and a newline; returns 0.
int said(const Options& options, const std::string& text, const nlohmann::json& facts);
// "1 message", "2 messages".
std::string counted(std::uint64_t count, const char* what);
void print_json(const nlohmann::json& value);

}  // namespace sluice::tools
