// This file is long because the rules of when time may move read as one: what each of them takes for granted, another
// sees to.
#include "wire/clock/coordinator.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

#include "wire/clock/preload/protocol.h"
#include "wire/clock/process_state.h"

namespace windtunnel::wire {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
// Monotonic clocks begin here, because a program may take a small value for none at all.
constexpr std::int64_t kMonotonicBase = 1'000'000'000'000;
constexpr auto kAnswerWithin = 10s;   // a program that does not answer for this long has been stopped
constexpr auto kSilentAfter = 4ms;    // then /proc is asked
constexpr auto kSilentFor = 2ms;      // between two looks that find the same
constexpr auto kQuietAfterEnd = 3ms;  // until a parent has surely woken
constexpr auto kGoneWithin = 1s;      // who lives longer than that without its connection goes on without virtual time
// Who reads the clock without a wait for this long, so many times a millisecond, spins on it. Servers that compute read
// it a few times. A slow spinner is found by the longer time, and then by as much of its processor's: on a busy machine
// a program that starts may take minutes.
constexpr auto kSpinsAfter = 200ms;
constexpr std::uint64_t kReadsOfSpinner = 25;
constexpr std::uint64_t kReadsAtLeast = 1000;
constexpr auto kSurelySpinsAfter = 10s;
constexpr std::uint64_t kReadsOfSlowSpinner = 100;
constexpr auto kLookAtRunTimeEvery = 1s;
constexpr auto kPushEvery = 1ms;           // of real time
constexpr std::int64_t kPush = 1'000'000;  // virtual nanoseconds

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

template <class T>
T load(const T& field) {
  return __atomic_load_n(&field, __ATOMIC_SEQ_CST);
}

Instant instant_of(std::int64_t nanoseconds) { return Instant{} + Duration{nanoseconds}; }

}  // namespace

struct Coordinator::Connection {
  int descriptor = -1;
  std::size_t entry = 0;
  bool has_said_hello = false;
  std::uint64_t answered = 0;  // the last question
  bool is_idle = false;        // the answer to it
  std::int64_t deadline = kNever;
};

// How long nothing has been heard of a process that counts as running.
struct Coordinator::Silence {
  std::uint64_t activity = 0;
  Steady::time_point since;
  std::optional<ProcessState> seen;
  Steady::time_point seen_at;
  std::uint64_t clock_reads = 0;
  Steady::time_point reads_since;
  std::optional<std::uint64_t> run_time;  // of its threads, when it first looked like a slow spinner
  Steady::time_point run_time_at;         // when that was last looked at
  bool spins = false;
  bool was_pushed = false;  // since it last waited
  std::uint64_t forced = 0;
  std::uint64_t pushed = 0;
};

Coordinator::Coordinator(const Settings& settings) : settings_(settings), silences_(WT_PROGRAMS_MAX) {
  const std::string page_path = (settings.folder / "clock").string();
  const int file = ::open(page_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail(page_path);
  void* memory = MAP_FAILED;
  if (::ftruncate(file, sizeof(wt_page)) == 0) {
    memory = ::mmap(nullptr, sizeof(wt_page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  ::close(file);
  if (memory == MAP_FAILED) fail(page_path);
  page_ = static_cast<wt_page*>(memory);
  page_->wall_base = settings.start.time_since_epoch().count();
  page_->monotonic_base = kMonotonicBase;
  page_->seed = settings.seed;
  page_->entropy_real = settings.entropy_is_real ? 1 : 0;
  page_->version = WT_CLOCK_VERSION;
  page_->magic = WT_CLOCK_MAGIC;

  const std::string socket_path = (settings.folder / "clock.socket").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    fail(socket_path);
  }
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  listener_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (listener_ < 0 || epoll_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, WT_PROGRAMS_MAX) != 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) != 0) {
    fail(socket_path);
  }
}

Coordinator::~Coordinator() {
  for (const auto& connection : connections_) ::close(connection->descriptor);
  if (listener_ >= 0) ::close(listener_);
  if (epoll_ >= 0) ::close(epoll_);
  ::munmap(page_, sizeof(wt_page));
  std::error_code ignored;
  std::filesystem::remove(settings_.folder / "clock", ignored);
  std::filesystem::remove(settings_.folder / "clock.socket", ignored);
}

std::vector<std::string> Coordinator::environment(std::uint64_t name) const {
  return {
      fmt::format("LD_PRELOAD={}", settings_.library.string()),
      fmt::format("{}={}", WT_CLOCK_PAGE, (settings_.folder / "clock").string()),
      fmt::format("{}={}", WT_CLOCK_SOCKET, (settings_.folder / "clock.socket").string()),
      fmt::format("{}={}", WT_CLOCK_NAME, name),
      // OpenSSL stirs the processor's counter and its random numbers into its own: bits 4 and 62 of what it may use.
      "OPENSSL_ia32cap=~0x4000000000000010:~0x40000"};
}

Instant Coordinator::now() const { return instant_of(load(page_->now)); }

std::size_t Coordinator::programs() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [](const auto& connection) { return connection->has_said_hello; }));
}

