#pragma once
// The JSON Schema (draft 7) of scenario files, made from the tables that the reader walks.
//
// It accepts every file that the reader accepts. What only the reader can refuse is listed in reader.h.

#include <string>

namespace windtunnel::scenarios {

// Ends with a newline.
std::string scenario_schema();
// Of a file that holds a monitor's settings by themselves.
std::string monitor_schema();

}  // namespace windtunnel::scenarios
