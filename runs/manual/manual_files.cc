#include "runs/manual/manual_files.h"

#include <filesystem>

#include "base/visible_text.h"
#include "reports/files/output_file.h"
#include "runs/manual/man_page.h"
#include "runs/manual/shell_completion.h"
#include "runs/unknown_word.h"

namespace windtunnel::runs {

std::optional<Problem> write_in_folder(const std::string& folder, const std::string& name, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Problem{ProblemKind::file, folder + ": cannot create: " + error.message()};
  try {
    reports::OutputFile file{(std::filesystem::path(folder) / name).string()};
    file.append(text);
    file.finish();
  } catch (const reports::ReportError& failure) {
    return Problem{ProblemKind::file, failure.what()};
  }
  return std::nullopt;
}

ManualDone write_manual(const ManualRequest& request, const VerbEntry& program, std::string_view version) {
  if (request.shell == "bash") return {bash_completion(program), {}};
  if (request.shell == "zsh") return {zsh_completion(program), {}};
  if (request.shell == "fish") return {fish_completion(program), {}};
  if (!request.shell.empty()) {
    return {"", Problem{ProblemKind::request,
                        unknown_word("shell", request.shell, std::vector<std::string>{"bash", "zsh", "fish"})}};
  }
  ManualDone done;
  for (const ManPage& page : man_pages(program, version)) {
    done.problem = write_in_folder(request.folder, page.file, page.text);
    if (done.problem) return done;
    done.text += visible_text((std::filesystem::path(request.folder) / page.file).string()) + ": written\n";
  }
  return done;
}

}  // namespace windtunnel::runs
