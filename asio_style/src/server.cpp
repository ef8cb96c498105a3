#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "guarded_call.hpp"
#include "server_impl.hpp"
#include "ssl_protocol.hpp"

namespace antiphon::asio_style::detail {

std::shared_ptr<ServerImpl> ServerImpl::make(LoopCore& core, ProtocolFactory factory,
                                             std::vector<UniqueFd> sockets, int backlog,
                                             std::optional<TlsSettings> tls) {
  auto server = std::make_shared<ServerImpl>(core, std::move(factory), backlog, std::move(tls));
  for (auto& socket : sockets)
    server->listeners_.push_back(std::make_unique<Listener>(core, *server, std::move(socket)));
  server->self_ = server;
  return server;
}

ServerImpl::ServerImpl(LoopCore& core, ProtocolFactory factory, int backlog, std::optional<TlsSettings> tls)
    : core_(&core),
      alive_core_(core.weak_from_this()),
      factory_(std::move(factory)),
      backlog_(backlog),
      tls_(std::move(tls)) {}

void ServerImpl::check_open() const {
  if (closed_) throw RuntimeError("server " + python_text() + " is closed");
}

/// As Python prints a server: "<Server sockets=(<asyncio.TransportSocket fd=6, ...>,)>".
std::string ServerImpl::python_text() const {
  std::string text;
  for (const auto& listener : listeners_) {
    text +=
        (text.empty() ? "" : ", ") + ("<asyncio.TransportSocket " + python_socket(listener->fileno()) + ">");
  }
  if (listeners_.size() == 1) text += ",";
  return "<Server sockets=(" + text + ")>";
}

// ---- serving

void ServerImpl::listen() {
  check_open();
  if (serving_) return;
  for (const auto& listener : listeners_) listener->start(backlog_);
  serving_ = true;
}

void ServerImpl::connected(ConnectedSocket socket) {
  // The socket is closed if this fails (AS-055), and the next connection has a better chance (AS-056).
  std::shared_ptr<BaseProtocol> protocol;
  guarded_call(
      [&] {
        protocol = factory_();  // before the handshake, too (AS-227)
        make_connection(std::move(socket), protocol);
      },
      [&](std::exception_ptr exc) { creation_failed(std::move(exc), protocol, nullptr); });
}

void ServerImpl::make_connection(ConnectedSocket socket, const std::shared_ptr<BaseProtocol>& protocol) {
  if (!tls_) {
    StreamTransport::make(*core_, std::move(socket), protocol, shared());
    return;
  }
  const auto layer = SSLProtocol::make(*core_, protocol, *tls_, false, nullptr);
  if (core_->debug) {
    layer->when_shaken([server = shared(), protocol, layer = layer.get()](std::exception_ptr exc) {
      if (exc) server->handshake_failed(std::move(exc), protocol, layer->app_transport());
    });
  }
  StreamTransport::make(*core_, std::move(socket), layer, shared());
}

/// In debug mode only (AS-054, AS-224).
void ServerImpl::creation_failed(std::exception_ptr exc, std::shared_ptr<BaseProtocol> protocol,
                                 std::shared_ptr<Transport> transport) {
  if (!core_->debug) return;
  ExceptionContext context;
  context.message = "Error on transport creation for incoming connection";
  context.exception = std::move(exc);
  context.protocol = std::move(protocol);
  context.transport = std::move(transport);
  core_->loop().call_exception_handler(context);
}

/// Reported in a turn of its own: a protocol that knows of the connection hears of its loss first.
void ServerImpl::handshake_failed(std::exception_ptr exc, std::shared_ptr<BaseProtocol> protocol,
                                  std::shared_ptr<Transport> transport) {
  core_->call_soon([server = shared(), exc = std::move(exc), protocol = std::move(protocol),
                    transport = std::move(transport)] { server->creation_failed(exc, protocol, transport); },
                   "report of a failed handshake");
}

std::vector<TransportSocket> ServerImpl::sockets() const {
  std::vector<TransportSocket> views;
  for (const auto& listener : listeners_) views.emplace_back(listener->fileno());
  return views;
}

Task<void> ServerImpl::start_serving_of(std::shared_ptr<ServerImpl> server) {
  if (server->closed_ && !server->serving_) {  // AS-073
    server->serving_ = true;
    throw TypeError("start_serving: server " + server->python_text() + " is closed");
  }
  if (!server->serving_) server->listen();
  co_await Yield{};
}

Task<void> ServerImpl::serve_forever_of(std::shared_ptr<ServerImpl> server) {
  if (server->forever_) {
    throw RuntimeError("server " + server->python_text() + " is already being awaited on serve_forever()");
  }
  server->check_open();
  server->listen();
  server->forever_.emplace(server->core_->loop());
  try {
    co_await *server->forever_;  // nobody completes it; it can only be cancelled
  } catch (const CancelledError&) {
    server->forever_.reset();
  }
  server->close();
  co_await server->wait_closed();
  throw CancelledError();
}

// ---- closing

void ServerImpl::close() {
  if (closed_) return;
  closed_ = true;
  serving_ = false;
  listeners_.clear();
  if (forever_) forever_->cancel();  // AS-079
  if (active_ == 0) wake_waiters();
  const auto keep = std::move(self_);
}

/// The loop knows all transports: a list of the server's own would cost every connection, for this one
/// moment.
template <class Call>
void ServerImpl::for_each_client(Call call) {
  const auto core = alive_core_.lock();
  if (!core) return;
  core->watchers().for_each([&](Watcher& watcher) {
    auto* transport = dynamic_cast<StreamTransport*>(&watcher);
    if (transport != nullptr && transport->counted_by() == this) call(*transport);
  });
}

void ServerImpl::close_clients() {
  for_each_client([](StreamTransport& client) {
    // With TLS it is the layer above that says goodbye properly.
    const auto tls = std::dynamic_pointer_cast<SSLProtocol>(client.get_protocol());
    tls ? tls->app_transport()->close() : client.close();
  });
}

void ServerImpl::abort_clients() {
  for_each_client([](StreamTransport& client) { client.abort(); });
}

void ServerImpl::detach() {
  if (--active_ == 0 && closed_) wake_waiters();
}

void ServerImpl::wake_waiters() {
  for (const auto& waiter : std::exchange(waiters_, {})) {
    if (!waiter.done()) waiter.set_result();
  }
}

Task<void> ServerImpl::wait_closed_of(std::shared_ptr<ServerImpl> server) {
  if (server->closed_) co_return;  // AS-075
  const Future<> closed(server->core_->loop());
  server->waiters_.push_back(closed);
  co_await closed;
}

void ServerImpl::loop_closed() {
  closed_ = true;
  serving_ = false;
  listeners_.clear();
  waiters_.clear();
  forever_.reset();
  factory_ = nullptr;
  const auto keep = std::move(self_);
}

void ServerImpl::leave_nodelay() noexcept {
  for (const auto& listener : listeners_) listener->leave_nodelay();
}

Task<std::shared_ptr<Server>> open_server(EventLoop& loop, ProtocolFactory factory,
                                          std::vector<UniqueFd> sockets, int backlog,
                                          std::optional<TlsSettings> tls, bool start_serving, bool nodelay) {
  const auto server =
      ServerImpl::make(loop.core(), std::move(factory), std::move(sockets), backlog, std::move(tls));
  if (!nodelay) server->leave_nodelay();
  if (start_serving) {
    try {
      server->listen();
    } catch (...) {
      server->close();
      throw;
    }
    co_await Yield{};  // AS-035
  }
  co_return server;
}

}  // namespace antiphon::asio_style::detail
