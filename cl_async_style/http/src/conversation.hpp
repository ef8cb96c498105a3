#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style.hpp"
#include "antiphon/cl_async_style/http/listener.hpp"
#include "antiphon/cl_async_style/http/response.hpp"
#include "antiphon/http/parser.hpp"
#include "antiphon/http/response_writer.hpp"
#include "state.hpp"

namespace antiphon::cl_async_style {

class wookie_server;

/// One connection's requests and answers, hung on the socket's data. Octets go in through read_data, the
/// parser calls header_callback, body_callback and finish_callback in turn, the answer leaves through the
/// response.
///
/// A request is answered before the next one is parsed, so answers cannot swap (trap T2); what the client
/// sends ahead waits in `ahead_`, and behind that in the kernel.
class conversation final : public response, private http::RequestParserListener {
 public:
  using clock = std::chrono::steady_clock;

  conversation(wookie_server& server, cl_async_style::socket& socket);
  ~conversation() override;

  // From the socket.
  void read_data(std::span<const std::byte> octets);
  void peer_done();
  void writable_again();
  void not_writable() noexcept { writable_ = false; }
  void ended();

  // From the server.
  void check_deadline(clock::time_point now);
  void begin_drain();
  void abort() { abort_socket(socket_); }
  [[nodiscard]] std::size_t buffered() const noexcept { return write_buffer_size(socket_); }
  std::size_t place = 0;  // in the server's list

  // response
  using response::respond;
  using response::write;
  void respond(const http::ResponseView& view) override;
  void start(unsigned status, std::span<const http::Field> fields,
             std::optional<std::uint64_t> length) override;
  void write(std::span<const std::byte> octets) override;
  void finish() override;
  [[nodiscard]] bool writable() const override { return writable_; }
  void on_writable(Callback fn) override { on_writable_ = std::move(fn); }
  void on_body(BodyCallback fn) override;
  void pause_body() override;
  void resume_body() override;
  void after(std::chrono::milliseconds time, Callback fn) override;
  void on_cancel(Callback fn) override { on_cancel_ = std::move(fn); }
  [[nodiscard]] bool started() const noexcept override { return answering_ != answering::waiting; }
  void close_after() override { writer_.close_after(); }

 private:
  /// What of the current request has come.
  enum class receiving { idle, head, body, complete };
  /// What of its answer has gone. `none`: nobody was asked yet; `last`: it was the connection's last
  /// (lingering close).
  enum class answering { none, waiting, started, finished, last };

  // http::RequestParserListener: the closures that Wookie makes at connect time.
  void on_url(std::string_view target) override;
  void on_header(std::string_view name, std::string_view value) override {
    request_.headers().add(name, value);
  }
  void on_headers_complete(const http::MessageHead& head) override { header_callback(head); }
  void on_body(std::span<const std::byte> octets) override { body_callback(octets, false); }
  void on_message_complete() override { finish_callback(); }

  void header_callback(const http::MessageHead& head);
  void body_callback(std::span<const std::byte> octets, bool last);
  void finish_callback();

  void parse(std::span<const std::byte> octets);
  void parse_ahead();
  [[nodiscard]] bool may_parse() const noexcept;
  void find_route();
  void dispatch();
  /// Runs application code; what it throws becomes an answer (WK-047).
  template <typename Step>
  void guarded(Step&& step);
  void handle_error(const std::exception& error);
  void bail_out(unsigned status, std::string_view reason);
  void send();
  void answered();
  void next_request();
  void linger();
  void set(receiving state) noexcept;
  void set(answering state) noexcept;
  /// Calls one of the handler's callbacks, which may end the exchange or replace itself meanwhile.
  template <typename Function, typename... Args>
  void call(Function& slot, Args&&... args);
  void drop_callbacks();

  wookie_server& server_;
  cl_async_style::socket& socket_;
  http::RequestParser parser_;
  request request_;
  http::ResponseWriter writer_;
  route_match route_;
  std::size_t routes_tried_ = 0;
  std::string ahead_;
  Callback on_writable_;
  Callback on_cancel_;
  BodyCallback on_body_;
  std::vector<std::shared_ptr<event>> timers_;
  clock::time_point since_;  // of the last step, as coarse as the server's sweep
  std::size_t exchanges_ = 0;
  receiving receiving_ = receiving::idle;
  answering answering_ = answering::none;
  bool parsing_ = false;
  bool body_paused_ = false;
  bool writable_ = true;
  bool peer_done_ = false;
  bool first_ = true;       // no request was seen yet
  bool continued_ = false;  // 100 Continue was sent for this request
};

template <typename Step>
void conversation::guarded(Step&& step) {
  try {
    step();
  } catch (const std::exception& error) {
    handle_error(error);
  } catch (...) {
    handle_error(event_error(0, "an exception that is no std::exception"));
  }
}

template <typename Function, typename... Args>
void conversation::call(Function& slot, Args&&... args) {
  const std::size_t exchange = exchanges_;
  Function running = std::move(slot);
  slot = nullptr;
  guarded([&] { running(std::forward<Args>(args)...); });
  if (exchange == exchanges_ && !slot) slot = std::move(running);
}

}  // namespace antiphon::cl_async_style
