// The whole configuration as one immutable value: parsed once, shared by every core, swapped whole
// on reload. Every limit of the engine has its name, unit and default here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"
#include "engine/config/next_hop.h"

namespace sluice::config {

enum class IdlePolicy : std::uint8_t { spin, adaptive };
enum class HugePages : std::uint8_t { automatic, required, off };
enum class BlockTable : std::uint8_t { ranges, fib };
enum class SynCookies : std::uint8_t { off, on, automatic };
enum class CongestionControl : std::uint8_t { reno, cubic, bbr };
enum class BareNewline : std::uint8_t { reject, normalise };
enum class Direction : std::uint8_t { inbound, outbound };
enum class HopProtocol : std::uint8_t { smtp, lmtp };
enum class ReplyClass : std::uint8_t { as_said, temporary, permanent };
enum class LateReject : std::uint8_t { hold, deliver, bounce, discard };
enum class Tls : std::uint8_t { off, preferred, required, implicit };
enum class PeerTls : std::uint8_t { none, preferred, required, preferred_verify, required_verify };
enum class ClientCertificates : std::uint8_t { off, ask, require };

struct Cores {                       // [cores]
  std::vector<unsigned> workers{0};  // CPU numbers, one poll-mode worker each: "1-7,9"
  std::vector<unsigned> control;     // CPUs of the control threads; empty = any other CPU
  std::vector<unsigned> offload;     // CPUs that only run TLS handshakes; empty = the workers do
  std::uint32_t inline_handshakes = 10;  // per second and worker, in spite of offload CPUs
  IdlePolicy idle = IdlePolicy::adaptive;
  Duration slice = milliseconds(1);  // of work for sessions before a worker polls again
  Duration stall = seconds(30);      // a worker that does not come round for so long; 0 = never
};

struct Memory {  // [memory]
  HugePages hugepages = HugePages::automatic;
  std::uint32_t dpdk_mib = 256;             // DPDK heap when hugepages are not used
  std::uint32_t packets_per_port = 16'383;  // mbufs per port and worker
  std::uint32_t blocks = 4'096;             // message blocks (16 KiB each) per worker
  std::uint32_t sessions = 16'384;          // SMTP sessions per worker, inbound
  std::uint32_t connections = 32'768;       // TCP control blocks per worker
  std::uint32_t transactions = 1'024;       // messages being received at once, per worker
  std::uint32_t handshakes = 256;           // TLS handshakes at once on offload CPUs, per worker
};

struct PortRoute {  // [[port.route]]
  Prefix prefix;
  IpAddress via;

  bool operator==(const PortRoute&) const = default;
};

struct Port {  // [[port]]
  std::string name;
  std::string device;             // PCI address or virtual device arguments
  std::vector<Prefix> addresses;  // "192.0.2.10/24"
  std::vector<IpAddress> gateways;
  std::vector<PortRoute> routes;
  std::uint16_t vlan = 0;  // 802.1Q, 0 = no tag
  bool router_advertisements = false;
  bool conflict_detection = true;
  std::string exception;  // kernel interface that gets what is not ours; empty = none
  std::uint16_t mtu = 1500;
  std::uint32_t rx_descriptors = 1024;
  std::uint32_t tx_descriptors = 1024;
  std::string capture;  // pcapng file, empty = no capture
  int line = 0;         // where in the file

  bool operator==(const Port&) const = default;
};

struct Tcp {                                   // [tcp]
  std::uint32_t receive_window = 256U * 1024;  // octets, at most, per connection
  std::uint32_t send_buffer = 256U * 1024;     // octets, per connection
  std::uint32_t syn_backlog = 4'096;           // half-open connections per worker
  std::uint32_t listen_backlog = 4'096;        // open ones that no session has taken, per listener
  SynCookies syn_cookies = SynCookies::automatic;
  CongestionControl congestion_control = CongestionControl::cubic;
  bool ecn = false;
  bool no_delay = true;
  Duration keep_alive{};  // 0 = no probes
  Duration rto_initial = seconds(1);
  Duration rto_min = milliseconds(200);
  Duration delayed_ack = milliseconds(40);
  Duration time_wait = seconds(60);
  Duration user_timeout = minutes(5);
  std::uint8_t syn_retries = 5;
  std::uint8_t initial_window = 10;  // segments, RFC 6928

