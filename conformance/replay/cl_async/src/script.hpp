#pragma once

#include <map>
#include <string>
#include <vector>

#include "trace_file.hpp"

namespace antiphon::conformance::cl_async {

/// `[name, args..., {options}]`: an operation of the server script or a step of the peer's.
struct Op {
  std::string name;
  std::vector<Json> args;
  Json options = Json::object();
  Json source;  ///< as it stands in the script

  [[nodiscard]] Json arg(std::size_t i) const { return i < args.size() ? args[i] : Json(); }
  [[nodiscard]] bool flag(const char* option) const { return options.value(option, false); }
};
using Ops = std::vector<Op>;

/// What the server does: `start` in the start function; of each callback the n-th list in its n-th call per
/// socket.
struct ServerScript {
  bool catch_app_errors = false;
  bool catch_function = false;  ///< by a function of the application
  bool send_errors_to_eventcb = true;
  Ops start;
  std::map<std::string, std::vector<Ops>> defaults;  ///< of "connect", "read", "event" and "write"
  std::map<std::string, std::vector<Ops>> named;     ///< of the callbacks that a write may put in their place
};

/// All throw HarnessError for a name, an option or a count of arguments that the trace format does not have:
/// nothing is skipped.
[[nodiscard]] ServerScript parse_server_script(const Json& script);
[[nodiscard]] Ops parse_ops(const Json& ops);
[[nodiscard]] Ops parse_peer_script(const Json& script);

}  // namespace antiphon::conformance::cl_async
