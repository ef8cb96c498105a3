#include "antiphon/asio_style/event_loop.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>
#include <utility>

#include "engine.hpp"
#include "guarded_call.hpp"
#include "loop_core.hpp"
#include "short_name.hpp"

namespace antiphon::asio_style {

// ---- handles

void Handle::cancel() {
  if (!state_) return;
  state_->cancelled = true;
  const auto dropped = std::exchange(state_->fn, nullptr);
}

bool Handle::cancelled() const {
  return state_ && state_->cancelled;
}

TimePoint TimerHandle::when() const {
  return state_ ? state_->when : TimePoint::max();
}

// ---- the loop's face

EventLoop::EventLoop() : core_(std::make_shared<detail::LoopCore>(*this)) {}

EventLoop::~EventLoop() {
  if (!is_running()) close();
}

Handle EventLoop::call_soon(Callback fn) {
  return Handle(core_->call_soon(std::move(fn), "call_soon"));
}

Handle EventLoop::call_soon_threadsafe(Callback fn) {
  return Handle(core_->call_soon_threadsafe(std::move(fn)));
}

TimerHandle EventLoop::call_later(Duration delay, Callback fn) {
  const TimePoint now = time();
  // Later than the clock can tell is never, and not the past, where the sum would wrap to.
  const TimePoint when = delay < TimePoint::max() - now ? now + delay : TimePoint::max();
  return TimerHandle(core_->call_at(when, std::move(fn), "call_later"));
}

TimerHandle EventLoop::call_at(TimePoint when, Callback fn) {
  return TimerHandle(core_->call_at(when, std::move(fn), "call_at"));
}

void EventLoop::run_forever() {
  core_->run_forever();
}

void EventLoop::run_until_done(detail::FutureState& future) {
  core_->check_closed();
  // Shared, because the future may outlive this call: stopped early, it must not stop a later run.
  const auto waiting = std::make_shared<bool>(true);
  future.add_done_callback([this, waiting] {
    if (*waiting) stop();
  });
  try {
    run_forever();
  } catch (...) {
    *waiting = false;
    throw;
  }
  *waiting = false;
  if (!future.done()) throw RuntimeError("Event loop stopped before Future completed.");
}

void EventLoop::stop() {
  core_->stop();
}
void EventLoop::close() {
  core_->close();
}
bool EventLoop::is_running() const noexcept {
  return core_->is_running();
}
bool EventLoop::is_closed() const noexcept {
  return core_->is_closed();
}

void EventLoop::set_debug(bool enabled) noexcept {
  core_->debug = enabled;
}
bool EventLoop::get_debug() const noexcept {
  return core_->debug;
}

boost::asio::io_context& EventLoop::native() noexcept {
  return core_->engine().context;
}

void EventLoop::submit(const std::shared_ptr<Executor>& executor, Callback work, Callback deliver) {
  core_->submit(executor ? executor : core_->default_executor(), std::move(work), std::move(deliver));
}

void EventLoop::set_default_executor(std::shared_ptr<Executor> executor) {
  core_->check_closed();
  if (!executor) throw TypeError("executor must not be null");
  core_->set_default_executor(std::move(executor));
}

Task<void> EventLoop::shutdown_default_executor() {
  const auto executor = core_->retire_default_executor();
  if (!executor) co_return;
  const Future<> over(*this);
  const auto core = core_;
  const std::jthread waiting([core, executor, over] {
    executor->shutdown(true, false);
    try {
      core->call_soon_threadsafe([over] {
        if (!over.done()) over.set_result();
      });
    } catch (const RuntimeError&) {
      return;  // the loop was closed meanwhile
    }
  });
  co_await over;
}

void detail::run_to_end(EventLoop& loop, FutureState& main) {
  std::exception_ptr left_by;
  try {
    loop.run_until_done(main);
  } catch (...) {
    left_by = std::current_exception();
  }
  loop.core().cancel_all_tasks();
  loop.run_until_complete(loop.shutdown_default_executor());
  if (left_by) std::rethrow_exception(left_by);
}

void EventLoop::add_reader(int fd, Callback fn) {
  core_->descriptor_callbacks().add(*core_, fd, detail::Selector::read, std::move(fn));
}
bool EventLoop::remove_reader(int fd) {
  return core_->descriptor_callbacks().remove(*core_, fd, detail::Selector::read);
}
void EventLoop::add_writer(int fd, Callback fn) {
  core_->descriptor_callbacks().add(*core_, fd, detail::Selector::write, std::move(fn));
}
bool EventLoop::remove_writer(int fd) {
  return core_->descriptor_callbacks().remove(*core_, fd, detail::Selector::write);
}

EventLoop& get_running_loop() {
  const auto* core = detail::LoopCore::running_here();
  if (core == nullptr) throw RuntimeError("no running event loop");
  return core->loop();
}

// ---- signals

void EventLoop::add_signal_handler(int signum, Callback fn) {
  core_->check_closed();
  if (signum < 1 || signum >= NSIG) throw ValueError("invalid signal number " + std::to_string(signum));
  if (::syscall(SYS_gettid) != ::getpid()) throw RuntimeError("signal handlers belong to the main thread");
  core_->add_signal_handler(signum, std::move(fn));
}

bool EventLoop::remove_signal_handler(int signum) {
  if (signum < 1 || signum >= NSIG) throw ValueError("invalid signal number " + std::to_string(signum));
  return core_->remove_signal_handler(signum);
}

// ---- what goes wrong

std::vector<std::string_view> ExceptionContext::keys() const {
  std::vector<std::string_view> names;
  if (context != nullptr) names.emplace_back("context");
  if (exception) names.emplace_back("exception");
  if (future) names.emplace_back("future");
  if (handle) names.emplace_back("handle");
  names.emplace_back("message");
  if (protocol) names.emplace_back("protocol");
  if (socket) names.emplace_back("socket");
  if (transport) names.emplace_back("transport");
  return names;
}

void EventLoop::set_exception_handler(ExceptionHandler handler) {
  core_->exception_handler = std::move(handler);
}

const EventLoop::ExceptionHandler& EventLoop::get_exception_handler() const noexcept {
  return core_->exception_handler;
}

void EventLoop::call_exception_handler(const ExceptionContext& context) {
  if (!core_->exception_handler) return default_exception_handler(context);
  detail::guarded_call(
      [&] {
        const ExceptionHandler handler = core_->exception_handler;  // it may replace itself
        handler(*this, context);
      },
      [&](std::exception_ptr exc) {
        ExceptionContext unhandled;
        unhandled.message = "Unhandled error in exception handler";
        unhandled.exception = std::move(exc);
        unhandled.context = &context;
        default_exception_handler(unhandled);
      });
}

void EventLoop::default_exception_handler(const ExceptionContext& context) {
  std::string record = context.message;
  if (context.exception) record += "\n  exception: " + describe(context.exception);
  if (context.future) record += "\n  future: " + *context.future;
  if (const auto* protocol = context.protocol.get()) {
    record += "\n  protocol: " + detail::short_name(typeid(*protocol));
  }
  if (context.socket) record += "\n  socket: fd " + std::to_string(context.socket->fileno());
  if (context.transport) {
    const auto peer = context.transport->get_extra_info("peername");
    const auto* address = std::any_cast<SocketAddress>(&peer);
    record +=
        "\n  transport: to " + (address != nullptr ? address->to_string() : std::string("an unknown peer"));
  }
  if (context.context != nullptr) {
    record += "\n  context: " + context.context->message + " (" + describe(context.context->exception) + ")";
  }
  log(LogLevel::error, record);
}

void EventLoop::set_logger(Logger logger) {
  core_->logger = std::move(logger);
}

void EventLoop::log(LogLevel level, std::string_view message) const {
  if (core_->logger) return core_->logger(level, message);
  if (level < LogLevel::warning) return;
  std::fprintf(stderr, "%s: %.*s\n", level == LogLevel::error ? "error" : "warning",
               static_cast<int>(message.size()), message.data());
}

}  // namespace antiphon::asio_style
