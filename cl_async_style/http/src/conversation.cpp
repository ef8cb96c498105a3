#include "conversation.hpp"

#include <algorithm>

#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

conversation::conversation(wookie_server& server, cl_async_style::socket& socket)
    : server_(server),
      state_(server.state()),
      socket_(socket),
      parser_(*this, server.limits().parser),
      writer_(server.date()),
      since_(server.now()) {
  request_.socket_ = &socket;
  request_.response_ = this;
  request_.set_peer(peer_name(socket));
}

conversation::~conversation() {
  drop_callbacks();
}

conversation* conversation::of(cl_async_style::socket& which) noexcept {
  auto* const* held = std::any_cast<conversation*>(&socket_data(which));
  return held == nullptr ? nullptr : *held;
}

void conversation::set(receiving state) noexcept {
  receiving_ = state;
  since_ = server_.now();
}
void conversation::set(answering state) noexcept {
  answering_ = state;
  since_ = server_.now();
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
    route_.clear();
    headers_.clear();
    request_.forget();
  }
  if (!parsing_) parse_ahead();
}

void conversation::drop_callbacks() {
  on_writable_ = nullptr;
  on_body_ = nullptr;
  on_cancel_ = nullptr;
  early_.clear();
  for (const auto& timer : timers_)
    if (!event_freed_p(*timer)) free_event(*timer);
  timers_.clear();
}

void conversation::on_writable(Callback fn) {
  if (answerable()) on_writable_ = std::move(fn);
}

void conversation::on_cancel(Callback fn) {
  if (answerable()) on_cancel_ = std::move(fn);
}

void conversation::after(std::chrono::milliseconds time, Callback fn) {
  if (!answerable()) return;
  std::erase_if(timers_, [](const auto& timer) { return event_freed_p(*timer); });
  timers_.push_back(delay([this, fire = std::move(fn)] { guarded(fire); },
                          {.time = std::max(time, std::chrono::milliseconds(0))}));
}

bool conversation::writable() const {
  constexpr std::size_t most = 65536;  // octets that an answer may have waiting for its hooks
  return writable_ && (answering_ != answering::held || held_ == nullptr || held_->body.size() < most);
}

void conversation::writable_again() {
  writable_ = true;
  if (on_writable_ && answering_ != answering::held) call(on_writable_);
}

}  // namespace antiphon::cl_async_style
