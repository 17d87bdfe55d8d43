// The kinds of values a key may have: each function makes the Value of one member of a struct.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"
#include "engine/config/bind.h"
#include "engine/config/values.h"

namespace sluice::config {

using ReadResult = std::expected<void, std::string>;

// The value as it stands in the file, when it is of the type; else what is wrong: "12 is not …".
std::expected<std::int64_t, std::string> read_integer(const Node& node, std::int64_t min,
                                                      std::int64_t max);
std::expected<std::uint64_t, std::string> read_size(const Node& node, std::uint64_t min,
                                                    std::uint64_t max);
std::expected<Duration, std::string> read_duration(const Node& node, Duration min, Duration max);
// A list of durations; one bare duration is a list of one.
std::expected<std::vector<Duration>, std::string> read_durations(const Node& node, Duration min,
                                                                 Duration max);
std::expected<std::string, std::string> read_text(const Node& node);
std::expected<std::vector<double>, std::string> read_numbers(const Node& node);
std::expected<double, std::string> read_real(const Node& node, double min, double max);
// A list of texts; one bare text is a list of one.
std::expected<std::vector<std::string>, std::string> read_texts(const Node& node);
std::string not_a(const Node& node, std::string_view wanted);

template <class S, class T>
Value<S> integer(T S::* member, std::int64_t min, std::int64_t max) {
  return {
      fmt::format("integer {}..{}", min, max),
      [=](const Node& node, S& out) -> ReadResult {
        const auto value = read_integer(node, min, max);
        if (!value) return std::unexpected(value.error());
        out.*member = static_cast<T>(*value);
        return {};
      },
      [=](const S& from) { return fmt::format("{}", static_cast<std::int64_t>(from.*member)); }};
}

template <class S, class T>
Value<S> size(T S::* member, std::uint64_t min, std::uint64_t max) {
  return {fmt::format("octets, {}..{}", size_text(min), size_text(max)),
          [=](const Node& node, S& out) -> ReadResult {
            const auto value = read_size(node, min, max);
            if (!value) return std::unexpected(value.error());
            out.*member = static_cast<T>(*value);
            return {};
          },
          [=](const S& from) { return quoted(size_text(from.*member)); }};
}

template <class S>
Value<S> duration(Duration S::* member, Duration min, Duration max) {
  return {fmt::format("duration {}..{}", duration_text(min), duration_text(max)),
          [=](const Node& node, S& out) -> ReadResult {
            const auto value = read_duration(node, min, max);
            if (!value) return std::unexpected(value.error());
            out.*member = *value;
            return {};
          },
          [=](const S& from) { return quoted(duration_text(from.*member)); }};
}

enum class Least : std::uint8_t { none, one };

template <class S>
Value<S> durations(std::vector<Duration> S::* member, Least least, std::size_t most, Duration min,
                   Duration max) {
  return {
      fmt::format("up to {} durations, each {}..{}", most, duration_text(min), duration_text(max)),
      [=](const Node& node, S& out) -> ReadResult {
        auto values = read_durations(node, min, max);
        if (!values) return std::unexpected(values.error());
        if (values->empty() && least == Least::one) return std::unexpected("is empty");
        if (values->size() > most)
          return std::unexpected(fmt::format("{} are given", values->size()));
        out.*member = std::move(*values);
        return {};
      },
      [=](const S& from) {
        std::vector<std::string> shown;
        for (const Duration value : from.*member) shown.push_back(quoted(duration_text(value)));
        return fmt::format("[{}]", fmt::join(shown, ", "));
      }};
}

template <class S>
Value<S> boolean(bool S::* member) {
  return {"true or false",
          [=](const Node& node, S& out) -> ReadResult {
            if (node.type != Node::Type::boolean) return std::unexpected(not_a(node, "a boolean"));
            out.*member = node.boolean;
            return {};
          },
          [=](const S& from) { return std::string(from.*member ? "true" : "false"); }};
}

template <class S, class E>
Value<S> choice(E S::* member, std::vector<std::pair<std::string_view, E>> choices) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) names.push_back(quoted(name));
  return {fmt::format("one of {}", fmt::join(names, ", ")),
          [=](const Node& node, S& out) -> ReadResult {
            for (const auto& [name, value] : choices)
              if (node.type == Node::Type::text && node.text == name) {
                out.*member = value;
                return {};
              }
            return std::unexpected(not_a(node, "one of these"));
          },
          [=](const S& from) {
            for (const auto& [name, value] : choices)
              if (from.*member == value) return quoted(name);
            return std::string();
          }};
}

