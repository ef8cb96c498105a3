#pragma once

#include <map>
#include <string_view>

#include "server.hpp"

namespace antiphon::conformance::cl_async {

/// Runs one operation of a server script; throws what the library throws, AppError for `error`.
void run_operation(Server& server, const Op& op, const SocketPtr& on);

using Operation = void (*)(Server& server, const Op& op, const SocketPtr& on);
using Operations = std::map<std::string_view, Operation>;

/// By topic; together they are all that script.cpp lets pass.
[[nodiscard]] const Operations& listener_operations();
[[nodiscard]] const Operations& socket_operations();
[[nodiscard]] const Operations& loop_operations();
[[nodiscard]] const Operations& event_operations();

}  // namespace antiphon::conformance::cl_async
