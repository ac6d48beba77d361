#pragma once
// timeline.json: a run over time (sim/timeline/timeline.h defines each series), for charts and for exports.
//
// Every number is whole: nanoseconds, pico-dollars, counts; the name ends in its unit. A series has one number per step
// (quantiles: per view) and may stop early: from there on it is zero, and [] is zero throughout. Instants are virtual,
// since the start; `start_unix_ns` is the wall-clock time of 0, and `start_is_given` says that the scenario names it.
//
//   windtunnel_timeline  2
//   scenario {file, title, hash}, seed, digest, start, start_unix_ns, start_is_given, duration_ns, ended_ns,
//   stopped, from_outside (true of a trial, else left out: then the series of what goes on inside a gateway are null)
//   step_ns, steps, view_steps, duration_edges_ms (the bins: each edge belongs to the bin below it; one more beyond)
//   providers [{name, model}], experiment, variants [{id, provider}], versions [{feature_version,
//   prompt_version}] ("": none), limits {alerts_millionths,
//   monthly_picos, daily_picos} (null: none)
//   faults [{id, kind, providers ([]: all), phases_total, phases_ns [[from, to or null], ...]}]
//   transitions_total, transitions [{at_ns, provider, from, to, rule}]
//   budget_total, budget [{at_ns, kind, window, window_begin_unix_ns, share_millionths, spent_picos, reserved_picos,
//                          limit_picos, by_refusal}]
//   routes [{assigned, answered_by, outcome, requests}] (null: no provider)
//   series {...}, named as in reports/timeline/timeline_fields.h
//
// A provider is named by its place in `providers`. Equal runs give equal bytes.

#include <string>

#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

// The number behind "windtunnel_timeline". A reader refuses any other.
inline constexpr int kTimelineVersion = 2;

// Ends with a newline.
std::string timeline_json(const sim::Timeline& timeline);

}  // namespace windtunnel::reports
