// System calls: name(arguments) = result.
#include <algorithm>

#include "tests/tcp_script/constants.h"
#include "tests/tcp_script/parser.h"

namespace sluice::script {
namespace {

Value parse_value(Cursor& in);

std::vector<Value> parse_list(Cursor& in, std::string_view end) {
  std::vector<Value> items;
  while (!in.accept(end)) {
    items.push_back(parse_value(in));
    if (!in.accept(",")) {
      in.expect(end);
      break;
    }
  }
  return items;
}

// {name=value, name(count)=value, …}; {..., 40} is a list.
Value parse_record(Cursor& in) {
  Value record;
  record.kind = Value::Kind::record;
  while (!in.accept("}")) {
    if (in.peek() == '.' || in.digit_follows()) {
      record.kind = Value::Kind::list;
      record.items.push_back(parse_value(in));
    } else {
      const std::string name = in.word();
      if (name.empty()) in.fail("a field is expected");
      if (in.accept("(")) in.until(")");
      in.expect("=");
      record.fields.emplace_back(name, parse_value(in));
    }
    if (!in.accept(",")) {
      in.expect("}");
      break;
    }
  }
  return record;
}

// Numbers and names, joined by '|' or '*' as the scripts do.
Value parse_number(Cursor& in) {
  Value value;
  value.kind = Value::Kind::number;
  for (bool first = true;; first = false) {
    const bool negative = in.accept("-");
    if (in.digit_follows()) {
      const auto number = static_cast<std::int64_t>(in.number());
      value.number = first ? (negative ? -number : number) : value.number | number;
    } else {
      const std::string name = in.word();
      if (name.empty()) in.fail("an argument is expected");
      const auto number = constant(name);
      if (!number) value.kind = Value::Kind::text;
      if (!number) value.text = name;
      value.number |= number.value_or(0);
    }
    if (!in.accept("|")) return value;
  }
}

Value parse_value(Cursor& in) {
  Value value;
  if (in.accept("...")) return value;
  if (in.accept("[")) {
    value.kind = Value::Kind::list;
    value.items = parse_list(in, "]");
    return value;
  }
  if (in.accept("{")) return parse_record(in);
  if (in.accept("\"")) {
    value.kind = Value::Kind::text;
    value.text = in.until("\"");
    return value;
  }
  return parse_number(in);
}

}  // namespace

Call parse_call(Cursor& in) {
  Call call;
  const std::size_t start = in.position();
  call.name = in.word();
  if (call.name.empty()) in.fail("an event is expected");
  in.expect("(");
  call.arguments = parse_list(in, ")");
  in.expect("=");
  call.result = parse_value(in);
  if (call.result.number == -1) {
    const std::string name = in.word();
    const auto number = constant(name);
    if (!number) in.fail("errno name \"" + name + "\" is not known");
    call.error = static_cast<int>(*number);
  }
  call.text = std::string(in.between(start, in.position()));
  call.text = call.text.substr(0, call.text.find("//"));
  call.text.erase(0, call.text.find_first_not_of(" \t\n"));
  call.text.erase(call.text.find_last_not_of(" \t\n") + 1);
  call.text.erase(std::remove(call.text.begin(), call.text.end(), '\n'), call.text.end());
  if (in.peek() == '(') in.until(")");  // (Operation now in progress), (flags O_RDWR)
  return call;
}

}  // namespace sluice::script
