// `sluice links DIR`: links by which fingers find the commands under the names that they know.
// Called by such a name, the program does what `sluice NAME` does.
#include "tools/sluice/links.h"

#include <cstdio>
#include <filesystem>

#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

namespace fs = std::filesystem;

int make_links(const Options& options, const std::string& directory) {
  std::string text;
  auto links = nlohmann::json::array();
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return fail("/proc/self/exe: " + error.message());
  fs::create_directories(directory, error);
  for (const std::string_view name : kLinkNames) {
    const fs::path link = fs::path(directory) / name;
    if (fs::is_symlink(link)) fs::remove(link, error);
    if (fs::exists(link)) return fail(link.string() + ": is there and is no link");
    fs::create_symlink(self, link, error);
    if (error) return fail(link.string() + ": " + error.message());
    text += (text.empty() ? "" : "\n") + link.string();
    links.push_back(link.string());
  }
  return said(options, text, {{"links", links}});
}

}  // namespace

void add_links(CLI::App& app, Options& options) {
  auto* command =
      app.add_subcommand("links", "makes mta-control, monitor, tophosts … in a directory");
  auto directory = std::make_shared<std::string>();
  command->add_option("directory", *directory, "where, /usr/local/sbin for one")->required();
  command->footer("Example: sluice links /usr/local/sbin");
  command->callback([&options, directory] {
    options.run = [&options, directory] { return make_links(options, *directory); };
  });
  add_json(command, options);
}

}  // namespace sluice::tools
