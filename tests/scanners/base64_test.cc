// Every kernel that this processor has, against a reference that is too simple to be wrong.
#include <gtest/gtest.h>

#include <string>

#include "engine/base/random.h"
#include "scanners/mime/base64.h"
#include "scanners/mime/base64_table.h"

namespace sluice::scan::mime {
namespace {

struct Decoded {
  std::string octets;
  Anomalies anomalies;
  bool operator==(const Decoded&) const = default;
};

Decoded reference(std::string_view text) {
  const std::string_view alphabet(kBase64Alphabet);
  Decoded result;
  std::string bits;
  bool padded = false;
  const auto close = [&] {
    if (bits.size() < 24) bits.resize(bits.size() / 8 * 8);
    for (std::size_t i = 0; i + 8 <= bits.size(); i += 8)
      result.octets += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
    bits.clear();
  };
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (c == '=') {
      close();
      padded = true;
    } else if (value != alphabet.npos && c != '\0') {
      if (padded) result.anomalies.add(Anomaly::base64_inner_padding);
      for (int bit = 5; bit >= 0; --bit) bits += (value >> bit & 1) != 0 ? '1' : '0';
      if (bits.size() == 24) close();
    } else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
      result.anomalies.add(Anomaly::base64_foreign);
    }
  }
  if (!bits.empty()) result.anomalies.add(Anomaly::base64_truncated);
  close();
  return result;
}

// In chunks of `chunk` octets, into a buffer of `room`.
Decoded decode(const Base64Kernel& kernel, std::string_view text, std::size_t chunk,
               std::size_t room) {
  Base64Decoder decoder(kernel);
  decoder.begin();
  Decoded result;
  std::vector<std::uint8_t> out(room);
  while (!text.empty()) {
    const std::string copy(text.substr(0, chunk));  // so that reading beyond it shows
    text.remove_prefix(copy.size());
    ByteView in = as_bytes(copy);
    while (!in.empty()) {
      const std::size_t size = decoder.decode(in, out);
      result.octets += as_text({out.data(), size});
    }
  }
  result.octets += as_text({out.data(), decoder.finish(out)});
  result.anomalies = decoder.anomalies();
  return result;
}

void expect_alike(std::string_view text, Random& random) {
  const Decoded expected = reference(text);
  for (const Base64Kernel* kernel : base64_kernels()) {
    ASSERT_EQ(decode(*kernel, text, SIZE_MAX, 4'096), expected) << kernel->name << ": " << text;
    for (int round = 0; round < 3; ++round) {
      const std::size_t chunk = 1 + random.below(200);
      const std::size_t room = 4 + random.below(300);
      ASSERT_EQ(decode(*kernel, text, chunk, room), expected)
          << kernel->name << ", chunks of " << chunk << " into " << room << ": " << text;
    }
  }
}

std::string lines(Random& random, std::size_t symbols, std::size_t width,
                  std::string_view line_end) {
  std::string text;
  for (std::size_t i = 0; i < symbols; ++i) {
    if (i > 0 && i % width == 0) text += line_end;
    text += kBase64Alphabet[random.below(64)];
  }
  return text;
}

TEST(Base64, IsDecodedAlikeByEveryKernelWhateverTheLines) {
  Random random(1);
  for (const std::size_t width : {1, 3, 4, 60, 63, 64, 65, 72, 76, 77, 990})
    for (const char* line_end : {"\r\n", "\n", " \t\r\n", ""})
      for (const std::size_t size : {0, 1, 2, 3, 4, 76, 300, 5'000})
        expect_alike(lines(random, size, width, line_end), random);
}

TEST(Base64, IsDecodedAlikeByEveryKernelWhateverTheGarbage) {
  Random random(2);
  for (int round = 0; round < 600; ++round) {
    std::string text = lines(random, random.below(700), 76, "\r\n");
    for (std::uint64_t left = random.below(round % 3 == 0 ? 60 : 4); left > 0 && !text.empty();
         --left) {
      const char strange[] = {'=',    '=',    '-',    '_', '\0',
                              '\x80', '\xc1', '\x8d', ' ', static_cast<char>(random.next())};
      text[random.below(text.size())] = strange[random.below(sizeof strange)];
    }
    expect_alike(text, random);
  }
}

TEST(Base64, TakesEveryOctetForWhatItIs) {
  Random random(3);
  for (int octet = 0; octet < 256; ++octet) {
    std::string text = lines(random, 256, 300, "");
    text[random.below(text.size())] = static_cast<char>(octet);
    expect_alike(text, random);
    expect_alike(std::string(200, static_cast<char>(octet)), random);
  }
}

TEST(Base64, SaysWhatIsWrong) {
  const auto anomalies = [](std::string_view text) { return reference(text).anomalies; };
  EXPECT_TRUE(anomalies("QUJD\r\nQUI=\r\n").empty());
  EXPECT_TRUE(anomalies("QUI=QUJD").has(Anomaly::base64_inner_padding));
  EXPECT_TRUE(anomalies("QUJD!").has(Anomaly::base64_foreign));
  EXPECT_TRUE(anomalies("QUJDQQ").has(Anomaly::base64_truncated));
  EXPECT_EQ(reference("QUI=QUJDQQ").octets, "ABABCA");
}

TEST(Base64, HasAVectorKernelHere) {
  if (base64_kernels().size() == 1) GTEST_SKIP() << "this processor has neither AVX-512 nor AVX2";
  EXPECT_STRNE(base64_kernels().front()->name, "portable");
}

}  // namespace
}  // namespace sluice::scan::mime
