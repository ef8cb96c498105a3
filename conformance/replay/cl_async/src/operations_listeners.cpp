#include "operations.hpp"

namespace antiphon::conformance::cl_async {

namespace cl = cl_async_style;

namespace {

using Whose = Server::Whose;

std::string via(const Op& op) {
  return op.options.value("via", "default");
}

template <typename Options>
Options callbacks(Server& server, const Op& op) {
  Options options;
  options.connect_cb = server.connect_cb(via(op));
  if (!op.flag("no_event_cb")) options.event_cb = server.event_cb(via(op), Whose::listener);
  options.stream = op.flag("stream");
  return options;
}

cl::server_options server_options(Server& server, const Op& op) {
  auto options = callbacks<cl::server_options>(server, op);
  if (const Json backlog = op.options.value("backlog", Json()); backlog.is_number())
    options.backlog = backlog.get<int>();
  if (op.options.contains("fd")) options.fd = server.stage().descriptor(op.options["fd"]);
  return options;
}

cl::read_callback read_cb(Server& server, const Op& op) {
  return op.flag("no_read_cb") ? cl::read_callback() : server.read_cb(via(op), Whose::listener);
}

void listening(Server& server, const Op& op, const char* type, std::shared_ptr<cl::socket_server> made) {
  const std::string id = op.options.value("id", "s1");
  if (op.options.contains("fd")) server.stage().give_away(op.options["fd"]);
  if (op.args.size() > 1) server.stage().set_port(op.arg(1), cl::server_port(*made));
  server.servers[id] = std::move(made);
  server.log({{"event", "listening"}, {"server", id}, {"class", type}});
}

void listen(Server& server, const Op& op, const SocketPtr&) {
  const std::optional<std::string> host =
      op.arg(0).is_null() ? std::nullopt : std::optional(op.arg(0).get<std::string>());
  const std::uint16_t port = server.stage().port(op.arg(1));
  cl::server_options options = server_options(server, op);
  std::shared_ptr<cl::socket_server> made;
  const bool reads_stream = options.stream && !op.flag("no_read_cb");
  if (op.flag("positional_event_cb")) {
    options.event_cb = nullptr;
    const cl::event_callback event_cb = server.event_cb(via(op), Whose::listener);
    made = reads_stream ? cl::tcp_server(host, port, server.stream_read_cb(via(op), Whose::listener),
                                         event_cb, options)
                        : cl::tcp_server(host, port, read_cb(server, op), event_cb, options);
  } else if (reads_stream) {
    made = cl::tcp_server(host, port, server.stream_read_cb(via(op), Whose::listener), options);
  } else {
    made = cl::tcp_server(host, port, read_cb(server, op), options);
  }
  listening(server, op, "tcp-server", std::move(made));
}

void pipe_listen(Server& server, const Op& op, const SocketPtr&) {
  const std::string path = server.stage().path(op.arg(0));
  const cl::server_options options = server_options(server, op);
  listening(server, op, "pipe-server",
            options.stream && !op.flag("no_read_cb")
                ? cl::pipe_server(path, server.stream_read_cb(via(op), Whose::listener), options)
                : cl::pipe_server(path, read_cb(server, op), options));
}

void ssl_listen(Server& server, const Op& op, const SocketPtr&) {
  const std::optional<std::string> host =
      op.arg(0).is_null() ? std::nullopt : std::optional(op.arg(0).get<std::string>());
  const std::uint16_t port = server.stage().port(op.arg(1));
  const cl::server_options options = server_options(server, op);
  cl::ssl_parameters ssl;
  ssl.certificate = server.stage().path(op.options.value("certificate", Json("")));
  ssl.key = server.stage().path(op.options.value("key", Json("")));
  if (op.options.value("keytype", "") == "asn1") ssl.keytype = cl::ssl_keytype::asn1;
  ssl.ciphers = op.options.value("ciphers", "");
  ssl.password = op.options.value("password", "");
  listening(
      server, op, "tcp-server",
      options.stream && !op.flag("no_read_cb")
          ? cl::tcp_ssl_server(host, port, server.stream_read_cb(via(op), Whose::listener), options, ssl)
          : cl::tcp_ssl_server(host, port, read_cb(server, op), options, ssl));
}

void close_server(Server& server, const Op& op, const SocketPtr&) {
  const std::string id = op.arg(0).is_string() ? op.arg(0).get<std::string>() : "s1";
  const auto found = server.servers.find(id);
  if (found == server.servers.end()) throw HarnessError("close_server: no server '" + id + "'");
  server.log_op(op.name, {{"server", id}});
  cl::close_tcp_server(*found->second);
  server.log({{"event", "op-done"}, {"op", op.name}, {"closed", cl::tcp_server_closed(*found->second)}});
}

// Clients

cl::connect_options connect_options(Server& server, const Op& op) {
  auto options = callbacks<cl::connect_options>(server, op);
  options.data = op.options.value("data", "");
  options.read_timeout = server.seconds(op.options.value("read_timeout", Json()));
  options.write_timeout = server.seconds(op.options.value("write_timeout", Json()));
  if (options.read_timeout || options.write_timeout) server.time_is_real();
  if (op.options.contains("dont_drain")) options.dont_drain_read_buffer = op.flag("dont_drain");
  const Json write_cb = op.options.value("write_cb", Json());
  if (write_cb.is_string())
    options.write_cb = server.write_cb(write_cb.get<std::string>(), Whose::override_);
  else if (write_cb == true)
    options.write_cb = server.write_cb("default", Whose::listener);
  return options;
}

void connected(Server& server, const Op& op, const SocketPtr& made, Json fields) {
  fields["sock"] = server.number(*made);
  server.log_op(op.name, std::move(fields));
  if (op.options.contains("then")) server.run_ops(parse_ops(op.options["then"]), made);
}

void connect(Server& server, const Op& op, const SocketPtr&) {
  const auto host = op.arg(0).get<std::string>();
  const std::uint16_t port = server.stage().port(op.arg(1));
  const cl::connect_options options = connect_options(server, op);
  const SocketPtr made =
      options.stream && !op.flag("no_read_cb")
          ? cl::tcp_connect(host, port, server.stream_read_cb(via(op), Whose::listener), options)
          : cl::tcp_connect(host, port, read_cb(server, op), options);
  connected(server, op, made, {{"returned", options.stream ? "stream" : "socket"}});
}

void pipe_connect(Server& server, const Op& op, const SocketPtr&) {
  const std::string path = server.stage().path(op.arg(0));
  const cl::connect_options options = connect_options(server, op);
  const SocketPtr made =
      options.stream && !op.flag("no_read_cb")
          ? cl::pipe_connect(path, server.stream_read_cb(via(op), Whose::listener), options)
          : cl::pipe_connect(path, read_cb(server, op), options);
  connected(server, op, made, Json::object());
}

}  // namespace

const Operations& listener_operations() {
  static const Operations operations = {
      {"listen", listen},         {"pipe_listen", pipe_listen},
      {"ssl_listen", ssl_listen}, {"close_server", close_server},
      {"connect", connect},       {"pipe_connect", pipe_connect},
  };
  return operations;
}

}  // namespace antiphon::conformance::cl_async
