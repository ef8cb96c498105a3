// An echo server on a UNIX socket and a client of it, both in one loop: create_unix_server and
// create_unix_connection are create_server and create_connection with a path instead of host and port.
//
// usage: 11_unix_socket [PATH]

#include <unistd.h>

#include <antiphon/asio_style.hpp>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>

namespace as = antiphon::asio_style;

// [data] The protocol is that of TCP: it cannot tell the difference.
class Echo : public as::Protocol {
 public:
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
  }
  void data_received(std::span<const std::byte> data) override { transport_->write(data); }
  void pause_writing() override { transport_->pause_reading(); }
  void resume_writing() override { transport_->resume_reading(); }

 private:
  std::shared_ptr<as::Transport> transport_;
};

// [client] Collects an answer of `size` octets. The future is the bridge from callbacks to the coroutine that
// waits.
class Client : public as::Protocol {
 public:
  Client(as::Future<std::string> answer, std::size_t size) : answer_(std::move(answer)), size_(size) {}

  void data_received(std::span<const std::byte> data) override {
    so_far_.append(reinterpret_cast<const char*>(data.data()), data.size());  // it may come in pieces
    if (so_far_.size() >= size_ && !answer_.done()) answer_.set_result(so_far_);
  }
  // [lost] Whoever waits must learn that nothing will come any more.
  void connection_lost(std::exception_ptr exc) override {
    if (answer_.done()) return;
    answer_.set_exception(exc ? exc : std::make_exception_ptr(as::ConnectionError(0, "no answer came")));
  }

 private:
  as::Future<std::string> answer_;
  std::size_t size_;
  std::string so_far_;
};

// [ask] Asks once and prints the answer: top to bottom, as if it blocked.
as::Task<void> ask(as::EventLoop& loop, std::string path, std::string question) {
  const as::Future<std::string> answer(loop);
  const auto client = [answer, size = question.size()] { return std::make_shared<Client>(answer, size); };
  const auto connection = co_await loop.create_unix_connection(client, path);
  connection.transport->write(question);
  const std::string text = co_await answer;
  std::cout << "the client got: " << text << std::endl;
  connection.transport->close();
}

// [listen] A path instead of host and port.
as::Task<void> serve(as::EventLoop& loop, std::string path) {
  // A socket file that is there already is replaced; a file of another kind is left alone, and named.
  const auto server = co_await loop.create_unix_server([] { return std::make_shared<Echo>(); }, path);
  std::cout << "listening on " << path << std::endl;
  co_await ask(loop, path, "hello");
  co_await server->serve_forever();
}

int main(int argc, char** argv) {
  const std::filesystem::path path =
      argc > 1 ? argv[1]
               : std::filesystem::temp_directory_path() / ("echo-" + std::to_string(::getpid()) + ".sock");
  as::EventLoop loop;
  const auto serving = loop.create_task(serve(loop, path.string()));
  for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&] { serving.cancel(); });
  try {
    loop.run_until_complete(serving);
  } catch (const as::CancelledError&) {
    // [stop] The file outlives the server; who made it removes it.
    std::filesystem::remove(path);  // closing the server leaves it there, as in Python 3.11 (AS-040)
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "11_unix_socket: " << error.what() << '\n';
    return 1;
  }
}
