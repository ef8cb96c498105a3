#pragma once

#include <antiphon/asio_style.hpp>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "unique_fd.hpp"

/// What the tests of the transports share: a record of what a protocol was told, a protocol that does as its
/// test says, and a client made of bare system calls.
namespace antiphon::asio_style::test {

/// Far more than anything here takes; it only turns a hang into a failure.
inline constexpr std::chrono::seconds patience{30};

/// What happened, in order. Other threads may wait for it.
class Trace {
 public:
  void add(std::string event);
  [[nodiscard]] std::vector<std::string> events() const;
  [[nodiscard]] std::size_t count(std::string_view event) const;
  /// Blocks until `event` was recorded `times` times; false if that takes too long.
  bool wait(std::string_view event, std::size_t times = 1) const;
  void clear();
  std::function<void()> on_change;  // called by add, in its thread

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::string> events_;
};

/// What a test wants done at an event; each hook gets the protocol.
class Scripted;
using Hook = std::function<void(Scripted&)>;
struct Hooks {
  std::function<void()> factory;
  Hook connection_made, data_received, connection_lost, pause_writing, resume_writing;
  std::function<bool(Scripted&)> eof_received;
};

/// Records CM, DR (a run of them once), ER, PW, RW and "CL None" or "CL <exception>", then does as told.
class Scripted : public Protocol, public std::enable_shared_from_this<Scripted> {
 public:
  Scripted(Trace& trace, const Hooks& hooks, std::string name = {});

  void connection_made(std::shared_ptr<Transport> made) override;
  void data_received(std::span<const std::byte> data) override;
  bool eof_received() override;
  void connection_lost(std::exception_ptr exc) override;
  void pause_writing() override;
  void resume_writing() override;

  /// Itself, as what start_tls takes.
  [[nodiscard]] std::shared_ptr<Scripted> shared() { return shared_from_this(); }
  std::shared_ptr<Transport> transport;
  std::string received;  // all of it
  std::size_t blocks = 0;
  std::size_t largest = 0;
  std::exception_ptr lost;

 private:
  void tell(const std::string& event, const Hook& hook);

  Trace* trace_;
  const Hooks* hooks_;
  std::string name_;
};

/// A loop, a server on 127.0.0.1, and the record of everything.
class Bench {
 public:
  Bench();
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// Makes Scripted protocols, kept in `protocols`; hooks.factory is asked first.
  [[nodiscard]] ProtocolFactory factory();
  void listen(CreateServerOptions options = {});
  [[nodiscard]] std::uint16_t port() const;
  /// Turns the loop until the event was recorded so many times; fails the test if that takes too long.
  void run_until(std::string_view event, std::size_t times = 1);
  /// The same for a condition, which is looked at whenever something is recorded.
  void run_until_true(const std::function<bool()>& holds);
  /// The same for a condition that nothing recorded tells of.
  void look_until(const std::function<bool()>& holds);
  /// Lets the loop make `turns` turns, so that what must not happen has had its chance.
  void turn(int turns = 5);
  [[nodiscard]] std::vector<std::string> events() const { return trace.events(); }

  Trace trace;  // also gets "handler <message>: <exception>" and "log <message>"
  Hooks hooks;
  EventLoop loop;
  std::shared_ptr<Server> server;
  std::vector<std::shared_ptr<Scripted>> protocols;  // in the order of the factory's calls

  [[nodiscard]] Scripted& protocol(std::size_t i = 0) { return *protocols.at(i); }
  [[nodiscard]] Transport& transport(std::size_t i = 0) { return *protocols.at(i)->transport; }
};

/// A blocking client. Every call throws if it fails or takes longer than `patience`.
class Peer {
 public:
  /// `receive_buffer` > 0 makes the kernel hold back the server soon.
  explicit Peer(std::uint16_t port, int receive_buffer = 0);
  /// To a UNIX socket; a leading NUL is an abstract name.
  explicit Peer(const std::string& path);
  /// The other end of a connection that is there already.
  explicit Peer(detail::UniqueFd connected);
  Peer(Peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Peer& operator=(Peer&&) = delete;
  ~Peer();

  void send(std::string_view data) const;
  [[nodiscard]] std::string read(std::size_t count) const;
  /// Everything up to the end; `reset` says what kind of end.
  struct Rest {
    std::string bytes;
    bool reset = false;
  };
  [[nodiscard]] Rest read_to_end() const;
  void shutdown_write() const;
  void close();
  void reset();  // RST instead of FIN
  [[nodiscard]] int fd() const { return fd_; }

 private:
  void set_limits() const;

  int fd_;
};

/// A listening socket that nothing but the kernel answers, unless it is told to.
class Listening {
 public:
  explicit Listening(const char* host = "127.0.0.1", int backlog = 16, std::uint16_t on_port = 0);
  [[nodiscard]] std::uint16_t port() const { return TransportSocket(fd_.get()).getsockname().port; }
  [[nodiscard]] Peer accept() const;

 private:
  detail::UniqueFd fd_;
};

/// A bound socket that does not listen: connecting to it is refused for as long as it lives.
class Refusing {
 public:
  explicit Refusing(const char* host = "127.0.0.1");
  [[nodiscard]] std::uint16_t port() const { return TransportSocket(fd_.get()).getsockname().port; }

 private:
  detail::UniqueFd fd_;
};

/// A new stream socket bound to `host`.
[[nodiscard]] detail::UniqueFd bound_to(const char* host, std::uint16_t port = 0);

/// A bench with one connection whose peer has a small receive buffer and reads only when told to.
class Connected : public Bench {
 public:
  void connect();
  /// Lets the peer read to the end beside the loop, which turns until connection_lost.
  Peer::Rest drain();
  std::optional<Peer> peer;
};

/// More than the kernel takes in one go.
inline constexpr std::size_t big = 8 * 1024 * 1024;

/// How many descriptors this process has open.
[[nodiscard]] std::ptrdiff_t open_descriptors();

/// `count` octets that show any loss, repetition or exchange: octet i is i mod 251.
[[nodiscard]] std::string pattern(std::size_t count);

/// The exception that `call` throws; null if it does not.
template <class Call>
std::exception_ptr thrown_by(Call call) {
  try {
    call();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace antiphon::asio_style::test
