#include "runs/manual/environment.h"

namespace windtunnel::runs {
namespace {

constexpr EnvironmentVariable kVariables[] = {
    {"WINDTUNNEL_SEED", "The seed, in place of --seed.", "0 to 18446744073709551615",
     "WINDTUNNEL_SEED=7 windtunnel run outage.json"},
    {"WINDTUNNEL_OUT", "The folder for the files of a run, a search or a verification, in place of --out.", "a folder",
     "WINDTUNNEL_OUT=out windtunnel run outage.json"},
    {"WINDTUNNEL_FORMAT", "What stdout gets, in place of --format.", "text, json",
     "WINDTUNNEL_FORMAT=json windtunnel run outage.json"},
    {"WINDTUNNEL_JOBS", "The number of runs at the same time, in place of --jobs.", "1 to 1024",
     "WINDTUNNEL_JOBS=4 windtunnel run scenarios/*.json"},
    {"NO_COLOR", "Any text that is not empty: no colour, unless --color always asks for it.", "any text",
     "NO_COLOR=1 windtunnel run outage.json"},
    {"TERM", "\"dumb\": no colour and no line of progress.", "any text", "TERM=dumb windtunnel run outage.json"},
    {"GITHUB_ACTIONS", "\"true\": findings are annotated, because the program runs in a step of GitHub Actions.",
     "true, or anything else", "set by GitHub"},
    {"GITHUB_WORKSPACE", "The repository's folder: annotations name files from there.", "a folder", "set by GitHub"},
    {"GITHUB_STEP_SUMMARY", "The file that gets a table of the runs and their verdicts.", "a file", "set by GitHub"},
};

}  // namespace

std::span<const EnvironmentVariable> environment_variables() { return kVariables; }

}  // namespace windtunnel::runs
