#include "session.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "peer.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

using std::chrono::milliseconds;

Session::Session(const Scenario& the_scenario, std::filesystem::path the_scratch)
    : scenario(the_scenario), scratch(std::move(the_scratch)), time([this] { return log.revision(); }) {}

Session::~Session() {
  loop.close();
  give_back_descriptors();
  stop_peers();
}

void Session::tick() {
  time.tick();
  loop.call_later(milliseconds(1), [this] { tick(); });
}

void Session::start_ticking() {
  if (!std::exchange(ticking_, true)) tick();
}

void Session::give_back_descriptors() {
  for (const int fd : exhausted) ::close(fd);
  exhausted.clear();
  if (!descriptor_limit) return;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = *descriptor_limit;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  descriptor_limit.reset();
}

void Session::start_peers(const std::optional<asio_style::SocketAddress>& address) {
  if (scenario.peers.empty()) return;
  start_ticking();
  // All are counted before the first one starts, and so is who starts them: no pause ends meanwhile.
  for (std::size_t i = 0; i <= scenario.peers.size(); ++i) time.join();
  starter_ = std::thread([this, address] {
    for (std::size_t i = 0; i < scenario.peers.size(); ++i) {
      const std::uint64_t before = time.moves();
      peers_.emplace_back([this, address, i] {
        run_peer(log, time, static_cast<int>(i), scenario.peers[i], address);
        log.reach("peer_done");
        time.quit();
      });
      time.wait_for_move(before, milliseconds(50));
    }
    time.quit();
  });
}

void Session::stop_peers() {
  time.release();
  log.wake();
  if (starter_.joinable()) starter_.join();
  for (std::thread& peer : peers_) peer.join();
  peers_.clear();
}

void Session::record_reports() {
  loop.set_exception_handler([this](asio_style::EventLoop&, const asio_style::ExceptionContext& context) {
    log.add({{"event", "handler"},
             {"message", message_line(context.message)},
             {"keys", context.keys()},
             {"exc", exception_json(context.exception)}});
  });
  loop.set_logger([this](asio_style::LogLevel level, std::string_view message) {
    if (level < asio_style::LogLevel::warning) return;  // the traces begin there
    log.add({{"event", "log"},
             {"level", level == asio_style::LogLevel::error ? "ERROR" : "WARNING"},
             {"message", message_line(message)}});
  });
}

std::optional<asio_style::SocketAddress> address_of(const Session& session, std::size_t server) {
  if (server >= session.servers.size()) return std::nullopt;
  const auto sockets = session.servers[server]->sockets();
  if (sockets.empty()) return std::nullopt;
  return sockets.front().getsockname();
}

}  // namespace antiphon::asyncio_replay
