#include "engine/config/schema.h"

#include <algorithm>
#include <iterator>

#include "engine/config/attachment_keys.h"
#include "engine/config/bayes_keys.h"
#include "engine/config/delivery_keys.h"
#include "engine/config/dns_keys.h"
#include "engine/config/kinds.h"
#include "engine/config/port_routes.h"
#include "engine/config/pressure_keys.h"
#include "engine/config/sts_keys.h"
#include "engine/config/tls_keys.h"

namespace sluice::config {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

std::string_view no_fault(std::string_view) { return {}; }

// The kinds of device that end in a kernel interface, and their arguments.
std::string_view exception_fault(std::string_view text) {
  const bool known =
      text.empty() || text.starts_with("tap,iface=") || text.starts_with("virtio_user,iface=");
  return known && !text.ends_with('=') ? std::string_view() : "names no kernel interface";
}

// "mx0:25" is a port of this file; "127.0.0.1:2525" and "[::1]:2525" are kernel addresses.
ReadResult read_bind(const Node& node, Listener& out) {
  constexpr std::string_view kWanted = "a bind (write \"mx0:25\" or \"127.0.0.1:2525\")";
  if (node.type != Node::Type::text) return std::unexpected(not_a(node, kWanted));
  if (const auto endpoint = Endpoint::parse(node.text)) {
    if (endpoint->port == 0) return std::unexpected(not_a(node, kWanted));
    out.address = endpoint->address;
    out.tcp_port = endpoint->port;
    return {};
  }
  // The number is read by the same parser, behind an address that always parses.
  const std::string_view text = node.text;
  const std::size_t colon = text.rfind(':');
  const auto number = colon == std::string_view::npos
                          ? std::nullopt
                          : Endpoint::parse("0.0.0.0" + std::string(text.substr(colon)));
  if (!number || number->port == 0 || !name_fault(text.substr(0, colon)).empty())
    return std::unexpected(not_a(node, kWanted));
  out.port_name = text.substr(0, colon);
  out.tcp_port = number->port;
  return {};
}

Value<Listener> bind_value() {
  return {"a port of this file or a kernel address, and the TCP port", read_bind,
          [](const Listener& from) {
            const Endpoint endpoint{from.address, from.tcp_port};
            return quoted(from.port_name.empty()
                              ? endpoint.text()
                              : fmt::format("{}:{}", from.port_name, from.tcp_port));
          }};
}

std::vector<Key<Cores>> cores_keys() {
  return {
      {"workers", cpu_list(&Cores::workers),
       "CPUs of the poll-mode workers, one each; the first CPU there is unless given"},
      {"control", cpu_list(&Cores::control), "CPUs of the control threads; empty = any other CPU"},
      {"offload", cpu_list(&Cores::offload),
       "CPUs that only run TLS handshakes; empty = the workers run them"},
      {"inline_handshakes", integer(&Cores::inline_handshakes, 0, 1'000'000),
       "handshakes a second that a worker runs itself although there are offload CPUs"},
      {"idle",
       choice(&Cores::idle, {{"spin", IdlePolicy::spin}, {"adaptive", IdlePolicy::adaptive}}),
       "what a worker with nothing to do does: poll on, or sleep for short times"},
      {"slice", duration(&Cores::slice, {}, seconds(1)),
       "how long a worker works for its sessions before it polls the network again; the others "
       "wait "
       "their turn; 0s = a read of one session"},
      {"stall", duration(&Cores::stall, {}, hours(1)),
       "a worker that is at one thing for so long ends the engine, which notes the message in "
       "hand; 0 = never"},
  };
}

std::vector<Key<Memory>> memory_keys() {
  return {
      {"hugepages",
       choice(&Memory::hugepages, {{"auto", HugePages::automatic},
                                   {"required", HugePages::required},
                                   {"off", HugePages::off}}),
       "whether DPDK memory is taken from huge pages"},
      {"dpdk_mib", integer(&Memory::dpdk_mib, 64, 1'048'576),
       "MiB of DPDK heap when huge pages are not used"},
      {"packets_per_port", integer(&Memory::packets_per_port, 511, 8'388'607),
       "packet buffers of each port and worker"},
      {"blocks", integer(&Memory::blocks, 64, 16'777'216),
       "message blocks of 16 KiB of each worker"},
      {"sessions", integer(&Memory::sessions, 16, 1'048'576),
       "inbound SMTP sessions at once of each worker"},
      {"connections", integer(&Memory::connections, 16, 4'194'304),
       "TCP connections at once of each worker"},
      {"transactions", integer(&Memory::transactions, 1, 65'536),
       "messages being received at once of each worker"},
      {"handshakes", integer(&Memory::handshakes, 1, 1'048'576),
       "TLS handshakes at once on offload CPUs of each worker; more wait"},
  };
}

std::vector<Key<Port>> port_keys() {
  return {
      {"name", text(&Port::name, "letters, digits, '-' and '_', at most 31", name_fault),
       "what listeners and routes call this port", Need::required},
      {"device",
       text(&Port::device, "a PCI address or the arguments of a virtual device", empty_fault),
       "the DPDK device", Need::required},
      {"address",
       parsed_list(&Port::addresses, Least::one, "addresses with prefix length, \"192.0.2.10/24\""),
       "the addresses of this port and their networks", Need::required},
      {"gateway", parsed_list(&Port::gateways, Least::none, "addresses"),
       "routers to all other networks; the first of a family that answers is used"},
      {"route", port_routes_value(), "routers to further networks; the longest prefix decides"},
      {"vlan", integer(&Port::vlan, 0, 4'094), "802.1Q tag of every frame; 0 = no tag"},
      {"router_advertisements", boolean(&Port::router_advertisements),
       "take IPv6 addresses and routers that routers advertise, RFC 4861 and RFC 4862"},
      {"conflict_detection", boolean(&Port::conflict_detection),
       "find out whether somebody has an address before it is used, which takes up to 7 s at the "
       "start, RFC 5227 and RFC 4862"},
      {"exception",
       text(&Port::exception, "\"tap,iface=mgmt0\", \"virtio_user,iface=mgmt0\", or \"\" for none",
            exception_fault),
       "kernel interface that gets what arrives and is not for the engine"},
      {"mtu", integer(&Port::mtu, 576, 9'216), "largest IP packet, in octets"},
      {"rx_descriptors", integer(&Port::rx_descriptors, 64, 32'768), "entries of a receive queue"},
      {"tx_descriptors", integer(&Port::tx_descriptors, 64, 32'768), "entries of a transmit queue"},
      {"capture", text(&Port::capture, "a path, or \"\" for none", no_fault),
       "pcapng file that every packet of this port is written to"},
  };
}

std::vector<Key<Tcp>> tcp_keys() {
  return {
      {"receive_window", size(&Tcp::receive_window, 32 * kKiB, 64 * kMiB),
       "octets a connection may have unread; a record of TLS must fit (16 KiB and a little)"},
      {"send_buffer", size(&Tcp::send_buffer, 8 * kKiB, 64 * kMiB),
       "octets a connection may have unacknowledged"},
      {"syn_backlog", integer(&Tcp::syn_backlog, 16, 1'048'576),
       "half-open connections per worker"},
      {"listen_backlog", integer(&Tcp::listen_backlog, 1, 1'048'576),
       "open connections per listener and worker that wait for a session"},
      {"syn_cookies",
       choice(&Tcp::syn_cookies,
              {{"auto", SynCookies::automatic}, {"on", SynCookies::on}, {"off", SynCookies::off}}),
       "handshakes without state, RFC 4987; \"auto\" when syn_backlog is full"},
      {"congestion_control",
       choice(&Tcp::congestion_control, {{"cubic", CongestionControl::cubic},
                                         {"reno", CongestionControl::reno},
                                         {"bbr", CongestionControl::bbr}}),
       "RFC 9438, RFC 5681, or draft-ietf-ccwg-bbr with pacing"},
      {"ecn", boolean(&Tcp::ecn), "explicit congestion notification, RFC 3168"},
      {"no_delay", boolean(&Tcp::no_delay),
       "small segments leave at once; false: Nagle's algorithm, RFC 9293 section 3.7.4"},
      {"keep_alive", duration(&Tcp::keep_alive, {}, hours(9)),
       "idle time after which a peer is probed, RFC 9293 section 3.8.4; 0 = never"},
      {"rto_initial", duration(&Tcp::rto_initial, milliseconds(100), seconds(60)),
       "first retransmission timeout, RFC 6298 section 2.1"},
      {"rto_min", duration(&Tcp::rto_min, milliseconds(10), seconds(60)),
       "lower bound of the retransmission timeout"},
      {"delayed_ack", duration(&Tcp::delayed_ack, {}, milliseconds(499)),
       "longest wait before an acknowledgment, RFC 1122 section 4.2.3.2"},
      {"time_wait", duration(&Tcp::time_wait, {}, minutes(4)), "time in TIME-WAIT, RFC 9293"},
      {"user_timeout", duration(&Tcp::user_timeout, seconds(5), hours(1)),
       "time without acknowledgment after which a connection is given up"},
      {"syn_retries", integer(&Tcp::syn_retries, 1, 15), "retransmissions of a SYN"},
      {"initial_window", integer(&Tcp::initial_window, 1, 32), "segments sent at first, RFC 6928"},
  };
}

std::vector<Key<Block>> block_keys() {
  return {
      {"prefixes_max", integer(&Block::prefixes_max, 0, 1'000'000),
       "entries of the block list at once, IPv4 and IPv6; 0 = no list"},
      {"table", choice(&Block::table, {{"ranges", BlockTable::ranges}, {"fib", BlockTable::fib}}),
       "what a source is looked up in: sorted ranges of addresses, or DPDK's rte_fib, which takes "
       "a hundred times the memory and is no faster up to 200000 entries"},
      {"fib_groups", integer(&Block::fib_groups, 16, 4'194'304),
       "groups of 256 addresses, 1 KiB each, of each rte_fib: one for every /24 with longer "
       "prefixes, up to thirteen for an IPv6 prefix"},
  };
}

std::vector<Key<Certificate>> certificate_keys() {
  return {
      {"name", text(&Certificate::name, "letters, digits, '-' and '_', at most 31", name_fault),
       "what listeners call this certificate", Need::required},
      {"file", text(&Certificate::file, "a path", empty_fault),
       "the certificate and, behind it, its issuers: PEM or DER", Need::required},
      {"key", text(&Certificate::key, "a path, or \"\" for a key in the same file", no_fault),
       "the private key"},
      {"ocsp", text(&Certificate::ocsp, "a path, or \"\" for none", no_fault),
       "the OCSP response to staple, in DER; read again at each reload"},
  };
}

std::vector<Key<Listener>> listener_place_keys() {
  return {
      {"name", text(&Listener::name, "letters, digits, '-' and '_', at most 31", name_fault),
       "what logs and commands call this listener", Need::required},
      {"bind", bind_value(), "where it listens: \"mx0:25\", \"127.0.0.1:2525\"", Need::required},
      {"hostname", text(&Listener::hostname, "a host name", host_fault),
       "name in banner and replies; the hostname of the file unless given"},
      {"direction",
       choice(&Listener::direction,
              {{"inbound", Direction::inbound}, {"outbound", Direction::outbound}}),
       "the queue that its mail is in while it waits for a scan: i_qmsgs or o_qmsgs"},
  };
}

std::vector<Key<Listener>> listener_session_keys() {
  return {
      {"bare_newline",
       choice(&Listener::bare_newline,
              {{"reject", BareNewline::reject}, {"normalise", BareNewline::normalise}}),
       "what is done with a CR or LF that stands alone"},
      {"message_size_max", size(&Listener::message_size_max, 64 * kKiB, 256 * kMiB),
       "largest message taken, RFC 1870"},
      {"recipients_max", integer(&Listener::recipients_max, 1, 100'000),
       "recipients of one message"},
      {"envelope_bytes_max", size(&Listener::envelope_bytes_max, 4 * kKiB, 512 * kKiB),
       "sender and recipients of one message with their parameters"},
      {"hops_max", integer(&Listener::hops_max, 1, 1'000),
       "Received fields of a message; with more it is taken for a loop and refused"},
      {"header_firewall", boolean(&Listener::header_firewall),
       "takes fields X-Sluice-* out of what comes in: only this gateway may say that; "
       "false where another gateway of one's own sends"},
      {"messages_max", integer(&Listener::messages_max, 1, 1'000'000), "messages of one session"},
      {"errors_max", integer(&Listener::errors_max, 1, 10'000), "bad commands before 421"},
      {"sessions_per_source_max", integer(&Listener::sessions_per_source_max, 1, 16'777'216),
       "sessions at once from one address, per worker"},
      {"handshakes_per_source", integer(&Listener::handshakes_per_source, 0, 1'000'000),
       "TLS handshakes a second from one IPv4 address or IPv6 /64, per worker; 0 = no limit"},
      {"handshakes_burst", integer(&Listener::handshakes_burst, 1, 1'000'000),
       "TLS handshakes at once from a source that was quiet"},
      {"handshake_timeout", duration(&Listener::handshake_timeout, seconds(1), minutes(10)),
       "longest TLS handshake"},
      {"greet_delay", duration(&Listener::greet_delay, {}, minutes(5)),
       "silence before the banner; who talks into it is refused"},
      {"command_timeout", duration(&Listener::command_timeout, seconds(1), hours(1)),
       "wait for a command, RFC 5321 section 4.5.3.2.7"},
      {"data_block_timeout", duration(&Listener::data_block_timeout, seconds(1), hours(1)),
       "wait for a piece of a message, RFC 5321 section 4.5.3.2.5"},
      {"session_timeout", duration(&Listener::session_timeout, seconds(1), hours(24)),
       "longest session"},
      {"relay_from", parsed_list(&Listener::relay_from, Least::none, kPrefixes),
       "sources that may send to any domain"},
  };
}

std::vector<Key<Listener>> listener_keys() {
  std::vector<Key<Listener>> keys = listener_place_keys();
  for (auto part : {listener_tls_keys(), listener_session_keys()})
    std::ranges::move(part, std::back_inserter(keys));
  return keys;
}

std::vector<Key<Route>> route_keys() {
  return {
      {"domain",
       text(&Route::domain, "\"example.com\", \".example.com\" (its subdomains), \"*\"",
            route_domain_fault),
       "recipient domain; the first matching route is taken", Need::required},
      {"next_hop", next_hop_value(),
       "the hosts that take the mail, tried in order, or \"mx\": those that DNS names for each "
       "domain; a name stands for the mail hosts of that domain, in brackets for this host alone; "
       "a "
       "socket of this machine is for LMTP",
       Need::required},
      {"mx_port", integer(&Route::mx_port, 1, 65'535), "TCP port of the hosts that DNS names"},
      {"protocol",
       choice(&Route::protocol, {{"smtp", HopProtocol::smtp}, {"lmtp", HopProtocol::lmtp}}),
       "what the hosts speak; with \"lmtp\" (RFC 2033) each recipient has an answer of its own"},
      {"credentials", text(&Route::credentials, "a path, or \"\" for none", no_fault),
       "a file of mode 0600 with a user name and a password, a line each; sent inside TLS only, so "
       "give the hosts a [[destination]] with tls = \"required-verify\""},
      {"via", text(&Route::via, "the name of a port, or \"\" for kernel sockets", no_fault),
       "the port that connections leave by"},
  };
}

std::vector<Key<Destination>> destination_keys() {
  return {
      {"domain",
       text(&Destination::domain, "\"example.com\", \".example.com\" (its subdomains), \"*\"",
            route_domain_fault),
       "recipient domain; the first matching entry is taken", Need::required},
      {"tls",
       choice(&Destination::tls, {{"none", PeerTls::none},
                                  {"preferred", PeerTls::preferred},
                                  {"required", PeerTls::required},
                                  {"preferred-verify", PeerTls::preferred_verify},
                                  {"required-verify", PeerTls::required_verify}}),
       "no TLS; where the next hop offers it; or no mail without it; and whether its certificate "
       "is verified, which decides only with \"required-verify\""},
      {"implicit", boolean(&Destination::implicit),
       "TLS from the first octet instead of STARTTLS, RFC 8314 section 3"},
      {"names",
       texts(&Destination::names, "host names, \"mx.example.com\" or \".example.com\" (any host)",
             domain_fault),
       "of which the certificate must have one, RFC 6125; the domain unless given"},
      {"ca_file", text(&Destination::ca_file, "a path, or \"\" for the system's", no_fault),
       "certification authorities, PEM"},
      {"certificate",
       text(&Destination::certificate, "the name of a certificate, or \"\" for none", no_fault),
       "what is shown to a next hop that asks for a certificate"},
      {"mta_sts", boolean(&Destination::mta_sts),
       "heed the MTA-STS policy of the domain; it only ever makes the level stricter"},
  };
}

std::vector<Key<Alerts>> alerts_keys() {
  return {
      {"recipients", texts(&Alerts::recipients, "mailboxes", mailbox_fault),
       "who gets alerts by mail; without any they stand in the log only"},
      {"tls_failures", boolean(&Alerts::tls_failures),
       "an alert when deliveries fail for want of TLS, for all destinations"},
      {"window", duration(&Alerts::window, seconds(1), hours(24)),
       "time that the failures of a destination are counted for before its one alert"},
      {"destinations_max", integer(&Alerts::destinations_max, 1, 100'000),
       "destinations that are counted at once; further ones are counted together"},
  };
}

std::vector<Key<Queue>> queue_keys() {
  return {
      {"directory", text(&Queue::directory, "a path", empty_fault), "where the queue is kept"},
      {"segment_bytes", size(&Queue::segment_bytes, kMiB, 2 * kGiB), "size of a segment file"},
      {"segments_max", integer(&Queue::segments_max, 4, 65'536), "segment files of each worker"},
      {"segments_spare", integer(&Queue::segments_spare, 0, 1'024),
       "finished segment files kept for reuse"},
      {"disk_reserve", size(&Queue::disk_reserve, 0, 1'024 * kGiB),
       "octets left free on the file system; below it mail is refused with 452"},
      {"messages_max", integer(&Queue::messages_max, 1, 100'000'000), "messages of each worker"},
      {"io_uring", boolean(&Queue::io_uring), "read through io_uring when the kernel allows it"},
  };
}

std::vector<Key<Scan>> scan_limit_keys() {
  return {
      {"mime_depth_max", integer(&Scan::mime_depth_max, 1, 200), "nesting of MIME parts"},
      {"mime_parts_max", integer(&Scan::mime_parts_max, 1, 100'000), "MIME parts of one message"},
      {"header_bytes_max", size(&Scan::header_bytes_max, 4 * kKiB, 16 * kMiB),
       "octets of a header section that are scanned"},
      {"header_fields_max", integer(&Scan::header_fields_max, 10, 100'000),
       "fields of a header section that are scanned"},
      {"rawbody_part_bytes_max", size(&Scan::rawbody_part_bytes_max, 4 * kKiB, kGiB),
       "decoded octets of a part that rawbody rules see"},
      {"body_part_bytes_max", size(&Scan::body_part_bytes_max, 4 * kKiB, kGiB),
       "octets of a part's rendered text that body rules see"},
      {"uris_max", integer(&Scan::uris_max, 10, 100'000), "URIs of one message"},
      {"text_bytes_max", size(&Scan::text_bytes_max, 64 * kKiB, kGiB),
       "octets that rules see of all bodies of a message, of them as sent and of its URIs; one "
       "with more is "
       "marked SCAN_LIMIT"},
      {"known_texts_max", integer(&Scan::known_texts_max, 0, 16'777'216),
       "paragraphs, raw lines and links of which each worker keeps what rules said, 144 octets "
       "each, for the next message that has them; 0: none"},
      {"time_max", duration(&Scan::time_max, milliseconds(1), seconds(60)),
       "time of a worker that the scan of one message may take; beyond it its texts are not looked "
       "at any more and it is marked SCAN_LIMIT"},
      {"over_limit",
       choice(&Scan::over_limit, {{"mark", OverLimit::mark},
                                  {"quarantine", OverLimit::quarantine},
                                  {"defer", OverLimit::defer}}),
       "what becomes of a message with SCAN_LIMIT: it goes on with that in its header, waits for "
       "the "
       "operator, or is answered 451"},
  };
}

std::vector<Key<Scan>> scan_keys() {
  std::vector<Key<Scan>> keys{
      {"rules", texts(&Scan::rules, "paths", empty_fault),
       "rules in SpamAssassin's language: files, and folders of *.cf files"},
      {"stock_rules", boolean(&Scan::stock_rules),
       "before them the rules of Debian's package spamassassin, where it is installed"},
      {"own_rules", boolean(&Scan::own_rules),
       "before them our own rules, SL_*, for what the stock set lacks: today's phishing and scams"},
      {"cache", text(&Scan::cache, "a path", no_fault),
       "folder that keeps compiled rules; compiled_rules in queue.directory unless given"},
      {"compile_threads", integer(&Scan::compile_threads, 1, 64),
       "threads that compile rules at start and on reload, beside the workers"},
      {"delete", integer(&Scan::discard, 1, 10),
       "SCL at or above which a message is accepted and thrown away; 10 = never"},
      {"reject", integer(&Scan::reject, 0, 10),
       "SCL at or above which a message is refused; 10 = never"},
      {"quarantine", integer(&Scan::quarantine, 0, 10),
       "SCL at or above which a message is accepted and waits for the operator (queue list "
       "--held); 10 = never"},
      {"tag", integer(&Scan::tag, 0, 10),
       "SCL at or above which a message is delivered with X-Spam-Flag: YES; 10 = never"},
      {"allow_phrases", text(&Scan::allow_phrases, "a path", no_fault),
       "file of phrases, one a line, that make the SCL 0"},
      {"block_phrases", text(&Scan::block_phrases, "a path", no_fault),
       "file of phrases, one a line, that make the SCL 9 unless an allowed one is there too"},
      {"antispam_report", boolean(&Scan::antispam_report),
       "put X-Sluice-Antispam-Report into delivered messages: the verdict in the words of "
       "Exchange's "
       "field, for filters behind that know those"},
      {"late_reject",
       choice(&Scan::late_reject, {{"hold", LateReject::hold},
                                   {"deliver", LateReject::deliver},
                                   {"bounce", LateReject::bounce},
                                   {"discard", LateReject::discard}}),
       "what becomes of a message to be refused that was accepted while scanning was paused: it "
       "waits for the operator, goes on with its SCL in the header, goes back to the sender, or "
       "nowhere"},
      {"scl_score", numbers(&Scan::scl_score, "nine rising numbers"),
       "lowest score of SCL 1, 2, … 9"},
  };
  std::ranges::move(scan_limit_keys(), std::back_inserter(keys));
  return keys;
}

std::vector<Key<Log>> log_keys() {
  return {
      {"directory", text(&Log::directory, "a path", empty_fault), "where mail_logs is written"},
      {"rotate_bytes", size(&Log::rotate_bytes, 64 * kKiB, 64 * kGiB),
       "size at which a log file is closed and the next begun"},
      {"keep", integer(&Log::keep, 1, 10'000), "closed log files kept"},
      {"ring_bytes", size(&Log::ring_bytes, 64 * kKiB, kGiB),
       "buffer between a worker and the log, a power of two"},
  };
}

}  // namespace

const Schema& schema() {
  static const Schema all{
      .top = {{"hostname", text(&Config::hostname, "a host name", host_fault),
               "the name of this gateway: banner, EHLO, Received", Need::required}},
      .domains = {{"accepted",
                   texts(&Config::accepted_domains,
                         "domains, \"example.com\" or \".example.com\" (its subdomains)",
                         domain_fault),
                   "recipient domains that mail is taken for from anywhere"}},
      .cores = cores_keys(),
      .memory = memory_keys(),
      .port = port_keys(),
      .tcp = tcp_keys(),
      .block = block_keys(),
      .tls = tls_keys(),
      .certificate = certificate_keys(),
      .listener = listener_keys(),
      .dns = dns_keys(),
      .route = route_keys(),
      .destination = destination_keys(),
      .mta_sts = mta_sts_keys(),
      .tlsrpt = tlsrpt_keys(),
      .delivery = delivery_keys(),
      .bounce_verification = bounce_verification_keys(),
      .reply_rule = reply_rule_keys(),
      .queue = queue_keys(),
      .back_pressure = pressure_keys(),
      .scan = scan_keys(),
      .bayes = bayes_keys(),
      .spamd = spamd_keys(),
      .attachment_rule = attachment_rule_keys(),
      .examination = examination_keys(),
      .antivirus = antivirus_keys(),
      .log = log_keys(),
      .alerts = alerts_keys(),
      .admin = {{"socket", text(&Admin::socket, "a path", empty_fault),
                 "unix socket that the commands talk to"}},
  };
  return all;
}

}  // namespace sluice::config
