// Octets in: what the parser is given and what its calls mean.

#include <utility>

#include "conversation.hpp"
#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

void conversation::read_data(std::span<const std::byte> octets) {
  if (answering_ == answering::last) return;  // nothing is read behind the last answer (trap T9)
  if (parsing_ || !ahead_.empty() || !may_parse()) {
    ahead_.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    disable_socket(socket_);
    return;
  }
  parse(octets);
}

bool conversation::may_parse() const noexcept {
  return answering_ != answering::last && !body_paused_ && receiving_ != receiving::complete &&
         !socket_closed_p(socket_);
}

void conversation::parse(std::span<const std::byte> octets) {
  parsing_ = true;
  while (!octets.empty() && may_parse()) {
    if (receiving_ == receiving::idle) set(receiving::head);
    const http::ParseResult result = parser_.feed(octets);
    octets = octets.subspan(result.consumed);
    if (result.status == http::ParseStatus::malformed) {
      octets = {};
      bail_out(result.error.status, result.error.reason);
    }
  }
  if (receiving_ == receiving::head && !parser_.in_message()) set(receiving::idle);  // only empty lines came
  parsing_ = false;
  if (!octets.empty() && answering_ != answering::last) {
    ahead_.assign(reinterpret_cast<const char*>(octets.data()), octets.size());
    disable_socket(socket_);
  } else if (may_parse()) {
    enable_socket(socket_);  // a pause that was taken back within the call
  }
}

void conversation::parse_ahead() {
  if (parsing_ || !may_parse()) return;
  if (!ahead_.empty()) {
    const std::string octets = std::exchange(ahead_, {});
    parse(std::as_bytes(std::span(octets)));
  }
  if (ahead_.empty() && !body_paused_) enable_socket(socket_);
  if (ahead_.empty() && peer_done_) peer_done();
}

void conversation::on_url(std::string_view target) {
  request_.clear();
  if (!request_.set_target(target)) parser_.stop({400, "malformed escape in the request target"});
}

void conversation::header_callback(const http::MessageHead& head) {
  request_.set_method(head.method);
  request_.set_version(head.version_major, head.version_minor);
  request_.set_keep_alive(head.keep_alive);
  request_.set_content_length(head.content_length);
  request_.set_expects_continue(head.expects_continue);
  set(receiving::body);
  set(answering::waiting);
  first_ = false;
  continued_ = false;
  ++exchanges_;
  writer_.begin(request_, !server_.draining());
  guarded([this] {
    server_.state().run_hooks(hook::parsed_headers, request_, *this);
    routes_tried_ = 0;
    find_route();
    const bool own = route_.found != nullptr && route_.found->options.suppress_100;
    continued_ = request_.expects_continue() && route_.found != nullptr && !own;
    if (continued_) write_socket_data(socket_, http::ResponseWriter::continue_100);
    if (route_.chunk()) dispatch();
  });
}

void conversation::body_callback(std::span<const std::byte> octets, bool last) {
  since_ = server_.now();
  if (answering_ != answering::waiting && answering_ != answering::started)
    return;  // answered already: dropped
  if (!route_.chunk() || !on_body_) {
    request_.append_body({reinterpret_cast<const char*>(octets.data()), octets.size()});
    return;
  }
  call(on_body_, octets, last);
}

void conversation::finish_callback() {
  set(receiving::complete);
  if (answering_ == answering::finished) {
    next_request();
    return;
  }
  if (answering_ == answering::last) return;
  guarded([this] { server_.state().run_hooks(hook::body_complete, request_, *this); });
  if (answering_ != answering::waiting && answering_ != answering::started) return;
  if (route_.chunk()) {
    if (on_body_) call(on_body_, std::span<const std::byte>(), true);
  } else {
    guarded([this] { dispatch(); });
  }
}

void conversation::on_body(BodyCallback fn) {
  if (answering_ != answering::waiting && answering_ != answering::started) return;
  on_body_ = std::move(fn);
  // What came before is told now, as one piece (WK-064).
  const std::string before(request_.body());
  if (receiving_ == receiving::complete || !before.empty())
    call(on_body_, std::as_bytes(std::span(before)), receiving_ == receiving::complete);
}

void conversation::pause_body() {
  if (receiving_ != receiving::body || body_paused_) return;
  body_paused_ = true;
  parser_.pause();
  disable_socket(socket_);
}

void conversation::resume_body() {
  if (!body_paused_) return;
  body_paused_ = false;
  parser_.resume();
  since_ = server_.now();
  parse_ahead();
}

}  // namespace antiphon::cl_async_style