  bool operator==(const Tcp&) const = default;
};

struct Block {                         // [block]: sources refused at the SYN, `sluice block`
  std::uint32_t prefixes_max = 4'096;  // entries at once; 0 = no list
  BlockTable table = BlockTable::ranges;
  std::uint32_t fib_groups = 65'536;  // of 256 entries of 4 octets, for prefixes beyond /24

  bool operator==(const Block&) const = default;
};

struct Certificate {  // [[certificate]]
  std::string name;
  std::string file;  // certificate and chain, PEM or DER
  std::string key;   // private key; empty = in the same file
  std::string ocsp;  // response to staple, DER; empty = none
  int line = 0;
};

struct TlsSettings {                                   // [tls]
  std::string store = "/var/lib/sluice/certificates";  // of `sluice certconfig`
  Duration expiry_warning = hours(24 * 30);
  bool core_dumps = false;
  Duration ticket_rotation = hours(12);  // 0 = no tickets
};

struct Listener {  // [[listener]]
  std::string name;
  std::string port_name;  // a [[port]], or empty for a kernel listener
  IpAddress address;      // kernel listener: address to bind; port listener: unspecified = all
  std::uint16_t tcp_port = 25;               // from bind = "mx0:25" or "127.0.0.1:2525"
  std::string hostname;                      // in banner and replies; defaults to Config::hostname
  Direction direction = Direction::inbound;  // which queue its mail waits in for its scan
  Tls tls = Tls::off;
  // Sources with another level; the longest prefix decides.
  std::vector<Prefix> tls_off_from, tls_preferred_from, tls_required_from;
  std::vector<std::string> certificates;  // names of [[certificate]]s; empty = those of the store
  ClientCertificates client_certificates = ClientCertificates::off;
  BareNewline bare_newline = BareNewline::reject;
  std::uint64_t message_size_max = 50ULL * 1024 * 1024;  // octets, RFC 1870
  std::uint32_t recipients_max = 1'000;                  // per message
  std::uint64_t envelope_bytes_max = 512 * 1024;         // sender, recipients, parameters
  std::uint32_t hops_max = 30;                           // Received fields; more are a loop
  bool header_firewall = true;         // stamps of this gateway's in what comes in are taken out
  std::uint32_t messages_max = 1'000;  // per session
  std::uint32_t errors_max = 20;       // bad commands before 421
  std::uint32_t sessions_per_source_max = 1'000'000;  // at once, per worker
  std::uint32_t handshakes_per_source = 100;          // of TLS, a second, per worker; 0 = no limit
  std::uint32_t handshakes_burst = 1'000;             // at once, from a source that was quiet
  Duration handshake_timeout = seconds(30);           // for a whole TLS handshake
  Duration greet_delay{};                    // silence before the banner, to catch early talkers
  Duration command_timeout = minutes(5);     // RFC 5321 4.5.3.2.7
  Duration data_block_timeout = minutes(3);  // RFC 5321 4.5.3.2.5
  Duration session_timeout = hours(1);       // whole session
  std::vector<Prefix> relay_from;            // sources that may send to any domain
  int line = 0;
};

enum class AddressFamily : std::uint8_t { ipv6_first, ipv4_first, ipv6_only, ipv4_only };

struct Dns {                       // [dns]
  std::vector<Endpoint> servers;   // recursive resolvers, tried in order
  bool system = true;              // without servers: those of /etc/resolv.conf
  std::string via;                 // name of a [[port]], or empty = kernel sockets
  bool trust_ad = false;           // what they say about DNSSEC counts
  std::string probe = ".";         // a signed name, which shows at start whether they validate
  Duration timeout = seconds(3);   // of one try
  std::uint32_t attempts = 2;      // of each server
  std::uint32_t queries_max = 48;  // on their way at once, per worker
  std::uint32_t cache_entries = 10'000;  // per worker
  Duration ttl_max = hours(24);
  Duration negative_ttl_max = hours(3);     // RFC 2308 5
  Duration failure_ttl = seconds(5);        // RFC 9520 3.2
  Duration reverse_timeout = seconds(2);    // of a banner for the peer's name; 0 = no look-up
  std::uint32_t reverse_lookups_max = 512;  // at once, per worker

