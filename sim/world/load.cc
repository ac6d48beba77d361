#include "sim/world/load.h"

// `inline` marks what is short or has one caller: the compiler is to put it there.

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "base/stable_hash.h"
#include "sim/kernel/real_math.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim {
namespace {

constexpr Tokens kMaxTokensDefault{500};
constexpr std::uint32_t kKindsLane = 2;  // and the next: 1 is that of prompts
constexpr std::uint32_t kPromptsLane = 3;
constexpr std::uint32_t kLengthsLane = 5;  // 1, 2 and 4 are those of the diurnal executor
constexpr double kPromptsMost = 1e9;

// What the run's requests share is of the environment, as the level of demand is.
StreamKey state_stream_of(const WorkloadSpec& spec, const Chance& chance) {
  return chance.environment().stream("load state", demand_name(spec));
}

const DemandShift* shift_of(const WorkloadSpec& spec, const DemandShifts* shifts) {
  if (shifts == nullptr) return nullptr;
  const auto found = shifts->find(demand_name(spec));
  return found == shifts->end() ? nullptr : &found->second;
}

// How many different prompts this run has; at least one if there are any.
std::int64_t prompts_of(const WorkloadSpec& spec, const Chance& chance) {
  const PromptCatalogue& prompts = spec.prompts;
  if (prompts.count == 0 || prompts.count_cv == 0) return prompts.count;
  const double factor = factor_of_mean_one(prompts.count_cv, draw(state_stream_of(spec, chance), 0, 0, kPromptsLane).a);
  return static_cast<std::int64_t>(std::clamp(static_cast<double>(prompts.count) * factor + 0.5, 1.0, kPromptsMost));
}

std::optional<monitor::ProviderId> find_provider(const std::optional<std::string>& name,
                                                 const std::vector<ProviderSpec>& providers) {
  if (!name) return std::nullopt;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    if (providers[i].name == *name) return monitor::ProviderId{static_cast<std::uint8_t>(i)};
  }
  fail_check("a workload names a provider of the scenario", __FILE__, __LINE__);
}

bool is_none(const TokenModel& model) { return model.law == Law::fixed(0) && model.least == Tokens{}; }

bool has_kinds(const WorkloadSpec& spec) {
  return !is_none(spec.cached_input) || !is_none(spec.cache_write) || !is_none(spec.reasoning) ||
         std::ranges::any_of(spec.requests,
                             [](const ListedRequest& listed) { return listed.cached_input.has_value(); });
}

Tokens whole_tokens(const TokenModel& model, double count) {
  // The error just below 0.5 is one token.
  // NOLINTNEXTLINE(bugprone-incorrect-roundings)
  const auto whole = static_cast<std::int64_t>(std::min(count, 1e15) + 0.5);
  return std::clamp(Tokens{whole}, model.least, model.most);
}

// Lengths of this run. A length of at least one stays so.
Tokens scaled(Tokens tokens, double factor) {
  if (factor == 1 || tokens == Tokens{}) return tokens;
  const double count =
      std::min(static_cast<double>(tokens.count()) * factor + 0.5, static_cast<double>(kTokensMax.count()));
  return std::max(Tokens{1}, Tokens{static_cast<std::int64_t>(count)});
}

void draw_token_row(const TokenModel& model, const RowBits& bits, std::array<Tokens, kRowLength>& tokens) {
  if (model.law.kind == Law::Kind::uniform) {
    for (std::size_t i = 0; i < kRowLength; ++i) tokens[i] = draw_tokens(model, bits[i]);
    return;
  }
  RowValues values;
  sample_row(model.law, bits, values);
  for (std::size_t i = 0; i < kRowLength; ++i) tokens[i] = whole_tokens(model, values[i]);
}

}  // namespace

Tokens draw_tokens(const TokenModel& model, std::uint64_t bits) {
  if (model.law.kind == Law::Kind::uniform) {
    // Uniform over whole numbers, both ends included.
    const auto low = static_cast<std::int64_t>(model.law.a);
    const auto high = static_cast<std::int64_t>(model.law.b);
    const auto count = low + static_cast<std::int64_t>(below(bits, static_cast<std::uint64_t>(high - low) + 1));
    return std::clamp(Tokens{count}, model.least, model.most);
  }
  return whole_tokens(model, sample(model.law, bits));
}

