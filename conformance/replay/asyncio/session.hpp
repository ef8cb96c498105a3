#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "antiphon/asio_style.hpp"
#include "event_log.hpp"
#include "scenario.hpp"
#include "timekeeper.hpp"

namespace antiphon::asyncio_replay {

/// One connection as the trace numbers them: in the order of connection_made.
struct Connection {
  int number = 0;
  std::shared_ptr<asio_style::Transport> transport;
  std::map<std::string, int> counts;  ///< of its callbacks, for "DR#2"
};
using ConnectionPtr = std::shared_ptr<Connection>;

/// A pending ["call_later_ms"…] under its tag.
struct Timer {
  asio_style::TimerHandle handle;
  Timekeeper::Ticket ticket = 0;
};

/// All that one run of a scenario has: the loop, what was recorded, what the steps talk about. Loop's thread
/// only, but for `log` and `time`.
struct Session {
  Session(const Scenario& the_scenario, std::filesystem::path scratch);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  const Scenario& scenario;
  std::filesystem::path scratch;  ///< an empty folder of this run, for sockets and files
  EventLog log;
  Timekeeper time;
  asio_style::EventLoop loop;

  std::vector<std::shared_ptr<asio_style::Server>> servers;  ///< in the order of listen
  std::vector<ConnectionPtr> connections;
  std::deque<Timer> all_timers;          // their callbacks know them by address
  std::map<std::string, Timer*> timers;  // the last one of each tag
  std::map<std::string, asio_style::Handle> soon;
  std::map<std::string, asio_style::Future<void>> tasks;  ///< of ["bg", tag, …]
  int factory_calls = 0;
  std::vector<int> exhausted;                     ///< what exhaust_fds holds
  std::optional<unsigned long> descriptor_limit;  ///< as it was before exhaust_fds
  std::exception_ptr harness_error;               ///< from inside a callback, where it may not leave

  /// Starts the peers, each when the one before has come to rest or ended; they connect to `address`.
  void start_peers(const std::optional<asio_style::SocketAddress>& address);
  /// Lets pauses end; whatever makes one calls it. Before that the loop has no timer of the replay's own.
  void start_ticking();
  void give_back_descriptors();
  /// Ends every wait, and joins the peers.
  void stop_peers();

  /// A protocol of that name ("A", "Bbuf"), which makes a new connection unless `connection` is given.
  [[nodiscard]] std::shared_ptr<asio_style::BaseProtocol> make_protocol(const std::string& name,
                                                                        ConnectionPtr connection = nullptr);
  /// The factory of create_server: records itself, runs its actions, makes a protocol.
  [[nodiscard]] asio_style::ProtocolFactory factory(const std::string& name);

  /// Puts the recording handler and logger in their places.
  void record_reports();

 private:
  void tick();
  bool ticking_ = false;
  std::thread starter_;
  std::vector<std::thread> peers_;
};

/// The first address of a server; none if there is no such server or it is closed.
[[nodiscard]] std::optional<asio_style::SocketAddress> address_of(const Session& session, std::size_t server);

}  // namespace antiphon::asyncio_replay