  bool operator==(const Dns&) const = default;
};

struct Route {                     // [[route]]: first match by domain wins
  std::string domain;              // "example.com", ".example.com" (subdomains), "*"
  std::vector<NextHop> next_hops;  // tried in order; empty: the mail hosts that DNS names
  std::uint16_t mx_port = 25;      // TCP port of those
  HopProtocol protocol = HopProtocol::smtp;
  std::string credentials;  // file with user and password; empty = no AUTH
  std::string via;          // name of a [[port]], or empty = kernel sockets
  int line = 0;
};

// Are the addresses of a route's next hops known only when DNS has been asked?
inline bool looks_up(const Route& route) noexcept {
  return route.next_hops.empty() || std::ranges::any_of(route.next_hops, &NextHop::looked_up);
}

struct Destination {   // [[destination]]: first match by domain wins; none = the defaults here
  std::string domain;  // of the recipient, as in a route
  PeerTls tls = PeerTls::preferred;
  bool implicit = false;           // TLS from the first octet, RFC 8314 3
  std::vector<std::string> names;  // one must be in the certificate; empty = the MX or the domain
  std::string ca_file;             // empty = the system's authorities
  std::string certificate;         // name of the [[certificate]] to show, empty = none
  bool mta_sts = true;             // heed the policy of the domain
  int line = 0;
};

struct MtaSts {  // [mta_sts]: policies of recipient domains, RFC 8461
  bool enabled = true;
  Duration timeout = minutes(1);  // of a fetch
  std::uint64_t policy_bytes_max = 64ULL * 1024;
  Duration max_age_max = hours(24 * 365);
  Duration refresh = hours(24);
  Duration retry = minutes(5);  // after a failed fetch
  std::uint32_t policies_max = 10'000;
  std::uint64_t memory_max = 32ULL * 1024 * 1024;  // of all policies kept
  std::uint32_t fetches_max = 16;                  // at once
  std::uint16_t port = 443;
  std::string ca_file;  // empty = the system's authorities
  bool private_addresses = false;

  bool operator==(const MtaSts&) const = default;
};

struct TlsReports {          // [tlsrpt]: daily reports on TLS to domains that want them, RFC 8460
  std::string contact;       // mailbox; empty = nothing is counted or sent
  std::string organization;  // empty = the host name
  std::uint32_t domains_max = 1'000;  // counted at once
  Duration delay_max = hours(4);      // after midnight UTC
  Duration timeout = minutes(1);      // of a POST
  std::string ca_file;                // empty = the system's authorities
  bool private_addresses = false;
};

// accept: bounces without a good tag are mail like any other; mark: they get a header; reject: 550.
enum class UntaggedBounce : std::uint8_t { accept, mark, reject };

struct BounceVerification {  // [bounce_verification]: tags on senders of one's own
  std::string keys;          // a file; empty = no tags
  Duration life = hours(24 * 7);
  UntaggedBounce untagged = UntaggedBounce::mark;
};

struct Delivery {  // [delivery]
  bool paused = false;
  std::uint32_t messages_per_connection = 20;
  std::uint32_t connections_first = 5;             // at once to a next hop that is not known yet
  std::uint32_t connections_per_destination = 20;  // per worker
  std::uint32_t connections = 1'000;               // per worker
  Duration idle_reuse = seconds(5);
  // After the first, second … failure; the last goes on.
  std::vector<Duration> retry{minutes(15), minutes(30), hours(1), hours(2), hours(4)};
  std::uint32_t retry_spread = 0;  // per cent of a wait, at random on top of it
  Duration expire = hours(5 * 24);
  Duration bounce_expire = hours(24);
  Duration delay_notice = hours(4);           // age at which the sender is told; 0 = never
  std::uint64_t return_max = 1024 * 1024ULL;  // octets, of a message that a DSN returns whole
  Duration connect_timeout = seconds(30);
  Duration command_timeout = minutes(5);
  Duration data_timeout = minutes(10);  // RFC 5321 4.5.3.2.6: after the final dot
  std::string postmaster = "postmaster";
  AddressFamily address_family = AddressFamily::ipv6_first;  // of a host with both
  std::uint32_t mx_hosts_max = 20;                           // tried of one domain
};

struct ReplyRule {     // [[reply_rule]]: first match wins; for replies that refuse a recipient
  std::string domain;  // of the recipient, as in a route
  std::string match;   // the reply, "552 5.2.2 *mailbox full*"
  ReplyClass treat = ReplyClass::as_said;
  std::vector<Duration> retry;  // instead of delivery.retry; empty = that
  Duration expire{};            // instead of delivery.expire; 0 = that
  int line = 0;
};

struct Queue {  // [queue]
  std::string directory = "/var/spool/sluice";
  std::uint64_t segment_bytes = 64ULL * 1024 * 1024;
  std::uint32_t segments_max = 256;                   // per worker
  std::uint32_t segments_spare = 4;                   // written-over segments kept for reuse
  std::uint64_t disk_reserve = 256ULL * 1024 * 1024;  // octets to leave free on the file system
  std::uint32_t messages_max = 1'000'000;             // per worker
  bool io_uring = true;

