// An expression that is part of a function, compiled once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scanners/pcre/expression.h"

namespace sluice::scan::sa {

class FixedExpression {
 public:
  explicit FixedExpression(const char* pattern) {
    if (auto compiled = pcre::Expression::compile(pattern, {}); compiled) {
      expression_ = std::move(*compiled);
      expression_->compile_jit();
    }
  }
  bool matches(std::string_view text, pcre::Tools& tools) const noexcept {
    pcre::Expression::Match match;
    return expression_ && expression_->find(as_bytes(text), 0, tools, match);
  }

 private:
  std::optional<pcre::Expression> expression_;
};

}  // namespace sluice::scan::sa
