// From configuration to what the engine runs on: DPDK options, compiled rules, and what a reload
// may change without a restart.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "engine/config/config.h"
#include "engine/control/block_control.h"
#include "engine/dns/resolver.h"
#include "engine/net/dpdk/dpdk.h"
#include "engine/web/web_thread.h"
#include "engine/worker/generation.h"

namespace sluice::control {

net::DpdkOptions dpdk_options(const config::Config& config);
// Servers of the system when the file names none.
dns::Options dns_options(const config::Config& config);
// Where policies of MTA-STS are kept and how they are fetched.
web::WebThread::Settings web_settings(const config::Config& config);
// After the start of DPDK, whose memory the tables may lie in.
std::expected<BlockSetup, std::string> block_setup(const config::Config& config);

// Compiles the rule files and reads the certificates. The text lists every problem with its place.
// `tickets`: null when no session will come of it. `models`: what the classifier is asked, null for
// nothing.
std::expected<std::shared_ptr<const worker::Generation>, std::string> load_generation(
    std::shared_ptr<const config::Config> config,
    std::shared_ptr<const tls::TicketKeys> tickets = nullptr,
    std::shared_ptr<const scan::bayes::Models> models = nullptr);

// Reads the file of `running` again. Refuses when it has problems, or when it changes what only a
// restart can change (cores, memory, ports, binds, queue directory …), naming each key.
std::expected<std::shared_ptr<const config::Config>, std::string> reloadable_config(
    const config::Config& running);

}  // namespace sluice::control
