#include "script.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

namespace antiphon::conformance::cl_async {

namespace {

/// How an operation may look.
struct Shape {
  std::string_view name;
  std::size_t min_args;
  std::size_t max_args;
  std::vector<std::string_view> options{};
  int nested = -1;  ///< which argument is a list of operations
};

const std::vector<Shape>& server_shapes() {
  static const std::vector<Shape> shapes = {
      // Listeners
      {"listen",
       2,
       2,
       {"id", "stream", "backlog", "via", "fd", "no_event_cb", "no_read_cb", "positional_event_cb"}},
      {"pipe_listen", 1, 1, {"id", "stream", "backlog", "via", "fd", "no_event_cb", "no_read_cb"}},
      {"ssl_listen",
       2,
       2,
       {"id", "stream", "backlog", "via", "fd", "no_event_cb", "no_read_cb", "certificate", "key", "keytype",
        "ciphers", "password"}},
      {"close_server", 0, 1},
      // Clients
      {"connect",
       2,
       2,
       {"data", "stream", "write_cb", "read_timeout", "write_timeout", "dont_drain", "then", "via",
        "no_event_cb", "no_read_cb"}},
      {"pipe_connect",
       1,
       1,
       {"data", "stream", "write_cb", "read_timeout", "write_timeout", "dont_drain", "then", "via",
        "no_event_cb", "no_read_cb"}},
      // Sockets
      {"write", 1, 1, {"force", "start", "end", "read_cb", "write_cb", "event_cb"}},
      {"close", 0, 0},
      {"force_close", 0, 0},
      {"closed_p", 0, 0},
      {"set_timeouts", 2, 2},
      {"enable_socket", 0, 0},
      {"disable_socket", 0, 0},
      {"buffer_writes", 1, 1},
      // Streams
      {"read_stream", 1, 1},
      {"read_byte", 0, 0},
      {"write_stream", 1, 1},
      {"close_stream", 0, 0, {"abort"}},
      // The loop
      {"exit_loop", 0, 0},
      {"exit_callback", 1, 1},
      {"nested_loop", 0, 0},
      {"stats", 0, 0},
      {"sleep_ms", 1, 1},
      {"error", 1, 1},
      {"log", 1, 1},
      {"errno", 0, 0},
      // Events
      {"delay", 2, 2, {}, 1},
      {"interval", 2, 2, {"error_at"}},
      {"event_ops", 0, 0},
      {"unref_timer", 1, 1},
      {"idle", 1, 1},
      {"idle_silent", 0, 0},
      {"notifier", 0, 0},
      {"trigger_again", 0, 0},
      {"signal", 1, 1},
      {"free_signal", 1, 1},
      {"poll", 1, 1},
      {"dns", 1, 1},
  };
  return shapes;
}

const std::vector<Shape>& peer_shapes() {
  static const std::vector<Shape> shapes = {
      {"connect", 0, 0, {"host", "port"}},
      {"connect_unix", 0, 1, {"path"}},
      {"connect_tls", 0, 0, {"host", "port"}},
      {"listen", 0, 0, {"port"}},
      {"accept", 0, 0},
      {"send", 1, 1, {"best_effort"}},
      {"send_text", 1, 1, {"best_effort"}},
      {"shutdown_write", 0, 0},
      {"close", 0, 0},
      {"rst", 0, 0},
      {"read", 1, 1, {"approx"}},
      {"read_some", 0, 0, {"approx"}},
      {"read_until_eof", 0, 0, {"approx"}},
      {"read_until_quiet", 0, 0, {"quiet_ms", "approx"}},
      {"sleep_ms", 1, 1},
      {"wait_event", 2, 2},
      {"set_rcvbuf", 1, 1},
      {"signal", 1, 1},
      {"tls_unwrap", 0, 0},
      {"pipe_write", 0, 1},
      {"mark", 0, 1},
  };
  return shapes;
}

template <typename List>
bool contains(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

/// The options that each operation may have, or each of the peer's steps.
constexpr std::array<std::string_view, 1> of_each_operation{"propagate"};
constexpr std::array<std::string_view, 2> of_each_step{"c", "timeout"};

Op parse_op(const Json& json, const std::vector<Shape>& shapes, std::span<const std::string_view> general,
            std::string_view kind) {
  const std::string what = std::string(kind) + " " + json.dump();
  if (!json.is_array() || json.empty() || !json.front().is_string())
    throw HarnessError(what + ": not [name, ...]");
  Op op;
  op.source = json;
  op.name = json.front().get<std::string>();
  const auto shape =
      std::find_if(shapes.begin(), shapes.end(), [&](const Shape& s) { return s.name == op.name; });
  if (shape == shapes.end())
    throw HarnessError(what + ": unknown " + std::string(kind) + " '" + op.name + "'");
  for (std::size_t i = 1; i < json.size(); ++i) {
    if (!json[i].is_object())
      op.args.push_back(json[i]);
    else if (i + 1 == json.size())
      op.options = json[i];
    else
      throw HarnessError(what + ": its options are not last");
  }
  if (op.args.size() < shape->min_args || op.args.size() > shape->max_args)
    throw HarnessError(what + ": takes " + std::to_string(shape->min_args) + " to " +
                       std::to_string(shape->max_args) + " arguments");
  for (const auto& [option, value] : op.options.items()) {
    const bool known = contains(shape->options, option) || contains(general, option);
    if (!known) throw HarnessError(what + ": unknown option '" + option + "'");
  }
  if (shape->nested >= 0) static_cast<void>(parse_ops(op.arg(static_cast<std::size_t>(shape->nested))));
  if (op.options.contains("then")) static_cast<void>(parse_ops(op.options["then"]));
  return op;
}

std::vector<Ops> parse_lists(const Json& lists) {
  if (!lists.is_array()) throw HarnessError("not a list of operation lists: " + lists.dump());
  std::vector<Ops> parsed;
  for (const Json& each : lists) parsed.push_back(each.is_null() ? Ops() : parse_ops(each));
  return parsed;
}

void parse_loop(const Json& loop, ServerScript& into) {
  for (const auto& [option, value] : loop.items()) {
    if (value.is_null()) continue;  // Lisp's nil: as if it were not there
    if (option == "catch_app_errors" && value.is_boolean()) {
      into.catch_app_errors = value.get<bool>();
    } else if (option == "catch_app_errors" && value == "function") {
      into.catch_app_errors = into.catch_function = true;
    } else if (option == "send_errors_to_eventcb" && value.is_boolean()) {
      into.send_errors_to_eventcb = value.get<bool>();
    } else {
      throw HarnessError("unknown loop option '" + option + "': " + value.dump());
    }
  }
}

}  // namespace

Ops parse_ops(const Json& ops) {
  if (!ops.is_array()) throw HarnessError("not a list of operations: " + ops.dump());
  Ops parsed;
  for (const Json& op : ops) parsed.push_back(parse_op(op, server_shapes(), of_each_operation, "operation"));
  return parsed;
}

ServerScript parse_server_script(const Json& script) {
  ServerScript parsed;
  for (const auto& [key, value] : script.items()) {
    if (value.is_null()) continue;
    if (key == "loop") {
      parse_loop(value, parsed);
    } else if (key == "start") {
      parsed.start = parse_ops(value);
    } else if (key == "connect" || key == "read" || key == "event" || key == "write") {
      parsed.defaults[key] = parse_lists(value);
    } else if (key == "callbacks") {
      for (const auto& [name, callback] : value.items())
        parsed.named[name] = parse_lists(callback.value("ops", Json::array()));
    } else {
      throw HarnessError("unknown part of a server script: '" + key + "'");
    }
  }
  return parsed;
}

Ops parse_peer_script(const Json& script) {
  if (!script.is_array()) throw HarnessError("not a list of peer steps: " + script.dump());
  Ops parsed;
  for (const Json& step : script) parsed.push_back(parse_op(step, peer_shapes(), of_each_step, "peer step"));
  return parsed;
}

}  // namespace antiphon::conformance::cl_async
