// The smallest server on bare Boost.Asio: an asynchronous read, and a send at once that falls back to an
// asynchronous one.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <vector>

#include "http_answer.hpp"
#include "server.hpp"

namespace antiphon::bench {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Service service, http::DateCache& date)
      : socket_(std::move(socket)), service_(service), date_(date) {}

  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const auto& error, std::size_t size) {
                              if (!error) self->answer(std::string_view(self->buffer_.data(), size));
                            });
  }

 private:
  void answer(std::string_view octets) {
    if (service_ == Service::echo)
      out_.assign(octets);
    else if (!http_.feed(octets, date_, out_))
      return;
    boost::system::error_code error;
    const std::size_t sent = out_.empty() ? 0 : socket_.send(asio::buffer(out_), 0, error);
    if (sent == out_.size()) {
      out_.clear();
      read();
      return;
    }
    out_.erase(0, sent);
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](const auto& failed, std::size_t) {
                        self->out_.clear();
                        if (!failed) self->read();
                      });
  }

  tcp::socket socket_;
  Service service_;
  http::DateCache& date_;
  HttpAnswer http_;
  std::string out_;
  std::vector<char> buffer_ = std::vector<char>(read_size);
};

class AsioServer final : public Server {
 public:
  explicit AsioServer(Service service) : service_(service) {
    start([this](const auto& listening) {
      tcp::acceptor acceptor(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
      accept(acceptor);
      listening(acceptor.local_endpoint().port());
      context_.run();
    });
  }
  ~AsioServer() override {
    context_.stop();
    join();
  }

 private:
  void accept(tcp::acceptor& acceptor) {
    acceptor.async_accept([this, &acceptor](const auto& error, tcp::socket socket) {
      if (!error) {
        socket.set_option(tcp::no_delay(true));
        socket.non_blocking(true);
        std::make_shared<Connection>(std::move(socket), service_, date_)->read();
      }
      accept(acceptor);
    });
  }

  Service service_;
  asio::io_context context_{1};
  http::DateCache date_;
};

}  // namespace

std::unique_ptr<Server> make_bare_asio(Service service) {
  return std::make_unique<AsioServer>(service);
}

}  // namespace antiphon::bench
