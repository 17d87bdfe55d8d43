// Functions about the HTML parts of a message.
#include <algorithm>
#include <array>
#include <limits>

#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/evals/comparison.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

template <typename Test>
int any_part(const MessageEvidence& message, Test&& test) {
  return std::ranges::any_of(message.gathered.html().parts(), test);
}

double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }

// A figure by its name; what there is none of is no number.
double figure(const HtmlFacts& html, std::string_view name) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (name == "length") return static_cast<double>(html.characters);
  if (name == "max_size") return html.size_max;
  if (name == "min_size") return html.size_min;
  if (name == "image_area") return static_cast<double>(html.image_area);
  if (name == "non_space_len") return static_cast<double>(html.shown_characters);
  if (html.tags == 0) return kNone;
  if (name == "closed_extra_ratio") return share(html.closed_extra, html.tags);
  if (name == "bad_tag_ratio")
    return html.elements == 0 ? kNone : share(html.tags - html.elements, html.tags);
  if (name == "non_element_ratio")
    return html.elements_seen == 0 || html.tags_seen == 0
               ? kNone
               : share(html.tags_seen - html.elements_seen, html.tags_seen);
  if (name == "obfuscation_ratio")
    return html.obfuscations == 0 ? kNone : share(html.obfuscations, html.tags);
  return kNone;
}

int html_test(const MessageEvidence& message, const Arguments& arguments) {
  const std::string_view name = arguments[0];
  return any_part(message, [&](const HtmlFacts& html) {
    if (name == "html") return true;
    if (name == "embeds") return html.embeds;
    if (name == "font_face_bad") return html.font_face_bad;
    if (name == "font_low_contrast") return html.font_low_contrast;
    if (name == "font_invalid_color") return html.font_invalid_color;
    if (name == "form_action_mailto") return html.form_action_mailto;
    return figure(html, name) > 0;
  });
}

// html_range('figure', 'above', 'up to'), 'inf' for no end
int html_range(const MessageEvidence& message, const Arguments& arguments) {
  const bool open = arguments.size() < 3 || arguments[2] == "inf";
  return any_part(message, [&](const HtmlFacts& html) {
    const double value = figure(html, arguments[0]);
    return value > arguments.number(1) && (open || value <= arguments.number(2));
  });
}

// html_eval('figure', '< 384')
int html_eval(const MessageEvidence& message, const Arguments& arguments) {
  return any_part(message, [&](const HtmlFacts& html) {
    return compares(figure(html, arguments[0]), arguments[1]);
  });
}

// html_tag_balance('body', '!= 0'): begun but not ended.
int html_tag_balance(const MessageEvidence& message, const Arguments& arguments) {
  return any_part(message, [&](const HtmlFacts& html) {
    const int* const found = html.inside.find(arguments[0]);
    return found != nullptr && compares(*found, arguments[1]);
  });
}

int html_tag_exists(const MessageEvidence& message, const Arguments& arguments) {
  return any_part(message,
                  [&](const HtmlFacts& html) { return html.inside.contains(arguments[0]); });
}

int html_image_only(const MessageEvidence& message, const Arguments& arguments) {
  return any_part(message, [&](const HtmlFacts& html) {
    const auto length = static_cast<double>(html.characters);
    return html.inside.contains(html::known_name("img")) && length > arguments.number(0) &&
           length <= arguments.number(1);
  });
}

int html_image_ratio(const MessageEvidence& message, const Arguments& arguments) {
  return any_part(message, [&](const HtmlFacts& html) {
    if (html.image_area == 0) return false;
    const double ratio =
        share(static_cast<double>(html.shown_characters), static_cast<double>(html.image_area));
    return ratio > arguments.number(0) && ratio <= arguments.number(1);
  });
}

// html_text_match('comment' | 'title' | 'anchor', 'expression')
int text_match(const MessageEvidence& message, const Arguments& arguments, bool wanted) {
  const auto fits = [&](std::string_view text) { return arguments.matches(text) == wanted; };
  return any_part(message, [&](const HtmlFacts& html) {
    if (arguments[0] == "comment") return html.comments.any_of(fits);
    if (arguments[0] == "title") return html.titles.any_of(fits);
    return arguments[0] == "anchor" && html.anchor_texts.any_of(fits);
  });
}

int html_text_match(const MessageEvidence& message, const Arguments& arguments) {
  return text_match(message, arguments, true);
}

int html_text_not_match(const MessageEvidence& message, const Arguments& arguments) {
  return text_match(message, arguments, false);
}

int html_title_subject_ratio(const MessageEvidence& message, const Arguments& arguments) {
  const std::string& subject = message.facts.values("Subject");
  return !subject.empty() && any_part(message, [&](const HtmlFacts& html) {
    return html.titles.any_of([&](std::string_view title) {
      return share(static_cast<double>(title.size()), static_cast<double>(subject.size())) >
             arguments.number(0);
    });
  });
}

// Every charset is welcome here (ok_locales all).
int html_charset_faraway(const MessageEvidence&, const Arguments&) { return 0; }

int check_iframe_src(const MessageEvidence& message, const Arguments&) {
  return any_part(message, [](const HtmlFacts& html) { return html.iframe_source; });
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_iframe_src", check_iframe_src},
    {"html_charset_faraway", html_charset_faraway},
    {"html_eval", html_eval},
    {"html_image_only", html_image_only},
    {"html_image_ratio", html_image_ratio},
    {"html_range", html_range},
    {"html_tag_balance", html_tag_balance},
    {"html_tag_exists", html_tag_exists},
    {"html_test", html_test},
    {"html_text_match", html_text_match, 1},
    {"html_text_not_match", html_text_not_match, 1},
    {"html_title_subject_ratio", html_title_subject_ratio},
});

}  // namespace

std::span<const NamedEval> html_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
