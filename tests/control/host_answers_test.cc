#include "engine/control/host_answers.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::control {
namespace {

using nlohmann::json;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-answers-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

json said(const std::string& host, std::int64_t at, const std::string& text, bool down = false) {
  return {{"host", host}, {"down", down}, {"last_answer", {{"text", text}, {"at", at}}}};
}

json asked(const HostAnswers& answers, const std::string& host, json row = json::object()) {
  row["host"] = host;
  answers.complete(row);
  return row;
}

TEST(HostAnswers, OutliveARestart) {
  const TemporaryDirectory folder;
  HostAnswers answers = HostAnswers::load(folder.path());
  answers.note(said("d.test", 10, "450 later"));
  json failed = said("d.test", 20, "550 no");
  failed["last_5xx"] = failed["last_answer"];
  answers.note(failed);
  answers.note(said("d.test", 30, "not reached", true));
  answers.note(said("d.test", 25, "too old"));
  ASSERT_TRUE(answers.store());
  const HostAnswers again = HostAnswers::load(folder.path());
  const json row = asked(again, "d.test");
  EXPECT_EQ(row["last_answer"]["text"], "not reached");
  EXPECT_EQ(row["last_5xx"]["text"], "550 no");
  EXPECT_EQ(row["down"], true);
  EXPECT_FALSE(asked(again, "e.test").contains("last_answer"));
  EXPECT_EQ(asked(again, "d.test", said("d.test", 5, "mine"))["last_answer"]["text"], "mine");
}

TEST(HostAnswers, TheOldestAreForgotten) {
  const TemporaryDirectory folder;
  HostAnswers answers = HostAnswers::load(folder.path());
  for (int i = 0; i < 10'000; ++i) answers.note(said("h" + std::to_string(i), i, "250 fine"));
  EXPECT_FALSE(asked(answers, "h0").contains("last_answer"));
  EXPECT_TRUE(asked(answers, "h9999").contains("last_answer"));
}

TEST(HostAnswers, AFileThatIsNoneOfThemIsNoAnswer) {
  const TemporaryDirectory folder;
  for (const char* text :
       {"", "{", "[]", R"({"version":2})", R"({"version":1,"hosts":{"d.test":1}})",
        R"({"version":1,"hosts":{"d.test":{"down":1,"last_answer":{"text":"x","at":1}}}})",
        R"({"version":1,"hosts":{"d.test":{"down":true,"last_answer":{"text":1,"at":"x"}}}})"}) {
    std::ofstream(std::string(folder.path()) + "/host_answers") << text;
    EXPECT_FALSE(asked(HostAnswers::load(folder.path()), "d.test").contains("last_answer")) << text;
  }
}

}  // namespace
}  // namespace sluice::control
