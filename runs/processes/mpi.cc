#include "runs/processes/mpi.h"

#if defined(WINDTUNNEL_MPI)
// The C interface alone.
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/in_order.h"
#endif

namespace windtunnel::runs {

#if !defined(WINDTUNNEL_MPI)

Processes::Processes() = default;
Processes::~Processes() = default;  // NOLINT(performance-trivially-destructible): with MPI it is not

bool Processes::is_first() const { return true; }

std::unique_ptr<sim::ReplicationMaker> Processes::maker(const sim::ForecastWorld& world, unsigned jobs,
                                                        const std::atomic<bool>* stop) {
  return std::make_unique<sim::ThreadedMaker>(world, jobs, stop);
}

std::optional<int> Processes::serve(const sim::ForecastWorld&, unsigned, const std::atomic<bool>*) {
  return std::nullopt;
}

void Processes::dismiss(int /*number*/) {}

#else

namespace {

using sim::Replication;
using Numbers = std::vector<std::int64_t>;

// The message of rank 0 to the others, in this order; then come the indices.
struct Order {
  std::int64_t makes = 0;  // 1: make replications; 0: end with the number `family`
  std::int64_t rate_millionths = 0;
  std::int64_t family = 0;
  std::int64_t indices = 0;
};
constexpr int kOrderSize = 4;

int rank() {
  int value = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &value);
  return value;
}

int size() {
  int value = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &value);
  return value;
}

void broadcast(Order& order) {
  static_assert(sizeof(Order) == kOrderSize * sizeof(std::int64_t));
  MPI_Bcast(&order, kOrderSize, MPI_INT64_T, 0, MPI_COMM_WORLD);
}

// --- A replication as one list of numbers: how many there are, the numbers, the histogram ---

// 128 bits, the upper half first.
void pack(Numbers& to, Int128 number) {
  to.push_back(static_cast<std::int64_t>(number >> 64));
  to.push_back(static_cast<std::int64_t>(number));
}

Int128 unpack_number(const std::int64_t*& from) {
  const Int128 upper = *from++;
  const auto lower = static_cast<std::uint64_t>(*from++);
  return static_cast<Int128>(static_cast<Uint128>(upper) << 64 | lower);
}

void pack(Numbers& to, const Replication& replication) {
  const std::vector<Int128> numbers = sim::numbers_of(replication);
  const Histogram::Content latency = replication.latency.content();
  to.push_back(std::ssize(numbers));
  for (const Int128 number : numbers) pack(to, number);
  pack(to, latency.sum_ns);
  to.push_back(static_cast<std::int64_t>(latency.min_ns));
  to.push_back(static_cast<std::int64_t>(latency.max_ns));
  to.push_back(std::ssize(latency.buckets));
  for (const auto& [bucket, count] : latency.buckets) {
    to.push_back(bucket);
    to.push_back(static_cast<std::int64_t>(count));
  }
}

Replication unpack(const sim::ForecastFrame& frame, const std::int64_t*& from) {
  std::vector<Int128> numbers(static_cast<std::size_t>(*from++));
  for (Int128& number : numbers) number = unpack_number(from);
  auto replication = sim::replication_of(frame, numbers);
  check(replication.has_value(), "all processes forecast the same world");
  Histogram::Content latency;
  latency.sum_ns = unpack_number(from);
  latency.min_ns = static_cast<std::uint64_t>(*from++);
  latency.max_ns = static_cast<std::uint64_t>(*from++);
  for (std::int64_t left = *from++; left > 0; --left, from += 2) {
    latency.buckets.emplace_back(static_cast<std::uint32_t>(from[0]), static_cast<std::uint64_t>(from[1]));
  }
  const auto histogram = Histogram::of(latency);
  check(histogram.has_value(), "a histogram arrives as it was sent");
  replication->latency = *histogram;
  return std::move(*replication);
}

// The share of this rank in a round, made on its threads. Nothing: interrupted.
std::optional<Numbers> make_share(const sim::ForecastWorld& world, sim::SeedFamily family,
                                  const std::vector<std::uint64_t>& indices, unsigned jobs,
                                  const std::atomic<bool>* stop) {
  std::vector<std::uint64_t> own;
  for (std::size_t i = static_cast<std::size_t>(rank()); i < indices.size(); i += static_cast<std::size_t>(size())) {
    own.push_back(indices[i]);
  }
  Numbers packed;
  InOrder<std::optional<Replication> > runs{
      own.size(), jobs, [&](std::uint64_t place) { return world.replicate(family, own[place], stop); }};
  while (std::optional<std::optional<Replication> > entry = runs.take()) {
    if (!*entry) return std::nullopt;
    pack(packed, **entry);
  }
  return packed;
}