bool Coordinator::has(std::uint64_t name) const {
  return std::ranges::any_of(
      page_->entries, [&](const wt_entry& entry) { return load(entry.state) != WT_FREE && load(entry.name) == name; });
}

void Coordinator::accept_all() {
  for (;;) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) return;
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->descriptor = descriptor;
    epoll_event event{.events = EPOLLIN, .data = {.ptr = connections_.back().get()}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }
}

bool Coordinator::read_from(Connection& connection) {
  wt_message message{};
  const ssize_t size = ::recv(connection.descriptor, &message, sizeof message, 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size != static_cast<ssize_t>(sizeof message) || message.entry >= WT_PROGRAMS_MAX) return false;
  switch (message.kind) {
    case WT_HELLO:
      connection.entry = message.entry;
      connection.has_said_hello = true;
      ++registrations_;
      silences_[message.entry] = {.since = Steady::now(), .reads_since = Steady::now()};
      break;
    case WT_STILL_IDLE:
    case WT_BUSY:
    case WT_RELEASED:
      connection.answered = message.sequence;
      connection.is_idle = message.kind != WT_BUSY;
      connection.deadline = message.kind == WT_STILL_IDLE ? message.value : kNever;
      break;
    default:
      break;
  }
  return true;
}

void Coordinator::leave(const Connection& connection) {
  if (connection.has_said_hello) {
    wt_entry& entry = page_->entries[connection.entry];
    if (load(entry.state) == WT_REGISTERED) {
      past_.push_back({entry.pid, entry.kinds, entry.clock_reads, silences_[connection.entry].forced,
                       silences_[connection.entry].pushed});
      ending_.push_back({entry.pid, Steady::now()});
      silences_[connection.entry] = {};
      __atomic_store_n(&entry.state, WT_FREE, __ATOMIC_SEQ_CST);
    }
    quiet_until_ = (Steady::now() + kQuietAfterEnd).time_since_epoch().count();
  }
  ::close(connection.descriptor);
  std::erase_if(connections_, [&](const auto& each) { return each.get() == &connection; });
}

// One message of each program that has any: what is left makes the next call return at once.
bool Coordinator::take_ready(std::chrono::milliseconds at_most) {
  std::array<epoll_event, 16> events{};
  const int count =
      ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(at_most.count()));
  for (int i = 0; i < count; ++i) {
    auto* const connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (connection == nullptr) {
      accept_all();
    } else if (!read_from(*connection)) {
      leave(*connection);
    }
  }
  return count > 0;
}

void Coordinator::hear() {
  while (take_ready(0ms)) {
  }
}

bool Coordinator::wait(std::chrono::milliseconds at_most, int other) {
  if (other < 0) return take_ready(at_most);
  std::array<pollfd, 2> descriptors{pollfd{epoll_, POLLIN, 0}, pollfd{other, POLLIN, 0}};
  const bool came = ::poll(descriptors.data(), descriptors.size(), static_cast<int>(at_most.count())) > 0;
  if (descriptors[0].revents != 0) hear();
  return came;
}

void Coordinator::free_the_dead() {
  for (wt_entry& entry : page_->entries) {
    if (load(entry.state) != WT_EXPECTED) continue;
    const std::int32_t process = load(entry.pid);
    if (process <= 0) continue;
    const std::optional<ProcessState> state = process_state(process);
    if (!state) __atomic_store_n(&entry.state, WT_FREE, __ATOMIC_SEQ_CST);
    if (state) outsiders_.saw(process, state->is_asleep, Steady::now());
  }
}

