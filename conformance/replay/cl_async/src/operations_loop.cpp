#include <uv.h>

#include <array>

#include "operations.hpp"

namespace antiphon::conformance::cl_async {

namespace cl = cl_async_style;

namespace {

void exit_loop(Server& server, const Op& op, const SocketPtr&) {
  server.log_op(op.name);
  cl::exit_event_loop();
}

void exit_callback(Server& server, const Op& op, const SocketPtr&) {
  cl::add_event_loop_exit_callback([&server, label = op.arg(0)] {
    const auto first = server.servers.find("s1");
    server.log({{"event", "exit-callback"},
                {"label", label},
                {"s1_closed",
                 first == server.servers.end() ? Json() : Json(cl::tcp_server_closed(*first->second))}});
  });
}

void nested_loop(Server&, const Op&, const SocketPtr&) {
  cl::start_event_loop([] {});
}

void stats(Server& server, const Op&, const SocketPtr&) {
  const cl::loop_stats now = cl::stats();
  server.log({{"event", "stats"},
              {"in", now.incoming_tcp_connections},
              {"out", now.outgoing_tcp_connections},
              {"open_dns", now.open_dns_queries}});
}

void sleep_ms(Server& server, const Op& op, const SocketPtr&) {
  server.log_op(op.name, {{"ms", op.arg(0)}});
  server.sleep(std::chrono::milliseconds(op.arg(0).get<int>()));
}

void error(Server& server, const Op& op, const SocketPtr&) {
  server.log_op(op.name);
  throw AppError("app-error " + op.arg(0).get<std::string>());
}

void log(Server& server, const Op& op, const SocketPtr&) {
  server.log({{"event", "log"}, {"label", op.arg(0)}});
}

void buffer_writes(Server& server, const Op& op, const SocketPtr&) {
  server.log_op(op.name, {{"value", op.arg(0)}});
  cl::buffer_writes(op.arg(0).get<bool>());
}

/// The table of error numbers (CL-060), each with a socket known and without.
void error_numbers(Server& server, const Op&, const SocketPtr&) {
  struct Number {
    const char* name;
    int number;
  };
  static constexpr std::array numbers = {
      Number{"eof", UV_EOF},
      Number{"econnreset", UV_ECONNRESET},
      Number{"etimedout", UV_ETIMEDOUT},
      Number{"econnrefused", UV_ECONNREFUSED},
      Number{"econnaborted", UV_ECONNABORTED},
      Number{"eaddrinuse", UV_EADDRINUSE},
      Number{"epipe", UV_EPIPE},
      Number{"ecanceled", UV_ECANCELED},
      Number{"enoent", UV_ENOENT},
      Number{"eacces", UV_EACCES},
      Number{"eperm", UV_EPERM},
      Number{"ehostunreach", UV_EHOSTUNREACH},
      Number{"emfile", UV_EMFILE},
      Number{"efault", UV_EFAULT},
      Number{"eaddrnotavail", UV_EADDRNOTAVAIL},
      Number{"eai-noname", UV_EAI_NONAME},
      Number{"eai-nodata", UV_EAI_NODATA},
  };
  for (const Number& each : numbers) {
    for (const bool known : {true, false}) {
      Json event =
          describe(*cl::errno_event(each.number, known), [&](cl::socket& of) { return server.number(of); });
      server.log({{"event", "errno"},
                  {"name", each.name},
                  {"known_socket", known},
                  {"cond", event["cond"]},
                  {"code", event["code"]},
                  {"msg", event["msg"]}});
    }
  }
}

}  // namespace

const Operations& loop_operations() {
  static const Operations operations = {
      {"exit_loop", exit_loop},
      {"exit_callback", exit_callback},
      {"nested_loop", nested_loop},
      {"stats", stats},
      {"sleep_ms", sleep_ms},
      {"error", error},
      {"log", log},
      {"buffer_writes", buffer_writes},
      {"errno", error_numbers},
  };
  return operations;
}

}  // namespace antiphon::conformance::cl_async