Load::Load(const WorkloadSpec& spec, std::uint32_t index, const Chance& chance, Instant run_end, WallTime wall_start,
           const std::vector<ProviderSpec>& providers, monitor::LabelsId labels,
           std::optional<Tokens> limit_per_request, monitor::RouteId route, const monitor::LimitsConfig& limits,
           const DemandShifts* shifts, std::vector<monitor::RouteId> routes_of_rows)
    : spec_(spec),
      index_(index),
      begin_(Instant{} + spec.start),
      end_(spec.duration ? std::min(run_end, begin_ + *spec.duration) : run_end),
      provider_(find_provider(spec.provider, providers)),
      listed_routes_(std::move(routes_of_rows)),
      labels_(labels),
      route_(route),
      limit_per_request_(limit_per_request),
      prompts_(prompts_of(spec, chance), spec.prompts.zipf),
      users_(spec.users.count, spec.users.zipf),
      callers_(spec, chance, limits),
      arrival_stream_(chance.stream("arrival", spec.name)),
      content_stream_(chance.stream("content", spec.name)),
      token_stream_(chance.stream("tokens", spec.name)),
      state_stream_(state_stream_of(spec, chance)),
      has_kinds_(has_kinds(spec)),
      length_factor_(factor_of_mean_one(spec.length_cv, draw(state_stream_, 0, 0, kLengthsLane).a)),
      population_(chance.environment().stream("users").value),
      frame_{
          .begin = begin_,
          .end = end_,
          .wall_start = wall_start,
          .rate = spec.rate,
          .base_rate = static_cast<double>(spec.rate.count.value) / 1e6 / static_cast<double>(spec.rate.unit.count()),
          .state_stream = state_stream_,
          .shift = shift_of(spec, shifts)},
      executor_(in_run(spec.executor)),
      source_(source_of(spec.executor)),
      is_exact_(is_constant(spec.executor) && spec.arrival == Arrival::uniform),
      replay_(std::get_if<TraceReplay>(&spec.executor)),
      last_(begin_),
      mmpp_until_(begin_) {
  for (const ListedRequest& listed : spec.requests) {
    listed_providers_.push_back(find_provider(listed.provider, providers));
    if (listed.user) listed_users_.push_back(*listed.user);
  }
  std::sort(listed_users_.begin(), listed_users_.end());
  listed_users_.erase(std::unique(listed_users_.begin(), listed_users_.end()), listed_users_.end());
  if (replay_ != nullptr) rate_scale_ = replay_->rate_scale;
  copies_max_ = static_cast<std::uint64_t>(std::max(1.0, std::ceil(rate_scale_)));
  std::visit([&](auto& entry) { entry.settings->begin(frame_, entry.kept); }, executor_);
}

// --- When ----------------------------------------------------------------------------------------------------------

std::optional<ArrivalPoint> Load::next_arrival() {
  switch (source_) {
    case ArrivalSource::rate:
      return is_exact_ ? next_uniform() : next_by_rate();
    case ArrivalSource::list:
      return next_listed();
    case ArrivalSource::users:
    case ArrivalSource::outside:
      return std::nullopt;
  }
  fail_check("a source of arrivals is known", __FILE__, __LINE__);
}

// The k-th arrival comes at k / rate exactly, rounded down to a nanosecond.
std::optional<ArrivalPoint> Load::next_uniform() {
  if (spec_.rate.count.value <= 0) return std::nullopt;
  const Int128 offset =
      Int128{static_cast<std::int64_t>(arrivals_)} * spec_.rate.unit.count() * 1'000'000 / spec_.rate.count.value;
  if (offset >= (end_ - begin_).count()) return std::nullopt;
  return ArrivalPoint{begin_ + Duration{static_cast<std::int64_t>(offset)}, arrivals_++};
}

// Arrivals come when the integral of the rate has grown by the next amount of work: 1 for uniform arrivals, an
// exponential variable of mean 1 for a Poisson process, a gamma variable of mean 1 for gamma gaps.
inline std::optional<ArrivalPoint> Load::next_by_rate() {
  double left = work(arrivals_);
  Instant at = last_;
  while (at < end_) {
    const RatePiece piece = piece_at(at);
    const double span = static_cast<double>((piece.end - at).count());
    const double content = span * (piece.rate + 0.5 * piece.slope * span);
    if (left < content) {
      at += whole_nanoseconds(time_of(piece, left));
      if (at >= end_) return std::nullopt;
      last_ = at;
      return ArrivalPoint{at, arrivals_++};
    }
    left -= content;
    at = piece.end;
    constexpr std::uint64_t kPiecesBetween = 1U << 16U;  // some milliseconds
    if (++pieces_ % kPiecesBetween == 0 && stop_ != nullptr && stop_->load(std::memory_order_relaxed)) {
      was_stopped_ = true;
      break;
    }
  }
  return std::nullopt;
}

