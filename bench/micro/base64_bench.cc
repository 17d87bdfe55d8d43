// Base64 in lines of 76 symbols and CRLF, as mail has it: every kernel this processor has, and
// OpenSSL's EVP_DecodeUpdate over the same octets. The ratio is worth quoting, at least 5.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <string>

#include "engine/base/random.h"
#include "scanners/mime/base64.h"
#include "scanners/mime/base64_table.h"

namespace {

using namespace sluice;
using namespace sluice::scan::mime;

constexpr std::size_t kChunkBytes = 4'096;  // as the walker is fed

std::string mail_lines(std::size_t symbols) {
  Random random(1);
  std::string text;
  for (std::size_t i = 0; i < symbols; ++i) {
    text += kBase64Alphabet[random.below(64)];
    if (i % 76 == 75) text += "\r\n";
  }
  return text;
}

void ours(benchmark::State& state, const Base64Kernel* kernel) {
  const std::string text = mail_lines(static_cast<std::size_t>(state.range(0)));
  std::vector<std::uint8_t> out(kChunkBytes);
  Base64Decoder decoder(*kernel);
  for (auto _ : state) {
    decoder.begin();
    for (std::size_t at = 0; at < text.size(); at += kChunkBytes) {
      ByteView in = as_bytes(std::string_view(text).substr(at, kChunkBytes));
      while (!in.empty()) benchmark::DoNotOptimize(decoder.decode(in, out));
      benchmark::ClobberMemory();
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void openssl(benchmark::State& state) {
  const std::string text = mail_lines(static_cast<std::size_t>(state.range(0)));
  std::vector<std::uint8_t> out(kChunkBytes);
  EVP_ENCODE_CTX* context = EVP_ENCODE_CTX_new();
  for (auto _ : state) {
    EVP_DecodeInit(context);
    for (std::size_t at = 0; at < text.size(); at += kChunkBytes) {
      const ByteView in = as_bytes(std::string_view(text).substr(at, kChunkBytes));
      int size = 0;
      if (EVP_DecodeUpdate(context, out.data(), &size, in.data(), static_cast<int>(in.size())) < 0)
        state.SkipWithError("EVP_DecodeUpdate refused the text");
      benchmark::ClobberMemory();
    }
  }
  EVP_ENCODE_CTX_free(context);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const std::vector<std::int64_t> sizes{64 * 76, 1'024 * 76};
  for (const std::int64_t size : sizes) {
    for (const Base64Kernel* kernel : base64_kernels())
      benchmark::RegisterBenchmark(kernel->name, ours, kernel)->Arg(size);
    benchmark::RegisterBenchmark("EVP_DecodeUpdate", openssl)->Arg(size);
  }
  benchmark::RunSpecifiedBenchmarks();
}
