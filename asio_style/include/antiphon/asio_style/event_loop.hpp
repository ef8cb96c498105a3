#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "antiphon/asio_style/address.hpp"
#include "antiphon/asio_style/executor.hpp"
#include "antiphon/asio_style/handle.hpp"
#include "antiphon/asio_style/options.hpp"
#include "antiphon/asio_style/protocol.hpp"
#include "antiphon/asio_style/server.hpp"
#include "antiphon/asio_style/task.hpp"
#include "antiphon/asio_style/transport.hpp"

namespace boost::asio {
class io_context;
}

namespace antiphon::asio_style {

namespace detail {
class LoopCore;
/// Until `main` is done; then all that asyncio.run does at the end, even if the loop was left by an
/// exception.
void run_to_end(EventLoop& loop, FutureState& main);
}  // namespace detail

/// What the exception handler is told. `message` is always there; the rest if it applies (AS-287). Python's
/// keys task, asyncgen and source_traceback have nothing to stand for here.
struct ExceptionContext {
  std::string message;
  std::exception_ptr exception;
  std::optional<std::string> future;  ///< a future or task that ended so and that nobody asked, as text
  std::optional<Handle> handle;       ///< the callback that threw; without a callback inside if it was I/O
  std::shared_ptr<BaseProtocol> protocol;
  std::shared_ptr<Transport> transport;
  std::optional<TransportSocket> socket;
  const ExceptionContext* context = nullptr;  ///< what the failing exception handler had been asked (AS-289)

