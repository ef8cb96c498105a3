#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style.hpp"
#include "antiphon/cl_async_style/http/listener.hpp"
#include "antiphon/cl_async_style/http/promise.hpp"
#include "antiphon/cl_async_style/http/response.hpp"
#include "antiphon/http/parser.hpp"
#include "state.hpp"
#include "turn.hpp"

namespace antiphon::cl_async_style {

class wookie_server;

/// One connection's requests and answers, hung on the socket's data. Octets go in through read_data, the
/// parser calls header_callback, body_callback and finish_callback in turn, the answer leaves through the
/// response.
///
/// A request is answered before the next one is parsed, so answers cannot swap (trap T2); what the client
/// sends ahead waits in the turn, and behind that in the kernel. The same holds while a hook keeps a step
/// waiting: nothing is parsed meanwhile, and what it is resumed for must still be the same exchange.
///
/// By file: conversation_reading.cpp (octets in), _dispatch (what the parser tells, hooks, routes, errors),
/// _answering (octets out), _ending (refused, drained, timed out, closed).
class conversation final : public response,
                           public std::enable_shared_from_this<conversation>,
                           private http::RequestParserListener {
 public:
  using clock = std::chrono::steady_clock;

  conversation(wookie_server& server, cl_async_style::socket& socket);
  ~conversation() override;
  /// The one that a socket carries, or null. It belongs to the server, which keeps it up to the socket's
  /// close_cb.
  [[nodiscard]] static conversation* of(cl_async_style::socket& which) noexcept {
    auto* const* held = std::any_cast<conversation*>(&socket_data(which));
    return held == nullptr ? nullptr : *held;
  }

  // From the socket.
  void connected();
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

  // From main_event_handler.
  void handle_error(const std::exception& error);

  // response
  using response::respond;
  using response::write;
  void respond(const http::ResponseView& view) override;
  void start(unsigned status, std::span<const http::Field> fields,
             std::optional<std::uint64_t> length) override;
  void write(std::span<const std::byte> octets) override;
  void finish() override;
  [[nodiscard]] bool writable() const override;
  void on_writable(Callback fn) override;
  void on_body(BodyCallback fn) override;
  void pause_body() override;
  void resume_body() override;
  void after(std::chrono::milliseconds time, Callback fn) override;
  void on_cancel(Callback fn) override;
  [[nodiscard]] bool started() const noexcept override { return answering_ != answering::waiting; }
  [[nodiscard]] bool finished() const noexcept override { return answering_ >= answering::finished; }
  void close_after() override {
    if (turn_) turn_->writer.close_after();
  }
  void send_100_continue() override;

 private:
  /// What of the current request has come.
  enum class receiving {
    idle,
    head,
    body,
    whole,    ///< its last octet; its last :body-chunk hooks are under way
    told,     ///< the handler knows that too; its :body-complete hooks are under way
    complete  ///< and nothing more is to be done with it but to answer
  };
  /// What of its answer has gone.
  enum class answering {
    none,  ///< nobody was asked yet
    waiting,
    held,  ///< somebody has answered; :response-started hooks are under way
    started,
    finished,
    last  ///< it was the connection's last (lingering close)
  };
  using step = void (conversation::*)();

  // response
  [[nodiscard]] request& own_request() noexcept override { return work().request; }
  [[nodiscard]] http::Headers& own_headers() noexcept override { return work().headers; }
  [[nodiscard]] std::weak_ptr<response> own_reference() noexcept override { return weak_from_this(); }
  [[nodiscard]] std::size_t exchange() const noexcept override { return exchanges_; }

  // http::RequestParserListener: the closures that Wookie makes at connect time.
  void on_url(std::string_view target) override;
  void on_header(std::string_view name, std::string_view value) override {
    turn_->request.headers().add(name, value);
  }
  void on_headers_complete(const http::MessageHead& head) override { header_callback(head); }
  void on_body(std::span<const std::byte> octets) override { body_callback(octets); }
  void on_message_complete() override { finish_callback(); }

  // The turn.
  /// Lent if there is none.
  turn& work() { return turn_ ? *turn_ : begin_turn(); }
  turn& begin_turn();
  void next_request();
  /// Gives the turn back if nothing is under way. Called where no code of the application's is: that may
  /// still hold the request which it has just answered.
  void rest() {
    if (!turn_) return;
    if (answering_ == answering::last)
      end_turn();
    else if (!keeps_turn_ && nothing_under_way())
      give_back();
  }
  [[nodiscard]] bool nothing_under_way() const noexcept {
    return receiving_ == receiving::idle && answering_ == answering::none && !mid_line_ &&
           turn_->ahead.empty();
  }
  void give_back();
  void end_turn();

  // Reading.
  void header_callback(const http::MessageHead& head);
  void head_known();
  void invite(bool at_hand);
  void plan_known();
  void body_callback(std::span<const std::byte> octets);
  void deliver(std::span<const std::byte> octets);
  void deliver_held();
  void finish_callback();
  void body_ended();
  void body_known();
  void parse(std::span<const std::byte> octets);
  void parse_ahead();
  [[nodiscard]] bool may_parse() const noexcept;
  void hold_back();
  void read_on();
  /// May `more` octets be stored beside `have`? If not, the request is refused with 413.
  [[nodiscard]] bool storable(std::size_t have, std::size_t more);

  // Dispatching.
  [[nodiscard]] bool answerable() const noexcept {
    return answering_ == answering::waiting || answering_ == answering::held ||
           answering_ == answering::started;
  }
  void find_route();
  void dispatch();
  void run_handler();
  void call_handler();
  void run_post_route();
  /// Runs the hooks of a kind and goes on with `Next` when they are done, now or later. Few servers have any:
  /// then it is a plain call.
  template <auto Next, std::size_t Index, typename... Args>
  void hooked(hook_kind<Index, promise(Args...)> kind, std::type_identity_t<Args>... args) {
    if (!state_.has(kind)) return (this->*Next)();
    run_hooks(kind, Next, std::forward<Args>(args)...);
  }
  template <std::size_t Index, typename... Args>
  void run_hooks(hook_kind<Index, promise(Args...)> kind, step next, std::type_identity_t<Args>... args);
  void after_hooks(const promise& hooks, step next);
  void hooks_done(std::size_t exchange, step next, const std::exception_ptr& error);
  /// Runs application code; what it throws becomes an answer (WK-047). The outermost one settles what it did.
  template <typename Step>
  void guarded(Step&& run);
  /// Between two pieces of application code: is this request over, and does another one wait?
  void settle() {
    if (depth_ == 0 && (exchange_over() || !parsing_)) go_on();
  }
  [[nodiscard]] bool exchange_over() const noexcept {
    return answering_ == answering::finished && receiving_ == receiving::complete;
  }
  void go_on();
  [[nodiscard]] bool ask_error_handlers(const std::exception& error);
  void tell(const std::exception& event);
  /// Calls one of the handler's callbacks, which may end the exchange or replace itself meanwhile.
  template <typename Function, typename... Args>
  void call(Function& slot, Args&&... args);
  void drop_callbacks() {
    if (turn_) turn_->drop_callbacks();
  }

  // Answering.
  /// Lets the :response-started hooks see it. False: they keep it, or have stopped it.
  [[nodiscard]] bool announced(unsigned status, std::span<const http::Field> fields, std::string_view body,
                               std::optional<std::uint64_t> length, bool whole) {
    return no_hooks_ || !state_.has(hook::response_started) || ask_hooks(status, fields, body, length, whole);
  }
  [[nodiscard]] bool ask_hooks(unsigned status, std::span<const http::Field> fields, std::string_view body,
                               std::optional<std::uint64_t> length, bool whole);
  void release_answer(std::size_t exchange, const std::exception_ptr& error);
  void send_whole(const http::ResponseView& view);
  void send_head(unsigned status, std::span<const http::Field> fields, std::optional<std::uint64_t> length);
  [[nodiscard]] std::span<const http::Field> all_fields(std::span<const http::Field> fields) {
    return turn_->headers.empty() && state_.config.hide_version ? fields : with_own_fields(fields);
  }
  [[nodiscard]] std::span<const http::Field> with_own_fields(std::span<const http::Field> fields);
  void refuse_fields();
  void default_answer(unsigned status, std::string_view text);
  void send();
  void write_out(std::string_view octets);
  void answered();
  void tell_answer(bool understood);
  void tell_sent(std::size_t octets);

  // Ending.
  void bail_out(unsigned status, std::string_view reason);
  void linger();
  [[nodiscard]] bool client_stalls(clock::time_point now);

  /// A step on which a limit of time depends; a plain assignment is for one within the same moment.
  void set(receiving state) noexcept;
  void set(answering state) noexcept;

  wookie_server& server_;
  wookie_state& state_;
  cl_async_style::socket& socket_;
  std::unique_ptr<turn> turn_;  // none while nothing is under way, unless it is kept
  clock::time_point since_;     // of the last step, as coarse as the server's sweep
  std::uint64_t written_ = 0;   // octets handed to the socket
  std::uint64_t taken_ = 0;     // of these, what the kernel had taken at the last check
  std::uint64_t dropped_ = 0;   // octets that came behind the last answer
  std::size_t exchanges_ = 0;
  int depth_ = 0;  // of guarded calls
  receiving receiving_ = receiving::idle;
  answering answering_ = answering::none;
  bool parsing_ = false;
  bool paused_ = false;   // the parser stands behind a pause: it has something to tell without more octets
  bool holding_ = false;  // a hook keeps a step waiting
  bool body_paused_ = false;
  bool writable_ = true;
  bool peer_done_ = false;
  bool keeps_turn_ = false;  // also while nothing is under way
  bool inviting_ = false;    // 100 Continue is due if no more than the head has come
  bool disabled_ = false;    // the socket is not read from
  bool first_ = true;        // no request was seen yet
  bool mid_line_ = false;    // the parser has swallowed what is no request yet: empty lines between two
  bool dispatched_ = false;  // the handler was called, or 404 given
  bool failed_ = false;      // an error has ended the steps of this request (WK-110)
  bool no_hooks_ = false;    // its answer is not shown to :response-started hooks, one of which has failed
};

/// Apart, so that what few servers need is in nobody's way.
template <std::size_t Index, typename... Args>
[[gnu::cold]] void conversation::run_hooks(hook_kind<Index, promise(Args...)> kind, step next,
                                           std::type_identity_t<Args>... args) {
  after_hooks(state_.run(kind, std::forward<Args>(args)...), next);
}

template <typename Step>
void conversation::guarded(Step&& run) {
  ++depth_;
  try {
    run();
  } catch (const std::exception& error) {
    handle_error(error);
  } catch (...) {
    handle_error(event_error(0, "an exception that is no std::exception"));
  }
  --depth_;
  settle();
}

template <typename Function, typename... Args>
void conversation::call(Function& slot, Args&&... args) {
  const std::size_t exchange = exchanges_;
  Function running = std::move(slot);
  slot = nullptr;
  ++depth_;  // nothing is settled before the callback is back in its place
  guarded([&] { running(std::forward<Args>(args)...); });
  if (exchange == exchanges_ && !slot) slot = std::move(running);
  --depth_;
  settle();
}

}  // namespace antiphon::cl_async_style
