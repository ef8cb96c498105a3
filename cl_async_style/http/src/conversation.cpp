#include "conversation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr std::size_t kept_capacity = 4096;  // octets of a buffer that an idle connection may keep

}  // namespace

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

template <typename Step>
void conversation::guarded(Step&& step) {
  try {
    step();
  } catch (const std::exception& error) {
    handle_error(error);
  } catch (...) {
    handle_error(event_error(0, "an exception that is no std::exception"));
  }
}

template <typename Function, typename... Args>
void conversation::call(Function& slot, Args&&... args) {
  const std::size_t exchange = exchanges_;
  Function running = std::move(slot);
  slot = nullptr;
  guarded([&] { running(std::forward<Args>(args)...); });
  if (exchange == exchanges_ && !slot) slot = std::move(running);
}

// Octets in

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

// Routes

void conversation::find_route() {
  route_ = server_.state().find(request_, routes_tried_);
}

void conversation::dispatch() {
  while (true) {
    try {
      if (route_.found == nullptr) throw route_not_found(0, "no route for " + std::string(request_.path()));
      server_.state().run_hooks(hook::pre_route, request_, *this);
      if (answering_ != answering::waiting) return;  // a hook has answered
      if (route_.found->mounted == nullptr) {
        const auto keep = route_.found->handler;
        keep(request_, *this, route_.args);
      } else if (route_.mounted.found == http::Router::Found::route) {
        route_.mounted.route->handler(request_, *this);
      } else {
        http::respond_not_found(route_.mounted, *this);
      }
      if (answering_ == answering::waiting || answering_ == answering::started)
        server_.state().run_hooks(hook::post_route, request_, *this);
      return;
    } catch (const next_route_signal&) {
      if (answering_ != answering::waiting) return;
      find_route();
    }
  }
}

/// Wookie's main-event-handler (WK-104): who registered is asked first, then the default answers.
void conversation::handle_error(const std::exception& error) {
  if (answering_ == answering::waiting) {
    for (const error_handler& handler : server_.state().error_handlers)
      if (handler(error, request_, *this)) return;
    if (condition_cast<route_not_found>(error)) {
      http::Exchange::respond(404, "text/plain; charset=utf-8", "not found\n");
      return;
    }
    server_.tell(error);
    // Not the error's text, which is not the client's business (unlike upstream, WK-111).
    http::Exchange::respond(500, "text/plain; charset=utf-8", "internal server error\n");
  } else if (answering_ == answering::started) {
    server_.tell(error);
    abort();  // half an answer cannot be taken back
  } else {
    server_.tell(error);  // trap T13: the answer has gone
  }
}

void conversation::bail_out(unsigned status, std::string_view reason) {
  server_.tell(
      event_error(static_cast<int>(status), request_.peer().empty()
                                                ? std::string(reason)
                                                : std::string(request_.peer()) + ": " + std::string(reason)));
  if (answering_ == answering::started) {
    abort();
    return;
  }
  if (answering_ == answering::finished) {  // the answer has gone already; only the rest of the body was bad
    linger();
    return;
  }
  ++exchanges_;
  if (on_cancel_) call(on_cancel_);
  drop_callbacks();
  writer_.begin_error();
  std::string& out = server_.scratch();
  out.clear();
  const std::array fields{http::Field{"Content-Type", "text/plain; charset=utf-8"}};
  std::string text(reason);
  text += '\n';
  writer_.respond({status, fields, text}, out);
  send();
  linger();
}

// Octets out

void conversation::send() {
  std::string& out = server_.scratch();
  if (!out.empty()) write_socket_data(socket_, out);
  out.clear();
  if (out.capacity() > (1U << 20U)) std::string().swap(out);
}

void conversation::respond(const http::ResponseView& view) {
  if (answering_ != answering::waiting) return;
  std::string& out = server_.scratch();
  out.clear();
  server_.state().run_hooks(hook::response_started, request_, *this);
  if (request_.expects_continue() && receiving_ != receiving::complete && !continued_) writer_.close_after();
  if (writer_.respond(view, out) != http::WriteResult::written) {
    server_.tell(event_error(0, "a response with a header that has CR, LF or NUL in it"));
    writer_.respond({500, {}, "internal server error\n"}, out);
  }
  send();
  answered();
}

