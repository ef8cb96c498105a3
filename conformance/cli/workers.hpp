#pragma once

#include <cstdint>
#include <functional>

namespace antiphon::cli {

/// What a worker is given for its server, of either style.
struct Worker {
  std::uint16_t port = 0;
  bool reuse_port = false;
  bool handle_signals = true;
  std::function<void(std::uint16_t port)> on_listening;
  std::function<void(std::function<void()> stop)> on_stopper;
};

/// Runs `serve` on so many threads, each with a loop of its own; all listen on one port (SO_REUSEPORT), of
/// which the kernel gives each connection to one. `on_listening` is called once, when all of them do. SIGINT
/// and SIGTERM stop all, so that they drain together; a second one aborts. Returns 0, or the first status
/// that is not. A worker that cannot start stops the others.
int run_workers(unsigned count, std::uint16_t port, const std::function<void(std::uint16_t)>& on_listening,
                const std::function<int(Worker)>& serve);

}  // namespace antiphon::cli
