// Tokens of a message in two chunkings, which must be the same ones.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "scanners/bayes/tokenizer.h"
#include "scanners/mime/message_reader.h"

namespace {

using namespace sluice;
using namespace sluice::scan;

std::vector<bayes::Token> tokens_of(ByteView message, std::size_t chunk) {
  static mime::Workspace workspace;
  static bayes::Tokenizer tokenizer;
  mime::Wanted wanted;
  wanted.body = wanted.uris = true;
  static mime::MessageReader reader({}, wanted);
  tokenizer.begin();
  reader.begin();
  while (!message.empty()) {
    const ByteView piece = message.first(std::min(chunk, message.size()));
    reader.feed(piece, workspace, tokenizer);
    message = message.subspan(piece.size());
  }
  reader.finish(workspace, tokenizer);
  std::vector<bayes::Token> tokens(tokenizer.tokens().begin(), tokenizer.tokens().end());
  std::ranges::sort(tokens);
  return tokens;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView message{data + 1, size - 1};
  if (tokens_of(message, SIZE_MAX) != tokens_of(message, data[0] % 61U + 1)) std::abort();
  return 0;
}
