#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop.hpp"
#include "stream.hpp"

namespace antiphon::conformance::reference {

enum class Cause { none, reset, broken_pipe, timeout, error };

/// The application's side of a connection: CM DR* ER? CL, with PW and RW in turn.
class Protocol {
 public:
  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;
  virtual void connection_made() = 0;
  virtual void data_received(std::string_view octets) = 0;
  virtual bool eof_received() = 0;
  virtual void pause_writing() = 0;
  virtual void resume_writing() = 0;
  virtual void connection_lost(Cause cause, const std::string& message) = 0;
};

class Transport;

/// What all transports of a target share. Only mutants look at `all`.
struct Context {
  Loop& loop;
  const Faults& faults;
  std::vector<std::shared_ptr<Transport>> all;
  bool unix_socket = false;
};

/// asyncio's transport, told by the specification alone.
class Transport : public std::enable_shared_from_this<Transport> {
 public:
  Transport(Context& context, std::unique_ptr<Stream> stream) noexcept
      : context_(context), stream_(std::move(stream)) {
    if (fault(Fault::other_default_marks)) {
      high_ = 32768;
      low_ = 8192;
    }
  }

  /// Makes the handshake if there is one, then calls connection_made in a later turn and reads.
  void start(Protocol& protocol);
  /// The application is gone: nothing is called any more.
  void detach() noexcept { protocol_ = nullptr; }
  /// After the connection was lost: with its cause.
  std::function<void(Cause)> on_lost;

  void write(std::string_view octets);
  void write_eof();
  void close();
  void abort();
  void pause_reading();
  void resume_reading();
  void set_protocol(Protocol& protocol) noexcept { protocol_ = &protocol; }
  void set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low);
  [[nodiscard]] std::pair<std::size_t, std::size_t> limits() const noexcept { return {low_, high_}; }
  [[nodiscard]] bool is_closing() const;
  [[nodiscard]] bool is_reading() const;
  [[nodiscard]] std::size_t buffer_size() const;
  [[nodiscard]] bool dead() const noexcept { return phase_ == Phase::dead; }
  void tell_garbage();  ///< of the mutants: an octet that nobody sent

 private:
  /// unborn: before connection_made. flushing: closed, with output to send. parting: TLS waits for the peer's
  /// close_notify. lost: connection_lost is queued. dead: it was called.
  enum class Phase { unborn, open, flushing, parting, lost, dead };

  // reading.cpp
  void read_ready_now();
  void handshake();
  void made();
  void begin_reading();
  void read_ready();
  void take(std::string_view octets);
  void tell_data(std::string_view octets);
  void end(bool cut);
  void broken(Io io);
  // writing.cpp
  bool send_now(std::string_view& octets);
  void write_ready();
  void maybe_pause();
  void maybe_resume();
  void tell_pause();
  void tell_resume(bool report_only);
  // transport.cpp
  void flushed();
  void queue_lost(Cause cause, const std::string& message = "");
  void lost(Cause cause, const std::string& message);
  /// Runs a callback; what it threw is reported, and returned.
  std::optional<std::string> call(const char* where, const Callback& fn);
  [[nodiscard]] bool fault(Fault which) const { return context_.faults.on(which); }
  [[nodiscard]] bool closing() const noexcept { return phase_ > Phase::open; }
  template <typename Method>
  void soon(Method method) {
    context_.loop.call_soon([self = shared_from_this(), method] { (self.get()->*method)(); });
  }

  Context& context_;
  std::unique_ptr<Stream> stream_;
  Protocol* protocol_ = nullptr;
  Phase phase_ = Phase::unborn;
  std::string output_;
  std::size_t high_ = 65536;
  std::size_t low_ = 16384;
  int reading_pauses_ = 0;  // 0 or 1; only a mutant counts on
  bool reading_ = false;    // the descriptor is watched
  bool inside_made_ = false;
  bool writing_paused_ = false;
  bool eof_sent_ = false;
  bool eof_told_ = false;

  // What only mutants need.
  std::string merged_;
  bool inside_pause_ = false;
  bool pause_failed_ = false;
  bool resumed_once_ = false;
  bool close_waits_ = false;
  bool closing_shows_ = true;
};

}  // namespace antiphon::conformance::reference
