// Octets in: what the parser is given, and to whom a body's octets go.

#include <utility>

#include "conversation.hpp"
#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

inline bool conversation::may_parse() const noexcept {
  return answering_ != answering::last && !holding_ && !body_paused_ && receiving_ < receiving::whole &&
         !socket_closed_p(socket_);
}

/// Only while may_parse().
inline void conversation::parse(std::span<const std::byte> octets) {
  parsing_ = true;
  do {
    if (receiving_ == receiving::idle) set(receiving::head);
    const http::ParseResult result = turn_->parser.feed(octets);
    octets = octets.subspan(result.consumed);
    paused_ = result.status == http::ParseStatus::paused;
    if (paused_ && std::exchange(inviting_, false)) guarded([&] { invite(!octets.empty()); });
    if (result.status == http::ParseStatus::malformed) {
      octets = {};
      bail_out(result.error.status, result.error.reason);
    }
  } while ((!octets.empty() || paused_) && may_parse());
  mid_line_ = receiving_ == receiving::head && !turn_->parser.in_message();
  if (mid_line_) set(receiving::idle);  // only empty lines came
  parsing_ = false;
  if (!octets.empty() && answering_ != answering::last) {
    turn_->ahead.assign(reinterpret_cast<const char*>(octets.data()), octets.size());
    hold_back();
  } else if (disabled_ && may_parse()) {
    read_on();  // a pause that was taken back within the call
  }
}

void conversation::read_data(std::span<const std::byte> octets) {
  if (const auto& metrics = server_.telemetry().metrics) metrics->received(octets.size());
  if (answering_ == answering::last) {  // nothing is parsed behind the last answer (trap T9)
    dropped_ += octets.size();
    if (dropped_ > server_.limits().linger_octets) close_socket(socket_);
    return;
  }
  work();
  if (parsing_ || !turn_->ahead.empty() || !may_parse()) {
    turn_->ahead.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    hold_back();
    return;
  }
  if (!octets.empty()) parse(octets);
  rest();
}

/// What the client sends from now on stays in the kernel.
void conversation::hold_back() {
  if (!std::exchange(disabled_, true)) disable_socket(socket_);
}
void conversation::read_on() {
  if (std::exchange(disabled_, false)) enable_socket(socket_);
}

void conversation::parse_ahead() {
  if (parsing_ || !may_parse()) return;
  if (turn_ && (!turn_->ahead.empty() || paused_)) {
    const std::string octets = std::exchange(turn_->ahead, {});
    parse(std::as_bytes(std::span(octets)));
  }
  if ((turn_ && !turn_->ahead.empty()) || !may_parse()) return;
  read_on();
  if (peer_done_) peer_done();
}

void conversation::on_url(std::string_view target) {
  if (!turn_->request.set_target(target)) turn_->parser.stop({400, "malformed escape in the request target"});
}

bool conversation::storable(std::size_t have, std::size_t more) {
  const auto& most = state_.config.max_body_size;
  if (!most || (have <= *most && more <= *most - have)) return true;
  failed_ = true;
  turn_->parser.stop({413, "the request's body is too large"});  // WK-150
  paused_ = true;                                                // it says so when it is asked again
  return false;
}

void conversation::deliver_held() {
  const std::string octets = std::exchange(turn_->early, {});
  deliver(std::as_bytes(std::span(octets)));
}

void conversation::deliver(std::span<const std::byte> octets) {
  if (failed_ || !answerable()) return;
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  if (turn_->route.chunk() && !turn_->on_body) {
    if (!storable(turn_->early.size(), text.size())) return;
    turn_->registered = true;
    turn_->early.append(text);
    return;
  }
  if (turn_->request.store_body_ && storable(turn_->request.body().size(), text.size()))
    turn_->request.append_body(text);
  if (turn_->route.chunk() && !failed_) call(turn_->on_body, octets, false);
}

// The handler's side of it.

void conversation::on_body(BodyCallback fn) {
  if (!answerable()) return;
  turn_->registered = true;
  turn_->on_body = std::move(fn);
  const bool waits_for_hook = holding_ && receiving_ == receiving::body;
  // What came before is told now, as one piece (WK-064); what waits for a hook is told when that is done.
  const bool all = receiving_ >= receiving::told;
  if (!waits_for_hook && (all || !turn_->early.empty())) {
    const std::string before = std::exchange(turn_->early, {});
    if (turn_->request.store_body_) turn_->request.append_body(before);
    call(turn_->on_body, std::as_bytes(std::span(before)), all);
  }
  if (turn_->route.found != nullptr && turn_->route.found->options.chunk &&
      !turn_->route.found->options.buffer_body)
    resume_body();
}

void conversation::pause_body() {
  if (receiving_ != receiving::body || body_paused_) return;
  body_paused_ = true;
  turn_->parser.pause();
  hold_back();
}

void conversation::resume_body() {
  if (!std::exchange(body_paused_, false) || !turn_) return;
  if (!holding_) turn_->parser.resume();
  since_ = server_.now();
  if (depth_ == 0) parse_ahead();
}

}  // namespace antiphon::cl_async_style