// Solves rate x + slope x^2 / 2 = left, in the form that keeps its digits when the slope is small. Where the rate falls
// to 0, rounding may leave less than nothing under the root.
double Load::time_of(const RatePiece& piece, double left) {
  if (piece.slope == 0) return left / piece.rate;  // to the last bit what the form gives: the root of r x r is r
  const double root = std::sqrt(std::max(0.0, piece.rate * piece.rate + 2 * piece.slope * left));
  return 2 * left / (piece.rate + root);
}

std::optional<ArrivalPoint> Load::next_listed() {
  for (; candidate_ / copies_max_ < spec_.requests.size(); ++candidate_) {
    const double wanted = rate_scale_ - static_cast<double>(candidate_ % copies_max_);
    if (wanted < 1 && unit(draw(arrival_stream_, candidate_).a) >= wanted) continue;
    const Duration at = row(candidate_).at;
    const Duration offset = replay_ == nullptr ? at : replay_->played_at(at);
    if (begin_ + offset >= end_) return std::nullopt;
    ++arrivals_;
    return ArrivalPoint{begin_ + offset, candidate_++};
  }
  return std::nullopt;
}

inline double Load::work(std::uint64_t ordinal) {
  switch (spec_.arrival) {
    case Arrival::uniform:
      return 1;
    case Arrival::poisson:
    case Arrival::mmpp: {
      const auto make = [this](std::uint64_t first, RowValues& row) {
        DrawRow draws;
        draw_row(arrival_stream_, first, draws);
        sample_row(Law::exponential(1), draws.a, row);
      };
      return work_ahead_.row_of(ordinal, make)[decltype(work_ahead_)::place_of(ordinal)];
    }
    case Arrival::gamma:
      return gamma(arrival_stream_, ordinal, spec_.gamma_shape, 1 / spec_.gamma_shape);
  }
  fail_check("an arrival law is known", __FILE__, __LINE__);
}

inline RatePiece Load::piece_at(Instant at) {
  RatePiece piece =
      std::visit([&](auto& entry) { return entry.settings->piece_at(frame_, at, entry.kept); }, executor_);
  if (spec_.arrival == Arrival::mmpp) modulate(piece, at);
  piece.end = std::min(piece.end, end_);
  return piece;
}

// Multiplies by the factor of the hidden state; each stay is exponential, and the states take turns.
void Load::modulate(RatePiece& piece, Instant at) {
  while (mmpp_until_ <= at) {
    if (mmpp_stays_ > 0) mmpp_state_ = (mmpp_state_ + 1) % static_cast<std::uint32_t>(spec_.mmpp.factors.size());
    const double mean = static_cast<double>(spec_.mmpp.mean_sojourn[mmpp_state_].count());
    mmpp_until_ +=
        std::max(Duration{1}, whole_nanoseconds(exponential(unit_open(draw(state_stream_, mmpp_stays_++).a), mean)));
  }
  piece.rate *= spec_.mmpp.factors[mmpp_state_];
  piece.slope *= spec_.mmpp.factors[mmpp_state_];
  piece.end = std::min(piece.end, mmpp_until_);
}

Duration Load::think_time(std::uint64_t ordinal) const {
  const Law& law = *pause_of(spec_.executor);
  return whole_nanoseconds(std::max(0.0, sample(law, draw(arrival_stream_, ordinal).a)));
}

std::optional<Instant> Load::turn_of_user(std::int64_t user, Instant from) const {
  const auto turn = sim::turn_of_user(spec_.executor, user, from - begin_);
  if (!turn || begin_ + *turn >= end_) return std::nullopt;
  return begin_ + *turn;
}

// --- What ----------------------------------------------------------------------------------------------------------

void Load::fill(std::uint64_t ordinal, monitor::Request& request, Demand& demand) {
  demand = {.output = {}, .kinds = {}, .ordinal = ordinal, .workload = index_};
  request.labels = labels_;
  request.route = route_;
  request.provider = provider_;
  request.stream = spec_.stream;
  fill_content(ordinal, request);
  const TokenRow& tokens = tokens_ahead_.row_of(ordinal, [this](std::uint64_t first, TokenRow& row) {
    DrawRow draws;
    draw_row(token_stream_, first, draws);
    draw_token_row(spec_.output, draws.b, row.output);
    if (spec_.prompts.count == 0) draw_token_row(spec_.input, draws.a, row.input);
  });
  const std::size_t place = decltype(tokens_ahead_)::place_of(ordinal);
  demand.output = scaled(tokens.output[place], length_factor_);
  if (spec_.prompts.count == 0) request.input = scaled(tokens.input[place], length_factor_);
  std::optional<Tokens> max_tokens = spec_.max_tokens;
  if (!spec_.requests.empty()) fill_listed(ordinal, request, demand, max_tokens);
  if (has_kinds_) [[unlikely]]
    fill_kinds(ordinal, request, demand);
  if (callers_.on()) callers_.fill(ordinal, spec_.requests.empty() ? nullptr : &row(ordinal), request);
  if (!max_tokens && limit_per_request_) max_tokens = std::max(Tokens{}, *limit_per_request_ - request.input);
  request.max_tokens = max_tokens.value_or(kMaxTokensDefault);
  request.prompt_length = static_cast<std::uint32_t>(request.input.count() * kCharactersPerToken);
}

