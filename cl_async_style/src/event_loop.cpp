#include "antiphon/cl_async_style/event_loop.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <stdexcept>

#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

thread_local loop* running = nullptr;

constexpr std::size_t spare_buffers = 8;  // of what sockets gave back
constexpr std::size_t spare_capacity = 1U << 20U;

/// The loops of the process (CL-006).
struct registry {
  std::mutex mutex;
  std::vector<std::uint64_t> ids;
  std::uint64_t last = 0;

  std::uint64_t enter() {
    const std::scoped_lock lock(mutex);
    ids.push_back(++last);
    return last;
  }
  void leave(std::uint64_t id) {
    const std::scoped_lock lock(mutex);
    std::erase(ids, id);
  }
};

/// What to_open_in refuses with: no error of the application's, so nobody is told.
struct loop_is_left : std::logic_error {
  loop_is_left() : std::logic_error("the event loop is being left: nothing can be opened in it any more") {}
};

registry& loops() {
  static registry all;
  return all;
}

}  // namespace

loop* loop::current_or_null() noexcept {
  return running;
}

loop& loop::current() {
  if (running == nullptr)
    throw std::logic_error("no event loop runs in this thread: call start_event_loop first");
  return *running;
}

loop& loop::to_open_in() {
  loop& in = current();
  if (in.closing_) throw loop_is_left();
  return in;
}

loop::loop(event_loop_options options)
    : options_(std::move(options)), input_(buffer_size), id_(loops().enter()) {
  spare_buffers_.reserve(spare_buffers);
  if (const int error = uv_loop_init(&uv_); error != 0) {
    loops().leave(id_);
    detail::condition_factory::raise(error, "event loop");
  }
  uv_timer_init(&uv_, &ticker_);
  ticker_.data = this;
  uv_idle_init(&uv_, &after_ticks_);
  after_ticks_.data = this;
  uv_check_init(&uv_, &after_poll_);
  after_poll_.data = this;
  uv_check_start(&after_poll_, [](uv_check_t* handle) { static_cast<loop*>(handle->data)->polling_ended(); });
  uv_unref(reinterpret_cast<uv_handle_t*>(&after_poll_));
  running = this;
}

loop::~loop() {
  running = nullptr;
  loops().leave(id_);
}

int loop::run(callback start_fn) {
  next_tick([this, start = std::move(start_fn)] { guard({}, start); });
  const int result = uv_run(&uv_, UV_RUN_DEFAULT);
  close();
  if (error_) std::rethrow_exception(error_);
  return result;
}

void loop::next_tick(std::function<void()> fn, std::shared_ptr<void> keep) {
  if (!ticks_wait()) wake_for_ticks();
  ticks_.emplace_back(std::move(fn), std::move(keep));
}

void loop::next_tick(handle_owner& whose) {
  if (!ticks_wait()) wake_for_ticks();
  ticks_.emplace_back(whose);
}

void loop::completed(std::function<void()> fn, std::shared_ptr<void> keep) {
  if (!ticks_wait()) wake_for_ticks();
  completed_.emplace_back(std::move(fn), std::move(keep));
}

void loop::wake_for_ticks() {
  if (closing_ || (polling_ && !in_tick_)) return;
  if (in_tick_)
    uv_idle_start(&after_ticks_,
                  [](uv_idle_t* handle) { static_cast<loop*>(handle->data)->run_ticks_of_ticks(); });
  else
    uv_timer_start(
        &ticker_, [](uv_timer_t* timer) { static_cast<loop*>(timer->data)->run_ticks(); }, 0, 0);
}

void loop::polling_ended() noexcept {
  if (!std::exchange(polling_, false) || !ticks_wait() || closing_) return;
  if (uv_backend_timeout(&uv_) == 0) {  // something else is due, perhaps before them
    if (uv_is_active(reinterpret_cast<uv_handle_t*>(&ticker_)) == 0) wake_for_ticks();
    return;
  }
  uv_update_time(&uv_);  // as before a timer
  run_ticks();
  // Now, even if ticks are left: the handles of their sockets may be closed next, and that is told last.
  run(completed_);
  completed_last_time_ = !completed_.empty();
}

void loop::run_ticks() noexcept {
  run(completed_);  // outside of a tick: before all that is due by now
  run(ticks_);
  if (ticks_.empty()) run(completed_);
  if (!ticks_wait()) uv_idle_stop(&after_ticks_);
}

void loop::run_ticks_of_ticks() noexcept {
  polled_next_ = true;
  if (std::exchange(completed_last_time_, false)) run(completed_);
  run(ticks_);
  run(completed_);
  completed_last_time_ = !completed_.empty();
  if (!ticks_wait()) uv_idle_stop(&after_ticks_);
  polled_next_ = false;
}

