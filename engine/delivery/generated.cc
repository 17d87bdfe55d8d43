#include "engine/delivery/generated.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engine/policy/mail_date.h"

namespace sluice::delivery {
namespace {

std::string header_of(const GeneratedMail& mail, std::string_view hostname, Mid mid,
                      WallTime wall) {
  char date[policy::kMailDateBytes];
  policy::write_mail_date(wall, date);
  const bool whole = mail.from.find('@') != std::string::npos;
  return fmt::format(
      "Date: {}\r\nFrom: <{}{}{}>\r\nTo: <{}>\r\nSubject: {}\r\n"
      "Message-ID: <{}.{}.notice@{}>\r\nAuto-Submitted: auto-generated\r\n"  // RFC 3834
      "{}MIME-Version: 1.0\r\nContent-Type: {}\r\n\r\n",
      std::string_view(date, sizeof date), mail.from, whole ? "" : "@", whole ? "" : hostname,
      fmt::join(mail.recipients, ">,\r\n <"), mail.subject, mid, wall.unix_seconds(), hostname,
      mail.header, mail.content_type);
}

}  // namespace

bool append_text(queueing::Shard& shard, BlockPool& blocks, Handle arrival, std::string_view text) {
  while (!text.empty()) {
    BlockRef block = blocks.acquire();
    if (!block) return false;
    const std::size_t length = std::min(text.size(), kBlockBytes);
    std::memcpy(block.data(), text.data(), length);
    if (!shard.append(arrival, {block, 0, static_cast<std::uint32_t>(length)})) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool store_generated(const GeneratedMail& mail, std::string_view hostname,
                     const GeneratedInto& into, WallTime wall) {
  const Mid mid = into.mids.take();
  const auto arrival = into.shard.begin(mid);
  if (!arrival) return false;
  mail::Envelope envelope;
  envelope.set_sender("", {.tls_optional = mail.tls_optional});
  for (const std::string& recipient : mail.recipients)
    envelope.add_recipient({.address = recipient});
  const bool stored =
      append_text(into.shard, into.blocks, *arrival,
                  header_of(mail, hostname, mid, wall) + mail.text) &&
      into.shard.commit(*arrival, {.envelope = &envelope, .received = wall}, kGeneratedToken);
  if (!stored) {
    into.shard.abandon(*arrival);
    return false;
  }
  into.events.emit({.kind = mail::EventKind::tx_begin, .mid = mid});
  into.events.emit({.kind = mail::EventKind::tx_from, .mid = mid});
  for (std::uint32_t rid = 0; rid < mail.recipients.size(); ++rid)
    into.events.emit(
        {.kind = mail::EventKind::tx_rcpt, .mid = mid, .rid = rid, .text = {mail.recipients[rid]}});
  into.events.emit({.kind = mail::EventKind::tx_subject, .mid = mid, .text = {mail.subject}});
  return true;
}

}  // namespace sluice::delivery
