// A model of virtual time: the coordinator, and two programs of two threads each, in steps as small as those that the
// real ones take apart. Every interleaving is explored. In each of them
//
//   time moves only while no thread can run and no byte is unread;
//   time never passes the deadline of a wait;
//   the model ends only where every thread waits without a limit and no event is left: there is no deadlock.
//
// A model that leaves out one precaution must break one of these, or it would show nothing.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace {

constexpr int kPrograms = 2;
constexpr int kThreads = 2;  // of a program
constexpr std::int8_t kNever = 100;

enum class Place : std::uint8_t {
  runs,
  looked,   // has seen that its channel is empty, and is about to register its wait
  waits,    // registered, and not counted as running
  woken,    // the kernel has woken it for a byte; it has not counted itself yet
  counted,  // has counted itself, and has not taken the byte yet
};

struct Thread {
  Place place = Place::runs;
  std::uint8_t budget = 0;  // actions until it waits for ever
  std::int8_t deadline = kNever;
  bool is_linked = false;  // its wait is in the list of the process
  std::uint8_t bytes = 0;  // unread, in its channel
};

enum class Asking : std::uint8_t { not_asked, asked, idle, busy };

struct Program {
  std::array<Thread, kThreads> threads;
  std::int8_t running = kThreads;
  bool was_active = false;  // since the coordinator read its activity: all that a comparison shows
  Asking asking = Asking::not_asked;
  std::int8_t told_deadline = kNever;
  bool to_release = false;
};

// Where the coordinator is in its round. Reading one number of one program is one step.
enum class Round : std::uint8_t { read_activity, read_running, ask, hear, read_again, move, release };

struct Coordinator {
  Round round = Round::read_activity;
  std::uint8_t program = 0;  // the next to read
};

struct World {
  std::int8_t now = 0;
  std::uint8_t events = 0;  // that have happened
  Coordinator coordinator;
  std::array<Program, kPrograms> programs;
};

// The precautions, each of which can be left out.
struct Design {
  bool compares_activity = true;  // step 3 of coordinator.h
  bool agent_looks = true;        // at the descriptors that its threads wait for
  bool waker_counts = true;       // who ends a wait counts its thread, before that runs
};

// A byte for a program's first thread, from the scenario.
struct Event {
  std::int8_t at;
  int program;
};
constexpr std::array<Event, 2> kEvents{{{1, 0}, {2, 1}}};

class Model {
 public:
  // `budgets`: actions of each thread until it waits for ever.
  Model(const Design& design, const std::array<std::uint8_t, kPrograms * kThreads>& budgets) : design_(design) {
    World first;
    for (std::size_t i = 0; i < budgets.size(); ++i)
      first.programs[i / kThreads].threads[i % kThreads].budget = budgets[i];
    add(first);
    while (!open_.empty() && !problem_) {
      const World world = open_.back();
      open_.pop_back();
      const std::size_t before = steps_;
      step(world);
      if (steps_ == before) expect_the_end(world);
    }
  }

  [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }
  [[nodiscard]] std::size_t worlds() const { return known_.size(); }

 private:
  static std::string key_of(const World& world) {
    std::string key;
    const auto put = [&](auto value) { key.push_back(static_cast<char>(value)); };
    put(world.now);
    put(world.events);
    put(world.coordinator.round);
    put(world.coordinator.program);
    for (const Program& program : world.programs) {
      put(program.running);
      put(program.was_active);
      put(program.asking);
      put(program.told_deadline);
      put(program.to_release);
      for (const Thread& thread : program.threads) {
        put(thread.place);
        put(thread.budget);
        put(thread.deadline);
        put(thread.is_linked);
        put(thread.bytes);
      }
    }
    return key;
  }

  void add(const World& world) {
    ++steps_;
    if (known_.insert(key_of(world)).second) open_.push_back(world);
  }

  void fail(std::string what) {
    if (!problem_) problem_ = std::move(what);
  }

  void step(const World& world) {
    for (int p = 0; p < kPrograms; ++p) {
      for (int t = 0; t < kThreads; ++t) step_thread(world, p, t);
      step_agent(world, p);
    }
    step_coordinator(world);
  }

  void step_thread(const World& world, int p, int t) {
    const Thread& thread = world.programs[p].threads[t];
    const auto next = [&](auto change) {
      World after = world;
      change(after, after.programs[p], after.programs[p].threads[t]);
      add(after);
    };
    switch (thread.place) {
      case Place::runs:
        if (thread.budget > 0) {
          for (int other = 0; other < kThreads; ++other) {
            if (world.programs[1 - p].threads[other].bytes > 0) continue;
            next([&](World& after, Program&, Thread& self) {
              ++after.programs[1 - p].threads[other].bytes;
              --self.budget;
            });
          }
        }
        for (const std::int8_t wait : {std::int8_t{1}, std::int8_t{2}, kNever}) {
          if (thread.budget == 0 && wait != kNever) continue;
          next([&](World&, Program&, Thread& self) {
            if (self.budget > 0) --self.budget;
            if (self.bytes > 0) {
              --self.bytes;  // it was there already: no wait
              return;
            }
            self.deadline = wait == kNever ? kNever : static_cast<std::int8_t>(world.now + wait);
            self.place = Place::looked;
          });
        }
        break;
      case Place::looked:
        next([](World&, Program& program, Thread& self) {
          self.place = Place::waits;
          self.is_linked = true;
          --program.running;
        });
        break;
      case Place::waits:
        if (thread.bytes > 0) next([](World&, Program&, Thread& self) { self.place = Place::woken; });
        break;
      case Place::woken:
        next([this](World&, Program& program, Thread& self) {
          if (self.is_linked || !design_.waker_counts) {
            ++program.running;
            program.was_active = true;
          }
          self.is_linked = false;
          self.place = Place::counted;
        });
        break;
      case Place::counted:
        next([](World&, Program&, Thread& self) {
          if (self.bytes > 0) --self.bytes;
          self.deadline = kNever;
          self.place = Place::runs;
        });
        break;
    }
  }

