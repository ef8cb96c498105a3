#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "antiphon/cl_async_style.hpp"
#include "antiphon/cl_async_style/http/listener.hpp"
#include "antiphon/http/date_cache.hpp"
#include "conversation.hpp"
#include "state.hpp"

namespace antiphon::cl_async_style {

/// A listener's connections, and the sweep that checks their deadlines: one timer for all, none touched by a
/// request.
class wookie_server final : public http_server, public std::enable_shared_from_this<wookie_server> {
 public:
  explicit wookie_server(const listener& what, std::optional<ssl_parameters> ssl = {});

  void start();
  void stop(std::chrono::milliseconds deadline, std::function<void(std::size_t)> done);

  [[nodiscard]] std::uint16_t port() const noexcept override { return server_port(*server_); }
  [[nodiscard]] std::size_t connections() const noexcept override { return conversations_.size(); }
  [[nodiscard]] std::size_t buffered() const noexcept override;

  [[nodiscard]] const http_limits& limits() const noexcept { return what_.limits; }
  [[nodiscard]] const http::Telemetry& telemetry() const noexcept { return what_.telemetry; }
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  [[nodiscard]] http::DateCache& date() noexcept { return date_; }
  [[nodiscard]] wookie_state& state() noexcept { return state_; }
  [[nodiscard]] std::string& scratch() noexcept { return scratch_; }
  [[nodiscard]] conversation::clock::time_point now() const noexcept { return now_; }
  /// Of a connection; never 0, never the same again.
  [[nodiscard]] std::uint64_t next_number() noexcept { return ++last_number_; }
  /// The one that was given back last: its last borrower is perhaps the next one, too, and finds all as it
  /// left it.
  void lend_turn(std::unique_ptr<turn>& empty, http::RequestParserListener& to) {
    if (spare_turns_ > 0)
      empty.swap(spare_[--spare_turns_]);
    else
      empty = std::make_unique<turn>(to, limits().parser, date_);
  }
  void take_back(std::unique_ptr<turn>& done) {
    if (spare_turns_ < spare_.size())
      spare_[spare_turns_++].swap(done);
    else
      done.reset();
  }
  /// Tells the listener's event_cb; an error of that is nobody's business but the loop's.
  void tell(const std::exception& event, const std::shared_ptr<socket>& which) const {
    if (what_.event_cb) what_.event_cb(event, which);
  }

 private:
  void add(socket& which);
  void remove(conversation& one);
  void socket_event(const std::exception& event);
  void sweep();
  [[nodiscard]] conversation::clock::time_point look_at_clock() const {
    return what_.clock ? what_.clock() : conversation::clock::now();
  }
  void observe();
  void close_idle_after(int ticks);

  listener what_;
  std::optional<ssl_parameters> ssl_;  // of an ssl_listener
  wookie_state& state_;
  std::shared_ptr<socket_server> server_;
  std::vector<std::shared_ptr<conversation>> conversations_;
  std::function<void()> end_sweep_;
  std::function<void(std::size_t)> done_;
  std::shared_ptr<event> deadline_;
  http::DateCache date_;
  std::string scratch_;                           // an answer between writer and socket
  std::array<std::unique_ptr<turn>, 256> spare_;  // of a burst's, half a megabyte stays
  std::size_t spare_turns_ = 0;
  conversation::clock::time_point now_ = look_at_clock();
  std::uint64_t last_number_ = 0;
  std::size_t forced_ = 0;
  std::int64_t buffered_told_ = 0;
  bool draining_ = false;
};

// What a conversation does with its server at each request.

inline turn& conversation::work() {
  if (turn_) return *turn_;
  server_.lend_turn(turn_, *this);
  if (turn_->last != number_) meet(*turn_);
  return *turn_;
}
inline void conversation::give_back() {
  server_.take_back(turn_);
}
inline void conversation::set(receiving state) noexcept {
  receiving_ = state;
  since_ = server_.now();
}
inline void conversation::set(answering state) noexcept {
  answering_ = state;
  since_ = server_.now();
}
inline void conversation::write_out(std::string_view octets) {
  written_ += octets.size();
  if (const auto& metrics = server_.telemetry().metrics) metrics->sent(octets.size());
  write_socket_data(socket_, octets);
}
inline void conversation::send() {
  std::string& out = server_.scratch();
  if (!out.empty()) write_out(out);
  out.clear();
  if (out.capacity() > (1U << 20U)) std::string().swap(out);
}

}  // namespace antiphon::cl_async_style
