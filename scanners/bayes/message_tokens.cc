#include "scanners/bayes/message_tokens.h"

#include <algorithm>

namespace sluice::scan::bayes {

mime::Wanted MessageTokens::wanted() noexcept {
  mime::Wanted wanted;
  wanted.body = wanted.uris = true;
  return wanted;
}

std::span<const Token> MessageTokens::read(ByteView message) {
  tokenizer_.begin();
  reader_.begin();
  reader_.feed(message, workspace_, tokenizer_);
  reader_.finish(workspace_, tokenizer_);
  const auto tokens = tokenizer_.tokens();
  once_.assign(tokens.begin(), tokens.end());
  std::ranges::sort(once_);
  const auto rest = std::ranges::unique(once_);
  once_.erase(rest.begin(), rest.end());
  return once_;
}

}  // namespace sluice::scan::bayes