void conversation::start(unsigned status, std::span<const http::Field> fields,
                         std::optional<std::uint64_t> length) {
  if (answering_ != answering::waiting) return;
  std::string& out = server_.scratch();
  out.clear();
  server_.state().run_hooks(hook::response_started, request_, *this);
  if (request_.expects_continue() && receiving_ != receiving::complete && !continued_) writer_.close_after();
  if (writer_.head(status, fields, length, out) != http::WriteResult::written) {
    server_.tell(event_error(0, "a response with a header that has CR, LF or NUL in it"));
    writer_.respond({500, {}, "internal server error\n"}, out);
    send();
    answered();
    return;
  }
  set(answering::started);
  send();
}

void conversation::write(std::span<const std::byte> octets) {
  if (answering_ != answering::started) return;
  std::string& out = server_.scratch();
  out.clear();
  if (writer_.body({reinterpret_cast<const char*>(octets.data()), octets.size()}, out) ==
      http::WriteResult::too_much)
    server_.tell(event_error(0, "a response with more octets than its Content-Length"));
  since_ = server_.now();
  send();
}

void conversation::finish() {
  if (answering_ != answering::started) return;
  std::string& out = server_.scratch();
  out.clear();
  const http::WriteResult result = writer_.finish(out);
  send();
  if (result == http::WriteResult::too_little) {
    server_.tell(event_error(0, "a response with fewer octets than its Content-Length"));
    abort();  // the client must not take the next answer for the rest of this one
    return;
  }
  answered();
}

void conversation::answered() {
  set(answering::finished);
  ++exchanges_;
  drop_callbacks();
  body_paused_ = false;
  parser_.resume();
  if (!writer_.keep_alive() || server_.draining()) {
    linger();
  } else if (receiving_ == receiving::complete) {
    next_request();
  } else {
    parse_ahead();  // the rest of the body is read and dropped
  }
}

void conversation::next_request() {
  set(receiving::idle);
  set(answering::none);
  route_ = {};
  parse_ahead();
}

/// Closes so that the client can read its answer: the sending side first, and the rest when the client has
/// closed or the time for it is over. A close at once would answer what the client still sends by a reset,
/// which takes the answer away.
void conversation::linger() {
  if (answering_ == answering::last) return;
  set(answering::last);
  ahead_ = {};
  shutdown_socket(socket_);
  if (peer_done_)
    close_socket(socket_);
  else
    enable_socket(socket_);
}

// The handler's callbacks

void conversation::drop_callbacks() {
  on_writable_ = nullptr;
  on_body_ = nullptr;
  on_cancel_ = nullptr;
  for (const auto& timer : timers_)
    if (!event_freed_p(*timer)) free_event(*timer);
  timers_.clear();
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

// The end

void conversation::peer_done() {
  peer_done_ = true;
  if (answering_ == answering::last || receiving_ == receiving::idle) {
    close_socket(socket_);
  } else if (receiving_ != receiving::complete && ahead_.empty() && !parsing_) {
    if (const http::ParseResult result = parser_.finish(); result.status == http::ParseStatus::malformed)
      bail_out(result.error.status, result.error.reason);
  }
}

void conversation::ended() {
  if ((answering_ == answering::waiting || answering_ == answering::started) && on_cancel_) {
    ++exchanges_;
    const Callback cancel = std::exchange(on_cancel_, nullptr);
    guarded(cancel);
  }
  set(answering::last);
  drop_callbacks();
  server_.remove(*this);
}

void conversation::begin_drain() {
  if (receiving_ == receiving::idle && answering_ == answering::none) {
    linger();
    close_socket(socket_);
  } else {
    writer_.close_after();
  }
}

void conversation::check_deadline(clock::time_point now) {
  if (socket_closed_p(socket_)) return;
  const http_limits& limits = server_.limits();
  const auto over = [&](std::chrono::milliseconds limit) { return now - since_ >= limit; };
  if (answering_ == answering::last) {
    if (over(limits.linger)) abort();
  } else if (receiving_ == receiving::idle) {
    if (over(first_ ? std::min(limits.head, limits.keep_alive) : limits.keep_alive)) close_socket(socket_);
  } else if (receiving_ == receiving::head) {
    if (over(limits.head)) bail_out(408, "the request's head took too long");
  } else if (receiving_ == receiving::body) {
    if (!body_paused_ && over(limits.body_idle)) bail_out(408, "the request's body took too long");
  } else if (answering_ == answering::waiting && over(limits.response)) {
    bail_out(503, "no answer in time");
  }
}

}  // namespace antiphon::cl_async_style
