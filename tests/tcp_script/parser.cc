#include "tests/tcp_script/parser.h"

#include <algorithm>
#include <sstream>

namespace sluice::script {
namespace {

// "--name=value" until the end of the line.
void parse_option(Cursor& in, Script& script) {
  std::string text;
  while (in.next_char() != '\n' && in.next_char() != '\0') text += in.take_char();
  text.erase(text.find_last_not_of(" \t\r") + 1);
  const std::size_t equals = text.find('=');
  std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (value.size() > 1 && value.front() == '"') value = value.substr(1, value.size() - 2);
  script.options[text.substr(2, equals == std::string::npos ? equals : equals - 2)] = value;
}

// What is between #ifdef and #endif counts when the name is STANDARD: the scripts of FreeBSD write
// beside it what their system does instead. Lines are blanked, so that their numbers stay.
std::string without_conditionals(const std::vector<std::string>& lines) {
  std::string text;
  std::vector<bool> counts;
  for (const std::string& line : lines) {
    const bool skipped = std::find(counts.begin(), counts.end(), false) != counts.end();
    if (line.starts_with("#ifdef")) {
      counts.push_back(line.find("STANDARD") != std::string::npos);
    } else if (line.starts_with("#ifndef")) {
      counts.push_back(line.find("STANDARD") == std::string::npos);
    } else if (line.starts_with("#else") && !counts.empty()) {
      counts.back() = !counts.back();
    } else if (line.starts_with("#endif") && !counts.empty()) {
      counts.pop_back();
    } else if (!skipped) {
      text += line;
    }
    text += '\n';
  }
  return text;
}

Event parse_event(Cursor& in, const Time& time) {
  Event event;
  event.line = in.line();
  event.time = time;
  if (in.accept("%{")) {
    event.what = Check{in.until("}%")};
  } else if (in.accept("`")) {
    event.what = Command{in.until("`")};
  } else if (in.peek() == '<' || in.peek() == '>') {
    const bool inbound = in.take_char() == '<';
    if (in.accept("icmp")) {
      if (!inbound) in.fail("outbound ICMP packets are not supported");
      event.what = parse_icmp(in);
    } else {
      event.what = parse_tcp(in, inbound);
    }
  } else {
    event.what = parse_call(in);
  }
  return event;
}

}  // namespace

Time parse_time(Cursor& in) {
  Time time;
  if (in.accept("*")) {
    time.kind = Time::Kind::any;
    return time;
  }
  const bool relative = in.accept("+");
  if (relative) time.kind = Time::Kind::relative;
  time.at = in.microseconds();
  if (in.accept("...")) {
    time.blocks = true;
    in.accept("+");
    time.until = in.microseconds();
  } else if (in.accept("~")) {
    in.accept("+");
    time.until = in.microseconds();
  }
  return time;
}

Script parse(const std::string& path, const std::string& text) {
  Script script;
  script.path = path;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) script.lines.push_back(line);
  const std::string chosen = without_conditionals(script.lines);
  Cursor in(chosen);
  while (!in.at_end()) {
    if (in.between(in.position(), in.position() + 2) == "--") {
      parse_option(in, script);
    } else if (in.peek() == '`') {  // set-up before the first event
      script.events.push_back(parse_event(in, {Time::Kind::relative, 0, {}, false}));
    } else {
      script.events.push_back(parse_event(in, parse_time(in)));
    }
  }
  return script;
}

}  // namespace sluice::script
