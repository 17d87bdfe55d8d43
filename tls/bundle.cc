#include "tls/bundle.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tls/failure.h"

namespace sluice::tls {
namespace {

BioPtr reader(ByteView octets) noexcept {
  return BioPtr(BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
}

// A password is never asked for here.
int no_password(char*, int, int, void* asked) noexcept {
  *static_cast<bool*>(asked) = true;
  return 0;
}

void parse_pem(ByteView octets, Bundle& bundle) {
  const BioPtr certificates = reader(octets), key = reader(octets), request = reader(octets);
  while (X509* found = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr))
    bundle.certificates.emplace_back(found);
  bundle.key.reset(
      PEM_read_bio_PrivateKey(key.get(), nullptr, no_password, &bundle.key_is_encrypted));
  bundle.request.reset(PEM_read_bio_X509_REQ(request.get(), nullptr, nullptr, nullptr));
}

void parse_der(ByteView octets, Bundle& bundle) {
  const BioPtr certificate = reader(octets), key = reader(octets), request = reader(octets);
  if (X509* found = d2i_X509_bio(certificate.get(), nullptr)) {
    bundle.certificates.emplace_back(found);
    return;
  }
  bundle.request.reset(d2i_X509_REQ_bio(request.get(), nullptr));
  if (!bundle.request) bundle.key.reset(d2i_PrivateKey_bio(key.get(), nullptr));
}

}  // namespace

std::expected<Secret, std::string> read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::unexpected(path + ": " + std::strerror(errno));
  Secret content(kBundleBytesMax);
  content.text().resize(kBundleBytesMax);
  std::size_t used = 0;
  ssize_t count = 0;
  while ((count = read(file, content.text().data() + used, kBundleBytesMax - used)) > 0)
    used += static_cast<std::size_t>(count);
  const int reason = errno;
  close(file);
  if (count < 0) return std::unexpected(path + ": " + std::strerror(reason));
  if (used == kBundleBytesMax) return std::unexpected(path + ": is longer than 1 MiB");
  content.text().resize(used);
  return content;
}

Bundle parse_bundle(ByteView octets) {
  Bundle bundle;
  clear_errors();
  parse_pem(octets, bundle);
  if (bundle.empty() && !bundle.key_is_encrypted) parse_der(octets, bundle);
  clear_errors();
  return bundle;
}

Secret to_pem(const Bundle& bundle) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));  // wiped when it is freed
  if (bundle.key)
    PEM_write_bio_PrivateKey(bio.get(), bundle.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  for (const CertificatePtr& certificate : bundle.certificates)
    PEM_write_bio_X509(bio.get(), certificate.get());
  if (bundle.request) PEM_write_bio_X509_REQ(bio.get(), bundle.request.get());
  char* octets = nullptr;
  const auto length = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &octets));
  Secret pem(length + 1);
  pem.text().assign(octets, length);
  return pem;
}

}  // namespace sluice::tls