bool Coordinator::is_one_ending() {
  const auto has_ended = [&](pid_t process) {
    // It may have closed all its descriptors, and come again as another program or not at all.
    return !process_state(process) || std::ranges::any_of(page_->entries, [&](const wt_entry& entry) {
      return load(entry.state) == WT_REGISTERED && load(entry.pid) == process;
    });
  };
  const Steady::time_point now = Steady::now();
  const auto is_over = [&](const Ending& ending) {
    return has_ended(ending.process) || now - ending.since > kGoneWithin;
  };
  if (std::erase_if(ending_, is_over) > 0) quiet_until_ = (now + kQuietAfterEnd).time_since_epoch().count();
  return !ending_.empty() || Steady::now().time_since_epoch().count() < quiet_until_;
}

// A process that counts as running and does nothing: its threads sleep in waits that are not registered.
bool Coordinator::is_silent(std::size_t entry) {
  Silence& silence = silences_[entry];
  const wt_entry& shared = page_->entries[entry];
  const Steady::time_point now = Steady::now();
  if (load(shared.activity) != silence.activity) {
    silence.activity = load(shared.activity);
    silence.since = now;
    silence.seen.reset();
    silence.spins = false;
    silence.was_pushed = false;
    silence.reads_since = now;
    silence.run_time.reset();
    silence.clock_reads = load(shared.clock_reads);
  }
  if (now - silence.since < kSilentAfter || (silence.seen && now - silence.seen_at < kSilentFor)) return false;
  const std::optional<ProcessState> state = process_state(load(shared.pid));
  const bool is_same = state && state->is_asleep && silence.seen == state;
  silence.seen = state;
  silence.seen_at = now;
  return is_same;
}

std::optional<Instant> Coordinator::settle() {
  hear();
  const Steady::time_point begun = Steady::now();
  if (is_one_ending()) return std::nullopt;

  // An entry that is taken meanwhile belongs to a child of a process that runs, and changes that one's activity.
  const std::size_t used = load(page_->used);
  std::array<std::uint64_t, WT_PROGRAMS_MAX> activity;
  for (std::size_t i = 0; i < used; ++i) activity[i] = load(page_->entries[i].activity);
  std::bitset<WT_PROGRAMS_MAX> is_forced;
  bool is_busy = false;
  bool all_spin = true;
  for (std::size_t i = 0; i < used; ++i) {
    const wt_entry& entry = page_->entries[i];
    const std::uint32_t state = load(entry.state);
    if (state == WT_FREE) continue;
    if (state == WT_EXPECTED) {
      free_the_dead();
      is_busy = true;
      all_spin = false;
    } else if (load(entry.running) > 0) {
      is_forced[i] = is_silent(i);
      is_busy = is_busy || !is_forced[i];
      all_spin = all_spin && (is_forced[i] || silences_[i].spins);
    }
  }
  if (is_busy) {
    note_spinners();
    if (!all_spin) return std::nullopt;
    // They are asked as if they slept: a wait that is due before the push must not be passed.
    for (std::size_t i = 0; i < used; ++i) is_forced[i] = is_forced[i] || silences_[i].spins;
  }

  ++sequence_;
  std::size_t asked = 0;
  for (const auto& connection : connections_) {
    if (!connection->has_said_hello) return std::nullopt;
    const wt_entry& entry = page_->entries[connection->entry];
    if (load(entry.kinds) == 0) {
      connection->deadline = kNever;  // it has never waited, so that it has no agent to answer, and sleeps
      connection->answered = sequence_;
      connection->is_idle = is_forced[connection->entry];
      continue;
    }
    const wt_message question{WT_ASK, static_cast<std::uint32_t>(connection->entry), sequence_,
                              is_forced[connection->entry] ? 1 : 0};
    if (::send(connection->descriptor, &question, sizeof question, MSG_NOSIGNAL) < 0) return std::nullopt;
    ++asked;
  }
  const auto answered = [&] {
    return std::ranges::all_of(connections_, [&](const auto& each) { return each->answered == sequence_; });
  };
  while (asked > 0 && !answered()) {
    if (!wait(1s) && Steady::now() - begun > kAnswerWithin) return std::nullopt;
  }
  std::int64_t deadline = kNever;
  for (const auto& connection : connections_) {
    if (!connection->is_idle) return std::nullopt;
    deadline = std::min(deadline, connection->deadline);
  }
  if (load(page_->used) != used || is_one_ending()) return std::nullopt;
  for (std::size_t i = 0; i < used; ++i) {
    const wt_entry& entry = page_->entries[i];
    const std::uint32_t state = load(entry.state);
    if (state == WT_EXPECTED || load(entry.activity) != activity[i]) return std::nullopt;
    if (state == WT_REGISTERED && load(entry.running) > 0 && !is_forced[i]) return std::nullopt;
  }
  for (std::size_t i = 0; i < used; ++i) {
    Silence& silence = silences_[i];
    const bool is_pushed = silence.spins && is_busy;
    silence.pushed += is_pushed ? 1 : 0;
    silence.forced += is_forced[i] && !is_pushed ? 1 : 0;
    silence.was_pushed = silence.was_pushed || is_pushed;
    silence.spins = silence.spins && !is_pushed;
  }
  if (is_busy) deadline = std::min(deadline, load(page_->now) + kPush);
  return deadline == kNever ? Instant::max() : instant_of(deadline);
}

