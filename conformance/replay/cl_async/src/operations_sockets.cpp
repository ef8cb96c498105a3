#include <stdexcept>
#include <vector>

#include "json_text.hpp"
#include "operations.hpp"

namespace antiphon::conformance::cl_async {

namespace cl = cl_async_style;

namespace {

cl::socket& need(const Op& op, const SocketPtr& on) {
  if (!on) throw std::logic_error(op.name + ": there is no socket here");
  return *on;
}

cl::async_io_stream& need_stream(const Op& op, const SocketPtr& on) {
  cl::async_io_stream* stream = cl::socket_stream(need(op, on));
  if (stream == nullptr) throw std::logic_error(op.name + ": the socket is not in stream mode");
  return *stream;
}

/// The callback of an override: `true` stands for the script's own.
template <typename Make>
auto overriding(const Op& op, const char* option, Make make) -> decltype(make("", Server::Whose::listener)) {
  const Json name = op.options.value(option, Json());
  if (name.is_string()) return make(name.get<std::string>(), Server::Whose::override_);
  if (name == true) return make("default", Server::Whose::listener);
  return {};
}

void write(Server& server, const Op& op, const SocketPtr& on) {
  cl::socket& to = need(op, on);
  const Json what = op.arg(0);
  const std::string octets =
      what.is_string() ? what.get<std::string>() : std::string(what.get<std::size_t>(), filler);
  cl::write_options options;
  options.force = op.flag("force");
  options.start = op.options.value("start", options.start);
  if (op.options.value("end", Json()).is_number()) options.end = op.options["end"].get<std::size_t>();
  if (cl::socket_stream(to) != nullptr)
    options.stream_read_cb =
        overriding(op, "read_cb", [&](auto... a) { return server.stream_read_cb(a...); });
  else
    options.read_cb = overriding(op, "read_cb", [&](auto... a) { return server.read_cb(a...); });
  options.write_cb = overriding(op, "write_cb", [&](auto... a) { return server.write_cb(a...); });
  options.event_cb = overriding(op, "event_cb", [&](auto... a) { return server.event_cb(a...); });
  server.log_op(op.name, {{"sock", server.number(to)},
                          {"n", octets.size()},
                          {"text", what.is_string() ? what : Json()},
                          {"closed", cl::socket_closed_p(to)},
                          {"force", options.force}});
  cl::write_socket_data(to, octets, std::move(options));
}

void close_it(Server& server, const Op& op, cl::socket& which, bool force) {
  server.log_op(op.name, {{"sock", server.number(which)}});
  cl::close_socket(which, {.force = force});
  server.log({{"event", "op-done"}, {"op", op.name}, {"closed", cl::socket_closed_p(which)}});
}
void close(Server& server, const Op& op, const SocketPtr& on) {
  close_it(server, op, need(op, on), false);
}
void force_close(Server& server, const Op& op, const SocketPtr& on) {
  close_it(server, op, need(op, on), true);
}

void closed_p(Server& server, const Op& op, const SocketPtr& on) {
  server.log_op(op.name, {{"closed", cl::socket_closed_p(need(op, on))}});
}

void set_timeouts(Server& server, const Op& op, const SocketPtr& on) {
  cl::socket& of = need(op, on);
  server.log_op(op.name, {{"read", op.arg(0)}, {"write", op.arg(1)}});
  server.time_is_real();
  cl::set_socket_timeouts(of, server.seconds(op.arg(0)), server.seconds(op.arg(1)));
}

void enable_socket(Server& server, const Op& op, const SocketPtr& on) {
  cl::enable_socket(need(op, on));
  server.log({{"event", "op-done"}, {"op", op.name}});
}
void disable_socket(Server& server, const Op& op, const SocketPtr& on) {
  cl::disable_socket(need(op, on));
  server.log({{"event", "op-done"}, {"op", op.name}});
}

// Streams

void read_stream(Server& server, const Op& op, const SocketPtr& on) {
  std::vector<std::byte> into(op.arg(0).get<std::size_t>());
  const std::size_t count = need_stream(op, on).read_sequence(into);
  server.log_op(op.name, {{"asked", into.size()},
                          {"n", count},
                          {"text", json_text({reinterpret_cast<const char*>(into.data()), count})}});
}
void read_byte(Server& server, const Op& op, const SocketPtr& on) {
  const std::optional<std::byte> octet = need_stream(op, on).read_byte();
  server.log_op(op.name, {{"result", octet ? Json(std::to_integer<int>(*octet)) : Json("eof")}});
}
void write_stream(Server& server, const Op& op, const SocketPtr& on) {
  cl::async_io_stream& to = need_stream(op, on);
  server.log_op(op.name, {{"text", op.arg(0)}, {"open", to.open_stream_p()}});
  to.write_sequence(std::string_view(op.arg(0).get_ref<const std::string&>()));
}
void close_stream(Server& server, const Op& op, const SocketPtr& on) {
  cl::async_io_stream& which = need_stream(op, on);
  server.log_op(op.name);
  which.close(op.flag("abort"));
  server.log({{"event", "op-done"}, {"op", op.name}, {"open", which.open_stream_p()}});
}

}  // namespace

const Operations& socket_operations() {
  static const Operations operations = {
      {"write", write},
      {"close", close},
      {"force_close", force_close},
      {"closed_p", closed_p},
      {"set_timeouts", set_timeouts},
      {"enable_socket", enable_socket},
      {"disable_socket", disable_socket},
      {"read_stream", read_stream},
      {"read_byte", read_byte},
      {"write_stream", write_stream},
      {"close_stream", close_stream},
  };
  return operations;
}

}  // namespace antiphon::conformance::cl_async
