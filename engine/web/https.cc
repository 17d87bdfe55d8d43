#include "engine/web/https.h"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/base/bytes.h"
#include "engine/base/contract.h"
#include "engine/base/special_addresses.h"
#include "engine/net/kernel/socket.h"

namespace sluice::web {

struct Https::Transfer {
  std::uint64_t token = 0;
  HttpsRequest request;
  std::string body;
  bool too_large = false;
  std::string refused;  // an address that is not to be connected to
  std::string fault = std::string(CURL_ERROR_SIZE, '\0');
  CURL* easy = nullptr;
  curl_slist* resolve = nullptr;
  curl_slist* headers = nullptr;

  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(resolve);
    curl_slist_free_all(headers);
  }

  static std::size_t take(char* octets, std::size_t, std::size_t count, void* user) noexcept {
    auto& self = *static_cast<Transfer*>(user);
    self.too_large = self.body.size() + count > self.request.bytes_max;
    if (self.too_large) return 0;  // ends the transfer
    self.body.append(octets, count);
    return count;
  }

  // What libcurl is about to connect to, whoever has resolved the name.
  static curl_socket_t open(void* user, curlsocktype, curl_sockaddr* peer) noexcept {
    auto& self = *static_cast<Transfer*>(user);
    const IpAddress address = net::address_of(peer->addr);
    if (!self.request.private_addresses && !is_global(address)) {
      self.refused = address.text();
      return CURL_SOCKET_BAD;
    }
    return socket(peer->family, peer->socktype | SOCK_CLOEXEC, peer->protocol);
  }
};

namespace {

// As CURLOPT_RESOLVE wants it: "+host:port:192.0.2.1,[2001:db8::1]".
std::string resolve_line(const HttpsRequest& request) {
  std::string line = "+" + request.host + ":" + std::to_string(request.port) + ":";
  for (const IpAddress& address : request.addresses) {
    if (line.back() != ':') line += ',';
    line += address.is_v4() ? address.text() : "[" + address.text() + "]";
  }
  return line;
}

bool blames_certificate(CURLcode code) noexcept {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
         code == CURLE_SSL_ISSUER_ERROR;
}

}  // namespace

Https::Https() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  multi_ = curl_multi_init();
  SLUICE_ASSERT(multi_ != nullptr);
}

Https::~Https() {
  for (const auto& transfer : transfers_) curl_multi_remove_handle(multi_, transfer->easy);
  transfers_.clear();
  curl_multi_cleanup(multi_);
}

void Https::start(std::uint64_t token, HttpsRequest request) {
  if (!request.host.empty() && request.addresses.empty()) {
    hopeless_.push_back({token, {.trouble = request.host + " has no address"}});
    return wake();
  }
  auto transfer = std::make_unique<Transfer>();
  transfer->token = token;
  transfer->request = std::move(request);
  transfer->easy = curl_easy_init();
  SLUICE_ASSERT(transfer->easy != nullptr);
  set_up(*transfer);
  curl_multi_add_handle(multi_, transfer->easy);
  transfers_.push_back(std::move(transfer));
}

void Https::set_up(Transfer& transfer) {
  CURL* const easy = transfer.easy;
  const HttpsRequest& request = transfer.request;
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!request.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "Sluice");
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.ms()));
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.bytes_max));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.fault.data());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  if (!request.addresses.empty()) {
    transfer.resolve = curl_slist_append(nullptr, resolve_line(request).c_str());
    curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer.resolve);
  }
  if (request.body.empty()) return;
  transfer.headers = curl_slist_append(nullptr, ("Content-Type: " + request.content_type).c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());  // stays ours
}

Https::Done Https::finish(Transfer& transfer, int outcome) {
  const auto code = static_cast<CURLcode>(outcome);
  Done done{transfer.token, {}};
  HttpsResult& result = done.result;
  if (code == CURLE_OK) {
    result.kind = HttpsResult::Kind::answered;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &result.status);
    const char* type = nullptr;
    curl_easy_getinfo(transfer.easy, CURLINFO_CONTENT_TYPE, &type);
    if (type != nullptr) result.content_type = type;
    result.body = std::move(transfer.body);
  } else {
    if (blames_certificate(code)) result.kind = HttpsResult::Kind::certificate;
    const bool large = transfer.too_large || code == CURLE_FILESIZE_EXCEEDED;
    const char* said = transfer.fault.c_str();
    result.trouble = !transfer.refused.empty() ? transfer.refused + " is not a public address"
                     : large ? "more than " + std::to_string(transfer.request.bytes_max) + " octets"
                     : *said != '\0' ? said
                                     : curl_easy_strerror(code);
  }
  curl_multi_remove_handle(multi_, transfer.easy);
  std::erase_if(transfers_, [&](const auto& held) { return held.get() == &transfer; });
  return done;
}

std::vector<Https::Done> Https::poll() {
  std::vector<Done> done = std::exchange(hopeless_, {});
  int running = 0, left = 0;
  curl_multi_perform(multi_, &running);
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    const CURLcode code = message->data.result;  // the message goes with its handle
    done.push_back(finish(*static_cast<Transfer*>(static_cast<void*>(transfer)), code));
  }
  return done;
}

void Https::wait(Duration limit) noexcept {
  curl_multi_poll(multi_, nullptr, 0, static_cast<int>(limit.ms()), nullptr);
}

void Https::wake() noexcept { curl_multi_wakeup(multi_); }

std::string media_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  std::ranges::transform(type, type.begin(), ascii_lower);
  return type;
}

}  // namespace sluice::web