/// Those that are there now; not what they queue.
void loop::run(std::vector<tick>& due) noexcept {
  if (due.empty()) return;
  in_tick_ = true;
  std::swap(due, running_ticks_);
  for (tick& each : running_ticks_) {
    if (each.whose != nullptr) {
      each.whose->tick();
      continue;
    }
    // Released one by one: a tick's end may destroy what the next one was to be kept from.
    const tick now = std::move(each);
    now.fn();
  }
  running_ticks_.clear();
  in_tick_ = false;
}

void loop::warn(std::string_view text) const noexcept {
  try {
    if (options_.warning_cb) {
      options_.warning_cb(text);
      return;
    }
  } catch (...) {
    // A warning is not worth an error of its own; what it said goes to stderr.
  }
  std::fprintf(stderr, "cl_async_style: %.*s\n", static_cast<int>(text.size()), text.data());
}

void loop::application_error(const std::exception& error, std::exception_ptr exception,
                             const event_callback& event_cb) noexcept {
  if (dynamic_cast<const loop_is_left*>(&error) != nullptr) return;
  const auto leave = [&](std::exception_ptr with) {
    if (!error_) error_ = std::move(with);  // the first one
    stop();
  };
  const bool* caught = std::get_if<bool>(&options_.catch_app_errors);
  try {
    if ((caught != nullptr && !*caught) ||                                      // CL-030
        (options_.passthrough_errors && options_.passthrough_errors(error))) {  // CL-038
      leave(std::move(exception));
      return;
    }
    // Exactly one, in this order (CL-031).
    const auto* function = std::get_if<event_callback>(&options_.catch_app_errors);
    if (event_cb && options_.send_errors_to_eventcb)
      event_cb(error);
    else if (function != nullptr && *function)
      (*function)(error);
    else if (options_.handle_error)
      options_.handle_error(error);
    else
      warn(std::string("unhandled error in a callback: ") + error.what());
  } catch (...) {
    // An error of the handler itself leaves the loop, as upstream (CL-041): there is nobody left to ask.
    leave(std::current_exception());
  }
}

void loop::lend_larger_buffer(std::string& to, std::size_t size) {
  const std::size_t needed = to.size() + size;
  while (!spare_buffers_.empty()) {
    std::string spare = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
    if (spare.capacity() < needed) continue;  // dropped, so that in time all are large enough
    spare.assign(to);
    to.swap(spare);
    take_back(spare);
    return;
  }
}

void loop::take_back_large(std::string& buffer) noexcept {
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

bool loop::anybody_draining() const noexcept {
  return std::any_of(owners_.begin(), owners_.end(), [](const auto& owner) { return owner->draining(); });
}

void loop::close_owners() noexcept {
  // A copy: closing may let one go at once.
  for (const auto& owner : std::vector(owners_)) owner->close_at_exit();
}

/// Exit callbacks, then everything that is open is closed, whatever it is (CL-014, CL-015). Where upstream
/// hangs, for handles that it does not know (CL-016) or a peer that does not read (CL-017), this ends.
void loop::close() noexcept {
  while (!exit_callbacks_.empty()) {
    const callback fn = std::move(exit_callbacks_.back().fn);
    exit_callbacks_.pop_back();
    guard({}, fn);
  }
  closing_ = true;
  signals.clear();
  for (const auto& owner : std::vector(owners_))
    if (!owner->draining()) owner->close_at_exit();
  uv_idle_stop(&after_ticks_);
  // The ticker is free now: it limits how long graceful closes may take.
  bool in_time = options_.exit_grace.count() > 0;
  ticker_.data = &in_time;
  uv_timer_start(
      &ticker_, [](uv_timer_t* timer) { *static_cast<bool*>(timer->data) = false; },
      static_cast<std::uint64_t>(std::max<std::int64_t>(options_.exit_grace.count(), 0)), 0);
  while (in_time && anybody_draining()) {
    uv_run(&uv_, ticks_wait() ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    run_ticks();
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&ticker_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&after_ticks_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&after_poll_), nullptr);
  while (true) {
    close_owners();
    // Also waits for a lookup that cannot be cancelled any more.
    const int active = uv_run(&uv_, ticks_wait() ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    while (ticks_wait()) run_ticks();
    if (!owners_.empty() || active != 0) continue;
    if (uv_loop_close(&uv_) == 0) return;
    std::fputs("cl_async_style: a handle of libuv's has no owner:\n", stderr);
    uv_print_all_handles(&uv_, stderr);
    std::abort();  // its memory would be freed under libuv's feet
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

void buffer_writes(bool on) {
  loop::current().buffer_writes = on;
}

loop_stats stats() {
  const loop& current = loop::current();
  const int lookups = current.upstream_quirks() ? 0 : current.dns_queries;  // CL-021
  return {current.incoming, current.outgoing, lookups, current.handles(), current.handles()};
}

std::uint64_t event_loop_id() {
  return loop::current().id();
}

std::vector<std::uint64_t> running_event_loops() {
  const std::scoped_lock lock(loops().mutex);
  return loops().ids;
}

void dump_event_loop_status(std::FILE* to) {
  uv_print_all_handles(loop::current().uv(), to);
}

}  // namespace antiphon::cl_async_style