  bool operator==(const Queue&) const = default;
};

// The levels of one resource begin at `medium` and `high` and end where less than …_ends is not
// exceeded any more.
struct PressureEdges {
  std::uint32_t medium = 0;
  std::uint32_t high = 0;
  std::uint32_t high_ends = 0;
  std::uint32_t medium_ends = 0;
};

struct BackPressure {                  // [back_pressure]; the numbers of Exchange's Edge role
  std::uint32_t queue_medium = 9'999;  // messages that wait for a scan, per worker
  std::uint32_t queue_high = 15'000;
  std::uint32_t queue_high_ends = 10'000;
  std::uint32_t queue_medium_ends = 2'000;
  std::uint32_t disk_medium = 96;  // per cent
  std::uint32_t disk_high = 99;
  std::uint32_t disk_high_ends = 97;
  std::uint32_t disk_medium_ends = 94;
  std::uint32_t memory_medium = 73;  // per cent of the message blocks
  std::uint32_t memory_high = 75;
  std::uint32_t memory_high_ends = 73;
  std::uint32_t memory_medium_ends = 71;

  PressureEdges queue() const noexcept {
    return {queue_medium, queue_high, queue_high_ends, queue_medium_ends};
  }
  PressureEdges disk() const noexcept {
    return {disk_medium, disk_high, disk_high_ends, disk_medium_ends};
  }
  PressureEdges memory() const noexcept {
    return {memory_medium, memory_high, memory_high_ends, memory_medium_ends};
  }
  bool operator==(const BackPressure&) const = default;
};

// What becomes of a message of which a limit left a part unscanned.
enum class OverLimit : std::uint8_t { mark, quarantine, defer };

struct Scan {                      // [scan]
  std::vector<std::string> rules;  // files and folders of *.cf; relative to the config file
  bool stock_rules = false;        // those of Debian's spamassassin package before them
  bool own_rules = false;          // and ours, for what those lack
  std::string cache;               // of compiled rules; within queue.directory unless given
  std::uint32_t compile_threads = 2;
  // What becomes of a message with an SCL at or above (engine/policy/disposition.h); 10 = never.
  std::int32_t discard = 10;  // "delete"
  std::int32_t reject = 7;
  std::int32_t quarantine = 10;
  std::int32_t tag = 5;
  bool antispam_report = false;  // a header field in Exchange's words
  std::string allow_phrases;     // files, a phrase a line; empty = none
  std::string block_phrases;
  LateReject late_reject = LateReject::hold;  // what is to be rejected, found after acceptance
  Duration time_max = seconds(1);             // of a worker, for one message
  OverLimit over_limit = OverLimit::mark;
  // scl_score[n] is the lowest score of SCL n (n = 1..9); below scl_score[1] is SCL 0.
  std::vector<double> scl_score{1.0, 2.0, 3.0, 4.0, 5.0, 6.5, 8.0, 10.0, 15.0};
  std::uint32_t mime_depth_max = 20;
  std::uint32_t mime_parts_max = 1'000;
  std::uint32_t header_bytes_max = 256U * 1024;
  std::uint32_t header_fields_max = 1'000;
  std::uint64_t rawbody_part_bytes_max = 512U * 1024;
  std::uint64_t body_part_bytes_max = 64U * 1024;
  std::uint32_t uris_max = 1'000;
  std::uint64_t text_bytes_max = 8ULL * 1024 * 1024;
  std::uint32_t known_texts_max = 16'384;  // of each worker
};

struct Bayes {                       // [bayes]: the classifier
  bool enabled = false;              // ask it, once enough was learned
  std::string directory;             // of its databases; "bayes" in queue.directory unless given
  std::vector<std::string> domains;  // recipient domains with a database of their own
  std::uint64_t database_bytes_max = 1024ULL * 1024 * 1024;  // of each
  std::uint32_t tokens_max = 8'192;                          // of a message
  Duration refresh = minutes(1);  // how often is looked whether something was learned
  bool auto_learn = false;        // learn clear cases unasked
  double auto_learn_spam = 12.0;  // points of what is clearly spam …
  double auto_learn_ham = 0.1;    // … and of what is not
  std::uint64_t auto_learn_bytes = 4ULL * 1024 * 1024;  // waiting to be learned, of each worker
};

struct Spamd {        // [spamd]: SpamAssassin's protocol
  std::string bind;   // "127.0.0.1:783"; empty = not served
  bool tell = false;  // clients may teach the classifier
  std::uint64_t message_size_max = 10ULL * 1024 * 1024;
  std::uint32_t connections_max = 64;  // at once; others wait
  Duration timeout = minutes(1);       // of a connection

