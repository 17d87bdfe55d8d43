// What a next hop's reply says, for the log and for delivery status notifications.
#pragma once

#include <string>
#include <string_view>

#include "engine/smtp/client_session.h"

namespace sluice::delivery {

// The enhanced status code (RFC 3463) of a result: the text's own where it has one, with the
// class of the outcome; else "4.4.2" when no reply came, "5.0.0" or "4.0.0".
std::string enhanced_status(const smtp::RecipientResult& result);

// Of "550 5.1.1 User unknown"; 0 when the text is no reply.
std::uint16_t reply_code(std::string_view reply) noexcept;

// Has the peer refused this recipient only because the transaction has enough of them?
bool takes_no_more(const smtp::RecipientResult& result);

// What the subject of an enhanced status code means, in a few words.
std::string_view status_meaning(std::string_view enhanced) noexcept;

}  // namespace sluice::delivery
