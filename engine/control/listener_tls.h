// From the configuration, the files that it names and the certificate store to the TLS of a
// listener.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "engine/config/config.h"
#include "engine/control/certificate_store.h"
#include "engine/worker/generation.h"
#include "tls/context.h"

namespace sluice::control {

// The TLS of every listener, into `generation`. The error names listener, file and fault. A
// listener that neither the file nor the store has a certificate for gets a self-signed one that
// lives as long as the generation.
std::expected<void, std::string> load_listener_tls(std::shared_ptr<const tls::TicketKeys> tickets,
                                                   worker::Generation& generation);

// Makes and assigns a self-signed certificate, "self-signed" in the store, for the listeners that
// have none. Returns what was done, empty when nothing was.
std::expected<std::string, std::string> ensure_certificates(const config::Config& config);

// What an operator should know of the certificates in use, a sentence each: self-signed, expiring,
// not for the host. `newest`: CertificateStore::newest().
std::vector<std::string> certificate_warnings(const worker::Generation& generation, WallTime now,
                                              std::int64_t newest);
// Why a certificate is not good at `now`; empty when it is. Names the clock only when it must be
// wrong: when it is behind a file of the store.
std::string date_fault(const tls::CertificateFacts& facts, WallTime now, std::int64_t newest);
std::string date_text(std::int64_t unix_seconds);  // "2026-11-22 08:00:00 UTC"

}  // namespace sluice::control