  void step_agent(const World& world, int p) {
    const Program& program = world.programs[p];
    if (program.asking == Asking::asked) {
      World after = world;
      Program& asked = after.programs[p];
      bool idle = asked.running == 0;
      asked.told_deadline = kNever;
      for (const Thread& thread : asked.threads) {
        if (!thread.is_linked) continue;
        if (design_.agent_looks && thread.bytes > 0) idle = false;
        asked.told_deadline = std::min(asked.told_deadline, thread.deadline);
      }
      asked.asking = idle ? Asking::idle : Asking::busy;
      add(after);
    }
    if (program.to_release) {
      World after = world;
      Program& released = after.programs[p];
      released.to_release = false;
      for (Thread& thread : released.threads) {
        if (!thread.is_linked || thread.deadline > after.now) continue;
        thread.is_linked = false;
        if (design_.waker_counts) {
          ++released.running;
          released.was_active = true;
          if (thread.place == Place::waits) {
            thread.place = Place::runs;
            thread.deadline = kNever;
          }
        } else {
          thread.place = Place::woken;  // it counts itself once it runs
        }
      }
      add(after);
    }
  }

  void step_coordinator(const World& world) {
    World after = world;
    Coordinator& self = after.coordinator;
    const auto again = [&] {
      self = {};
      for (Program& program : after.programs) {
        program.asking = Asking::not_asked;
        program.told_deadline = kNever;
        program.was_active = false;
      }
    };
    const auto next_program = [&](Round then) {
      if (++self.program < kPrograms) return;
      self.program = 0;
      self.round = then;
    };
    Program& program = after.programs[self.program];
    switch (self.round) {
      case Round::read_activity:
        program.was_active = false;
        next_program(Round::read_running);
        break;
      case Round::read_running:
        if (program.running > 0) {
          again();
        } else {
          next_program(Round::ask);
        }
        break;
      case Round::ask:
        program.asking = Asking::asked;
        next_program(Round::hear);
        break;
      case Round::hear:
        if (program.asking == Asking::asked) return;
        if (program.asking == Asking::busy) {
          again();
        } else {
          next_program(Round::read_again);
        }
        break;
      case Round::read_again:
        if (design_.compares_activity && (program.running > 0 || program.was_active)) {
          again();
        } else {
          next_program(Round::move);
        }
        break;
      case Round::move:
        if (!move(after)) return;
        break;
      case Round::release:
        if (program.to_release) return;
        next_program(Round::read_activity);
        if (self.round == Round::read_activity) again();
        break;
    }
    add(after);
  }

  // The coordinator believes that everything is idle. False: there is nothing left to do.
  bool move(World& world) {
    std::int8_t target = kNever;
    for (const Program& program : world.programs) target = std::min(target, program.told_deadline);
    const bool has_event = world.events < kEvents.size();
    if (has_event) target = std::min(target, kEvents[world.events].at);
    if (target == kNever) return false;
    if (target > world.now) {
      for (const Program& program : world.programs) {
        for (const Thread& thread : program.threads) {
          if (thread.place != Place::waits || !thread.is_linked) fail("time moves while a thread can run");
          if (thread.bytes > 0) fail("time moves while a byte is unread");
          if (thread.deadline < target) fail("time passes a deadline");
        }
      }
      world.now = target;
    }
    world.coordinator.round = Round::release;
    world.coordinator.program = 0;
    for (Program& program : world.programs) {
      program.asking = Asking::not_asked;
      program.to_release = program.told_deadline <= world.now;
    }
    if (has_event && kEvents[world.events].at <= world.now) {
      ++world.programs[static_cast<std::size_t>(kEvents[world.events].program)].threads[0].bytes;
      ++world.events;
    }
    return true;
  }

  void expect_the_end(const World& world) {
    for (const Program& program : world.programs) {
      for (const Thread& thread : program.threads) {
        if (thread.place != Place::waits || thread.deadline != kNever || thread.bytes > 0) fail("deadlock");
      }
    }
    if (world.events < kEvents.size()) fail("deadlock before the last event");
  }

  Design design_;
  std::unordered_set<std::string> known_;
  std::vector<World> open_;
  std::size_t steps_ = 0;
  std::optional<std::string> problem_;
};

constexpr std::array<std::uint8_t, kPrograms * kThreads> kBudgets{2, 1, 1, 1};

TEST(ClockModel, time_moves_only_while_nothing_can_run) {
  const Model model{Design{}, kBudgets};
  EXPECT_FALSE(model.problem()) << *model.problem();
  EXPECT_GT(model.worlds(), 100'000U);
  RecordProperty("worlds", static_cast<int>(model.worlds()));
}

TEST(ClockModel, each_precaution_is_needed) {
  const std::array<Design, 3> designs{Design{.compares_activity = false}, Design{.agent_looks = false},
                                      Design{.waker_counts = false}};
  for (std::size_t i = 0; i < designs.size(); ++i) {
    const Model model{designs[i], kBudgets};
    EXPECT_TRUE(model.problem()) << "without precaution " << i << " nothing goes wrong";
  }
}

}  // namespace
