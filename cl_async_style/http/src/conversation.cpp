#include "conversation.hpp"

#include <algorithm>

#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

conversation::conversation(wookie_server& server, cl_async_style::socket& socket)
    : server_(server), state_(server.state()), socket_(socket), since_(server.now()) {}

conversation::~conversation() {
  drop_callbacks();
}

void conversation::tell(const std::exception& event) {
  server_.tell(event, socket_.ref());
}

inline void conversation::next_request() {
  turn_->route.clear();
  if (!turn_->headers.empty()) turn_->headers.clear();
  turn_->request.forget();
}

void conversation::go_on() {
  if (exchange_over()) {  // since just now
    receiving_ = receiving::idle;
    answering_ = answering::none;
    next_request();
  }
  if (!parsing_) parse_ahead();
}

turn& conversation::begin_turn() {
  turn_ = server_.lend_turn(*this);
  keeps_turn_ = answering_ != answering::last && server_.grant_turn();
  turn_->request.socket_ = &socket_;
  turn_->request.response_ = this;
  turn_->request.set_peer(peer_name(socket_));
  return *turn_;
}

void conversation::end_turn() {
  if (std::exchange(keeps_turn_, false)) server_.return_grant();
  turn_->ahead.clear();
  next_request();
  give_back();
}
void conversation::give_back() {
  server_.take_back(std::move(turn_));
}

void conversation::on_writable(Callback fn) {
  if (!answerable()) return;
  turn_->registered = true;
  turn_->on_writable = std::move(fn);
}

void conversation::on_cancel(Callback fn) {
  if (!answerable()) return;
  turn_->registered = true;
  turn_->on_cancel = std::move(fn);
}

void conversation::after(std::chrono::milliseconds time, Callback fn) {
  if (!answerable()) return;
  turn_->registered = true;
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