// What a request's tokens are is drawn apart from how many they are, so that a share of any size moves no length.
void Load::fill_kinds(std::uint64_t ordinal, monitor::Request& request, Demand& demand) const {
  const Draw of_input = draw(token_stream_, ordinal, 0, kKindsLane);
  const Draw of_output = draw(token_stream_, ordinal, 0, kKindsLane + 1);
  const ListedRequest* listed = spec_.requests.empty() ? nullptr : &row(ordinal);
  const bool is_listed = listed != nullptr && listed->cached_input;
  TokenKinds& kinds = demand.kinds;
  kinds.cached_input =
      is_listed ? *listed->cached_input : scaled(draw_tokens(spec_.cached_input, of_input.a), length_factor_);
  kinds.cached_input = std::min(kinds.cached_input, request.input);
  kinds.cache_write =
      std::min(scaled(draw_tokens(spec_.cache_write, of_input.b), length_factor_), request.input - kinds.cached_input);
  kinds.reasoning = std::min(scaled(draw_tokens(spec_.reasoning, of_output.a), length_factor_), demand.output);
  request.has_token_kinds = true;
}

inline void Load::fill_content(std::uint64_t ordinal, monitor::Request& request) const {
  // By the seeded stream: another seed means other people and other questions, so that a split of them is chance too.
  const std::uint64_t salt = content_stream_.value;
  request.content = {mix(salt ^ mix(ordinal)), ordinal};
  if (spec_.prompts.count > 0 || spec_.users.count > 0) {
    const Draw chosen = draw(content_stream_, ordinal);
    if (spec_.prompts.count > 0) {
      const std::uint64_t prompt = prompts_.pick(chosen.a);
      request.content = {mix(salt + prompt), ~prompt};
      // A prompt has one length: it is drawn by the prompt's number, apart from the requests' own draws.
      request.input = scaled(draw_tokens(spec_.input, draw(token_stream_, prompt, 0, 1).a), length_factor_);
    }
    if (spec_.users.count > 0) request.user_id = monitor::UserId{users_.pick(chosen.b) + 1};
  }
  // Without a user id the user's profile decides, and every prompt here has a profile of its own. The users are drawn:
  // their numbers are the same in every run, so that hashes of these would put the heaviest user into the same arm in
  // all of them, and no spread over runs would show how much one arm may get. One user has one hash in all workloads.
  request.user = request.user_id == monitor::UserId{}
                     ? request.content.high
                     : mix(population_ ^ mix(static_cast<std::uint64_t>(request.user_id)));
}

void Load::fill_listed(std::uint64_t ordinal, monitor::Request& request, Demand& demand,
                       std::optional<Tokens>& max_tokens) const {
  const ListedRequest& listed = row(ordinal);
  if (listed.input) request.input = *listed.input;
  if (listed.output) demand.output = *listed.output;
  // A row of a trace requests what it got, unless the workload sets max_tokens; a listed request has its own.
  const bool said_by_workload = replay_ != nullptr && spec_.max_tokens;
  if (listed.max_tokens && !said_by_workload) {
    max_tokens = listed.max_tokens;
    // Rows with one key are one question, however long their answers were.
    request.max_tokens_is_asked = replay_ == nullptr || !listed.prompt;
  }
  if (listed.prompt) {
    request.content = {stable_hash(*listed.prompt), stable_hash(*listed.prompt, 1)};
    request.user = request.content.high;
  }
  if (listed.user) {
    const auto place = std::lower_bound(listed_users_.begin(), listed_users_.end(), *listed.user);
    const std::int64_t id = spec_.users.count + 1 + (place - listed_users_.begin());
    request.user_id = monitor::UserId{static_cast<std::uint32_t>(id)};
    request.user = stable_hash(*listed.user);
  }
  const auto& provider = listed_providers_[ordinal / copies_max_];
  if (provider) request.provider = provider;
  if (!listed_routes_.empty()) request.route = listed_routes_[ordinal / copies_max_];
}

std::string Load::user_name(monitor::UserId id) const {
  const auto number = static_cast<std::int64_t>(id);
  if (number == 0) return {};
  if (number > spec_.users.count) return listed_users_[static_cast<std::size_t>(number - spec_.users.count - 1)];
  return "user-" + std::to_string(number);
}

}  // namespace windtunnel::sim