  /// The names of the entries that are set, sorted: {"exception", "handle", "message"}.
  [[nodiscard]] std::vector<std::string_view> keys() const;
};

/// True for a function that is a coroutine: called as a plain callback it would never run.
template <class Fn>
concept CoroutineFunction = std::invocable<Fn&> && requires {
  typename std::invoke_result_t<Fn&>::promise_type;
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// asyncio's loop, turning on an io_context.
///
/// One turn: callbacks queued before it, then the I/O that is ready, then the timers that are due; what they
/// queue runs in the next turn (AS-263 to AS-266). Thread: one at a time, and only call_soon_threadsafe from
/// others. Lifetime: outlives its transports' use, its futures and its tasks; the destructor closes.
class EventLoop {
 public:
  using Callback = std::function<void()>;
  using Duration = std::chrono::nanoseconds;

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// In the next turn, in the order of the calls. RuntimeError on a closed loop (AS-284); in debug mode also
  /// from another thread (AS-273). TypeError if `fn` is empty. What `fn` throws goes to the exception handler
  /// (AS-274). A coroutine is no callback: give it to create_task.
  Handle call_soon(Callback fn);
  /// The same from any thread; wakes the loop (AS-272). Cancel the handle on the loop's thread only.
  Handle call_soon_threadsafe(Callback fn);
  /// Not before `delay` has passed (AS-268), never if the clock does not go so far; zero or less:
  /// in the next turn, after call_soon and I/O (AS-270).
  TimerHandle call_later(Duration delay, Callback fn);
  TimerHandle call_at(TimePoint when, Callback fn);
  template <CoroutineFunction Fn>
  Handle call_soon(Fn) = delete;
  template <CoroutineFunction Fn>
  Handle call_soon_threadsafe(Fn) = delete;
  template <CoroutineFunction Fn>
  TimerHandle call_later(Duration, Fn) = delete;
  template <CoroutineFunction Fn>
  TimerHandle call_at(TimePoint, Fn) = delete;
  [[nodiscard]] TimePoint time() const { return Clock::now(); }

  /// Turns until stop() (AS-278). RuntimeError if this or another loop runs on the thread (AS-282), or if
  /// closed. SystemExit and KeyboardInterrupt from a callback come
  /// out of here (AS-212); it may be run again (AS-280).
  void run_forever();
  /// Runs `task` and returns what it returns or throws what it throws;
  /// RuntimeError if stopped before that (AS-281).
  template <class T>
  T run_until_complete(Task<T> task) {
    return run_until_complete(create_task(std::move(task)));
  }
  template <class T>
  T run_until_complete(Future<T> future) {
    run_until_done(*future.state());
    return future.result();
  }
  /// Ends run_forever after the present turn. Before run_forever:
  /// that will make exactly one turn without waiting (AS-279).
  void stop();
  /// Forgets callbacks, timers and tasks, removes signal handlers, closes sockets without telling their
  /// protocols (AS-285, AS-298). RuntimeError while running; repeated: no-op (AS-283).
  void close();
  [[nodiscard]] bool is_running() const noexcept;
  [[nodiscard]] bool is_closed() const noexcept;

  /// Lets the loop drive the coroutine, from the next turn on.
  /// An exception nobody asks for is reported when the future dies.
  template <class T>
  Future<T> create_task(Task<T> task) {
    auto state = std::make_shared<detail::TaskState<T>>(*this);
    auto driven = std::make_shared<detail::DrivenTask<T>>(*this, std::move(task), state);
    state->task = driven;
    driven->start();
    return Future<T>(std::move(state));
  }
  template <class T = void>
  [[nodiscard]] Future<T> create_future() {
    return Future<T>(*this);
  }
  /// Runs `fn` on a thread of `executor`, null: the default one; the future is completed on the loop. For
  /// calls that block. Cancelling the future does not stop `fn`. RuntimeError after a shutdown of the
  /// executor.
  template <class Fn>
  auto run_in_executor(const std::shared_ptr<Executor>& executor, Fn fn) -> Future<std::invoke_result_t<Fn>>;
  template <class Fn>
  auto run_in_executor(Fn fn) -> Future<std::invoke_result_t<Fn>> {
    return run_in_executor(nullptr, std::move(fn));
  }
  /// Instead of a ThreadPoolExecutor made when first needed. TypeError for null. close() shuts it down: work
  /// that has not begun is dropped, the rest waited for.
  void set_default_executor(std::shared_ptr<Executor> executor);
  /// Waits, without blocking, for all that runs there; nothing more can be submitted.
  Task<void> shutdown_default_executor();
  /// Zero or less: lets the loop turn once.
  Task<void> sleep(Duration delay);

  /// Runs `fn` as an ordinary callback after the signal came; replaces an earlier one (AS-292, AS-293). Only
  /// in the process's main thread, else RuntimeError (AS-296). ValueError:
  /// no such signal. RuntimeError: it can't be caught (AS-295).
  void add_signal_handler(int signum, Callback fn);
  template <CoroutineFunction Fn>
  void add_signal_handler(int, Fn) = delete;  // AS-297
  /// True if there was one; the default action is back (AS-294).
  bool remove_signal_handler(int signum);  // NOLINT(modernize-use-nodiscard)

  using ExceptionHandler = std::function<void(EventLoop&, const ExceptionContext&)>;
  /// An empty function restores the default (AS-288).
  void set_exception_handler(ExceptionHandler handler);
  [[nodiscard]] const ExceptionHandler& get_exception_handler() const noexcept;
  /// Asks the handler; if that throws, the default one, with both (AS-289).
  void call_exception_handler(const ExceptionContext& context);
  /// Logs one error record (AS-286).
  void default_exception_handler(const ExceptionContext& context);

  using Logger = std::function<void(LogLevel, std::string_view)>;
  /// Where the loop's own messages go, from its thread; empty: standard error, warnings and worse.
  void set_logger(Logger logger);
  void log(LogLevel level, std::string_view message) const;

  /// Debug mode: thread checks, slow callbacks are logged,
  /// silent failures are reported (AS-054, AS-273, AS-290, AS-291).
  void set_debug(bool enabled) noexcept;
  [[nodiscard]] bool get_debug() const noexcept;
  Duration slow_callback_duration = std::chrono::milliseconds(100);

  /// Binds, listens, and lets the loop turn once (AS-001, AS-035). Errors, in this order (AS-009): ValueError
  /// for sock with host or port (AS-006), for none of the three (AS-007), for a sock that is no stream
  /// (AS-008); then GaiError or OSError naming the host (AS-016, AS-017); OSError naming the address that
  /// can't be bound, with everything closed again (AS-029, AS-030). With `ssl` each connection shakes hands
  /// first; connection_made comes when that is done, and nothing comes if it fails (AS-223, AS-224).
  Task<std::shared_ptr<Server>> create_server(ProtocolFactory protocol_factory, Hosts host,
                                              std::optional<std::uint16_t> port,
                                              CreateServerOptions options = {});

  /// Binds a UNIX stream socket at `path`; a leading NUL means the abstract namespace (AS-037). A socket file
  /// that is there already is removed first, even one in use (AS-038); another file is left alone: OSError
  /// EADDRINUSE (AS-039). Closing the server leaves the file (AS-040). ValueError for path with sock, for
  /// neither, for a sock that is no UNIX stream (AS-041 to AS-043), for an empty path.
  Task<std::shared_ptr<Server>> create_unix_server(ProtocolFactory protocol_factory,
                                                   std::optional<std::string> path,
                                                   CreateUnixServerOptions options = {});

  /// Connects to the first address of `host` that answers, asks the factory, and completes once
  /// connection_made was called (AS-087). Nothing answers: the one error, or an OSError that lists all of
  /// them, and the factory is never asked (AS-088). ValueError as AS-089 has it. Cancelled: the connection is
  /// closed (AS-093).
  Task<Connection> create_connection(ProtocolFactory protocol_factory, std::optional<std::string> host,
                                     std::optional<std::uint16_t> port, CreateConnectionOptions options = {});
  /// The same to the UNIX socket at `path`.
  Task<Connection> create_unix_connection(ProtocolFactory protocol_factory, std::optional<std::string> path,
                                          CreateUnixConnectionOptions options = {});
  /// Makes a server side transport of `sock`, a connected stream socket that somebody else accepted (AS-084);
  /// no server counts it (AS-086). `sock` stays the caller's after a ValueError or TypeError (AS-085); else
  /// it is ours, and closed if the factory throws.
  Task<Connection> connect_accepted_socket(ProtocolFactory protocol_factory, int sock,
                                           ConnectAcceptedSocketOptions options = {});

  /// Sends a file after what was written before, and returns how many octets (AS-256). `file` is the
  /// descriptor of a regular file, the caller's; its position is moved behind the last octet sent (AS-259).
  /// Meanwhile reading is paused (AS-260) and write throws RuntimeError (AS-157); write_eof waits for the
  /// file, close and abort cut it off. RuntimeError on a closing transport (AS-257) and beside another
  /// sendfile; ValueError for a count that is not positive, a negative offset (AS-258) or another kind of
  /// file; ConnectionError if the connection is lost (AS-262); OSError if the file can't be read, which
  /// leaves the connection as it is.
  Task<std::uint64_t> sendfile(std::shared_ptr<Transport> transport, int file, SendfileOptions options = {});

  /// Goes on in TLS on a connection that is there: pauses reading, puts the TLS layer in the place of the
  /// transport's protocol, shakes hands, and returns the transport to use from then on (AS-249, AS-250).
  /// `protocol` gets what follows, not connection_made again; its data_received may come before this returns
  /// (AS-252). The handshake fails or takes too long: the error is thrown, and `protocol` is told
  /// connection_lost with it (AS-251, AS-253). TypeError for a transport that can't carry TLS (AS-248),
  /// ValueError for a time limit that is not positive (AS-226).
  Task<std::shared_ptr<Transport>> start_tls(std::shared_ptr<Transport> transport,
                                             std::shared_ptr<BaseProtocol> protocol, SSLContext sslcontext,
                                             StartTlsOptions options = {});

  /// Calls `fn` in every turn in which `fd` is readable; replaces an earlier reader. The descriptor stays the
  /// caller's: remove it before closing. RuntimeError if it belongs to a transport. OSError if it can't be
  /// polled, as a regular file.
  void add_reader(int fd, Callback fn);
  /// True if there was one.
  bool remove_reader(int fd);  // NOLINT(modernize-use-nodiscard)
  void add_writer(int fd, Callback fn);
  bool remove_writer(int fd);  // NOLINT(modernize-use-nodiscard)

  /// For those who know Asio: other I/O objects may live here. Do not run, stop or restart it.
  [[nodiscard]] boost::asio::io_context& native() noexcept;
  [[nodiscard]] detail::LoopCore& core() noexcept { return *core_; }

 private:
  friend void detail::run_to_end(EventLoop& loop, detail::FutureState& main);

  void run_until_done(detail::FutureState& future);
  /// `work` runs on another thread, then `deliver` on the loop's; not at all once the loop is closed.
  void submit(const std::shared_ptr<Executor>& executor, Callback work, Callback deliver);

  std::shared_ptr<detail::LoopCore> core_;
};

template <class Fn>
auto EventLoop::run_in_executor(const std::shared_ptr<Executor>& executor, Fn fn)
    -> Future<std::invoke_result_t<Fn>> {
  using Result = std::invoke_result_t<Fn>;
  struct Job {
    Fn fn;
    Future<Result> future;
    std::optional<detail::Stored<Result>> value = std::nullopt;
    std::exception_ptr exception = nullptr;
  };
  Future<Result> future(*this);
  auto job = std::make_shared<Job>(Job{std::move(fn), future});
  auto work = [job] {
    try {
      if constexpr (std::is_void_v<Result>) {
        job->fn();
        job->value.emplace();
      } else {
        job->value.emplace(job->fn());
      }
    } catch (...) {
      job->exception = std::current_exception();
    }
  };
  auto deliver = [job] {
    if (job->future.done()) return;  // cancelled meanwhile
    if (job->exception) {
      job->future.set_exception(job->exception);
    } else {
      job->future.set_result(std::move(*job->value));
    }
  };
  job.reset();
  submit(executor, std::move(work), std::move(deliver));
  return future;
}

/// The loop that runs on this thread; RuntimeError if none does.
[[nodiscard]] EventLoop& get_running_loop();

/// asyncio.run: a loop of its own for one coroutine. However that ends, tasks that are left are cancelled and
/// waited for, and so is the default executor. `debug`: see set_debug.
template <class T>
T run(Task<T> task, bool debug = false) {
  EventLoop loop;
  loop.set_debug(debug);
  const Future<T> main = loop.create_task(std::move(task));
  detail::run_to_end(loop, *main.state());
  return main.result();
}

}  // namespace antiphon::asio_style
