#include "scanners/spamassassin/pattern/ordinary_mail.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "scanners/spamassassin/pattern/factor.h"

namespace sluice::scan::sa {
namespace {

constexpr std::array<std::string_view, 38> kParagraphs{
    "Re: Minutes of the meeting on Thursday",
    "Hi Anna,",
    "thank you for the notes you sent to all of us. I have read them on the train and I think "
    "that we should go on with the first of the two plans, but I would like to hear what the "
    "others have to say before we tell the customer.",
    "Could you please send me the final version until Monday? If you need any help with it, "
    "call me at the office; I am there until six.",
    "On Tue, Mar 4, 2014 at 10:32 AM, John Miller <john.miller@example.com> wrote:",
    "> I will be there, but about half an hour late: my train does not arrive before ten. > "
    "Please start without me.",
    "Best regards, Peter",
    "Peter Johnson Project Manager Phone: +44 20 7946 0123 www.example.org",
    "We have received your order and will ship it within the next 3 days. You can pay by card "
    "or when you receive the goods. The total is $49.95 including delivery; please keep this "
    "e-mail for your records.",
    "If you did not ask for this, you can ignore this message and nothing will happen. Please "
    "do not reply to this mail, as it is not read by anybody.",
    "This week in our newsletter",
    "The best offers for your holiday: 20% off all hotels in Italy and Spain, and a free guide "
    "to the islands of the north. All prices are per person and night from 59 euro.",
    "The offer ends on June 30, so do not wait: there are only a few rooms left for the first "
    "two weeks of the summer, and people like you have already booked most of them.",
    "Read more",
    "View this message in your browser",
    "You receive this e-mail because you have subscribed to our list. To unsubscribe, click "
    "here.",
    "Terms of use | Privacy policy | Contact us",
    "Copyright 2013 The Example Company, 12 Station Road, Springfield, OH 45501. All rights "
    "reserved.",
    "I tried to build the new version on my machine and it fails with the same error as before:"
    " the function returns a null pointer when the file is not there, see the code at line 214 "
    "of main.c. The patch that is attached works for me with gcc 4.8 and 5.2 on a 64-bit "
    "system, but I have not tested it elsewhere.",
    "What do you think about it? Should I open a bug report, or is somebody working on this "
    "already?",
    "Yes, this is known. It will be part of the next release.",
    "_______________________________________________ Users mailing list users@lists.example.org"
    " https://lists.example.org/users",
    "Dear Madam,",
    "with reference to our call of this morning I am pleased to send you the contract. Please "
    "read it with care, sign both copies and return one of them within ten working days. Your "
    "first day with us will be Monday the 3rd of September; you will get the keys at the "
    "reception.",
    "From 1 January on, the fee for a transfer abroad is 0.15 percent of the sum, at least 3 "
    "and at most 25 dollars. Nothing else changes for you. For more information, log in to our "
    "secure site or ask your adviser.",
    "Who was the best player of the last season? It is not the one who was on the front page of"
    " every newspaper. In 2011 he played 1,204 minutes, made 31 points against the leaders and "
    "never missed a game. Read the full story, with photos from the final, on our web site "
    "today.",
    "We have detected a new sign-in from a device that you have not used before (Windows, "
    "Chrome, near Berlin, 18:45 UTC). If this was you, there is nothing to do. If not, please "
    "change your password at once.",
    "Mum and dad are coming on Saturday around 4 pm and would love to see the children. Can you"
    " pick up some bread, milk, cheese and two bottles of wine on your way? I will be late "
    "because of the doctor.",
    "By the way, the school wrote again about the trip: they want 35 for each child until the "
    "end of the month.",
    "Love you! See you tonight, Kate",
    "- Garden chair, green, quantity 2, price $39.00",
    "- Table cover 140 x 220 cm, quantity 1, price $14.50",
    "Shipping: $6.90",
    "Total: $103.52",
    "Order date: 04/12/2012",
    "This message is confidential and meant for the person to whom it is sent only. If you have"
    " received it in error, please tell the sender and delete it.",
    "2 new comments on your photo",
    "The weather will be fine, so bring the bikes. We could have lunch at the lake, as last "
    "year, and be back before it gets dark."};

constexpr std::array<std::string_view, 4> kSources{
    R"(<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>Your weekly letter</title>
<style type="text/css">
body { margin: 0; padding: 0; background-color: #f4f4f4; }
p, td { font-family: Arial, Helvetica, sans-serif; font-size: 14px; line-height: 1.5; color:
#333333; }
a:link, a:visited { color: #0066cc; text-decoration: none; }
@media only screen and (max-width: 600px) { .wide { width: 100% !important; display: block; } }
</style>
</head>
<body bgcolor="#FFFFFF" style="margin:0;padding:0;">
<!-- preheader -->
<table width="600" border="0" cellspacing="0" cellpadding="0" align="center">
<tr><td align="left" valign="top" style="padding: 10px 20px 0px 20px; font-size:12px;"><a
href="https://www.example.com/view?id=10233&amp;u=7f3a" target="_blank"><font face="Verdana"
size="1" color="#999999">View this e-mail in your browser</font></a></td></tr>
<tr><td><img src="http://images.example.com/news/head_01.gif" width="600" height="80" alt="The
letter" border="0" style="display:block"></td></tr>
)",
    R"(<tr>
<td style="border:1px solid #dddddd;background-color:#ffffff;padding-top:15px;text-align:left">
<h2 style="margin:0 0 10px 0;color:#000000;font-weight:bold;">Dear customer,</h2>
<p class="MsoNormal" style="margin-bottom:0in"><span
style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif">thank you for your order.
We will send it to your address within 3&nbsp;days.<o:p></o:p></span></p>
<ul><li><b>Item 1:</b> Garden chair, green &ndash; <i>2 x $39.00</i></li><li>Shipping: <a
href="http://www.example.com/track.php?order=3391">track it here</a></li></ul>
<p>If you have any questions, <a href="mailto:service@example.com?subject=Order">write to
us</a> or call +1 555 0100.<br><br>Your team</p>
<div id="footer" class="gray"><font color="#808080" size="-2">You receive this mail because you
have subscribed to our list.<br />
<a href="http://www.example.com/unsubscribe?e=a%40example.org">Unsubscribe</a> | <a
href='http://www.example.com/privacy'>Privacy</a></font></div>
</td></tr></table>
<img src="https://track.example.com/open/9f8e7d6c.gif" width="1" height="1" border="0" alt="">
</body></html>
)",
    R"(On 03/04/2014 10:32 AM, John Miller wrote:
> I tried to build the new version on my machine and it fails with
> the same error as before, see the output below. Could you please
> have a look at it?
>
> main.c:214: error: expected ';' before 'return'
> make[1]: *** [main.o] Error 1

Yes, this is known. The patch that I sent to the list last week (see
https://lists.example.org/archive/2014/03/msg00123.html) corrects it:

--- a/src/main.c
+++ b/src/main.c
@@ -211,7 +211,7 @@ int main(int argc, char *argv[])
        if (file == NULL) {
-               printf("no file\n")
+               fprintf(stderr, "%s: no file\n", argv[0]);
                return 1;
        }

It will be part of the next version.

Regards,
Anna
--
Anna Schmidt, Example GmbH, Tel: +49 30 123456
_______________________________________________
Users mailing list
users@lists.example.org
)",
    R"(Dear Sir or Madam,

with reference to our phone call of this morning I am pleased to
send you the contract. Please sign both copies and return one of
them by post.

 * Date:    Monday, 3 September, 9:00 am
 * Place:   12 Station Road, second floor
 * Contact: Mrs. Brown, phone (020) 7946 0123

Your name and your address are known to us already; if your bank
account has changed, please let me know.

Best regards,
Peter Johnson

This e-mail is confidential. If you have received it in error,
please delete it.
)"};

constexpr std::array<OrdinaryField, 24> kHeader{{
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

constexpr std::array<std::string_view, 7> kLinks{
    "http://www.example.com",
    "https://www.example.com/view?id=10233&u=7f3a&utm_source=newsletter&utm_medium=email",
    "http://lists.example.org/archive/2014/03/msg00123.html",
    "mailto:service@example.com?subject=Order",
    "https://track.example.com/open/9f8e7d6c5b4a39281706/"
    "click.php?u=aHR0cHM6Ly93d3cuZXhhbXBsZS5jb20",
    "http://images.example.com/news/head_01.gif",
    "https://github.com/example/project/issues/214"};

// Each field, and all of them as one text.
const std::vector<std::string>& header_texts() {
  static const std::vector<std::string> kTexts = [] {
    std::vector<std::string> texts(1);
    for (const auto& [name, raw] : kHeader) {
      texts.front().append(name).append(":").append(raw).append("\n");
      texts.push_back(std::string(raw.substr(1)) + "\n");
    }
    return texts;
  }();
  return kTexts;
}

// What does not come up is rare; texts end there as well.
std::array<double, 256> shares_of(std::span<const std::string_view> texts) {
  constexpr double kLeast = 3e-4;
  std::array<double, 256> counts{};
  double all = 0;
  for (const std::string_view text : texts) {
    for (const char octet : text) ++counts[static_cast<unsigned char>(octet)];
    ++counts[kTextEnd];
    all += static_cast<double>(text.size() + 1);
  }
  for (double& count : counts) count = std::max(count / all, kLeast);
  return counts;
}

}  // namespace

std::span<const OrdinaryField> ordinary_header() noexcept { return kHeader; }

std::span<const std::string_view> ordinary_texts(Kind kind) {
  switch (kind) {
    case Kind::header:
    case Kind::mimeheader: {
      static const std::vector<std::string_view> kTexts(header_texts().begin(),
                                                        header_texts().end());
      return kTexts;
    }
    case Kind::uri: return kLinks;
    case Kind::rawbody:
    case Kind::full: return kSources;
    case Kind::body:
    case Kind::meta:
    case Kind::eval: break;
  }
  return kParagraphs;
}

const std::array<double, 256>& octet_shares(Kind kind) {
  static const std::array kShares{
      shares_of(ordinary_texts(Kind::body)), shares_of(ordinary_texts(Kind::rawbody)),
      shares_of(ordinary_texts(Kind::header)), shares_of(ordinary_texts(Kind::uri))};
  switch (kind) {
    case Kind::rawbody:
    case Kind::full: return kShares[1];
    case Kind::header:
    case Kind::mimeheader: return kShares[2];
    case Kind::uri: return kShares[3];
    case Kind::body:
    case Kind::meta:
    case Kind::eval: break;
  }
  return kShares[0];
}

}  // namespace sluice::scan::sa
