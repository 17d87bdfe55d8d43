// Functions about the images that a message carries.
#include <array>

#include "scanners/spamassassin/eval.h"

namespace sluice::scan::sa {
namespace {

// Of one kind, or 'all'.
double figure(const std::array<std::uint64_t, kImageKinds>& figures, std::string_view kind) {
  constexpr std::array<std::string_view, kImageKinds> kNames{"gif", "png", "jpeg"};
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kImageKinds; ++i)
    if (kind == "all" || kind == kNames[i]) sum += figures[i];
  return static_cast<double>(sum);
}

// At least argument 1 and, when it is given, at most argument 2.
bool within(double value, const Arguments& arguments) {
  return value >= arguments.number(1) && (arguments.size() < 3 || value <= arguments.number(2));
}

int image_count(const MessageEvidence& message, const Arguments& arguments) {
  return within(figure(message.gathered.images().facts().count, arguments[0]), arguments);
}

int pixel_coverage(const MessageEvidence& message, const Arguments& arguments) {
  return within(figure(message.gathered.images().facts().pixels, arguments[0]), arguments);
}

// Octets of text for each pixel.
int image_to_text_ratio(const MessageEvidence& message, const Arguments& arguments) {
  const TextFacts& text = message.gathered.text().facts();
  const double pixels = figure(message.gathered.images().facts().pixels, arguments[0]);
  const auto octets = static_cast<double>(arguments.place == Kind::rawbody ? text.rawbody_octets
                                                                           : text.body_octets);
  const double ratio = pixels > 0 ? octets / pixels : -1;
  return octets > 0 && ratio >= arguments.number(1) && ratio < arguments.number(2);
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"image_count", image_count},
    {"image_to_text_ratio", image_to_text_ratio},
    {"pixel_coverage", pixel_coverage},
});

}  // namespace

std::span<const NamedEval> image_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
