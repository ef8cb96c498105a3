#include "wookie_server.hpp"

#include <algorithm>
#include <stdexcept>

namespace antiphon::cl_async_style {

namespace {

/// Fine enough for the shortest limit, and never a burden.
std::chrono::milliseconds sweep_period(const http_limits& limits) {
  const auto shortest = std::min({limits.request_timeout, limits.body_timeout, limits.keep_alive_timeout,
                                  limits.response_timeout, limits.linger_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
}

}  // namespace

wookie_server::wookie_server(const listener& what, std::optional<ssl_parameters> ssl)
    : what_(what), ssl_(std::move(ssl)), state_(wookie_state::current()), watched_(what.telemetry) {
  what.limits.check();
}

void wookie_server::start() {
  const std::weak_ptr<wookie_server> weak = weak_from_this();
  const read_callback read_cb = [](socket& which, std::span<const std::byte> octets) {
    if (auto* one = conversation::of(which)) one->read_data(octets);
  };
  server_options options{.event_cb =
                             [weak](const std::exception& event) {
                               if (const auto self = weak.lock()) self->socket_event(event);
                             },
                         .connect_cb =
                             [self = shared_from_this()](socket& which) {
                               self->add(which);
                               conversation::of(which)->connected();
                             },
                         .backlog = what_.backlog,
                         .close_cb =
                             [this](socket& which, const event_error*) {  // connect_cb keeps the server
                               auto* one = conversation::of(which);
                               if (one == nullptr) return;
                               one->ended();
                               socket_data(which).reset();
                               remove(*one);
                             },
                         .pause_write_cb =
                             [](socket& which) {
                               if (auto* one = conversation::of(which)) one->not_writable();
                             },
                         .resume_write_cb =
                             [](socket& which) {
                               if (auto* one = conversation::of(which)) one->writable_again();
                             },
                         .allow_half_open = true,  // a client that has no more to send still wants its answer
                         .reuse_port = what_.reuse_port};
  server_ = ssl_ ? tcp_ssl_server(what_.bind, what_.port, read_cb, std::move(options), *ssl_)
                 : tcp_server(what_.bind, what_.port, read_cb, std::move(options));
  end_sweep_ = interval(
      [weak] {
        if (const auto self = weak.lock()) self->sweep();
      },
      sweep_period(what_.limits));
}

/// listener_event_handler: the event_cb first; a client that sends no more may still want its answer.
void wookie_server::socket_event(const std::exception& event) {
  const std::shared_ptr<socket> which = event_socket(event);
  tell(event, which);
  if (!condition_cast<socket_eof>(event) || !which) return;
  if (auto* one = conversation::of(*which)) one->peer_done();
}

void wookie_server::add(socket& which) {
  const auto one = std::make_shared<conversation>(*this, which);
  one->place = conversations_.size();
  conversations_.push_back(one);
  socket_data(which) = one.get();
  if (const auto& metrics = what_.telemetry.metrics) metrics->opened();
}

void wookie_server::remove(conversation& one) {
  if (const auto& metrics = what_.telemetry.metrics) metrics->closed();
  conversations_.back()->place = one.place;
  std::swap(conversations_[one.place], conversations_.back());
  conversations_.pop_back();  // `one`, unless somebody answers with it just now
  if (draining_ && conversations_.empty() && done_) {
    if (deadline_ && !event_freed_p(*deadline_)) free_event(*deadline_);
    const auto done = std::exchange(done_, nullptr);
    if (end_sweep_) end_sweep_();
    done(forced_);
  }
}

std::size_t wookie_server::buffered() const noexcept {
  std::size_t octets = 0;
  for (const auto& one : conversations_) octets += one->buffered();
  return octets;
}

void wookie_server::sweep() {
  now_ = look_at_clock();
  // A connection that is closed leaves the list in a later tick, never in this loop.
  for (const auto& one : conversations_) one->check_deadline(now_);
  observe();
}

/// What is looked at from time to time instead of at each request.
void wookie_server::observe() {
  if (const auto& metrics = what_.telemetry.metrics) {
    const auto waiting = static_cast<std::int64_t>(buffered());
    metrics->buffered(waiting - buffered_told_);
    buffered_told_ = waiting;
  }
  if (const auto& log = what_.telemetry.access_log) log->flush();
}

/// A request that the kernel has is one that we accepted: it is read before its connection counts as idle.
/// Its way in takes so many ticks: a connection is accepted, then read from.
void wookie_server::close_idle_after(int ticks) {
  delay([weak = weak_from_this(), ticks] {
    const auto self = weak.lock();
    if (!self) return;
    if (ticks > 1) return self->close_idle_after(ticks - 1);
    for (const auto& one : self->conversations_) one->begin_drain();
  });
}

void wookie_server::stop(std::chrono::milliseconds deadline, std::function<void(std::size_t)> done) {
  done_ = std::move(done);
  const auto force = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->forced_ = self->conversations_.size();
    for (const auto& one : self->conversations_) one->abort();
  };
  if (draining_) {  // asked again: at once
    force();
    return;
  }
  draining_ = true;
  close_tcp_server(*server_);
  if (conversations_.empty()) {
    if (end_sweep_) end_sweep_();
    std::exchange(done_, nullptr)(0);
    return;
  }
  close_idle_after(4);
  deadline_ = delay(force, {.time = deadline});
}

namespace {

std::shared_ptr<http_server> start(const std::shared_ptr<wookie_server>& server) {
  server->start();
  return server;
}

}  // namespace

std::shared_ptr<http_server> start_server(const listener& what) {
  return start(std::make_shared<wookie_server>(what));
}

std::shared_ptr<http_server> start_server(const ssl_listener& what) {
  return start(std::make_shared<wookie_server>(what, what.ssl));
}

void stop_server(http_server& server, std::chrono::milliseconds deadline,
                 std::function<void(std::size_t)> done) {
  static_cast<wookie_server&>(server).stop(deadline, std::move(done));
}

}  // namespace antiphon::cl_async_style
