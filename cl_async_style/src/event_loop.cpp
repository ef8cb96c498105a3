#include "antiphon/cl_async_style/event_loop.hpp"

#include <cstdio>
#include <stdexcept>

#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

thread_local loop* running = nullptr;

constexpr std::size_t buffer_size = 65536;   // octets of one read at most (CL-007)
constexpr std::size_t kept_capacity = 1024;  // octets that a socket's empty buffer may keep
constexpr std::size_t spare_buffers = 8;     // of what sockets gave back
constexpr std::size_t spare_capacity = 1U << 20U;

}  // namespace

loop* loop::current_or_null() noexcept {
  return running;
}

loop& loop::current() {
  if (running == nullptr)
    throw std::logic_error("no event loop runs in this thread: call start_event_loop first");
  return *running;
}

loop::loop(event_loop_options options) : options_(std::move(options)), input_(buffer_size) {
  spare_buffers_.reserve(spare_buffers);
  if (const int error = uv_loop_init(&uv_); error != 0) detail::condition_factory::raise(error, "event loop");
  uv_timer_init(&uv_, &ticker_);
  ticker_.data = this;
  running = this;
}

loop::~loop() {
  running = nullptr;
}

int loop::run(callback start_fn) {
  next_tick([this, start = std::move(start_fn)] { guard({}, start); });
  const int result = uv_run(&uv_, UV_RUN_DEFAULT);
  close();
  if (error_) std::rethrow_exception(error_);
  return result;
}

void loop::next_tick(std::function<void()> fn, std::shared_ptr<void> keep) {
  if (ticks_.empty() && !closing_)
    uv_timer_start(
        &ticker_, [](uv_timer_t* timer) { static_cast<loop*>(timer->data)->run_ticks(); }, 0, 0);
  ticks_.push_back({std::move(fn), std::move(keep)});
}

void loop::run_ticks() noexcept {
  std::swap(ticks_, running_ticks_);
  for (tick& each : running_ticks_) {
    // Released one by one: a tick's end may destroy what the next one was to be kept from.
    const tick now = std::move(each);
    now.fn();
  }
  running_ticks_.clear();
}

void loop::application_error(const std::exception& error, std::exception_ptr exception,
                             const event_callback& event_cb) noexcept {
  if (const bool* caught = std::get_if<bool>(&options_.catch_app_errors); caught != nullptr && !*caught) {
    if (!error_) error_ = std::move(exception);  // the first one; it leaves start_event_loop (CL-030)
    stop();
    return;
  }
  const event_callback* handler = nullptr;
  if (event_cb && options_.send_errors_to_eventcb)
    handler = &event_cb;
  else
    handler = std::get_if<event_callback>(&options_.catch_app_errors);
  try {
    if (handler != nullptr && *handler)
      (*handler)(error);
    else
      std::fprintf(stderr, "cl_async_style: unhandled error in a callback: %s\n", error.what());
  } catch (...) {
    // An error of the handler itself leaves the loop, as upstream (CL-041): there is nobody left to ask.
    if (!error_) error_ = std::current_exception();
    stop();
  }
}

void loop::lend_buffer(std::string& to, std::size_t size) {
  if (!to.empty() || to.capacity() >= size || size <= kept_capacity || spare_buffers_.empty()) return;
  to = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
}

void loop::take_back(std::string& buffer) noexcept {
  buffer.clear();
  if (buffer.capacity() <= kept_capacity) return;
  if (spare_buffers_.size() < spare_buffers && buffer.capacity() <= spare_capacity) {
    spare_buffers_.push_back(std::move(buffer));
  }
  std::string().swap(buffer);
}

void loop::adopt(std::shared_ptr<handle_owner> owner) {
  owner->place_ = owners_.size();
  owners_.push_back(std::move(owner));
}

void loop::release(handle_owner& owner) noexcept {
  const std::size_t place = owner.place_;
  const std::shared_ptr<handle_owner> last_breath = std::move(owners_[place]);
  if (place + 1 != owners_.size()) {
    owners_[place] = std::move(owners_.back());
    owners_[place]->place_ = place;
  }
  owners_.pop_back();
}

/// Exit callbacks, then everything that is open is closed, whatever it is (CL-014; CL-016 and CL-017 hang
/// upstream).
void loop::close() noexcept {
  while (!exit_callbacks_.empty()) {
    const callback fn = std::move(exit_callbacks_.back());
    exit_callbacks_.pop_back();
    guard({}, fn);
  }
  closing_ = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&ticker_), nullptr);
  signals.clear();
  while (true) {
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      const std::shared_ptr<handle_owner> owner = owners_[i];
      owner->close_at_exit();
    }
    uv_run(&uv_, UV_RUN_NOWAIT);
    while (!ticks_.empty()) run_ticks();
    if (owners_.empty() && uv_loop_close(&uv_) == 0) return;
  }
}

int start_event_loop(callback start_fn, event_loop_options options) {
  if (loop::current_or_null() != nullptr) throw std::logic_error("an event loop already runs in this thread");
  loop started(std::move(options));
  return started.run(std::move(start_fn));
}

void exit_event_loop() {
  if (loop* current = loop::current_or_null()) current->stop();
}

void add_event_loop_exit_callback(callback fn) {
  loop::current().at_exit(std::move(fn));
}

loop_stats stats() {
  const loop& current = loop::current();
  return {current.incoming, current.outgoing};
}

}  // namespace antiphon::cl_async_style
