#include "runs/doctor/doctor_job.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

#include "base/duration_text.h"
#include "base/json_writer.h"
#include "base/visible_text.h"
#include "runs/flag_duration.h"
#include "runs/processes/shown_output.h"
#include "runs/processes/supervised_program.h"
#include "runs/temporary_folder.h"
#include "wire/clock/clock_library.h"
#include "wire/clock/coordinator.h"
#include "wire/clock/program_obstacle.h"
#include "wire/clock/wait_words.h"

namespace windtunnel::runs {
namespace {

using namespace std::chrono_literals;
using RealClock = std::chrono::steady_clock;

// A program that waits without a limit, and that no other program calls, is idle for ever after this long.
constexpr auto kIdleAfter = 1s;
// 2026-01-01T00:00:00Z, where a scenario starts by default.
constexpr WallTime kStart{std::chrono::seconds{1'767'225'600}};

enum class End : std::uint8_t { by_itself, at_until, idle_for_ever, too_long, stopped };

struct Course {
  End end = End::by_itself;
  int status = 0;  // as waitpid() reports it, for a program that has ended by itself
  std::uint64_t steps = 0;
  Duration virtual_time{};
  std::chrono::milliseconds real_time{};
  std::uint64_t registrations = 0;
  std::vector<wire::Coordinator::Program> programs;
  std::vector<std::string> outsiders;
};

Course run_course(const DoctorJob& job, Duration until, Duration within) {
  const std::optional<std::filesystem::path> library = wire::clock_library();
  if (!library) {
    refuse(ProblemKind::file, "windtunnel_clock.so lies neither beside this program nor in ../lib/windtunnel");
  }
  const TemporaryFolder folder;
  wire::Coordinator coordinator({.folder = folder.path(),
                                 .library = *library,
                                 .start = kStart,
                                 .seed = job.request.seed,
                                 .entropy_is_real = job.request.real_entropy});
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ShownOutput output{STDOUT_FILENO};
  ShownOutput errors{STDERR_FILENO};
  SupervisedProgram program(job.request.command, {.environment = coordinator.environment(1), .fixed_addresses = true},
                            {.input = nothing, .output = output.descriptor(), .errors = errors.descriptor()});
  ::close(nothing);
  output.start();
  errors.start();

  Course course;
  const Instant limit = Instant{} + until;
  const RealClock::time_point begun = RealClock::now();
  RealClock::time_point active_at = begun;
  for (;;) {
    const RealClock::time_point now = RealClock::now();
    if (const std::optional<int> status = program.ended_within(0ms)) {
      course.status = *status;
      break;
    }
    if (job.stop != nullptr && job.stop->load()) {
      course.end = End::stopped;
      break;
    }
    if (now - begun > within) {
      course.end = End::too_long;
      break;
    }
    const std::optional<Instant> due = coordinator.registrations() > 0 ? coordinator.settle() : std::nullopt;
    if (due && *due == Instant::max()) {
      if (now - active_at > kIdleAfter) {
        course.end = End::idle_for_ever;
        break;
      }
      coordinator.wait(5ms);
      continue;
    }
    active_at = now;
    if (!due) {
      coordinator.wait(1ms);
      continue;
    }
    if (*due > limit) {
      coordinator.move_to(limit);
      course.end = End::at_until;
      break;
    }
    coordinator.move_to(*due);
    ++course.steps;
  }
  coordinator.hear();  // what a program that ended at once had to tell
  course.virtual_time = coordinator.now() - Instant{};
  course.real_time = std::chrono::duration_cast<std::chrono::milliseconds>(RealClock::now() - begun);
  course.registrations = coordinator.registrations();
  course.programs = coordinator.report();
  course.outsiders = coordinator.outsiders();
  return course;
}

std::string end_words(const Course& course) {
  switch (course.end) {
    case End::by_itself:
      return WIFEXITED(course.status) ? fmt::format("it ended with exit code {}", WEXITSTATUS(course.status))
                                      : fmt::format("signal {} ended it", WTERMSIG(course.status));
    case End::at_until:
      return "it was ended there, at --until";
    case End::idle_for_ever:
      return "it then waited without a limit and was ended";
    case End::too_long:
      return "it was ended, because --within of real time had passed";
    case End::stopped:
      return "it was ended by a signal to windtunnel";
  }
  return {};
}

const char* end_word(End end) {
  switch (end) {
    case End::by_itself:
      return "ended";
    case End::at_until:
      return "until";
    case End::idle_for_ever:
      return "idle";
    case End::too_long:
      return "within";
    case End::stopped:
      return "stopped";
  }
  return "";
}

// A program that ends, or is ended, before the clock has moved to a deadline of its own has shown no wait. One that
// waits without a limit has shown that it is idle.
bool shows_nothing(const Course& course) {
  return course.registrations > 0 && course.outsiders.empty() && course.steps == 0 &&
         (course.end == End::by_itself || course.end == End::at_until);
}

// Why virtual time does not hold for it, or is not shown to; empty if it does.
std::string objection(const DoctorRequest& request, const Course& course) {
  if (course.registrations == 0) {
    return wire::obstacle_of(request.command.front()).value_or("no process of it registered") + ". Use --clock real.";
  }
  if (course.end == End::too_long && course.virtual_time == Duration::zero()) {
    return "it computed, or waited for something outside, for as long as --within allows. Use --clock real.";
  }
  if (!course.outsiders.empty()) {
    const std::string& file = course.outsiders.front();
    return fmt::format("{}, which it executed, waits in real time: {}. Use --clock real.",
                       file.empty() ? "a program" : file, wire::obstacle_of(file).value_or("it did not register"));
  }
  if (shows_nothing(course)) {
    return course.end == End::at_until ? "its first wait ends after --until, so that none was tried"
                                       : "it ended without a timed wait, so that none was tried";
  }
  return {};
}

std::string as_text(const DoctorRequest& request, const Course& course, const std::string& why_not) {
  const std::string command = visible_text(request.command.front());
  std::string text = why_not.empty() ? fmt::format("Virtual time holds for {}.\n", command)
                                     : fmt::format("Virtual time {} for {}: {}\n",
                                                   shows_nothing(course) ? "is not shown to hold" : "does not hold",
                                                   command, visible_text(why_not));
  text += fmt::format("  {} of virtual time in {} ms, {} steps: {}\n", duration_text(course.virtual_time),
                      course.real_time.count(), course.steps, end_words(course));
  for (const auto& program : course.programs) {
    const std::vector<std::string> words = wire::wait_words(program.wait_kinds);
    text += fmt::format("  process {}: {}{}{}\n", program.process,
                        words.empty() ? "no timed wait" : fmt::format("{}", fmt::join(words, ", ")),
                        program.forced_idle == 0
                            ? ""
                            : fmt::format("; it slept {} times in waits that are not registered", program.forced_idle),
                        program.pushed == 0
                            ? ""
                            : fmt::format("; it spins on the clock, which was moved by 1 ms {} times", program.pushed));
  }
  return text;
}

std::string as_json(const Course& course, const std::string& why_not) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object();
  json.key("holds").boolean(why_not.empty()).key("why_not").text_or_null(why_not);
  json.key("virtual_seconds").seconds(Instant{} + course.virtual_time);
  json.key("real_seconds").decimal(course.real_time.count(), 3).key("steps").integer(course.steps);
  json.key("end").text(end_word(course.end)).key("exit_code");
  if (course.end == End::by_itself && WIFEXITED(course.status)) {
    json.integer(WEXITSTATUS(course.status));
  } else {
    json.null();
  }
  json.key("processes").begin_array();
  for (const auto& program : course.programs) {
    json.begin_object().key("waits").begin_array();
    for (const std::string& word : wire::wait_words(program.wait_kinds)) json.text(word);
    json.end_array().key("clock_reads").integer(program.clock_reads);
    json.key("unregistered_sleeps").integer(program.forced_idle).key("pushed").integer(program.pushed).end_object();
  }
  json.end_array().end_object();
  return text + "\n";
}

}  // namespace

DoctorDone diagnose(const DoctorJob& job) {
  DoctorDone done;
  try {
    const Duration until = flag_duration("--until", job.request.until);
    const Duration within = flag_duration("--within", job.request.within);
    job.starts();
    const Course course = run_course(job, until, within);
    const std::string why_not = objection(job.request, course);
    done.holds = why_not.empty();
    done.stopped = course.end == End::stopped;
    done.text = job.request.json ? as_json(course, why_not) : as_text(job.request, course, why_not);
  } catch (const ProblemError& error) {
    done.problem = error.problem();
  } catch (const std::system_error& error) {
    done.problem = Problem{ProblemKind::file, fmt::format("{}: {}", job.request.command.front(), error.what())};
  }
  return done;
}

}  // namespace windtunnel::runs
