#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "antiphon/asio_style/protocol.hpp"
#include "antiphon/http/exchange.hpp"
#include "antiphon/http/parser.hpp"

namespace antiphon::asio_style {

namespace detail {
class HttpConnections;
struct Turn;
}  // namespace detail

/// One HTTP connection, in the shape of Sanic's HttpProtocol: a Protocol that is at the same time the
/// listener of its parser (SN-001) and the Exchange of the request that is being answered.
///
/// Requests are answered one at a time (SN-010, trap T2): the parser stops behind each, the handler is called
/// when the parser has returned, never from inside it (SN-007), and what the client sends meanwhile waits
/// here and behind that in the kernel. Where a request is, two small enums tell together:
///
///     reading   writing           what is going on                  which limit runs out
///     idle      idle              between two requests              keep_alive; at first request
///     head      idle              a head is coming                  request
///     body      idle              a body is being collected         body
///     body      waiting, started  the handler takes it in pieces    body; response if it holds back
///     complete  waiting, started  the handler is at work            response
///     body      finished          what is left of it is dropped     body
///     complete  finished          over in a moment
///
/// An idle connection keeps nothing of this: parser, request and buffers are a Turn, lent by the server. Only
/// the first 256 keep theirs from request to request, which spares them lending and returning.
///
/// Thread: the loop's. Lifetime: its transport's.
class HttpProtocol final : public Protocol, private http::RequestParserListener, private http::Exchange {
 public:
  /// HttpServer::protocol_factory makes them.
  explicit HttpProtocol(std::shared_ptr<detail::HttpConnections> server);
  ~HttpProtocol() override;

  // Protocol
  void connection_made(std::shared_ptr<Transport> transport) override;
  void data_received(std::span<const std::byte> data) override;
  bool eof_received() override;
  void connection_lost(std::exception_ptr exc) override;
  void pause_writing() override { writable_ = false; }
  void resume_writing() override;

  /// Closes the connection if no request is being received or answered, and says whether it did (SN-012).
  bool close_if_idle();

 private:
  friend class detail::HttpConnections;

  enum class Phase : std::uint8_t {
    serving,
    lingering,  ///< the last answer is given; what the client still sends is dropped (trap T9)
    aborted,    ///< nothing more but connection_lost
    lost,
  };
  enum class Reading : std::uint8_t { idle, head, body, complete };
  enum class Writing : std::uint8_t { idle, waiting, started, finished };

  // http::RequestParserListener
  void on_url(std::string_view target) override;
  void on_header(std::string_view name, std::string_view value) override;
  void on_headers_complete(const http::MessageHead& head) override;
  void on_body(std::span<const std::byte> octets) override;
  void on_message_complete() override;

  // http::Exchange
  void respond(const http::ResponseView& response) override;
  void start(unsigned status, std::span<const http::Field> fields,
             std::optional<std::uint64_t> length) override;
  void write(std::span<const std::byte> octets) override;
  void finish() override;
  [[nodiscard]] bool writable() const override { return writable_; }
  void on_writable(Callback callback) override;
  void on_body(BodyCallback callback) override;
  void pause_body() override;
  void resume_body() override;
  void after(std::chrono::milliseconds delay, Callback callback) override;
  void on_cancel(Callback callback) override;

  // Going on
  template <class Fn>
  void inside(Fn fn);
  void settle();
  void advance(std::span<const std::byte>& octets);
  void advance_ahead();
  [[nodiscard]] bool may_parse(std::size_t octets) const noexcept;
  [[nodiscard]] bool handler_must_go_on() const noexcept;
  [[nodiscard]] bool last_piece_due() const noexcept;
  void parser_paused();
  void tell_piece(std::span<const std::byte> piece, bool last);
  void dispatch();
  void conclude();
  void wake();

  // Octets in
  void begin_turn();
  void end_turn();
  [[nodiscard]] bool at_rest() const noexcept;
  [[nodiscard]] bool keep_turn() noexcept;
  void keep(std::span<const std::byte> octets);
  [[nodiscard]] std::size_t ahead() const noexcept;
  void drop(std::size_t octets);
  void update_reading();
  void answer_peer_done();
  [[nodiscard]] bool body_is_coming() const noexcept;

  // Octets out
  [[nodiscard]] std::string& out();
  void invite_body();
  void before_head(bool whole);
  void sent_some();
  void flush();
  void answered();
  void count_answer(bool understood);
  void refuse_bad_field();

  // Ends
  [[nodiscard]] bool exchange_lives() const noexcept;
  void end_exchange();
  void cancel_exchange();
  void handler_failed(const std::exception_ptr& failure);
  void bail_out(unsigned status, std::string_view reason);
  void linger();
  bool abort();
  void check_deadline();
  void check_serving();
  void check_lingering();
  [[nodiscard]] bool over(std::chrono::milliseconds limit) const noexcept;
  [[nodiscard]] bool client_stalls(std::chrono::milliseconds limit);
  void touch() noexcept;
  [[nodiscard]] const std::string& peer();
  void log(std::string_view what);

  std::shared_ptr<detail::HttpConnections> server_;
  std::shared_ptr<Transport> transport_;
  std::unique_ptr<detail::Turn> turn_;
  std::string peer_;           // "127.0.0.1:4711"; asked for once
  std::uint64_t written_ = 0;  // octets handed to the transport
  std::uint64_t taken_ = 0;    // of these, what the kernel had taken at the last check
  std::size_t dropped_ = 0;    // octets that came behind the last answer
  std::uint32_t place_ = 0;    // in the server's set
  std::uint32_t since_ = 0;    // the tick of the last progress
  Phase phase_ = Phase::serving;
  Reading reading_ = Reading::idle;
  Writing writing_ = Writing::idle;
  bool inside_ = false;          // one of our callbacks runs and will settle what is left to do
  bool writable_ = true;         // the transport's word; false for good once the client has gone
  bool body_paused_ = false;     // the handler's word
  bool reading_paused_ = false;  // our word to the transport
  bool peer_done_ = false;       // the client has sent its end of file
  bool had_request_ = false;
  bool keeps_turn_ = false;  // from request to request: one of the first connections
};

}  // namespace antiphon::asio_style
