#pragma once

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
  [[nodiscard]] bool watched() const noexcept { return watched_; }
  [[nodiscard]] std::unique_ptr<turn> lend_turn(http::RequestParserListener& to) {
    if (spare_turns_.empty()) return std::make_unique<turn>(to, limits().parser, date_);
    auto lent = std::move(spare_turns_.back());
    spare_turns_.pop_back();
    lent->parser.reset(to);
    return lent;
  }
  void take_back(std::unique_ptr<turn> done) {
    if (spare_turns_.size() < turns_at_most) spare_turns_.push_back(std::move(done));
  }
  /// May one more connection keep its turn from request to request? Lending is for the many.
  [[nodiscard]] bool grant_turn() noexcept {
    if (granted_ == turns_at_most) return false;
    ++granted_;
    return true;
  }
  void return_grant() noexcept { --granted_; }
  /// Tells the listener's event_cb; an error of that is nobody's business but the loop's.
  void tell(const std::exception& event, const std::shared_ptr<socket>& which) const {
    if (what_.event_cb) what_.event_cb(event, which);
  }

 private:
  static constexpr std::size_t turns_at_most =
      256;  // kept by connections, and as many spare: some 2 KiB each

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
  std::string scratch_;  // an answer between writer and socket
  std::vector<std::unique_ptr<turn>> spare_turns_;
  conversation::clock::time_point now_ = look_at_clock();
  std::size_t granted_ = 0;
  std::size_t forced_ = 0;
  std::int64_t buffered_told_ = 0;
  bool watched_;  // by metrics or a log
  bool draining_ = false;
};

// What a conversation does with its server at each request.

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
  if (server_.watched()) tell_sent(octets.size());
  write_socket_data(socket_, octets);
}
inline void conversation::send() {
  std::string& out = server_.scratch();
  if (!out.empty()) write_out(out);
  out.clear();
  if (out.capacity() > (1U << 20U)) std::string().swap(out);
}

}  // namespace antiphon::cl_async_style