// Whether the threads of a process have run for as long as a slow spinner's do, since this was first asked.
bool Coordinator::has_run_long(std::size_t entry) {
  Silence& silence = silences_[entry];
  const Steady::time_point now = Steady::now();
  if (silence.run_time && now - silence.run_time_at < kLookAtRunTimeEvery) return false;
  const std::optional<ProcessState> state = process_state(load(page_->entries[entry].pid));
  if (!state) return false;
  silence.run_time_at = now;
  if (!silence.run_time) silence.run_time = state->run_time;
  return std::chrono::nanoseconds{state->run_time - *silence.run_time} >= kSurelySpinsAfter;
}

// Notes who reads the clock again and again without a wait.
void Coordinator::note_spinners() {
  const Steady::time_point now = Steady::now();
  for (std::size_t i = 0; i < load(page_->used); ++i) {
    const wt_entry& entry = page_->entries[i];
    if (load(entry.state) != WT_REGISTERED || load(entry.running) == 0) continue;
    Silence& silence = silences_[i];
    const Steady::duration time = now - silence.reads_since;
    const std::uint64_t reads = load(entry.clock_reads) - silence.clock_reads;
    const Steady::duration patience = silence.was_pushed ? Steady::duration{kPushEvery} : kSpinsAfter;
    const bool is_fast =
        time >= patience && reads > kReadsAtLeast && reads > kReadsOfSpinner * static_cast<std::uint64_t>(time / 1ms);
    if (!is_fast && (time < kSurelySpinsAfter || reads < kReadsOfSlowSpinner || !has_run_long(i))) continue;
    silence.spins = true;
  }
}

void Coordinator::show(Instant instant) {
  const std::int64_t target = std::max((instant - Instant{}).count(), load(page_->now));
  __atomic_store_n(&page_->now, target, __ATOMIC_SEQ_CST);
}

void Coordinator::move_to(Instant instant) {
  show(instant);
  const std::int64_t target = load(page_->now);
  // A spinner has read the old time until here.
  for (std::size_t i = 0; i < load(page_->used); ++i) {
    if (!silences_[i].was_pushed) continue;
    silences_[i].clock_reads = load(page_->entries[i].clock_reads);
    silences_[i].reads_since = Steady::now();
    silences_[i].run_time.reset();
  }
  ++sequence_;
  const auto is_due = [&](const auto& connection) { return connection->deadline <= target; };
  bool any = false;
  for (const auto& connection : connections_) {
    if (!is_due(connection)) {
      connection->answered = sequence_;
      continue;
    }
    const wt_message order{WT_RELEASE, static_cast<std::uint32_t>(connection->entry), sequence_, target};
    if (::send(connection->descriptor, &order, sizeof order, MSG_NOSIGNAL) >= 0) any = true;
  }
  const Steady::time_point begun = Steady::now();
  const auto done = [&] {
    return std::ranges::all_of(connections_, [&](const auto& each) { return each->answered == sequence_; });
  };
  while (any && !done()) {
    if (!wait(1s) && Steady::now() - begun > kAnswerWithin) return;
  }
}

std::vector<Coordinator::Program> Coordinator::report() const {
  std::vector<Program> result = past_;
  for (const auto& connection : connections_) {
    if (!connection->has_said_hello) continue;
    const wt_entry& entry = page_->entries[connection->entry];
    const Silence& silence = silences_[connection->entry];
    result.push_back({entry.pid, load(entry.kinds), load(entry.clock_reads), silence.forced, silence.pushed});
  }
  return result;
}

}  // namespace windtunnel::wire