// Every rank makes its share; rank 0 gets all of them, in the order of the indices. Nothing, at rank 0: somebody was
// interrupted.
std::optional<std::vector<Replication> > make_round(const sim::ForecastWorld& world, sim::SeedFamily family,
                                                    const std::vector<std::uint64_t>& indices, unsigned jobs,
                                                    const std::atomic<bool>* stop) {
  const auto share = make_share(world, family, indices, jobs, stop);
  const int ranks = size();
  const int own = share ? static_cast<int>(share->size()) : -1;
  std::vector<int> lengths(static_cast<std::size_t>(ranks));
  MPI_Allgather(&own, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD);
  if (std::find(lengths.begin(), lengths.end(), -1) != lengths.end()) return std::nullopt;
  std::vector<int> begins(lengths.size());
  for (std::size_t i = 1; i < lengths.size(); ++i) begins[i] = begins[i - 1] + lengths[i - 1];
  Numbers all(rank() == 0 ? static_cast<std::size_t>(begins.back() + lengths.back()) : 0);
  MPI_Gatherv(share->data(), own, MPI_INT64_T, all.data(), lengths.data(), begins.data(), MPI_INT64_T, 0,
              MPI_COMM_WORLD);
  std::vector<Replication> replications;
  if (rank() != 0) return replications;
  std::vector<const std::int64_t*> cursors;
  for (const int begin : begins) cursors.push_back(all.data() + begin);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    replications.push_back(unpack(world.frame(), cursors[i % cursors.size()]));
  }
  return replications;
}

class MpiMaker final : public sim::ReplicationMaker {
 public:
  MpiMaker(const sim::ForecastWorld& world, unsigned jobs, const std::atomic<bool>* stop)
      : world_(world), jobs_(jobs), stop_(stop) {}

  bool make(const sim::ReplicationJob& job, const std::function<bool(Replication)>& take) override {
    const sim::ForecastWorld scaled = world_.scaled(job.rate_millionths);
    // As many at once as one block, or four for each thread of all ranks if that is more.
    const std::size_t round =
        std::max<std::size_t>(sim::kBlockSize, std::size_t{4} * jobs_ * static_cast<std::size_t>(size()));
    for (std::size_t begin = 0; begin < job.indices.size(); begin += round) {
      const auto first = job.indices.begin() + static_cast<std::ptrdiff_t>(begin);
      std::vector<std::uint64_t> indices{
          first, first + static_cast<std::ptrdiff_t>(std::min(round, job.indices.size() - begin))};
      Order order{1, job.rate_millionths, static_cast<std::int64_t>(job.family), std::ssize(indices)};
      broadcast(order);
      MPI_Bcast(indices.data(), static_cast<int>(indices.size()), MPI_UINT64_T, 0, MPI_COMM_WORLD);
      auto made = make_round(scaled, job.family, indices, jobs_, stop_);
      if (!made) return false;
      for (Replication& replication : *made) {
        if (!take(std::move(replication))) return true;
      }
    }
    return true;
  }

 private:
  const sim::ForecastWorld& world_;
  unsigned jobs_;
  const std::atomic<bool>* stop_;
};

// Whether every rank is ready to take part.
bool all_join(bool ready) {
  int own = ready ? 1 : 0;
  int all = 0;
  MPI_Allreduce(&own, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return all == 1;
}

}  // namespace

Processes::Processes() {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  if (rank() == 0) return;
  // One voice is enough.
  const bool quiet =
      std::freopen("/dev/null", "w", stdout) != nullptr && std::freopen("/dev/null", "w", stderr) != nullptr;
  check(quiet, "there is a /dev/null");
}

Processes::~Processes() {
  if (!joined_) all_join(false);
  if (joined_ && rank() == 0 && !dismissed_) dismiss(kFailed);
  MPI_Finalize();
}

bool Processes::is_first() const { return rank() == 0; }

std::unique_ptr<sim::ReplicationMaker> Processes::maker(const sim::ForecastWorld& world, unsigned jobs,
                                                        const std::atomic<bool>* stop) {
  joined_ = true;
  if (all_join(true)) return std::make_unique<MpiMaker>(world, jobs, stop);
  dismissed_ = true;
  return nullptr;
}

std::optional<int> Processes::serve(const sim::ForecastWorld& world, unsigned jobs, const std::atomic<bool>* stop) {
  joined_ = true;
  if (!all_join(true)) return std::nullopt;
  for (;;) {
    Order order;
    broadcast(order);
    if (order.makes == 0) return static_cast<int>(order.family);
    std::vector<std::uint64_t> indices(static_cast<std::size_t>(order.indices));
    MPI_Bcast(indices.data(), static_cast<int>(indices.size()), MPI_UINT64_T, 0, MPI_COMM_WORLD);
    const sim::ForecastWorld scaled = world.scaled(order.rate_millionths);
    make_round(scaled, static_cast<sim::SeedFamily>(order.family), indices, jobs, stop);
  }
}

void Processes::dismiss(int number) {
  if (joined_ && !dismissed_) {
    Order order{0, 0, number, 0};
    broadcast(order);
  }
  dismissed_ = true;
}

#endif

}  // namespace windtunnel::runs