// A text that `fault` finds nothing wrong with ("" = fine).
template <class S>
Value<S> text(std::string S::* member, std::string allowed,
              std::string_view (*fault)(std::string_view)) {
  return {std::move(allowed),
          [=](const Node& node, S& out) -> ReadResult {
            auto value = read_text(node);
            if (!value) return std::unexpected(value.error());
            if (const auto wrong = fault(*value); !wrong.empty())
              return std::unexpected(fmt::format("{} {}", node.shown(), wrong));
            out.*member = std::move(*value);
            return {};
          },
          [=](const S& from) { return quoted(from.*member); }};
}

template <class S>
Value<S> texts(std::vector<std::string> S::* member, std::string allowed,
               std::string_view (*fault)(std::string_view)) {
  return {std::move(allowed),
          [=](const Node& node, S& out) -> ReadResult {
            auto values = read_texts(node);
            if (!values) return std::unexpected(values.error());
            for (const std::string& value : *values)
              if (const auto wrong = fault(value); !wrong.empty())
                return std::unexpected(fmt::format("{:?} {}", value, wrong));
            out.*member = std::move(*values);
            return {};
          },
          [=](const S& from) {
            std::vector<std::string> shown;
            for (const std::string& value : from.*member) shown.push_back(quoted(value));
            return fmt::format("[{}]", fmt::join(shown, ", "));
          }};
}

// A list of values that each have a written form: addresses, endpoints, prefixes.
template <class S, class T>
Value<S> parsed_list(std::vector<T> S::* member, Least least, std::string allowed) {
  return {std::move(allowed),
          [=](const Node& node, S& out) -> ReadResult {
            const auto values = read_texts(node);
            if (!values) return std::unexpected(values.error());
            if (values->empty() && least == Least::one) return std::unexpected("is empty");
            std::vector<T> list;
            for (const std::string& value : *values) {
              const auto one = T::parse(value);
              if (!one) return std::unexpected(fmt::format("{:?} cannot be read", value));
              list.push_back(*one);
            }
            out.*member = std::move(list);
            return {};
          },
          [=](const S& from) {
            std::vector<std::string> shown;
            for (const T& value : from.*member) shown.push_back(quoted(value.text()));
            return fmt::format("[{}]", fmt::join(shown, ", "));
          }};
}

template <class S>
Value<S> cpu_list(std::vector<unsigned> S::* member) {
  return {"CPU numbers and ranges, \"1-7,9\"",
          [=](const Node& node, S& out) -> ReadResult {
            const auto value = read_text(node);
            if (!value) return std::unexpected(value.error());
            auto cpus = parse_cpu_list(*value);
            if (!cpus) return std::unexpected(not_a(node, "a CPU list"));
            out.*member = std::move(*cpus);
            return {};
          },
          [=](const S& from) { return quoted(cpu_list_text(from.*member)); }};
}

template <class S>
Value<S> numbers(std::vector<double> S::* member, std::string allowed) {
  return {std::move(allowed),
          [=](const Node& node, S& out) -> ReadResult {
            auto values = read_numbers(node);
            if (!values) return std::unexpected(values.error());
            out.*member = std::move(*values);
            return {};
          },
          [=](const S& from) { return fmt::format("[{}]", fmt::join(from.*member, ", ")); }};
}

template <class S>
Value<S> real(double S::* member, double min, double max) {
  return {fmt::format("a number, {} to {}", min, max),
          [=](const Node& node, S& out) -> ReadResult {
            const auto value = read_real(node, min, max);
            if (!value) return std::unexpected(value.error());
            out.*member = *value;
            return {};
          },
          [=](const S& from) { return fmt::format("{:.1f}", from.*member); }};
}

// Names that the operator gives: letters, digits, "-" and "_", at most 31. Empty when it is one.
std::string_view name_fault(std::string_view text);
std::string_view empty_fault(std::string_view text);
std::string_view host_fault(std::string_view text);
std::string_view domain_fault(std::string_view text);        // "example.com", ".example.com"
std::string_view route_domain_fault(std::string_view text);  // these, and "*"
std::string_view mailbox_fault(std::string_view text);       // a local part or a mailbox
inline constexpr const char* kPrefixes = "prefixes, \"192.0.2.0/24\"";

}  // namespace sluice::config
