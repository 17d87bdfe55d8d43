#include "engine/mail/tls_required.h"

namespace sluice::mail {
namespace {

bool says_no(std::string_view message, std::size_t chunk) {
  TlsRequiredField field;
  for (; !message.empty(); message.remove_prefix(std::min(chunk, message.size())))
    field.feed(as_bytes(message.substr(0, chunk)));
  return field.says_no();
}

TEST(TlsRequired, OnlyTheWordNoInTheHeaderCountsHoweverItIsCut) {
  const struct {
    std::string_view message;
    bool no;
  } rows[] = {{"TLS-Required: No\r\n\r\n", true},
              {"Subject: x\r\ntls-required:no \r\nTo: y\r\n\r\n", true},
              {"TLS-Required: Yes\r\n\r\n", false},
              {"TLS-Required: None\r\n\r\n", false},
              {"TLS-Required: nob\r\n\r\n", false},
              {"TLS-Required:\r\n\r\n", false},
              {"X-TLS-Required: No\r\n\r\n", false},
              {"Subject: TLS-Required: No\r\n\r\n", false},
              {"TLS-Required: Maybe\r\nTLS-Required: No\r\n\r\n", true},
              {"Subject: x\r\n\r\nTLS-Required: No\r\n", false}};
  for (const auto& row : rows)
    for (std::size_t chunk = 1; chunk <= row.message.size(); ++chunk)
      EXPECT_EQ(says_no(row.message, chunk), row.no) << row.message << chunk;
}

}  // namespace
}  // namespace sluice::mail
