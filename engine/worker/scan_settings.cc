#include <filesystem>

#include "engine/worker/worker.h"

namespace sluice::worker {
namespace {

// In the queue's directory, which the first start makes: whoever only looks at a configuration
// before that does not warn of it.
std::string rule_cache(const config::Config& config) {
  if (!config.scan.cache.empty()) return config.scan.cache;
  std::error_code none;
  if (!std::filesystem::is_directory(config.queue.directory, none)) return {};
  return config.queue.directory + "/compiled_rules";
}

}  // namespace

scan::ScanSettings scan_settings(const config::Config& config) {
  const config::Scan& scan = config.scan;
  return {.scl_score = scan.scl_score,
          .mime_depth_max = scan.mime_depth_max,
          .mime_parts_max = scan.mime_parts_max,
          .header_bytes_max = scan.header_bytes_max,
          .header_fields_max = scan.header_fields_max,
          .rawbody_part_bytes_max = scan.rawbody_part_bytes_max,
          .body_part_bytes_max = scan.body_part_bytes_max,
          .uris_max = scan.uris_max,
          .text_bytes_max = scan.text_bytes_max,
          .known_texts_max = scan.known_texts_max,
          .time_max = scan.time_max,
          .classifier = config.bayes.enabled,
          .tokens_max = config.bayes.tokens_max,
          .auto_learn = config.bayes.auto_learn,
          .auto_learn_spam = config.bayes.auto_learn_spam,
          .auto_learn_ham = config.bayes.auto_learn_ham,
          .attachment_rules = config.attachment_rules,
          .stock_rules = scan.stock_rules,
          .own_rules = scan.own_rules,
          .compile_threads = scan.compile_threads,
          .cache = rule_cache(config),
          .allow_phrases = scan.allow_phrases,
          .block_phrases = scan.block_phrases};
}

}  // namespace sluice::worker
