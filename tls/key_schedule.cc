#include "tls/key_schedule.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <algorithm>
#include <new>

namespace sluice::tls {
namespace {

thread_local TrafficSecrets* wanted = nullptr;

// What a call brings; all in its OSSL_PARAMs, which live as long as it.
struct Call {
  Hash hash = Hash::none;
  int mode = -1;
  ByteView key, salt, data;
  std::string_view prefix, label;
};

Hash hash_named(std::string_view name) noexcept {
  if (name.find("256") != name.npos) return Hash::sha_256;
  return name.find("384") != name.npos ? Hash::sha_384 : Hash::none;
}

Call read_call(const OSSL_PARAM parameters[]) noexcept {
  Call call;
  for (const OSSL_PARAM* at = parameters; at != nullptr && at->key != nullptr; ++at) {
    const std::string_view key = at->key;
    const ByteView octets(static_cast<const std::uint8_t*>(at->data), at->data_size);
    if (key == OSSL_KDF_PARAM_MODE) OSSL_PARAM_get_int(at, &call.mode);
    if (key == OSSL_KDF_PARAM_DIGEST) call.hash = hash_named(as_text(octets));
    if (key == OSSL_KDF_PARAM_KEY) call.key = octets;
    if (key == OSSL_KDF_PARAM_SALT) call.salt = octets;
    if (key == OSSL_KDF_PARAM_DATA) call.data = octets;
    if (key == OSSL_KDF_PARAM_PREFIX) call.prefix = as_text(octets);
    if (key == OSSL_KDF_PARAM_LABEL) call.label = as_text(octets);
  }
  return call;
}

void keep_secret(const Call& call, ByteView secret) noexcept {
  if (wanted == nullptr || secret.size() != size_of(call.hash)) return;
  TrafficSecret* const kept = call.label == "c ap traffic"   ? &wanted->client
                              : call.label == "s ap traffic" ? &wanted->server
                                                             : nullptr;
  if (kept == nullptr) return;
  std::ranges::copy(secret, kept->octets.begin());
  kept->hash = call.hash;
}

bool expand(const Call& call, MutableBytes out) noexcept {
  if (!hkdf_expand_label(call.hash, call.key, call.prefix, call.label, call.data, out))
    return false;
  keep_secret(call, out);
  return true;
}

// The secret of the next stage: Extract(Derive-Secret(the last one, "derived", ""), the input);
// zeros stand for what there is not.
bool extract(const Call& call, MutableBytes out) noexcept {
  static constexpr std::array<std::uint8_t, kHashMax> kZeros{};
  const ByteView zeros = ByteView(kZeros).first(size_of(call.hash));
  std::array<std::uint8_t, kHashMax> derived{};
  const MutableBytes salt = MutableBytes(derived).first(size_of(call.hash));
  const bool done =
      (call.salt.empty() || hkdf_expand_label(call.hash, call.salt, call.prefix, call.label,
                                              hash_of_nothing(call.hash), salt)) &&
      hkdf_extract(call.hash, salt, call.key.empty() ? zeros : call.key, out);
  OPENSSL_cleanse(derived.data(), derived.size());
  return done;
}

int derive(void*, unsigned char* out, std::size_t size, const OSSL_PARAM parameters[]) noexcept {
  const Call call = read_call(parameters);
  if (call.hash == Hash::none) return 0;
  switch (call.mode) {
    case EVP_KDF_HKDF_MODE_EXTRACT_ONLY: return extract(call, {out, size}) ? 1 : 0;
    case EVP_KDF_HKDF_MODE_EXPAND_ONLY: return expand(call, {out, size}) ? 1 : 0;
    default: return 0;
  }
}

// Nothing is kept between calls, so all of them have the same context.
char the_context;
void* new_context(void*) noexcept { return &the_context; }
void free_context(void*) noexcept {}
void reset_context(void*) noexcept {}
int set_parameters(void*, const OSSL_PARAM[]) noexcept { return 1; }
const OSSL_PARAM* settable(void*, void*) noexcept {
  static const OSSL_PARAM none[] = {OSSL_PARAM_END};
  return none;
}

template <typename Function>
OSSL_DISPATCH entry(int id, Function function) noexcept {
  return {id, reinterpret_cast<void (*)()>(function)};
}

const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) noexcept {
  static const OSSL_DISPATCH functions[] = {entry(OSSL_FUNC_KDF_NEWCTX, new_context),
                                            entry(OSSL_FUNC_KDF_FREECTX, free_context),
                                            entry(OSSL_FUNC_KDF_RESET, reset_context),
                                            entry(OSSL_FUNC_KDF_DERIVE, derive),
                                            entry(OSSL_FUNC_KDF_SETTABLE_CTX_PARAMS, settable),
                                            entry(OSSL_FUNC_KDF_SET_CTX_PARAMS, set_parameters),
                                            {0, nullptr}};
  static const OSSL_ALGORITHM kdfs[] = {
      {OSSL_KDF_NAME_TLS1_3_KDF, "provider=sluice", functions, "RFC 8446 7.1"},
      {nullptr, nullptr, nullptr, nullptr}};
  *no_cache = 0;
  return operation == OSSL_OP_KDF ? kdfs : nullptr;
}

int start_provider(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH*, const OSSL_DISPATCH** out,
                   void** context) noexcept {
  static const OSSL_DISPATCH functions[] = {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
                                            {0, nullptr}};
  *out = functions;
  *context = const_cast<OSSL_CORE_HANDLE*>(handle);
  return 1;
}

class Providers {
 public:
  // The default one has to be named once another is loaded.
  Providers() noexcept
      : default_(OSSL_PROVIDER_load(nullptr, "default")),
        ours_(OSSL_PROVIDER_add_builtin(nullptr, "sluice", start_provider) == 1
                  ? OSSL_PROVIDER_load(nullptr, "sluice")
                  : nullptr) {}
  Providers(const Providers&) = delete;
  Providers& operator=(const Providers&) = delete;
  ~Providers() {
    if (ours_ != nullptr) OSSL_PROVIDER_unload(ours_);
    if (default_ != nullptr) OSSL_PROVIDER_unload(default_);
  }
  bool loaded() const noexcept { return default_ != nullptr && ours_ != nullptr; }

 private:
  OSSL_PROVIDER* default_;
  OSSL_PROVIDER* ours_;
};

}  // namespace

TrafficSecret::~TrafficSecret() { OPENSSL_cleanse(octets.data(), octets.size()); }

const char* prefer_ours() noexcept {
  static const Providers providers;
  return providers.loaded() ? "?provider=sluice" : nullptr;
}

SecretsWanted::SecretsWanted(TrafficSecrets* secrets) noexcept { wanted = secrets; }
SecretsWanted::~SecretsWanted() { wanted = nullptr; }

}  // namespace sluice::tls
