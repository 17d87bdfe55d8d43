// `sluice completion bash|zsh`: a script that completes commands and options, made from the parser
// itself, so that it never lacks one; with --json the commands themselves.
#include <cstdio>

#include "tools/sluice/links.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

std::string words_of(const CLI::App& command) {
  std::string words;
  for (const CLI::App* sub : command.get_subcommands({})) words += sub->get_name() + " ";
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  if (!words.empty()) words.pop_back();
  return words;
}

// One line of the case statement for each command: its path, and what may follow.
void put_cases(const CLI::App& command, const std::string& path, std::string& out) {
  out += "    \"" + path + "\") words=\"" + words_of(command) + "\" ;;\n";
  for (const CLI::App* sub : command.get_subcommands({}))
    put_cases(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), out);
}

// The path is made of the words that are commands: options and their values are left out.
std::string bash_script(const CLI::App& app) {
  std::string cases;
  put_cases(app, "", cases);
  std::string names = "sluice";
  for (const std::string_view name : kLinkNames) names += " " + std::string(name);
  return R"sh(_sluice_words() {
  local words=""
  case "$1" in
)sh" + cases +
         R"sh(  esac
  printf '%s' "$words"
}
_sluice() {
  local path="" word next cur="${COMP_WORDS[COMP_CWORD]}"
  [ "${COMP_WORDS[0]##*/}" = sluice ] || path="${COMP_WORDS[0]##*/}"
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="${path:+$path }$word"
    case " $(_sluice_words "$path") " in
      *" $word "*) [ "${word#-}" = "$word" ] && path="$next" ;;
    esac
  done
  COMPREPLY=( $(compgen -W "$(_sluice_words "$path")" -- "$cur") )
}
complete -o default -F _sluice )sh" +
         names + "\n";
}

// A row for each command that does something, under the words that call it.
void put_commands(const CLI::App& command, const std::string& path, json& rows) {
  const auto subs = command.get_subcommands({});
  for (const CLI::App* sub : subs)
    put_commands(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), rows);
  if (!subs.empty()) return;
  json options = json::array();
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  rows.push_back({{"command", path}, {"what", command.get_description()}, {"options", options}});
}

int print_completion(const CLI::App& app, const Options& options, const std::string& shell) {
  if (options.as_json) {
    json rows = json::array();
    put_commands(app, "", rows);
    print_json({{"commands", rows}});
    return 0;
  }
  if (shell.empty()) return fail("for which shell: bash or zsh?");
  std::string script = bash_script(app);
  if (shell == "zsh") script = "autoload -U +X bashcompinit && bashcompinit\n" + script;
  std::fputs(script.c_str(), stdout);
  return 0;
}

}  // namespace

void add_completion(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("completion", "a script that completes commands and options");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash or zsh")->check(CLI::IsMember({"bash", "zsh"}));
  command->add_flag("--json", options.as_json, "the commands and their options, as JSON");
  command->footer("Example: sluice completion bash > /etc/bash_completion.d/sluice");
  command->callback([&app, &options, shell] {
    options.run = [&app, &options, shell] { return print_completion(app, options, *shell); };
  });
}

}  // namespace sluice::tools
