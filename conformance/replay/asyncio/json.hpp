#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace antiphon::asyncio_replay {

using Json = nlohmann::json;

/// The replay itself can't do its work: a scenario has a word that it does not know, a trace is missing.
/// Never a verdict about the server.
class HarnessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace antiphon::asyncio_replay
