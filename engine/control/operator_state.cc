#include "engine/control/operator_state.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/atomic_file.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr const char* kFileName = "/operator_state";
constexpr int kVersion = 1;
constexpr std::size_t kHostMax = 255;

json encode(const Decision& decision) {
  return {{"since", decision.since.unix_seconds()}, {"by", decision.by}};
}

void decode(const json& from, Decision& decision) {
  decision.since = {from.at("since").get<std::int64_t>() * 1'000'000'000};
  decision.by = from.at("by").get<std::string>();
}

template <typename T>
auto find_host(std::vector<T>& list, std::string_view host) {
  return std::ranges::find(list, host, &T::host);
}

// A plain name is a host's, whose mail has a route.
std::optional<config::NextHop> hop_of(std::string_view text) {
  auto hop = config::NextHop::parse(text);
  const bool own = hop && (hop->kind == config::NextHop::Kind::address ||
                           hop->kind == config::NextHop::Kind::host ||
                           (hop->kind == config::NextHop::Kind::domain && text.contains(':')));
  if (!own || (hop->kind == config::NextHop::Kind::address &&
               (hop->endpoint.port == 0 || hop->endpoint.address.is_unspecified())))
    return {};
  return hop;
}

}  // namespace

std::string canonical_host(std::string_view text) {
  if (text.empty() || text.size() > kHostMax) return {};
  std::string host(text);
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c <= ' ' || c == '@' || c == '/' || c == 0x7f) return {};
  }
  return host;
}

std::string canonical_redirect(std::string_view text) {
  if (const auto hop = hop_of(text)) return hop->text();
  return canonical_host(text);
}

std::expected<OperatorState, std::string> OperatorState::load(const std::string& queue_directory) {
  OperatorState state;
  state.path_ = queue_directory + kFileName;
  std::ifstream file(state.path_);
  if (!file) return state;
  std::ostringstream content;
  content << file.rdbuf();
  if (!state.read(content.str()))
    return std::unexpected(state.path_ +
                           ": not what this version writes; move it away, then pauses, holds and "
                           "redirects have to be set again");
  return state;
}

std::expected<bool, std::string> OperatorState::set_pause(Pause which, bool paused,
                                                          const Decision& decision) {
  if (pause(which).paused == paused) return false;
  OperatorState next = *this;
  next.pauses_[static_cast<std::size_t>(which)] = {decision, paused};
  return store(std::move(next));
}

std::expected<bool, std::string> OperatorState::hold(std::string_view host,
                                                     const Decision& decision) {
  if (find_host(held_, host) != held_.end()) return false;
  if (held_.size() >= kHostsMax)
    return std::unexpected(std::to_string(kHostsMax) + " hosts are held already");
  OperatorState next = *this;
  next.held_.push_back({decision, std::string(host)});
  return store(std::move(next));
}

std::expected<bool, std::string> OperatorState::release(std::string_view host) {
  OperatorState next = *this;
  if (std::erase_if(next.held_, [&](const HeldHost& held) { return held.host == host; }) == 0)
    return false;
  return store(std::move(next));
}

std::expected<bool, std::string> OperatorState::redirect(std::string_view host, std::string_view to,
                                                         const Decision& decision) {
  OperatorState next = *this;
  const auto found = find_host(next.redirects_, host);
  const bool known = found != next.redirects_.end();
  if (known ? found->to == to : to.empty()) return false;
  if (known) next.redirects_.erase(found);
  if (next.redirects_.size() >= kHostsMax)
    return std::unexpected(std::to_string(kHostsMax) + " hosts are redirected already");
  if (!to.empty()) next.redirects_.push_back({decision, std::string(host), std::string(to)});
  return store(std::move(next));
}

worker::Directives OperatorState::directives() const {
  worker::Directives directives;
  directives.accept_paused = pause(Pause::accept).paused;
  directives.scan_paused = pause(Pause::scan).paused;
  directives.delivery_paused = pause(Pause::delivery).paused;
  for (const HeldHost& held : held_) directives.held_hosts.push_back(held.host);
  for (const RedirectedHost& redirect : redirects_)
    directives.redirects.push_back({redirect.host, redirect.to, hop_of(redirect.to)});
  return directives;
}

std::expected<bool, std::string> OperatorState::store(OperatorState next) {
  if (auto stored = replace_file(path_, next.text()); !stored)
    return std::unexpected(stored.error());
  *this = std::move(next);
  return true;
}

std::string OperatorState::text() const {
  json pauses, held = json::array(), redirects = json::array();
  for (std::size_t i = 0; i < kPauses; ++i) {
    pauses[kPauseNames[i]] = encode(pauses_[i]);
    pauses[kPauseNames[i]]["paused"] = pauses_[i].paused;
  }
  for (const HeldHost& host : held_) {
    held.push_back(encode(host));
    held.back()["host"] = host.host;
  }
  for (const RedirectedHost& host : redirects_) {
    redirects.push_back(encode(host));
    redirects.back()["host"] = host.host;
    redirects.back()["to"] = host.to;
  }
  return json{{"version", kVersion}, {"pauses", pauses}, {"held", held}, {"redirects", redirects}}
             .dump(2, ' ', false, json::error_handler_t::replace) +
         "\n";
}

bool OperatorState::read(std::string_view text) {
  try {
    const json all = json::parse(text);
    if (all.at("version") != kVersion) return false;
    for (std::size_t i = 0; i < kPauses; ++i) {
      const json& pause = all.at("pauses").at(std::string(kPauseNames[i]));
      decode(pause, pauses_[i]);
      pauses_[i].paused = pause.at("paused").get<bool>();
    }
    for (const json& row : all.at("held")) {
      held_.emplace_back().host = row.at("host").get<std::string>();
      decode(row, held_.back());
    }
    for (const json& row : all.at("redirects")) {
      redirects_.emplace_back().host = row.at("host").get<std::string>();
      redirects_.back().to = row.at("to").get<std::string>();
      decode(row, redirects_.back());
    }
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

}  // namespace sluice::control
