#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "antiphon/cl_async_style.hpp"
#include "condition_json.hpp"
#include "script.hpp"
#include "stage.hpp"

namespace antiphon::conformance::cl_async {

using SocketPtr = std::shared_ptr<cl_async_style::socket>;

/// Runs a server script on cl_async_style and logs what its callbacks see, in the traces' words.
///
/// Lives in the loop's thread, but for what `stage.settle` and `stage.request_stop` do.
class Server {
 public:
  /// Both must outlive it.
  Server(const ServerScript& script, Stage& stage);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The loop, from `loop-start` to `loop-exit` or `loop-error`.
  void run();

  // For the operations.

  /// Runs them on the socket of the callback that they stand in; null where there is none. An error of an
  /// operation is logged and the next one runs, but for application errors and `propagate`.
  void run_ops(const Ops& ops, const SocketPtr& on);
  /// So much later and when the peer had its time.
  void later(std::chrono::milliseconds time, std::function<void()> what);
  /// Timeouts of the library run now, and real time with them: delays are not held back any more.
  void time_is_real() noexcept { time_is_real_ = true; }
  /// A number of seconds, or null, as this run has it.
  [[nodiscard]] std::optional<std::chrono::milliseconds> seconds(const Json& number) const;
  /// Blocks the loop, as the script says, and until the peer had its time.
  void sleep(std::chrono::milliseconds time);
  void log(Json event) { stage_.log.add(std::move(event)); }
  void log_op(const std::string& op, Json fields = Json::object());
  void log_op_error(const std::string& op, const std::exception& error);
  /// In order of first appearance, from 1.
  int number(cl_async_style::socket& of);
  [[nodiscard]] Stage& stage() noexcept { return stage_; }

  // Callbacks that log themselves and run the script's lists. `via` is the label of the listener, or the name
  // of an override, whose lists are its own.
  enum class Whose { listener, override_ };
  cl_async_style::read_callback read_cb(std::string via, Whose whose);
  cl_async_style::stream_read_callback stream_read_cb(std::string via, Whose whose);
  cl_async_style::socket_callback connect_cb(std::string via);
  cl_async_style::socket_callback write_cb(std::string via, Whose whose);
  cl_async_style::event_callback event_cb(std::string via, Whose whose);

  // What the scripts made and come back to.
  std::map<std::string, std::shared_ptr<cl_async_style::socket_server>> servers;
  std::shared_ptr<cl_async_style::notifier> notifier;
  std::vector<std::jthread> threads;

 private:
  void start();
  void run_list(const std::string& callback, const std::string& via, Whose whose, const SocketPtr& on);
  void release_held(bool seen_waiting);
  void settle();
  void request_stop();
  void rang();
  void leave();
  void ring();

  const ServerScript& script_;
  Stage& stage_;
  std::map<cl_async_style::socket*, int> numbers_;
  std::vector<SocketPtr> kept_;  // so that no socket gets another one's address
  std::map<std::string, std::map<int, std::size_t>> calls_;

  struct Held {
    std::function<void()> what;
    std::shared_ptr<std::chrono::milliseconds> slept;  // in the callback that asked for the delay
    std::chrono::milliseconds time;
  };
  void run_held(const Held& held);
  Held next_held();
  std::deque<Held> held_;
  std::chrono::steady_clock::time_point held_since_;
  bool time_is_real_ = false;
  /// How long the callback under way has blocked the loop.
  std::shared_ptr<std::chrono::milliseconds> slept_ = std::make_shared<std::chrono::milliseconds>(0);

  // Between the peer's thread and the loop's.
  std::mutex mutex_;
  std::condition_variable settled_;
  std::shared_ptr<cl_async_style::notifier> bell_;
  int rounds_ = 0;
  bool stop_requested_ = false;
  bool over_ = false;
};

}  // namespace antiphon::conformance::cl_async
