#pragma once

#include "loop_core.hpp"
#include "raw_address.hpp"
#include "unique_fd.hpp"
#include "watcher.hpp"

namespace antiphon::asio_style::detail {

class ServerImpl;

/// One listening socket of a server. Owned by the server; in the loop's list while it lives.
class Listener final : public Watcher {
 public:
  /// `fd` is bound and non-blocking.
  Listener(LoopCore& core, ServerImpl& server, UniqueFd fd);
  ~Listener() override;

  /// listen(2) and the first wait. Throws OSError naming the address.
  void start(int backlog);
  /// Leaves TCP_NODELAY alone on what is accepted (AS-059).
  void leave_nodelay() noexcept { is_tcp_ = false; }
  [[nodiscard]] int fileno() const noexcept { return fd_.get(); }

  bool on_readable() override;
  void on_writable() override {}
  void loop_closed() override;

 private:
  int accept_one();
  void accept_failed(int error);

  LoopCore& core_;
  ServerImpl& server_;
  UniqueFd fd_;
  int backlog_ = 0;
  bool is_tcp_ = false;
  bool names_connections_ =
      false;  // bound to one address, which is then the local address of each connection
  SocketName name_;
  TimerHandle retry_;
};

}  // namespace antiphon::asio_style::detail
