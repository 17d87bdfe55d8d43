#include "engine/control/tls_report.h"

#include <fmt/format.h>
#include <zlib.h>

#include "engine/base/bytes.h"
#include "engine/base/contract.h"
#include "engine/control/tls_report_json.h"

namespace sluice::control {
namespace {

constexpr std::size_t kOctetsPerLine = 57;  // 76 characters, RFC 2045 6.8

std::string report_id(const ReportFrame& frame, std::string_view domain) {
  return fmt::format("{}-{}.{}@{}", frame.begins.unix_seconds(), frame.ends.unix_seconds(), domain,
                     frame.hostname);
}

// The reporting domain: that of the contact.
std::string_view submitter(const ReportFrame& frame) {
  return std::string_view(frame.contact).substr(frame.contact.rfind('@') + 1);
}

std::string base64_lines(std::string_view octets) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::string_view group = octets.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= group.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
    if (i % kOctetsPerLine == kOctetsPerLine - 3) out += "\r\n";
  }
  return out.ends_with('\n') ? out : out + "\r\n";
}

}  // namespace

std::string tls_report_text(const ReportFrame& frame, const std::string& domain,
                            const delivery::TlsDomainTally& tally) {
  const nlohmann::json report = {
      {"organization-name", frame.organization},
      {"date-range",
       {{"start-datetime", rfc3339(frame.begins)}, {"end-datetime", rfc3339(frame.ends)}}},
      {"contact-info", frame.contact},
      {"report-id", report_id(frame, domain)},
      {"policies", policies_json(domain, tally)}};
  return report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string gzip(std::string_view text) {
  constexpr int kGzipWindow = 15 + 16;
  z_stream stream{};
  const int ready =
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  SLUICE_ASSERT(ready == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = const_cast<Bytef*>(as_bytes(text).data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  SLUICE_ASSERT(done == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// RFC 8460 5.3. What is reported on may be what keeps the report from its way: it goes without TLS
// if it must (RFC 8460 5.5, RFC 8689 5).
delivery::GeneratedMail tls_report_mail(const ReportFrame& frame, const std::string& domain,
                                        std::string_view compressed) {
  const std::string id = report_id(frame, domain);
  const std::string_view from = submitter(frame);
  const std::string boundary = "tlsrpt-" + std::to_string(frame.ends.unix_seconds());
  delivery::GeneratedMail mail;
  mail.from = frame.contact;
  mail.subject = fmt::format("Report Domain: {} Submitter: {} Report-ID: <{}>", domain, from, id);
  mail.header = fmt::format(
      "TLS-Report-Domain: {}\r\nTLS-Report-Submitter: {}\r\nTLS-Required: No\r\n", domain, from);
  mail.content_type =
      fmt::format("multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"{}\"", boundary);
  mail.tls_optional = true;
  const std::string name = fmt::format("{}!{}!{}!{}.json.gz", from, domain,
                                       frame.begins.unix_seconds(), frame.ends.unix_seconds());
  mail.text = fmt::format(
      "--{0}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
      "This is an aggregate TLS report from {1} for {2},\r\nof {3} to {4}.\r\n"
      "--{0}\r\nContent-Type: {5}\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment;\r\n filename=\"{6}\"\r\n\r\n{7}--{0}--\r\n",
      boundary, from, domain, rfc3339(frame.begins), rfc3339(frame.ends), kReportMediaType, name,
      base64_lines(compressed));
  return mail;
}

}  // namespace sluice::control
