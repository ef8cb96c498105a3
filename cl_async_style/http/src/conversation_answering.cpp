// Octets out.

#include <array>
#include <utility>

#include "conversation.hpp"
#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

void conversation::send() {
  std::string& out = server_.scratch();
  if (!out.empty()) write_socket_data(socket_, out);
  out.clear();
  if (out.capacity() > (1U << 20U)) std::string().swap(out);
}

void conversation::respond(const http::ResponseView& view) {
  if (answering_ != answering::waiting) return;
  std::string& out = server_.scratch();
  out.clear();
  server_.state().run_hooks(hook::response_started, request_, *this);
  if (request_.expects_continue() && receiving_ != receiving::complete && !continued_) writer_.close_after();
  if (writer_.respond(view, out) != http::WriteResult::written) {
    server_.tell(event_error(0, "a response with a header that has CR, LF or NUL in it"));
    writer_.respond({500, {}, "internal server error\n"}, out);
  }
  send();
  answered();
}

void conversation::start(unsigned status, std::span<const http::Field> fields,
                         std::optional<std::uint64_t> length) {
  if (answering_ != answering::waiting) return;
  std::string& out = server_.scratch();
  out.clear();
  server_.state().run_hooks(hook::response_started, request_, *this);
  if (request_.expects_continue() && receiving_ != receiving::complete && !continued_) writer_.close_after();
  if (writer_.head(status, fields, length, out) != http::WriteResult::written) {
    server_.tell(event_error(0, "a response with a header that has CR, LF or NUL in it"));
    writer_.respond({500, {}, "internal server error\n"}, out);
    send();
    answered();
    return;
  }
  set(answering::started);
  send();
}

void conversation::write(std::span<const std::byte> octets) {
  if (answering_ != answering::started) return;
  std::string& out = server_.scratch();
  out.clear();
  if (writer_.body({reinterpret_cast<const char*>(octets.data()), octets.size()}, out) ==
      http::WriteResult::too_much)
    server_.tell(event_error(0, "a response with more octets than its Content-Length"));
  since_ = server_.now();
  send();
}

void conversation::finish() {
  if (answering_ != answering::started) return;
  std::string& out = server_.scratch();
  out.clear();
  const http::WriteResult result = writer_.finish(out);
  send();
  if (result == http::WriteResult::too_little) {
    server_.tell(event_error(0, "a response with fewer octets than its Content-Length"));
    abort();  // the client must not take the next answer for the rest of this one
    return;
  }
  answered();
}

void conversation::answered() {
  set(answering::finished);
  ++exchanges_;
  drop_callbacks();
  body_paused_ = false;
  parser_.resume();
  if (!writer_.keep_alive() || server_.draining()) {
    linger();
  } else if (receiving_ == receiving::complete) {
    next_request();
  } else {
    parse_ahead();  // the rest of the body is read and dropped
  }
}

}  // namespace antiphon::cl_async_style
