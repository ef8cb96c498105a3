// The smallest server on bare Boost.Asio: waits until there is something to read, reads and sends at once.
// Asked so, Asio does not try to read before there is anything, which saves a system call and lets all
// connections share one buffer; the executor's type is known, so that nothing is called through
// any_io_executor.

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <utility>

#include "session.hpp"

namespace antiphon::bench {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

/// What all connections share.
struct Shared {
  Service service;
  http::DateCache date;
  std::unique_ptr<char[]> buffer = std::make_unique_for_overwrite<char[]>(read_size_asio);
};

template <typename Parser>
class Connection : public std::enable_shared_from_this<Connection<Parser>> {
 public:
  Connection(Socket socket, Shared& shared)
      : socket_(std::move(socket)), shared_(shared), session_(shared.service, shared.date) {}

  void read() {
    socket_.async_wait(Socket::wait_read, [self = this->shared_from_this()](const auto& error) {
      if (!error) self->receive();
    });
  }

 private:
  void receive() {
    boost::system::error_code error;
    const std::size_t size = socket_.receive(asio::buffer(shared_.buffer.get(), read_size_asio), 0, error);
    if (error == asio::error::would_block) return read();
    if (!error && session_.feed({shared_.buffer.get(), size})) send();
  }
  /// Sends what is pending and reads on; the connection closes when nobody holds it any more.
  void send() {
    for (auto octets = session_.pending(); !octets.empty(); octets = session_.pending()) {
      boost::system::error_code error;
      session_.sent(socket_.send(asio::buffer(octets), 0, error));
      if (error == asio::error::would_block) return wait();
      if (error) return;
    }
    if (!session_.closing()) read();
  }
  void wait() {
    session_.keep();
    socket_.async_wait(Socket::wait_write, [self = this->shared_from_this()](const auto& error) {
      if (!error) self->send();
    });
  }

  Socket socket_;
  Shared& shared_;
  Session<Parser> session_;
};

template <typename Parser>
class AsioServer final : public Server {
 public:
  explicit AsioServer(Service service) : shared_{service, {}} {}

  void run(const Listening& listening) override {
    Acceptor acceptor(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    acceptor.listen(1024);
    accept(acceptor);
    listening(acceptor.local_endpoint().port());
    context_.run();
  }
  void stop() override { context_.stop(); }

 private:
  void accept(Acceptor& acceptor) {
    acceptor.async_accept([this, &acceptor](const auto& error, Socket socket) {
      if (!error) {
        boost::system::error_code gone;
        socket.set_option(tcp::no_delay(true), gone);
        socket.non_blocking(true, gone);
        if (!gone) std::make_shared<Connection<Parser>>(std::move(socket), shared_)->read();
      }
      accept(acceptor);
    });
  }

  Shared shared_;
  asio::io_context context_{1};
};

}  // namespace

std::unique_ptr<Server> make_bare_asio(Service service) {
  return std::make_unique<AsioServer<StylesParser>>(service);
}
std::unique_ptr<Server> make_bare_asio_llhttp(Service service) {
  return std::make_unique<AsioServer<LlhttpAlone>>(service);
}

}  // namespace antiphon::bench
