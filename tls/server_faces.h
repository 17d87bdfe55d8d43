// The certificates of one listener by the host that a client asks for: each set of identities that
// answers to the same hosts is a face, with an SSL_CTX of its own.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "tls/context.h"

namespace sluice::tls {

class Faces {
 public:
  static std::expected<std::unique_ptr<const Faces>, std::string> make(
      std::vector<Identity> identities, ServerSettings settings);

  // The face for a client that asks for no host of ours; a counted reference.
  SslContextPtr first() const noexcept;
  // Null: no identity is for that host.
  SSL_CTX* find(std::string_view host) const noexcept;
  // Of the identity whose certificate this is; empty when there is none that is still good.
  ByteView staple_of(const X509* certificate) const noexcept;

 private:
  using Members = std::vector<std::size_t>;  // indices of identities_, one for each kind of key

  explicit Faces(std::vector<Identity> identities, ServerSettings settings);
  std::expected<void, std::string> build();
  Members members_for(std::string_view host) const;
  std::expected<SSL_CTX*, std::string> face_of(const Members& members);
  bool set_up(SSL_CTX* context, const Members& members) const;
  bool set_clients(SSL_CTX* context) const;
  bool set_resumption(SSL_CTX* context) const;

  std::vector<Identity> identities_;
  ServerSettings settings_;
  std::map<Members, SslContextPtr> faces_;
  SSL_CTX* first_ = nullptr;
  std::map<std::string, SSL_CTX*, std::less<>> hosts_;  // "mx.example.com", "*.example.com"
};

}  // namespace sluice::tls
