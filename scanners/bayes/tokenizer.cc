#include "scanners/bayes/tokenizer.h"

#include <algorithm>
#include <bit>

namespace sluice::scan::bayes {
namespace {

constexpr std::size_t kHostLabelsMax = 5;
constexpr std::size_t kPathWordsMax = 4;

Token part_token(std::string_view text, unsigned what) noexcept {
  return hash(text.substr(0, 64), what);
}

std::string_view extension(std::string_view name) noexcept {
  const std::size_t dot = name.rfind('.');
  return dot == name.npos ? std::string_view() : name.substr(dot);
}

}  // namespace

Tokenizer::Tokenizer(std::size_t tokens_max)
    : space_(tokens_max),
      text_tokens_(std::span(space_).first(tokens_max / 8 * 5)),
      link_tokens_(std::span(space_).subspan(tokens_max / 8 * 5, tokens_max / 8)),
      form_tokens_(std::span(space_).subspan(tokens_max / 8 * 6)) {}

void Tokenizer::begin() noexcept {
  text_tokens_.clear();
  link_tokens_.clear();
  form_tokens_.clear();
  told_ = 0;
  fields_.begin();
  subject_.begin();
  text_ = 0;
}

void Tokenizer::field(const mime::HeaderField& field) noexcept {
  if (field.section != mime::Section::message) return;
  form_tokens_.within(field.name);
  if (equals_ignoring_case(field.name, "subject")) subject(field);
  fields_.field(field, form_tokens_);
  form_tokens_.within({});
}

// Its words are told apart from those of the text; how it shouts is a sign of its own.
void Tokenizer::subject(const mime::HeaderField& field) noexcept {
  subject_.add(field.value, form_tokens_);
  if (!field.first) return;
  std::uint32_t capitals = 0, letters = 0, digits = 0, marks = 0, others = 0;
  for (const char c : field.value) {
    capitals += c >= 'A' && c <= 'Z';
    letters += ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
    digits += c >= '0' && c <= '9';
    marks += c == '!' || c == '$' || c == '%' || c == '?';
    others += static_cast<unsigned char>(c) >= 0x80;
  }
  const auto tell = [this](std::uint64_t which, std::uint64_t value, std::string_view name) {
    form_tokens_.add(Kind::figure, mix(100 + which, value), name);
  };
  tell(1, letters == 0 ? 9 : 8 * capitals / letters, "capitals");
  tell(2, std::min(digits, 4U), "digits");
  tell(3, std::min(marks, 3U), "marks");
  tell(4, others > 0, "beyond ASCII");
}

void Tokenizer::container(std::string_view type, std::uint32_t depth) noexcept {
  form_tokens_.add(Kind::container, hash(type.substr(0, 64), depth), type);
}

void Tokenizer::part_begin(const mime::Part& part) noexcept {
  form_tokens_.add(Kind::part, part_token(part.type, 0), part.type);
  form_tokens_.add(Kind::part, mix(part_token(part.type, 1), part.index), part.type);
  form_tokens_.add(Kind::part,
                   mix(part_token(part.type, 2), static_cast<std::uint64_t>(part.encoding)),
                   part.type);
  form_tokens_.add(Kind::part, mix(part_token(part.type, 3), part_token(part.charset, 4)),
                   part.type);
  form_tokens_.add(Kind::part, mix(part_token(part.type, 5), part_token(part.disposition, 6)),
                   part.type);
  if (!part.file_name.empty())
    form_tokens_.add(Kind::part,
                     mix(part_token(part.type, 7), part_token(extension(part.file_name), 8)),
                     extension(part.file_name));
}

void Tokenizer::body(mime::BodyView view, std::string_view element) noexcept {
  if (view != mime::BodyView::all) return;
  text_ += hash(element, 0);
  words_.begin();
  words_.add(element, text_tokens_);
}

void Tokenizer::uri(const mime::Uri& uri) noexcept {
  std::string_view host = uri.host;
  for (std::size_t labels = 0; labels < kHostLabelsMax && !host.empty(); ++labels) {
    link_tokens_.add(Kind::uri_host, hash(host.substr(0, 128), 0), host);
    const std::size_t dot = host.find('.');
    host = dot == host.npos ? std::string_view() : host.substr(dot + 1);
  }
  link_tokens_.add(Kind::uri_sign, mix(static_cast<std::uint64_t>(uri.source),
                                       hash(uri.canonical.substr(0, uri.canonical.find(':')), 0)));
  for (std::uint32_t signs = uri.signs; signs != 0; signs &= signs - 1)
    link_tokens_.add(Kind::uri_sign, mix(100U + static_cast<unsigned>(std::countr_zero(signs)), 0));
  if (uri.host.empty()) return;
  const std::size_t at = uri.canonical.find(uri.host);
  if (at == uri.canonical.npos) return;
  std::string_view path = uri.canonical.substr(at + uri.host.size());
  for (std::size_t word = 0; word < kPathWordsMax && !path.empty(); ++word) {
    const std::size_t from = path.find_first_not_of("/?&=;.-_");
    if (from == path.npos) return;
    path.remove_prefix(from);
    const std::string_view piece = path.substr(0, path.find_first_of("/?&=;.-_"));
    link_tokens_.add(Kind::uri_path, hash(piece.substr(0, 24), 0), piece);
    path.remove_prefix(piece.size());
  }
}

void Tokenizer::message_end(const mime::MessageFacts& facts) noexcept {
  fields_.end(form_tokens_);
  facts.anomalies.for_each([this](mime::Anomaly anomaly) {
    form_tokens_.add(Kind::anomaly, mix(static_cast<std::uint64_t>(anomaly), 0));
  });
  const auto figure = [this](std::uint64_t which, std::uint64_t value) {
    form_tokens_.add(Kind::figure, mix(which, static_cast<std::uint64_t>(std::bit_width(value))));
  };
  figure(1, facts.parts);
  figure(2, facts.uris);
  figure(3, facts.visible_octets);
  figure(4, facts.hidden_octets);
  figure(5, facts.body_octets);
  told_ = text_tokens_.all().size();
  for (const TokenList* list : {&link_tokens_, &form_tokens_})
    for (const Token token : list->all()) space_[told_++] = token;  // they lie behind it
}

}  // namespace sluice::scan::bayes
