#pragma once
// Searches seeds of a real gateway in virtual time for the first that fails, and shrinks what fails to a scenario file.
// Each world is tried as `windtunnel trial` tries it, one after the other, from a file: what is found can be replayed.

#include "runs/search/search_job.h"

namespace windtunnel::runs {

// `job.request.gateway` names the gateway's file. Throws ProblemError, and ReportError for files in `out`.
SearchDone search_gateway(const SearchJob& job);

}  // namespace windtunnel::runs
