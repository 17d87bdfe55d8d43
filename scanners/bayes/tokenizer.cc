#include "scanners/bayes/tokenizer.h"

#include <bit>

namespace sluice::scan::bayes {
namespace {

constexpr std::size_t kHostLabelsMax = 5;
constexpr std::size_t kPathWordsMax = 4;

Token part_token(std::string_view text, unsigned what) noexcept {
  return hash(text.substr(0, 64), seed(Kind::part, what));
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
  if (equals_ignoring_case(field.name, "subject")) subject_.add(field.value, form_tokens_);
  fields_.field(field, form_tokens_);
}

void Tokenizer::container(std::string_view type, std::uint32_t depth) noexcept {
  form_tokens_.add(hash(type.substr(0, 64), seed(Kind::container, depth)));
}

void Tokenizer::part_begin(const mime::Part& part) noexcept {
  form_tokens_.add(part_token(part.type, 0));
  form_tokens_.add(mix(part_token(part.type, 1), part.index));
  form_tokens_.add(mix(part_token(part.type, 2), static_cast<std::uint64_t>(part.encoding)));
  form_tokens_.add(mix(part_token(part.type, 3), part_token(part.charset, 4)));
  form_tokens_.add(mix(part_token(part.type, 5), part_token(part.disposition, 6)));
  if (!part.file_name.empty())
    form_tokens_.add(mix(part_token(part.type, 7), part_token(extension(part.file_name), 8)));
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
    link_tokens_.add(hash(host.substr(0, 128), seed(Kind::uri_host)));
    const std::size_t dot = host.find('.');
    host = dot == host.npos ? std::string_view() : host.substr(dot + 1);
  }
  link_tokens_.add(mix(seed(Kind::uri_sign, static_cast<std::uint64_t>(uri.source)),
                       hash(uri.canonical.substr(0, uri.canonical.find(':')), 0)));
  for (std::uint32_t signs = uri.signs; signs != 0; signs &= signs - 1)
    link_tokens_.add(seed(Kind::uri_sign, 100U + static_cast<unsigned>(std::countr_zero(signs))));
  if (uri.host.empty()) return;
  const std::size_t at = uri.canonical.find(uri.host);
  if (at == uri.canonical.npos) return;
  std::string_view path = uri.canonical.substr(at + uri.host.size());
  for (std::size_t word = 0; word < kPathWordsMax && !path.empty(); ++word) {
    const std::size_t from = path.find_first_not_of("/?&=;.-_");
    if (from == path.npos) return;
    path.remove_prefix(from);
    const std::string_view piece = path.substr(0, path.find_first_of("/?&=;.-_"));
    link_tokens_.add(hash(piece.substr(0, 24), seed(Kind::uri_path)));
    path.remove_prefix(piece.size());
  }
}

void Tokenizer::message_end(const mime::MessageFacts& facts) noexcept {
  facts.anomalies.for_each([this](mime::Anomaly anomaly) {
    form_tokens_.add(seed(Kind::anomaly, static_cast<std::uint64_t>(anomaly)));
  });
  const auto figure = [this](std::uint64_t which, std::uint64_t value) {
    form_tokens_.add(
        mix(seed(Kind::figure, which), static_cast<std::uint64_t>(std::bit_width(value))));
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
