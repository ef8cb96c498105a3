#include "conversation.hpp"

#include <algorithm>

#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

conversation::conversation(wookie_server& server, cl_async_style::socket& socket)
    : server_(server), state_(server.state()), socket_(socket), since_(server.now()) {}

conversation::~conversation() {
  drop_callbacks();
}

conversation* conversation::of(cl_async_style::socket& which) noexcept {
  auto* const* held = std::any_cast<conversation*>(&socket_data(which));
  return held == nullptr ? nullptr : *held;
}

void conversation::tell(const std::exception& event) {
  server_.tell(event, socket_.ref());
}

/// Between two pieces of application code: is this request over, and does another one wait?
void conversation::settle() {
  if (depth_ > 0) return;
  if (answering_ == answering::finished && receiving_ == receiving::complete) {
    set(receiving::idle);
    set(answering::none);
    next_request();
  }
  if (!parsing_) parse_ahead();
}

turn& conversation::begin_turn() {
  turn_ = server_.lend_turn(*this);
  turn_->request.socket_ = &socket_;
  turn_->request.response_ = this;
  turn_->request.set_peer(peer_name(socket_));
  return *turn_;
}

void conversation::next_request() {
  turn_->route.clear();
  turn_->headers.clear();
  turn_->request.forget();
}

/// Gives the turn back if nothing is under way. Called where no code of the application's is: that may still
/// hold the request which it has just answered.
void conversation::rest() {
  if (!turn_) return;
  if (answering_ == answering::last) {
    turn_->ahead.clear();
    next_request();
  } else if (receiving_ != receiving::idle || answering_ != answering::none || mid_line_ ||
             !turn_->ahead.empty()) {
    return;
  }
  server_.take_back(turn_);
}

void conversation::drop_callbacks() {
  if (turn_) turn_->drop_callbacks();
}

void conversation::on_writable(Callback fn) {
  if (answerable()) turn_->on_writable = std::move(fn);
}

void conversation::on_cancel(Callback fn) {
  if (answerable()) turn_->on_cancel = std::move(fn);
}

void conversation::after(std::chrono::milliseconds time, Callback fn) {
  if (!answerable()) return;
  std::erase_if(turn_->timers, [](const auto& timer) { return event_freed_p(*timer); });
  turn_->timers.push_back(delay([this, fire = std::move(fn)] { guarded(fire); },
                                {.time = std::max(time, std::chrono::milliseconds(0))}));
}

bool conversation::writable() const {
  constexpr std::size_t most = 65536;  // octets that an answer may have waiting for its hooks
  return writable_ &&
         (answering_ != answering::held || turn_->held == nullptr || turn_->held->body.size() < most);
}

void conversation::writable_again() {
  writable_ = true;
  if (turn_ && turn_->on_writable && answering_ != answering::held) call(turn_->on_writable);
}

}  // namespace antiphon::cl_async_style
