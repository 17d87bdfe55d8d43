// `sluice links DIR`: links by which fingers find the commands under the names that they know.
// Called by such a name, the program does what `sluice NAME` does.
#include "tools/sluice/links.h"

#include <cstdio>
#include <filesystem>

#include "tools/sluice/command.h"

namespace sluice::tools {
namespace {

namespace fs = std::filesystem;

int make_links(const std::string& directory) {
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
    std::printf("%s\n", link.c_str());
  }
  return 0;
}

}  // namespace

void add_links(CLI::App& app, Options& options) {
  auto* command =
      app.add_subcommand("links", "makes mta-control, monitor, tophosts … in a directory");
  auto directory = std::make_shared<std::string>();
  command->add_option("directory", *directory, "where, /usr/local/sbin for one")->required();
  command->footer("Example: sluice links /usr/local/sbin");
  command->callback(
      [&options, directory] { options.run = [directory] { return make_links(*directory); }; });
}

}  // namespace sluice::tools
