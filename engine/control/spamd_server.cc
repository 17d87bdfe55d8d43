#include "engine/control/spamd_server.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "engine/net/kernel/socket.h"
#include "scanners/bayes/store.h"
#include "scanners/spamassassin/report.h"

namespace sluice::control {
namespace {

namespace bayes = scan::bayes;
namespace sa = scan::sa;

constexpr int kBacklog = 64;
constexpr int kWaitMs = 1'000;

bool would_block(ssize_t result) noexcept {
  return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

std::string_view header_of(std::string_view message) noexcept {
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t end = message.find('\n', at);
    const std::string_view line = message.substr(at, end - at);
    if (line.empty() || line == "\r") return message.substr(0, at);
    if (end == message.npos) break;
    at = end + 1;
  }
  return message;
}

std::uint32_t today() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::days>(since).count());
}

}  // namespace

std::string with_status_fields(std::string_view message, std::string_view fields) {
  constexpr std::string_view kOthers = "x-spam-";
  const std::string_view header = header_of(message);
  std::string out(fields);
  bool kept = true;
  for (std::size_t at = 0; at < header.size();) {
    const std::size_t end = std::min(header.find('\n', at), header.size() - 1) + 1;
    const std::string_view line = header.substr(at, end - at);
    if (line.front() != ' ' && line.front() != '\t')
      kept = !equals_ignoring_case(line.substr(0, kOthers.size()), kOthers);
    if (kept) out += line;
    at = end;
  }
  return out.append(message.substr(header.size()));
}

std::expected<std::unique_ptr<SpamdServer>, std::string> SpamdServer::start(
    const config::Spamd& config, const std::string& database, std::uint64_t database_bytes_max,
    Rules rules) {
  const auto local = Endpoint::parse(config.bind);
  if (!local) return std::unexpected("spamd.bind: " + config.bind + " is no address with a port");
  const auto listener = net::open_listener(*local, kBacklog);
  if (!listener)
    return std::unexpected("spamd.bind " + config.bind + ": " + std::strerror(listener.error()));
  const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::unique_ptr<SpamdServer> server(
      new SpamdServer(config, database, database_bytes_max, *listener, wake));
  server->use(std::move(rules));
  server->thread_ = std::thread([self = server.get()] {
    pthread_setname_np(pthread_self(), "spamd");
    self->run();
  });
  return server;
}

SpamdServer::SpamdServer(const config::Spamd& config, std::string database,
                         std::uint64_t database_bytes_max, int listener, int wake)
    : config_(config),
      database_(std::move(database)),
      database_bytes_max_(database_bytes_max),
      listener_(listener),
      wake_(wake) {}

SpamdServer::~SpamdServer() {
  stopping_.store(true, std::memory_order_release);
  ::eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
  for (Session& session : sessions_) close(session);
  ::close(listener_);
  ::close(wake_);
}

void SpamdServer::use(Rules rules) {
  {
    const std::scoped_lock lock(mutex_);
    fresh_ = std::move(rules);
    has_fresh_ = true;
  }
  ::eventfd_write(wake_, 1);
}

void SpamdServer::take_rules() {
  Rules rules;
  {
    const std::scoped_lock lock(mutex_);
    if (!has_fresh_) return;
    rules = std::exchange(fresh_, {});
    has_fresh_ = false;
  }
  scanner_ = std::make_unique<sa::WholeMessageScanner>(
      std::move(rules.program), scan::mime::MessageLimits{}, std::move(rules.model));
}

void SpamdServer::run() {
  std::vector<pollfd> polled;
  while (!stopping_.load(std::memory_order_acquire)) {
    take_rules();
    const bool full = sessions_.size() >= config_.connections_max ||  // others wait
                      std::chrono::steady_clock::now() < accept_again_;
    polled.assign({{wake_, POLLIN, 0}, {full ? -1 : listener_, POLLIN, 0}});
    for (const Session& session : sessions_)
      polled.push_back(
          {session.descriptor,
           static_cast<short>(session.answer.empty() || session.answered() ? POLLIN : POLLOUT), 0});
    if (::poll(polled.data(), polled.size(), kWaitMs) < 0 && errno != EINTR) return;
    eventfd_t woken = 0;
    if (polled[0].revents != 0) ::eventfd_read(wake_, &woken);
    const Time now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
      if (polled[i + 2].revents != 0) serve(sessions_[i], polled[i + 2].revents);
      if (sessions_[i].descriptor >= 0 && now >= sessions_[i].ends) close(sessions_[i]);
    }
    std::erase_if(sessions_, [](const Session& session) { return session.descriptor < 0; });
    if (polled[1].revents != 0) accept();
  }
}

void SpamdServer::accept() {
  while (sessions_.size() < config_.connections_max) {
    const auto accepted = net::accept_connection(listener_);
    if (!accepted) {
      // Without a free descriptor the listener stays readable: looked at again a little later.
      if (net::is_shortage(accepted.error()))
        accept_again_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(kWaitMs);
      return;
    }
    sessions_.push_back(
        {*accepted,
         SpamdReader(config_.message_size_max),
         {},
         0,
         std::chrono::steady_clock::now() + std::chrono::nanoseconds(config_.timeout.ns)});
  }
}

