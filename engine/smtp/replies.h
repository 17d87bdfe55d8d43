// What the server says on its own account. Every reply but 220, 354 and the greetings of HELO and
// EHLO carries an enhanced status code (RFC 2034, RFC 3463).
#pragma once

#include "engine/smtp/reply.h"

namespace sluice::smtp::reply {

inline constexpr Reply kSenderOk{250, "2.1.0", "Sender OK"};
inline constexpr Reply kRecipientOk{250, "2.1.5", "Recipient OK"};
inline constexpr Reply kResetting{250, "2.0.0", "Resetting"};
inline constexpr Reply kOk{250, "2.0.0", "OK"};
inline constexpr Reply kHelp{214, "2.0.0",
                             "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP HELP QUIT VRFY"};
inline constexpr Reply kClosing{221, "2.0.0", "Service closing transmission channel"};
inline constexpr Reply kCannotVerify{252, "2.5.1",
                                     "Cannot verify, but will take mail and try to deliver it"};
inline constexpr Reply kStartInput{354, "", "Start mail input; end with <CRLF>.<CRLF>"};

inline constexpr Reply kStartTls{220, "", "Go ahead with TLS"};

inline constexpr Reply kDraining{421, "4.3.2", "Service shutting down, try again later"};
inline constexpr Reply kTimeout{421, "4.4.2", "Timed out, closing transmission channel"};
inline constexpr Reply kTooManyErrors{421, "4.7.0", "Too many errors"};
inline constexpr Reply kTooManyMessages{421, "4.7.0", "Too many messages in this session"};
inline constexpr Reply kTooManyRecipients{452, "4.5.3", "Too many recipients"};

inline constexpr Reply kLineTooLong{500, "5.5.2", "Line too long"};
inline constexpr Reply kBareNewlineInCommand{500, "5.5.2", "Command lines end with CRLF"};
inline constexpr Reply kNotImplemented{502, "5.5.1", "Command not implemented"};
inline constexpr Reply kNoHello{503, "5.5.1", "Send EHLO or HELO first"};
inline constexpr Reply kNestedMail{503, "5.5.1", "Sender already given"};
inline constexpr Reply kNoSender{503, "5.5.1", "Send MAIL first"};
inline constexpr Reply kNoRecipients{503, "5.5.1", "No valid recipients"};
inline constexpr Reply kChunksBegun{503, "5.5.1", "Message under way by BDAT"};

inline constexpr Reply kTlsActive{503, "5.5.1", "TLS is on already"};
inline constexpr Reply kMustStartTls{530, "5.7.0", "Must issue a STARTTLS command first"};

// RFC 8689 3: only a session that is protected itself may ask for protection.
inline constexpr Reply kRequireTlsInTheClear{550, "5.7.10", "REQUIRETLS needs a session over TLS"};

inline constexpr Reply kBareNewlineInMessage{550, "5.5.2",
                                             "Message contains a bare CR or a bare LF"};
inline constexpr Reply kNulInMessage{550, "5.6.0", "Message contains a NUL octet"};
inline constexpr Reply kMessageTooLarge{552, "5.3.4", "Message size exceeds the limit"};
inline constexpr Reply kNeedsSmtpUtf8{553, "5.6.7", "Address needs SMTPUTF8"};
inline constexpr Reply kEarlyTalker{554, "5.5.1", "Protocol error: input before the greeting"};

}  // namespace sluice::smtp::reply
