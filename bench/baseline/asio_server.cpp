// The smallest server on bare Boost.Asio: an asynchronous read, and a send at once that falls back to an
// asynchronous wait. Read buffers are kept from connection to connection.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "session.hpp"

namespace antiphon::bench {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Buffer = std::unique_ptr<char[]>;

/// What all connections share.
struct Shared {
  Service service;
  http::DateCache date;
  std::vector<Buffer> spare;

  Buffer lend() {
    if (spare.empty()) return std::make_unique_for_overwrite<char[]>(read_size_asio);
    Buffer lent = std::move(spare.back());
    spare.pop_back();
    return lent;
  }
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared)
      : socket_(std::move(socket)), shared_(shared), session_(shared.service, shared.date) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { shared_.spare.push_back(std::move(buffer_)); }

  void read() {
    socket_.async_read_some(asio::buffer(buffer_.get(), read_size_asio),
                            [self = shared_from_this()](const auto& error, std::size_t size) {
                              if (!error && self->session_.feed({self->buffer_.get(), size})) self->send();
                            });
  }

 private:
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
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const auto& error) {
      if (!error) self->send();
    });
  }

  tcp::socket socket_;
  Shared& shared_;
  Session session_;
  Buffer buffer_ = shared_.lend();
};

class AsioServer final : public Server {
 public:
  explicit AsioServer(Service service) : shared_{service, {}, {}} {}

  void run(const Listening& listening) override {
    tcp::acceptor acceptor(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    acceptor.listen(1024);
    accept(acceptor);
    listening(acceptor.local_endpoint().port());
    context_.run();
  }
  void stop() override { context_.stop(); }

 private:
  void accept(tcp::acceptor& acceptor) {
    acceptor.async_accept([this, &acceptor](const auto& error, tcp::socket socket) {
      if (!error) {
        boost::system::error_code gone;
        socket.set_option(tcp::no_delay(true), gone);
        socket.non_blocking(true, gone);
        if (!gone) std::make_shared<Connection>(std::move(socket), shared_)->read();
      }
      accept(acceptor);
    });
  }

  Shared shared_;
  asio::io_context context_{1};
};

}  // namespace

std::unique_ptr<Server> make_bare_asio(Service service) {
  return std::make_unique<AsioServer>(service);
}

}  // namespace antiphon::bench