void SpamdServer::serve(Session& session, short events) {
  if (session.answered()) return drop_rest(session);
  if (session.answer.empty() && (events & (POLLIN | POLLHUP | POLLERR)) != 0) read(session);
  if (session.descriptor >= 0 && !session.answer.empty()) write(session);
}

// At most a piece at a time, so that one client does not hold up the others.
void SpamdServer::read(Session& session) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::recv(session.descriptor, buffer.data(), buffer.size(), 0);
  if (would_block(got)) return;
  if (got < 0) return close(session);
  const auto state = got == 0 ? session.reader.finish()
                              : session.reader.feed({buffer.data(), static_cast<std::size_t>(got)});
  if (state == SpamdReader::State::failed) session.answer = spamd_refusal(session.reader.fault());
  if (state == SpamdReader::State::complete) session.answer = answer(session.reader);
  if (got == 0 && session.answer.empty()) close(session);
  // SKIP wants no answer.
  if (state == SpamdReader::State::complete && session.answer.empty()) close(session);
}

void SpamdServer::write(Session& session) {
  const std::string_view rest = std::string_view(session.answer).substr(session.sent);
  const ssize_t gone = ::send(session.descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (would_block(gone)) return;
  if (gone > 0) session.sent += static_cast<std::size_t>(gone);
  if (gone <= 0) return close(session);
  if (session.answered()) ::shutdown(session.descriptor, SHUT_WR);
}

// What the client still sends: closed before it has all of that, it would lose the answer.
void SpamdServer::drop_rest(Session& session) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::recv(session.descriptor, buffer.data(), buffer.size(), 0);
  if (got <= 0 && !would_block(got)) close(session);
}

void SpamdServer::close(Session& session) noexcept {
  if (session.descriptor >= 0) ::close(std::exchange(session.descriptor, -1));
}

std::string SpamdServer::answer(const SpamdReader& request) {
  switch (request.request().command) {
    case SpamdCommand::ping: return "SPAMD/1.5 0 PONG\r\n";
    case SpamdCommand::skip: return {};
    case SpamdCommand::tell: return tell(request);
    default: return judge(request.request().command, request.message());
  }
}

std::string SpamdServer::judge(SpamdCommand command, std::string_view message) {
  const auto report = scanner_->scan(as_bytes(message));
  const sa::Program& program = scanner_->program();
  const double required = sa::kSpamScore;
  const bool spam = report.score >= required;
  const std::string verdict = fmt::format("Spam: {} ; {:.1f} / {:.1f}\r\n", spam ? "True" : "False",
                                          report.score, required);
  const std::string line_end = message.find("\r\n") != message.npos ? "\r\n" : "\n";
  const auto marked = [&](std::string_view text) {
    return with_status_fields(text, sa::status_fields(program, report, required, line_end));
  };
  std::string body;
  switch (command) {
    case SpamdCommand::symbols: body = sa::rule_names(program, report) + "\r\n"; break;
    case SpamdCommand::report: body = sa::report_text(program, report, required); break;
    case SpamdCommand::report_if_spam:
      if (spam) body = sa::report_text(program, report, required);
      break;
    case SpamdCommand::process: body = marked(message); break;
    case SpamdCommand::headers: body = marked(header_of(message)) + line_end; break;
    default: break;
  }
  return spamd_answer(SpamdStatus::ok, verdict, body);
}

std::string SpamdServer::tell(const SpamdReader& request) {
  if (database_.empty())
    return spamd_refusal({SpamdStatus::unavailable, "TELL is not enabled: [spamd] tell"});
  const SpamdRequest& asked = request.request();
  if (asked.set_local && !asked.spam)
    return spamd_refusal({SpamdStatus::usage, "Set: local needs a Message-class"});
  auto store = bayes::Store::open(database_, bayes::Store::Access::write, database_bytes_max_);
  if (!store) return spamd_refusal({SpamdStatus::temporary, store.error()});
  auto batch = store->begin(today());
  if (!batch) return spamd_refusal({SpamdStatus::temporary, batch.error()});
  const bayes::Learn what = !asked.set_local ? bayes::Learn::forget
                            : *asked.spam    ? bayes::Learn::spam
                                             : bayes::Learn::ham;
  const auto tokens = tokens_.read(as_bytes(request.message()));
  const auto outcome = batch->learn(what, tokens_.identity(), tokens);
  if (!outcome) return spamd_refusal({SpamdStatus::temporary, outcome.error()});
  if (const auto done = batch->commit(); !done)
    return spamd_refusal({SpamdStatus::temporary, done.error()});
  const bool changed = *outcome != bayes::Learned::known && *outcome != bayes::Learned::unknown;
  if (!changed) return spamd_answer(SpamdStatus::ok, "", "");
  return spamd_answer(SpamdStatus::ok,
                      asked.set_local ? "DidSet: local\r\n" : "DidRemove: local\r\n", "");
}

}  // namespace sluice::control
