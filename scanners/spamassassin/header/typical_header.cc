#include "scanners/spamassassin/header/typical_header.h"

#include <array>
#include <utility>

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kBytesMax = 64 * 1024;

constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kFields{{
    {"Return-Path", " <jane.roe-bounces@mail.example.com>"},
    {"Delivered-To", " john.doe@example.org"},
    {"Received",
     " from mail.example.com (mail.example.com [8.8.8.8])\n\tby mx.example.org (Postfix) with "
     "ESMTPS id 4T3a2b1c0dz9s\n\tfor <john.doe@example.org>; Mon,  1 Jan 2024 10:00:02 +0000 "
     "(UTC)"},
    {"Received",
     " from [192.168.0.10] (host.example.com [9.9.9.9]) by 10.0.0.1 with ESMTP id "
     "p1so123456wrx.7.2024.01.01; Mon, 01 Jan 2024 02:00:01 -0800 (PST)"},
    {"DKIM-Signature",
     " v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=mail; t=1704103200;\n "
     "h=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\n b=abc"},
    {"Date", " Mon, 1 Jan 2024 10:00:00 +0000"},
    {"From", " \"Jane Roe\" <jane.roe@mail.example.com>"},
    {"Reply-To", " Jane Roe <jane.roe@example.com>"},
    {"To", " \"John Doe\" <john.doe@example.org>, jim@example.net"},
    {"Cc", " The List <list@lists.example.org>"},
    {"Message-ID", " <20240101100000.1a2b3c4d@mail.example.com>"},
    {"In-Reply-To", " <CAB1234567890+abc=DEF@mail.example.com>"},
    {"References", " <CAB1234567890+abc=DEF@mail.example.com>"},
    {"Subject", " Re: [list] the subject of a message in which you and your friend are, on 10.1."},
    {"MIME-Version", " 1.0"},
    {"Content-Type", " text/plain; charset=\"utf-8\"; format=flowed"},
    {"Content-Type", " multipart/alternative;\n boundary=\"----=_Part_1234_5678.9012\""},
    {"Content-Transfer-Encoding", " quoted-printable"},
    {"X-Mailer", " Microsoft Outlook Express 6.00.2900.2180"},
    {"User-Agent", " Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Thunderbird/102.0"},
    {"X-Priority", " 3 (Normal)"},
    {"List-Id", " The List <list.lists.example.org>"},
    {"List-Unsubscribe", " <https://lists.example.org/u>, <mailto:list-request@example.org>"},
    {"Precedence", " list"},
}};

}  // namespace

TypicalHeader::TypicalHeader() : headers_(kBytesMax) {
  for (const auto& [name, raw] : kFields) {
    mime::HeaderField field;
    field.name = name;
    field.raw = raw;
    field.value = raw.substr(1);
    headers_.add(field);
  }
  relays_.read(headers_);
}

std::string TypicalHeader::value_of(const HeaderTarget& target) {
  std::string value;
  const HeaderStore::Made made = [this](std::string_view name, std::string& out) {
    return relays_.value_of(name, out);
  };
  headers_.value_of(target, made, workspace_, value);
  return value;
}

}  // namespace sluice::scan::sa
