#pragma once

#include "antiphon/asio_style/http/http_protocol.hpp"
#include "http_connections.hpp"
#include "turn.hpp"

namespace antiphon::asio_style {

/// Runs a callback of the loop's, then settles what it has left to do, and once even if callbacks nest.
template <class Fn>
void HttpProtocol::inside(Fn fn) {
  if (inside_) return fn();
  inside_ = true;
  struct Leave {
    bool& inside;
    ~Leave() { inside = false; }
  } const leave{inside_};
  fn();
  settle();
}

// What is so small and so often called that both halves have it inline.

inline bool HttpProtocol::exchange_lives() const noexcept {
  return writing_ == Writing::waiting || writing_ == Writing::started;
}

inline void HttpProtocol::touch() noexcept {
  since_ = server_->now();
}

/// Octets that came too early and are not parsed yet.
inline std::size_t HttpProtocol::ahead() const noexcept {
  return turn_ ? turn_->ahead.size() - turn_->ahead_used : 0;
}

/// Where answers are gathered until flush.
inline std::string& HttpProtocol::out() {
  if (!turn_->out) turn_->out = server_->lend_output();
  return *turn_->out;
}

/// Nothing that the handler registered is called from here on.
inline void HttpProtocol::end_exchange() {
  if (!exchange_lives()) return;
  writing_ = Writing::finished;
  turn_->plan.answered();
  turn_->drop_callbacks();
}

}  // namespace antiphon::asio_style