  bool operator==(const Spamd&) const = default;
};

enum class AttachmentAction : std::uint8_t { score, tag, reject, strip };

struct AttachmentRule {                 // [[attachment_rule]]: every rule that fits hits
  std::string name;                     // in the report, among the other rules
  std::vector<std::string> file_names;  // patterns; any; empty = every name
  std::vector<std::string> declared;    // patterns of the declared media type
  std::vector<std::string> types;       // by content, or groups of them
  std::vector<std::string> sha256;      // of the decoded octets
  std::uint64_t size_min = 0;
  std::uint64_t size_max = 1ULL << 40;
  AttachmentAction action = AttachmentAction::score;
  double score = 5;
  int line = 0;
};

enum class VirusEngine : std::uint8_t { none, clamd, icap };
enum class IcapMethod : std::uint8_t { respmod, reqmod };
enum class OnVirus : std::uint8_t { reject, tag };
enum class Unscanned : std::uint8_t { mark, defer, reject };

struct Antivirus {  // [antivirus]
  VirusEngine engine = VirusEngine::none;
  std::string server = "/run/clamav/clamd.ctl";
  std::string icap_service = "avscan";
  IcapMethod icap_method = IcapMethod::respmod;
  Duration connect_timeout = seconds(5);
  Duration timeout = minutes(1);
  OnVirus on_virus = OnVirus::reject;
  Unscanned on_failure = Unscanned::defer;
  Unscanned on_too_large = Unscanned::mark;
  std::uint64_t message_bytes_max = 25ULL * 1024 * 1024;
  std::uint32_t cache_entries = 10'000;

  bool operator==(const Antivirus&) const = default;
};

struct Examination {  // [examination]
  std::uint32_t threads = 4;
  std::uint32_t blocks_max = 2'048;  // per worker
  bool unpack = true;
  std::uint32_t depth_max = 12;
  std::uint32_t files_max = 5'000;
  std::uint64_t expanded_max = 256ULL * 1024 * 1024;
  std::uint32_t ratio_max = 250;
  Duration time_max = seconds(20);

  bool operator==(const Examination&) const = default;
};

struct Log {                                  // [log]
  std::string directory = "/var/log/sluice";  // mail_logs is written here
  std::uint64_t rotate_bytes = 100ULL * 1024 * 1024;
  std::uint32_t keep = 10;
  std::uint32_t ring_bytes = 4U * 1024 * 1024;  // per worker, power of two

  bool operator==(const Log&) const = default;
};

struct Admin {                                    // [admin]
  std::string socket = "/run/sluice/admin.sock";  // unix socket of the commands
};

struct Alerts {                         // [alerts]
  std::vector<std::string> recipients;  // mailboxes; empty = alerts go to the log only
  bool tls_failures = true;             // deliveries that failed for want of TLS
  Duration window = minutes(15);        // of each destination; one alert at its end
  std::uint32_t destinations_max = 1'000;
};

struct Config {
  std::string path;  // of the file, for messages
  std::string hostname;
  std::vector<std::string> accepted_domains;  // [domains] accepted; ".example.com" takes subdomains
  Cores cores;
  Memory memory;
  Tcp tcp;
  Block block;
  std::vector<Port> ports;
  TlsSettings tls;
  std::vector<Certificate> certificates;
  std::vector<Listener> listeners;
  Dns dns;
  std::vector<Route> routes;
  std::vector<Destination> destinations;
  MtaSts mta_sts;
  TlsReports tlsrpt;
  BounceVerification bounce_verification;
  Delivery delivery;
  std::vector<ReplyRule> reply_rules;
  Queue queue;
  BackPressure back_pressure;
  Scan scan;
  Bayes bayes;
  Spamd spamd;
  std::vector<AttachmentRule> attachment_rules;
  Examination examination;
  Antivirus antivirus;
  Log log;
  Alerts alerts;
  Admin admin;
};

}  // namespace sluice::config
