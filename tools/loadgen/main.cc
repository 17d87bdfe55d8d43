// loadgen: sends mail to an SMTP server over the engine's own stack or over kernel sockets.
#include <time.h>

#include <cstdio>

#include "engine/net/dpdk/dpdk.h"
#include "engine/net/kernel/kernel_transport.h"
#include "engine/net/stack.h"
#include "tools/loadgen/generator.h"
#include "tools/loadgen/message_set.h"
#include "tools/loadgen/options.h"
#include "tools/loadgen/report.h"
#include "tools/loadgen/synthetic.h"
#include "tools/loadgen/tally.h"

namespace {

using namespace sluice;

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

int fail(int status, const std::string& text) {
  std::fprintf(stderr, "error: %s\n", text.c_str());
  return status;
}

Duration thread_cpu_time() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return seconds(spent.tv_sec) + nanoseconds(spent.tv_nsec);
}

load::Findings generate(const load::Options& options, const std::vector<load::Message>& messages,
                        net::Transport& transport, load::Tally& tally) {
  SystemClock clock;
  load::Generator generator(options, messages, transport, clock, tally);
  load::ProgressBar bar(!options.quiet);
  const Duration before = thread_cpu_time();
  generator.run([&bar](const load::Progress& progress) { bar.show(progress); });
  bar.finish();
  return {.elapsed = generator.elapsed(),
          .busy = generator.busy(),
          .cpu = thread_cpu_time() - before,
          .complete = generator.complete()};
}

net::StackOptions stack_options(const load::Options& options) {
  net::StackOptions stack;
  stack.addresses = {options.address};
  if (options.gateway) stack.gateways = {*options.gateway};
  stack.seed = options.seed;
  stack.connections_max = std::max(stack.connections_max, 2 * options.connections);
  stack.time_wait = milliseconds(1);  // ports come round fast, and nobody else is on this wire
  return stack;
}

std::expected<load::Findings, std::string> run_over_dpdk(const load::Options& options,
                                                         const std::vector<load::Message>& messages,
                                                         load::Tally& tally) {
  net::DpdkOptions dpdk_options;
  dpdk_options.main_cpu = options.cpu.value_or(0);
  dpdk_options.ports = {{.name = "load", .device = options.device, .capture = {}}};
  auto dpdk = net::Dpdk::start(dpdk_options);
  if (!dpdk) return std::unexpected(dpdk.error());
  // The EAL pins the thread that starts it; what was asked for wins.
  if (options.cpu && !load::pin_to_cpu(*options.cpu)) return std::unexpected("--cpu: no such CPU");
  (*dpdk)->enter_worker(0);
  load::Findings findings;
  {
    SystemClock clock;
    const auto stack = net::make_stack(stack_options(options), (*dpdk)->port(0, 0), clock.now());
    findings = generate(options, messages, *stack, tally);
  }
  (*dpdk)->leave_worker(0);
  return findings;
}

std::expected<load::Findings, std::string> run(const load::Options& options,
                                               const std::vector<load::Message>& messages,
                                               load::Tally& tally) {
  if (options.cpu && !load::pin_to_cpu(*options.cpu)) return std::unexpected("--cpu: no such CPU");
  if (options.over_dpdk) return run_over_dpdk(options, messages, tally);
  const auto transport =
      net::make_kernel_transport({.connections_max = std::max(32'768U, 2 * options.connections)});
  return generate(options, messages, *transport, tally);
}

}  // namespace

int main(int argc, char** argv) {
  const load::Options options = load::parse_command_line(argc, argv);
  auto messages = options.corpus.empty() ? load::make_synthetic(options.size, options.seed)
                                         : load::load_corpus(options.corpus);
  if (!messages) return fail(kUsageError, "--corpus: " + messages.error());
  load::Tally tally;
  if (auto opened = tally.open_results(options.results); !opened)
    return fail(kUsageError, "--results: " + opened.error());
  const auto findings = run(options, *messages, tally);
  if (!findings) return fail(kFailed, findings.error());
  tally.flush_results();
  const std::string text =
      options.json ? json_report(tally, *findings, options) : text_report(tally, *findings);
  std::fputs(text.c_str(), stdout);
  return findings->complete && tally.protocol_failures() == 0 ? 0 : kFailed;
}
