#include "tls/chain.h"

#include <openssl/x509v3.h>

#include <algorithm>

#include "tls/certificate.h"
#include "tls/failure.h"

namespace sluice::tls {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;
using StackPtr =
    std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })>;

constexpr std::size_t kChainMax = 10;

std::string subject_of(const CertificatePtr& certificate) {
  return "\"" + name_text(X509_get_subject_name(certificate.get())) + "\"";
}

bool issued(const CertificatePtr& issuer, const CertificatePtr& subject) noexcept {
  return X509_check_issued(issuer.get(), subject.get()) == X509_V_OK;
}

// A self-signed certificate of a server is one too, though it may not issue others.
bool is_root(const CertificatePtr& certificate) noexcept {
  return X509_self_signed(certificate.get(), 0) == 1;
}

StorePtr trust(bool system, const Authorities& authorities) {
  StorePtr store(X509_STORE_new());
  if (system) X509_STORE_set_default_paths(store.get());
  for (const CertificatePtr& authority : authorities)
    X509_STORE_add_cert(store.get(), authority.get());
  return store;
}

bool system_knows_issuer_of(const CertificatePtr& certificate) {
  const StorePtr store = trust(true, {});
  const StoreContextPtr context(X509_STORE_CTX_new());
  X509* issuer = nullptr;
  const bool known =
      X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr) == 1 &&
      X509_STORE_CTX_get1_issuer(&issuer, context.get(), certificate.get()) == 1;
  X509_free(issuer);
  return known;
}

class Arranger {
 public:
  Arranger(std::vector<CertificatePtr> found, const Authorities& authorities)
      : rest_(std::move(found)), authorities_(authorities) {}

  std::expected<Arranged, std::string> run(EVP_PKEY* key) {
    drop_duplicates();
    const std::vector<X509*> before = order();
    auto first = take_first(key);
    if (!first) return std::unexpected(first.error());
    out_.identity.certificate = std::move(*first);
    if (auto done = climb(); !done) return std::unexpected(done.error());
    if (!in_order(before)) out_.notes.push_back("the certificates were not in order: mended");
    for (const CertificatePtr& left : rest_)
      out_.notes.push_back(subject_of(left) + " does not belong to the chain: dropped");
    clear_errors();
    return std::move(out_);
  }

 private:
  void drop_duplicates() {
    std::vector<CertificatePtr> once;
    for (CertificatePtr& certificate : rest_) {
      const bool known = std::ranges::any_of(once, [&](const CertificatePtr& other) {
        return X509_cmp(other.get(), certificate.get()) == 0;
      });
      if (known)
        out_.notes.push_back("duplicate: " + subject_of(certificate) + " (serial " +
                             facts_of(certificate.get()).serial + ") stood there again: dropped");
      else
        once.push_back(std::move(certificate));
    }
    rest_ = std::move(once);
  }

  std::vector<X509*> order() const {
    std::vector<X509*> raw;
    for (const CertificatePtr& certificate : rest_) raw.push_back(certificate.get());
    return raw;
  }

  bool in_order(const std::vector<X509*>& before) const {
    std::vector<X509*> after{out_.identity.certificate.get()};
    for (const CertificatePtr& issuer : out_.identity.chain) after.push_back(issuer.get());
    auto at = after.begin();
    for (X509* certificate : before)
      if (std::ranges::find(after, certificate) != after.end()) {
        if (at == after.end() || *at != certificate) return false;
        ++at;
      }
    return true;
  }

  CertificatePtr take(std::size_t index) {
    CertificatePtr taken = std::move(rest_[index]);
    rest_.erase(rest_.begin() + static_cast<std::ptrdiff_t>(index));
    return taken;
  }

