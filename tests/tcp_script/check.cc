#include "tests/tcp_script/check.h"

#include <stdexcept>

#include "tests/tcp_script/constants.h"
#include "tests/tcp_script/cursor.h"

namespace sluice::script {
namespace {

struct Field {
  std::string_view name;
  std::int64_t (*get)(const tcp_info&);
};

#define SCRIPT_FIELD(name) \
  {#name, [](const tcp_info& info) -> std::int64_t { return static_cast<std::int64_t>(info.name); }}
constexpr Field kFields[] = {
    SCRIPT_FIELD(tcpi_state),
    SCRIPT_FIELD(tcpi_ca_state),
    SCRIPT_FIELD(tcpi_retransmits),
    SCRIPT_FIELD(tcpi_probes),
    SCRIPT_FIELD(tcpi_backoff),
    SCRIPT_FIELD(tcpi_options),
    SCRIPT_FIELD(tcpi_rto),
    SCRIPT_FIELD(tcpi_ato),
    SCRIPT_FIELD(tcpi_snd_mss),
    SCRIPT_FIELD(tcpi_rcv_mss),
    SCRIPT_FIELD(tcpi_unacked),
    SCRIPT_FIELD(tcpi_sacked),
    SCRIPT_FIELD(tcpi_lost),
    SCRIPT_FIELD(tcpi_retrans),
    SCRIPT_FIELD(tcpi_last_data_sent),
    SCRIPT_FIELD(tcpi_last_data_recv),
    SCRIPT_FIELD(tcpi_last_ack_recv),
    SCRIPT_FIELD(tcpi_pmtu),
    SCRIPT_FIELD(tcpi_rcv_ssthresh),
    SCRIPT_FIELD(tcpi_rtt),
    SCRIPT_FIELD(tcpi_rttvar),
    SCRIPT_FIELD(tcpi_snd_ssthresh),
    SCRIPT_FIELD(tcpi_snd_cwnd),
    SCRIPT_FIELD(tcpi_advmss),
    SCRIPT_FIELD(tcpi_reordering),
    SCRIPT_FIELD(tcpi_total_retrans),
    SCRIPT_FIELD(tcpi_delivered),
    SCRIPT_FIELD(tcpi_busy_time),
    SCRIPT_FIELD(tcpi_rwnd_limited),
    SCRIPT_FIELD(tcpi_sndbuf_limited),
    SCRIPT_FIELD(tcpi_min_rtt),
    SCRIPT_FIELD(tcpi_notsent_bytes),
};
#undef SCRIPT_FIELD

class Evaluator {
 public:
  Evaluator(Cursor& in, const tcp_info& info) : in_(in), info_(info) {}

  // value [comparison value [comparison value]]
  bool comparison() {
    std::int64_t left = sum();
    bool holds = left != 0;
    bool compared = false;
    for (std::string sign = take_sign(); !sign.empty(); sign = take_sign()) {
      const std::int64_t right = sum();
      const bool now = compare(left, sign, right);
      holds = compared ? holds && now : now;
      compared = true;
      left = right;
    }
    return holds;
  }

 private:
  std::string take_sign() {
    for (const char* sign : {"==", "!=", "<=", ">=", "<", ">"})
      if (in_.accept(sign)) return sign;
    return "";
  }

  static bool compare(std::int64_t left, const std::string& sign, std::int64_t right) {
    if (sign == "==") return left == right;
    if (sign == "!=") return left != right;
    if (sign == "<=") return left <= right;
    if (sign == ">=") return left >= right;
    return sign == "<" ? left < right : left > right;
  }

  std::int64_t sum() {
    std::int64_t value = atom();
    while (true) {
      if (in_.accept("&")) {
        value &= atom();
      } else if (in_.accept("|")) {
        value |= atom();
      } else if (in_.accept("+")) {
        value += atom();
      } else if (in_.accept("*")) {
        value *= atom();
      } else {
        return value;
      }
    }
  }

  std::int64_t atom() {
    if (in_.accept("(")) {
      const std::int64_t value = sum();
      in_.expect(")");
      return value;
    }
    if (in_.digit_follows()) return static_cast<std::int64_t>(in_.number());
    const std::string name = in_.word();
    for (const Field& field : kFields)
      if (field.name == name) return field.get(info_);
    if (const auto value = constant(name)) return *value;
    throw std::runtime_error("assertions on \"" + name + "\" are not supported");
  }

  Cursor& in_;
  const tcp_info& info_;
};

std::string values_in(const std::string& assertion, const tcp_info& info) {
  std::string values;
  for (const Field& field : kFields)
    if (assertion.find(field.name) != std::string::npos)
      values += " " + std::string(field.name) + "=" + std::to_string(field.get(info));
  return values;
}

}  // namespace

std::string check_info(const std::string& text, const tcp_info& info) {
  Cursor in(text);
  while (!in.at_end()) {
    if (in.accept(";") || in.accept("\\")) continue;
    if (in.accept("print")) {
      in.until(")");
      continue;
    }
    if (!in.accept("assert")) {  // NAME = value: only the names of constants.cc are used
      in.word();
      in.expect("=");
      in.number();
      continue;
    }
    const std::size_t start = in.position();
    const bool holds = Evaluator(in, info).comparison();
    const std::string assertion(in.between(start, in.position()));
    // What Python would print when it fails; it ends with the line or at a semicolon.
    while (in.next_char() != '\0' && in.next_char() != '\n' && in.next_char() != ';')
      in.take_char();
    if (!holds) return "assertion" + assertion + " fails:" + values_in(assertion, info);
  }
  return "";
}

}  // namespace sluice::script
