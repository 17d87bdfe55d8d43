// Zones written by hand: an answer table filled from rows, by asking the logic what it wants.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "engine/dns/answers.h"

namespace sluice::dns {

class Zone {
 public:
  Zone& mx(const std::string& name, std::vector<MxRecord> records, bool secure = false) {
    return put({name, Type::mx}, {.secure = secure, .exchanges = std::move(records)});
  }
  Zone& a(const std::string& name, std::vector<std::string> addresses, bool secure = false,
          std::string canonical = {}) {
    return put({name, Type::a},
               {.secure = secure, .canonical = std::move(canonical), .addresses = ips(addresses)});
  }
  Zone& aaaa(const std::string& name, std::vector<std::string> addresses, bool secure = false) {
    return put({name, Type::aaaa}, {.secure = secure, .addresses = ips(addresses)});
  }
  Zone& tlsa(const std::string& base, std::vector<TlsaRecord> records, bool secure = true) {
    return put({"_25._tcp." + base, Type::tlsa}, {.secure = secure, .tlsa = std::move(records)});
  }
  Zone& txt(const std::string& name, std::vector<std::string> texts) {
    return put({name, Type::txt}, {.texts = std::move(texts)});
  }
  Zone& cname(const std::string& name, const std::string& target, bool secure) {
    return put({name, Type::cname}, {.secure = secure, .names = {target}});
  }
  Zone& fails(const std::string& name, Type type) {
    answers_[{name, type}] = std::make_shared<const Answer>(Answer{.trouble = "SERVFAIL"});
    return *this;
  }
  Zone& no_data(const std::string& name, Type type, bool secure = false) {
    answers_[{name, type}] =
        std::make_shared<const Answer>(Answer{.status = Answer::Status::no_data, .secure = secure});
    return *this;
  }

  // Runs the logic as the worker does; what no row has does not exist.
  template <typename Logic>
  auto run(Logic&& logic) {
    AnswerTable table;
    for (int round = 0; round < 10; ++round) {
      if (auto result = logic(table)) return *result;
      for (const Question& question : table.take_wanted()) {
        ++asked[question];
        const auto known = answers_.find(question);
        table.put(question, known != answers_.end() ? known->second
                                                    : std::make_shared<const Answer>(
                                                          Answer{.status = Answer::Status::no_name,
                                                                 .expires = Instant{1'000}}));
      }
    }
    ADD_FAILURE() << "never comes to a result";
    return *logic(table);
  }
  std::map<Question, int> asked;

 private:
  Zone& put(const Question& question, Answer answer) {
    answer.status = Answer::Status::found;
    answer.expires = Instant{1'000};
    answers_[question] = std::make_shared<const Answer>(std::move(answer));
    return *this;
  }
  static std::vector<IpAddress> ips(const std::vector<std::string>& texts) {
    std::vector<IpAddress> list;
    for (const std::string& text : texts) list.push_back(*IpAddress::parse(text));
    return list;
  }
  std::map<Question, AnswerRef> answers_;
};

}  // namespace sluice::dns
