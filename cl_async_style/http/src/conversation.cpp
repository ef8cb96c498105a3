#include "conversation.hpp"

#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

conversation::conversation(wookie_server& server, cl_async_style::socket& socket)
    : server_(server),
      socket_(socket),
      parser_(*this, server.limits().parser),
      writer_(server.date()),
      since_(server.now()) {
  request_.set_peer(peer_name(socket));
  server_.add(*this);
}

conversation::~conversation() {
  drop_callbacks();
}

void conversation::set(receiving state) noexcept {
  receiving_ = state;
  since_ = server_.now();
}
void conversation::set(answering state) noexcept {
  answering_ = state;
  since_ = server_.now();
}

void conversation::next_request() {
  set(receiving::idle);
  set(answering::none);
  route_ = {};
  parse_ahead();
}

void conversation::drop_callbacks() {
  on_writable_ = nullptr;
  on_body_ = nullptr;
  on_cancel_ = nullptr;
  for (const auto& timer : timers_)
    if (!event_freed_p(*timer)) free_event(*timer);
  timers_.clear();
}

void conversation::after(std::chrono::milliseconds time, Callback fn) {
  if (answering_ != answering::waiting && answering_ != answering::started) return;
  std::erase_if(timers_, [](const auto& timer) { return event_freed_p(*timer); });
  timers_.push_back(delay([this, fire = std::move(fn)] { guarded(fire); },
                          {.time = std::max(time, std::chrono::milliseconds(0))}));
}

void conversation::writable_again() {
  writable_ = true;
  if (on_writable_) call(on_writable_);
}

}  // namespace antiphon::cl_async_style
