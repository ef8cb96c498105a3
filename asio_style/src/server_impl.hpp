#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "antiphon/asio_style/server.hpp"
#include "listener.hpp"
#include "stream_transport.hpp"
#include "tls_settings.hpp"

namespace antiphon::asio_style::detail {

/// Server over stream sockets of any family. Keeps itself while its sockets are open.
class ServerImpl final : public Server, public ConnectionCount {
 public:
  static std::shared_ptr<ServerImpl> make(LoopCore& core, ProtocolFactory factory,
                                          std::vector<UniqueFd> sockets, int backlog,
                                          std::optional<TlsSettings> tls);
  ServerImpl(LoopCore& core, ProtocolFactory factory, int backlog, std::optional<TlsSettings> tls);

  void close() override;
  void close_clients() override;
  void abort_clients() override;
  Task<void> wait_closed() override { return wait_closed_of(shared()); }
  Task<void> start_serving() override { return start_serving_of(shared()); }
  Task<void> serve_forever() override { return serve_forever_of(shared()); }
  [[nodiscard]] bool is_serving() const override { return serving_; }
  [[nodiscard]] std::vector<TransportSocket> sockets() const override;
  [[nodiscard]] EventLoop& get_loop() const override { return core_->loop(); }

  [[nodiscard]] std::shared_ptr<ServerImpl> shared() {
    return std::static_pointer_cast<ServerImpl>(shared_from_this());
  }
  /// start_serving without the turn of the loop.
  void listen();
  /// A connection was accepted; asks the factory for its protocol.
  void connected(ConnectedSocket socket);
  void leave_nodelay() noexcept;
  void loop_closed();

  void attach() override { ++active_; }
  void detach() override;

 private:
  // Coroutines that hold the server, since the caller may not.
  static Task<void> wait_closed_of(std::shared_ptr<ServerImpl> server);
  static Task<void> start_serving_of(std::shared_ptr<ServerImpl> server);
  static Task<void> serve_forever_of(std::shared_ptr<ServerImpl> server);
  template <class Call>
  void for_each_client(Call call);
  void make_connection(ConnectedSocket socket, const std::shared_ptr<BaseProtocol>& protocol);
  void creation_failed(std::exception_ptr exc, std::shared_ptr<BaseProtocol> protocol,
                       std::shared_ptr<Transport> transport);
  void handshake_failed(std::exception_ptr exc, std::shared_ptr<BaseProtocol> protocol,
                        std::shared_ptr<Transport> transport);
  void wake_waiters();
  void check_open() const;
  [[nodiscard]] std::string python_text() const;

  LoopCore* core_;
  std::weak_ptr<LoopCore> alive_core_;  // for calls that may come when the loop is gone
  ProtocolFactory factory_;
  int backlog_;
  std::optional<TlsSettings> tls_;  // none: plain connections
  std::shared_ptr<ServerImpl> self_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  bool closed_ = false;
  bool serving_ = false;
  std::size_t active_ = 0;  // transports made and not yet told of their loss (AS-062)
  std::vector<Future<>> waiters_;
  std::optional<Future<>> forever_;
};

/// The end of create_server and create_unix_server: a server over bound sockets, serving if wanted.
[[nodiscard]] Task<std::shared_ptr<Server>> open_server(EventLoop& loop, ProtocolFactory factory,
                                                        std::vector<UniqueFd> sockets, int backlog,
                                                        std::optional<TlsSettings> tls, bool start_serving,
                                                        bool nodelay = true);

}  // namespace antiphon::asio_style::detail