  std::expected<CertificatePtr, std::string> take_first(EVP_PKEY* key) {
    for (std::size_t i = 0; i < rest_.size(); ++i)
      if (key ? EVP_PKEY_eq(X509_get0_pubkey(rest_[i].get()), key) == 1 : issues_none(i))
        return take(i);
    if (rest_.empty()) return std::unexpected("there is no certificate");
    std::string text =
        "the key does not belong to the certificate: the key's id is " + (key ? key_id(key) : "?");
    for (const CertificatePtr& certificate : rest_)
      text += "; that of " + subject_of(certificate) + " is " + facts_of(certificate.get()).key_id;
    return std::unexpected(text);
  }

  bool issues_none(std::size_t index) const {
    return std::ranges::none_of(rest_, [&](const CertificatePtr& other) {
      return other != rest_[index] && issued(rest_[index], other);
    });
  }

  // One issuer after the other, until a root, or one whose issuer every client has.
  std::expected<void, std::string> climb() {
    std::vector<CertificatePtr>& chain = out_.identity.chain;
    while (chain.size() < kChainMax) {
      const CertificatePtr& last = chain.empty() ? out_.identity.certificate : chain.back();
      if (is_root(last)) return {};
      const auto next = std::ranges::find_if(
          rest_, [&](const CertificatePtr& other) { return issued(other, last); });
      if (next != rest_.end()) {
        chain.push_back(take(static_cast<std::size_t>(next - rest_.begin())));
        continue;
      }
      const auto known = std::ranges::find_if(
          authorities_, [&](const CertificatePtr& other) { return issued(other, last); });
      if (known == authorities_.end()) return missing(last);
      if (is_root(*known)) return {};  // a root is not sent
      out_.notes.push_back("intermediate " + subject_of(*known) + " was added from the CA store");
      chain.push_back(share(*known));
    }
    return std::unexpected("the chain is longer than 10 certificates");
  }

  static std::expected<void, std::string> missing(const CertificatePtr& last) {
    if (system_knows_issuer_of(last)) return {};
    return std::unexpected("missing intermediate: " + subject_of(last) + " was issued by \"" +
                           name_text(X509_get_issuer_name(last.get())) +
                           "\", which is neither in the file nor in the CA store nor known to the "
                           "system; add its certificate to the file, or, when it is your own "
                           "authority, to the CA store");
  }

  std::vector<CertificatePtr> rest_;
  const Authorities& authorities_;
  Arranged out_;
};

bool verify(X509* certificate, const std::vector<CertificatePtr>& chain, X509_STORE* store,
            ChainVerdict& verdict) {
  const StackPtr untrusted(sk_X509_new_null());
  for (const CertificatePtr& issuer : chain) sk_X509_push(untrusted.get(), issuer.get());
  const StoreContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store, certificate, untrusted.get());
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  verdict.verified = X509_verify_cert(context.get()) == 1;
  if (verdict.verified) return true;
  verdict.fault = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  if (X509* at = X509_STORE_CTX_get_current_cert(context.get()))
    verdict.fault_subject = name_text(X509_get_subject_name(at));
  return false;
}

}  // namespace

CertificatePtr share(const CertificatePtr& certificate) noexcept {
  X509_up_ref(certificate.get());
  return CertificatePtr(certificate.get());
}

std::expected<Arranged, std::string> arrange(std::vector<CertificatePtr> found, EVP_PKEY* key,
                                             const Authorities& authorities) {
  clear_errors();
  return Arranger(std::move(found), authorities).run(key);
}

ChainVerdict verify_chain(X509* certificate, const std::vector<CertificatePtr>& chain,
                          const Authorities& authorities) {
  clear_errors();
  ChainVerdict verdict;
  if (!verify(certificate, chain, trust(true, {}).get(), verdict) && !authorities.empty()) {
    ChainVerdict own;
    if (verify(certificate, chain, trust(true, authorities).get(), own)) {
      verdict = {.verified = true, .by_own_authority = true};
    }
  }
  clear_errors();
  return verdict;
}

}  // namespace sluice::tls
