// Bounce verification on the way in: tags that delivery has put on come off, and mail without a
// sender that has none is refused or marked.
#include "engine/worker/inbound.h"

namespace sluice::worker {
namespace {

using Tag = policy::BounceTags::Found::Tag;

constexpr smtp::Reply kNotOurs{550, "5.7.1", "Bounce of a message that this host has not sent"};

}  // namespace

// A tag that is no good comes off replies that people have written, late as they may be.
std::string_view Inbound::recipient_address(std::string_view address) {
  tagged_ = false;
  if (listeners_->bounce_tags == nullptr) return address;
  const auto found = listeners_->bounce_tags->find(address, core_->clock.wall());
  tagged_ = found.tag == Tag::good;
  const bool bounce = session_.envelope().reverse_path().empty();
  return tagged_ || !bounce ? found.address : address;
}

std::optional<smtp::Reply> Inbound::check_bounce(std::string_view address) {
  const config::BounceVerification& rule = listeners_->config->bounce_verification;
  if (listeners_->bounce_tags == nullptr || tagged_ ||
      !session_.envelope().reverse_path().empty() ||
      rule.untagged == config::UntaggedBounce::accept)
    return {};
  const std::string_view domain = policy::domain_of(address);
  const bool ours = policy::is_accepted(*listeners_->config, domain) &&
                    !policy::may_relay(*listener_->config, peer_.address);
  const std::string_view local = address.substr(0, address.size() - domain.size());
  const bool could_be_tagged = local.size() <= policy::kTaggedLocalMax + 1 &&
                               !local.starts_with('"') &&
                               !equals_ignoring_case(local, "postmaster@");
  if (!ours || !could_be_tagged) return {};
  if (rule.untagged == config::UntaggedBounce::reject) return kNotOurs;
  unverified_bounce_ = true;
  return {};
}

}  // namespace sluice::worker
