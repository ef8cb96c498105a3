// HTTP/1.1 on the bare transport: what a server framework does for you, as few lines as it takes. The parser
// and the writer of answers are the common ones: octets in, calls out; they know no sockets.
//
// Left out to be short: a limit of time for each request, which a server on the Internet needs (05_timeouts).
//
// usage: 09_http_by_hand [PORT]        try: curl -d hello http://127.0.0.1:8080/echo

#include <antiphon/asio_style.hpp>
#include <antiphon/http/parser.hpp>
#include <antiphon/http/request.hpp>
#include <antiphon/http/response_writer.hpp>
#include <array>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace as = antiphon::asio_style;
namespace http = antiphon::http;

// [state] The protocol is its own parser's listener: one object is the connection, the request that is coming
// in and the answer that is going out.
class Http : public as::Protocol, private http::RequestParserListener {
 public:
  // [made] Nothing is said before the client has asked.
  void connection_made(std::shared_ptr<as::Transport> transport) override {
    transport_ = std::move(transport);
  }

  // [data] Requests may come in pieces, and several at once. What they are answered with is one write.
  void data_received(std::span<const std::byte> data) override {
    while (!data.empty() && open_) {
      const http::ParseResult result = parser_.feed(data);
      data = data.subspan(result.consumed);
      if (result.status == http::ParseStatus::malformed) refuse(result.error);
      if (result.status == http::ParseStatus::message_complete) answer();
    }
    transport_->write(out_);
    out_.clear();
    if (!open_) transport_->close();
  }

  // [slow] A client that sends requests and does not read the answers.
  void pause_writing() override { transport_->pause_reading(); }
  void resume_writing() override { transport_->resume_reading(); }

 private:
  // [parse] The parser's calls, made from inside `feed`. The views are gone afterwards, so they are copied.
  void on_url(std::string_view target) override {
    request_.clear();
    if (!request_.set_target(target)) parser_.stop({400, "malformed escape in the request target"});
  }
  void on_header(std::string_view, std::string_view) override {}  // no page here looks at them
  void on_headers_complete(const http::MessageHead& head) override {
    request_.set_method(head.method);
    request_.set_version(head.version_major, head.version_minor);
    request_.set_keep_alive(head.keep_alive);
    if (head.expects_continue) out_ += http::ResponseWriter::continue_100;  // or the body would never come
  }
  void on_body(std::span<const std::byte> octets) override {
    request_.append_body({reinterpret_cast<const char*>(octets.data()), octets.size()});
  }
  void on_message_complete() override {}

  // [answer] The writer adds Date, the framing and Connection, and knows whether the connection may go on.
  void answer() {
    writer_.begin(request_);
    if (request_.path() == "/" && (request_.method() == "GET" || request_.method() == "HEAD")) {
      writer_.respond({.status = 200, .fields = text_, .body = "hello, world\n"}, out_);
    } else if (request_.path() == "/echo" && request_.method() == "POST") {
      writer_.respond({.status = 200, .fields = text_, .body = request_.body()}, out_);
    } else {
      writer_.respond({.status = 404, .fields = text_, .body = "no such page\n"}, out_);
    }
    open_ = writer_.keep_alive();
  }

  // [failed] After a request that cannot be read nobody knows where the next begins: answer and close.
  void refuse(const http::ParseError& error) {
    writer_.begin_error(parser_.is_head());
    writer_.respond({.status = error.status, .fields = text_, .body = error.reason}, out_);
    open_ = false;
  }

  static constexpr std::array<http::Field, 1> text_{{{"Content-Type", "text/plain"}}};
  std::shared_ptr<as::Transport> transport_;
  http::RequestParser parser_{*this, {.body = 1024 * 1024}};  // a body is kept whole, so it must be bounded
  http::Request request_;
  http::DateCache date_;
  http::ResponseWriter writer_{date_};
  std::string out_;   // the answers to what is being read
  bool open_ = true;  // false: what is in out_ is the last
};

// [listen] Until a signal comes; leaving the loop then closes what is open.
as::Task<void> serve(std::uint16_t port) {
  as::EventLoop& loop = as::get_running_loop();
  as::Event stop;
  for (const int signum : {SIGINT, SIGTERM}) loop.add_signal_handler(signum, [&stop] { stop.set(); });
  const auto server = co_await loop.create_server([] { return std::make_shared<Http>(); }, "127.0.0.1", port);
  std::cout << "listening on " << server->sockets().front().getsockname().to_string() << std::endl;
  co_await stop.wait();
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
  try {
    as::run(serve(static_cast<std::uint16_t>(port)));
  } catch (const std::exception& error) {
    std::cerr << "09_http_by_hand: " << error.what() << '\n';
    return 1;
  }
}
