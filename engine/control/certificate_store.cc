#include "engine/control/certificate_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/base/atomic_file.h"
#include "tls/certificate.h"
#include "tls/ocsp.h"

namespace sluice::control {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnd = ".pem", kRequestEnd = ".request.pem";

std::vector<std::string> names_in(const std::string& directory, std::string_view end) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    std::string name = entry.path().filename();
    if (!name.ends_with(end)) continue;
    name.resize(name.size() - end.size());
    // A name has no dot: "mx.request" is not the name of a certificate.
    if (name.find('.') == std::string::npos) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

std::expected<tls::Bundle, std::string> read(const std::string& path) {
  auto content = tls::read_file(path);
  if (!content) return std::unexpected(content.error());
  return tls::parse_bundle(content->octets());
}

std::expected<void, std::string> make_private(const std::string& directory) {
  std::error_code error;
  if (fs::exists(directory, error)) return {};
  fs::create_directories(directory, error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return std::unexpected("tls.store " + directory + ": " + error.message());
  return {};
}

tls::KeyPtr share(const tls::KeyPtr& key) {
  EVP_PKEY_up_ref(key.get());
  return tls::KeyPtr(key.get());
}

void drop(const std::string& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

}  // namespace

std::string CertificateStore::path(std::string_view name) const {
  return directory_ + "/" + std::string(name) + std::string(kEnd);
}
std::string CertificateStore::staple_path(std::string_view name) const {
  return directory_ + "/" + std::string(name) + ".ocsp";
}
std::string CertificateStore::request_path(std::string_view name) const {
  return directory_ + "/" + std::string(name) + std::string(kRequestEnd);
}
std::string CertificateStore::authority_path(std::string_view name) const {
  return directory_ + "/ca/" + std::string(name) + std::string(kEnd);
}

std::vector<std::string> CertificateStore::names() const { return names_in(directory_, kEnd); }
std::vector<std::string> CertificateStore::requests() const {
  return names_in(directory_, kRequestEnd);
}
std::vector<std::string> CertificateStore::authority_names() const {
  return names_in(directory_ + "/ca", kEnd);
}
bool CertificateStore::has(std::string_view name) const {
  std::error_code error;
  return fs::exists(path(name), error);
}

std::expected<tls::Identity, std::string> CertificateStore::load(const std::string& name) const {
  return tls::load_identity(path(name), "");
}

std::expected<tls::Staple, std::string> CertificateStore::load_staple(
    const std::string& name, const tls::Identity& identity) const {
  std::error_code error;
  if (!fs::exists(staple_path(name), error)) return tls::Staple{};
  return read_staple(staple_path(name), identity);
}

std::expected<tls::Staple, std::string> CertificateStore::read_staple(
    const std::string& file, const tls::Identity& identity) const {
  auto known = authorities();
  if (!identity.chain.empty() || !known) return tls::load_staple(file, identity);
  tls::Identity whole;
  whole.certificate = tls::share(identity.certificate);
  const std::string issuer = tls::facts_of(identity.certificate.get()).issuer;
  for (tls::CertificatePtr& authority : *known)
    if (tls::facts_of(authority.get()).subject == issuer)
      whole.chain.push_back(std::move(authority));
  return tls::load_staple(file, whole);
}

std::expected<tls::Request, std::string> CertificateStore::load_request(
    const std::string& name) const {
  auto bundle = read(request_path(name));
  if (!bundle) return std::unexpected(bundle.error());
  if (!bundle->key || !bundle->request)
    return std::unexpected(request_path(name) + ": holds no request with its key");
  return tls::Request{std::move(bundle->key), std::move(bundle->request)};
}

CertificateStore::Done CertificateStore::write(const std::string& path,
                                               const tls::Bundle& bundle) const {
  for (const std::string& directory : {directory_, directory_ + "/ca"})
    if (auto made = make_private(directory); !made) return made;
  return replace_file(path, tls::to_pem(bundle).view());
}

CertificateStore::Done CertificateStore::save(const std::string& name,
                                              const tls::Identity& identity) const {
  tls::Bundle bundle;
  bundle.key = share(identity.key);
  bundle.certificates.push_back(tls::share(identity.certificate));
  for (const tls::CertificatePtr& issuer : identity.chain)
    bundle.certificates.push_back(tls::share(issuer));
  drop(staple_path(name));
  if (auto written = write(path(name), bundle); !written) return written;
  if (identity.staple.response.empty()) return {};
  const auto& der = identity.staple.response;
  return replace_file(staple_path(name), std::string(der.begin(), der.end()));
}

CertificateStore::Done CertificateStore::save(const std::string& name,
                                              const tls::Request& request) const {
  tls::Bundle bundle;
  bundle.key = share(request.key);
  X509_REQ* const copy = X509_REQ_dup(request.request.get());
  bundle.request.reset(copy);
  return write(request_path(name), bundle);
}

void CertificateStore::remove(const std::string& name) const {
  drop(path(name));
  drop(staple_path(name));
}
void CertificateStore::remove_request(const std::string& name) const { drop(request_path(name)); }
void CertificateStore::remove_authority(const std::string& name) const {
  drop(authority_path(name));
}

std::expected<CertificateStore::Assignments, std::string> CertificateStore::assignments() const {
  const std::string file = directory_ + "/assigned.json";
  std::error_code error;
  if (!fs::exists(file, error)) return Assignments{};
  const auto content = tls::read_file(file);
  if (!content) return std::unexpected(content.error());
  try {
    return nlohmann::json::parse(content->view()).get<Assignments>();
  } catch (const nlohmann::json::exception& fault) {
    return std::unexpected(file + ": " + fault.what());
  }
}

CertificateStore::Done CertificateStore::assign(const Assignments& assignments) const {
  if (auto made = make_private(directory_); !made) return made;
  return replace_file(directory_ + "/assigned.json", nlohmann::json(assignments).dump(2) + "\n");
}

std::expected<tls::CertificatePtr, std::string> CertificateStore::load_authority(
    const std::string& name) const {
  auto bundle = read(authority_path(name));
  if (!bundle) return std::unexpected(bundle.error());
  if (bundle->certificates.size() != 1)
    return std::unexpected(authority_path(name) + ": holds no certificate, or several");
  return std::move(bundle->certificates.front());
}

std::expected<tls::Authorities, std::string> CertificateStore::authorities() const {
  tls::Authorities found;
  for (const std::string& name : authority_names()) {
    auto certificate = load_authority(name);
    if (!certificate) return std::unexpected(certificate.error());
    found.push_back(std::move(*certificate));
  }
  return found;
}

CertificateStore::Done CertificateStore::save_authority(
    const std::string& name, const tls::CertificatePtr& certificate) const {
  tls::Bundle bundle;
  bundle.certificates.push_back(tls::share(certificate));
  return write(authority_path(name), bundle);
}

std::vector<std::string> CertificateStore::loose_permissions() const {
  std::vector<std::string> found;
  auto look = [&](const std::string& path, const char* wanted) {
    struct stat facts{};
    if (stat(path.c_str(), &facts) == 0 && (facts.st_mode & 077) != 0)
      found.push_back(path + ": others may look into it; chmod " + wanted);
  };
  look(directory_, "0700");
  for (const std::string& name : names()) look(path(name), "0600");
  for (const std::string& name : requests()) look(request_path(name), "0600");
  return found;
}

std::int64_t CertificateStore::newest() const {
  std::int64_t newest = 0;
  auto look = [&](const std::string& path) {
    struct stat facts{};
    if (stat(path.c_str(), &facts) == 0) newest = std::max<std::int64_t>(newest, facts.st_mtime);
  };
  for (const std::string& name : names()) look(path(name));
  look(directory_ + "/assigned.json");
  return newest;
}

}  // namespace sluice::control
