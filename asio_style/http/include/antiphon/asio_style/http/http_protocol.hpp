#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "antiphon/asio_style/http/http_server.hpp"
#include "antiphon/asio_style/protocol.hpp"
#include "antiphon/http/exchange.hpp"
#include "antiphon/http/parser.hpp"
#include "antiphon/http/request.hpp"
#include "antiphon/http/response_writer.hpp"
#include "antiphon/http/router.hpp"

namespace antiphon::asio_style {

/// One HTTP connection: a protocol, at the same time the listener of its parser (SN-001), and the Exchange of the request
/// that is being answered.
///
/// A request is answered before the next one is parsed, so answers cannot swap (SN-010, trap T2); what the client sends
/// ahead waits in `ahead_`, and behind that in the kernel. A handler is called from data_received once the parser has
/// returned, never from inside it (SN-007).
class HttpProtocol final : public Protocol, private http::RequestParserListener, private http::Exchange {
 public:
  explicit HttpProtocol(HttpServer& server);
  ~HttpProtocol() override;

  // Protocol
  void connection_made(std::shared_ptr<Transport> transport) override;
  void data_received(std::span<const std::byte> data) override;
  bool eof_received() override;
  void connection_lost(std::exception_ptr exc) override;
  void pause_writing() override;
  void resume_writing() override;

  /// Closes the connection if no request is being received or answered, and says whether it did (SN-012).
  bool close_if_idle();

 private:
  friend class HttpServer;
  /// What of the current request has come.
  enum class Receiving { idle, head, body, complete };
  /// What of its answer has gone. `none`: nobody was asked yet; `last`: it was the connection's last (lingering close).
  enum class Answering { none, waiting, started, finished, last };

  // http::RequestParserListener
  void on_url(std::string_view target) override;
  void on_header(std::string_view name, std::string_view value) override;
  void on_headers_complete(const http::MessageHead& head) override;
  void on_body(std::span<const std::byte> octets) override;
  void on_message_complete() override;

  // http::Exchange
  void respond(const http::ResponseView& response) override;
  void start(unsigned status, std::span<const http::Field> fields, std::optional<std::uint64_t> length) override;
  void write(std::span<const std::byte> octets) override;
  void finish() override;
  [[nodiscard]] bool writable() const override { return writable_; }
  void on_writable(Callback callback) override { on_writable_ = std::move(callback); }
  void on_body(BodyCallback callback) override;
  void pause_body() override;
  void resume_body() override;
  void after(std::chrono::milliseconds delay, Callback callback) override;
  void on_cancel(Callback callback) override { on_cancel_ = std::move(callback); }

  void parse(std::span<const std::byte> octets);
  void parse_ahead();
  [[nodiscard]] bool may_parse() const noexcept;
  void handle_request();
  void body_piece(std::span<const std::byte> octets, bool last);
  void handler_failed(std::string_view what);
  void bail_out(unsigned status, std::string_view reason);
  void send();
  void response_complete();
  void next_request();
  void linger();
  void begin_drain();
  void check_deadline(TimePoint now);
  void drop_callbacks();
  [[nodiscard]] bool answering() const noexcept {
    return answering_ == Answering::waiting || answering_ == Answering::started;
  }
  [[nodiscard]] bool continue_owed() const noexcept;
  void set(Receiving state) noexcept;
  void set(Answering state) noexcept;
  /// Calls one of the handler's callbacks, which may end the exchange or replace itself meanwhile.
  template <typename Function, typename... Args>
  void call(Function& slot, Args&&... args);

  HttpServer& server_;
  std::shared_ptr<Transport> transport_;
  http::RequestParser parser_;
  http::Request request_;
  http::ResponseWriter writer_;
  http::Router::Match match_;
  std::string ahead_;
  Callback on_writable_;
  Callback on_cancel_;
  BodyCallback on_body_;
  std::vector<TimerHandle> timers_;
  TimePoint since_;  // of the last step
  std::size_t place_ = 0;
  std::size_t exchanges_ = 0;
  Receiving receiving_ = Receiving::idle;
  Answering answering_ = Answering::none;
  bool parsing_ = false;
  bool body_paused_ = false;
  bool writable_ = true;
  bool peer_done_ = false;
  bool handled_ = false;    // the handler of this request was called
  bool continued_ = false;  // 100 Continue was sent for this request
  bool first_ = true;       // no request was seen yet
};

}  // namespace antiphon::asio_style
