// Octets out.

#include <array>
#include <utility>

#include "conversation.hpp"
#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

std::span<const http::Field> conversation::with_own_fields(std::span<const http::Field> fields) {
  turn_->fields.clear();
  if (!state_.config.hide_version) turn_->fields.push_back({"Server", "Antiphon (" ANTIPHON_VERSION ")"});
  turn_->fields.insert(turn_->fields.end(), turn_->headers.begin(), turn_->headers.end());
  turn_->fields.insert(turn_->fields.end(), fields.begin(), fields.end());
  return turn_->fields;
}

inline void conversation::send_whole(const http::ResponseView& view) {
  std::string& out = server_.scratch();
  out.clear();
  if (receiving_ < receiving::whole && turn_->plan.must_close(true)) turn_->writer.close_after();
  if (turn_->writer.respond(view, out) != http::WriteResult::written) return refuse_fields();
  send();
  answered();
}

// The answer may have to wait for its hooks.

bool conversation::ask_hooks(unsigned status, std::span<const http::Field> fields, std::string_view body,
                             std::optional<std::uint64_t> length, bool whole) {
  set(answering::held);  // from now on a second answer is one too many (unlike upstream, WK-093)
  std::exception_ptr error;
  try {
    const promise hooks = state_.run(hook::response_started, *this, turn_->request, status, fields, body);
    if (!hooks.finished()) {
      turn_->held =
          std::make_unique<held_answer>(held_answer{status, {}, std::string(body), length, whole, false});
      for (const http::Field& field : fields) turn_->held->fields.add(field.name, field.value);
      attach(
          hooks,
          [weak = weak_from_this(), exchange = exchanges_] {
            if (const auto self = weak.lock()) self->release_answer(exchange, nullptr);
          },
          [weak = weak_from_this(), exchange = exchanges_](const std::exception_ptr& why) {
            if (const auto self = weak.lock()) self->release_answer(exchange, why);
          });
      return false;
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (answering_ != answering::held) return false;  // the client is gone
  set(answering::waiting);
  if (!error) return true;
  no_hooks_ = true;
  guarded([&] { std::rethrow_exception(error); });
  return false;
}

void conversation::release_answer(std::size_t exchange, const std::exception_ptr& error) {
  if (exchange != exchanges_ || !turn_ || !turn_->held) return;
  const auto answer = std::exchange(turn_->held, nullptr);
  set(answering::waiting);
  no_hooks_ = true;
  guarded([&] {
    if (error) std::rethrow_exception(error);
    const std::vector<http::Field> fields(answer->fields.begin(), answer->fields.end());
    if (answer->whole) return send_whole({answer->status, fields, answer->body});
    send_head(answer->status, fields, answer->length);
    write(std::as_bytes(std::span(answer->body)));
    if (answer->finished)
      finish();
    else if (writable_ && turn_->on_writable)
      call(turn_->on_writable);  // it may have been told to wait
  });
}

void conversation::respond(const http::ResponseView& view) {
  if (answering_ != answering::waiting) return;
  const auto fields = all_fields(view.fields);
  if (announced(view.status, fields, view.body, std::nullopt, true))
    send_whole({view.status, fields, view.body});
}

void conversation::start(unsigned status, std::span<const http::Field> given,
                         std::optional<std::uint64_t> length) {
  if (answering_ != answering::waiting) return;
  const auto fields = all_fields(given);
  if (announced(status, fields, {}, length, false)) send_head(status, fields, length);
}

void conversation::send_head(unsigned status, std::span<const http::Field> fields,
                             std::optional<std::uint64_t> length) {
  std::string& out = server_.scratch();
  out.clear();
  if (receiving_ < receiving::whole && turn_->plan.must_close(false)) turn_->writer.close_after();
  if (turn_->writer.head(status, fields, length, out) != http::WriteResult::written) return refuse_fields();
  set(answering::started);
  send();
}

/// The application wanted to send what would split its response (unlike upstream, WK-088).
void conversation::refuse_fields() {
  tell(response_error("a response with a header that has CR, LF or NUL in it", socket_.ref()));
  const std::array own{http::Field{"Content-Type", "text/plain; charset=utf-8"}};
  turn_->writer.respond({500, own, "internal server error\n"}, server_.scratch());
  send();
  answered();
}

void conversation::default_answer(unsigned status, std::string_view text) {
  http::Exchange::respond(status, "text/plain; charset=utf-8", text);
}

void conversation::write(std::span<const std::byte> octets) {
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  if (answering_ == answering::held && turn_->held && !turn_->held->whole && !turn_->held->finished)
    turn_->held->body.append(text);
  if (answering_ != answering::started) return;
  std::string& out = server_.scratch();
  out.clear();
  if (turn_->writer.body(text, out) == http::WriteResult::too_much)
    tell(response_error("a response with more octets than its Content-Length", socket_.ref()));
  since_ = server_.now();
  send();
}

void conversation::finish() {
  if (answering_ == answering::held && turn_->held) turn_->held->finished = true;
  if (answering_ != answering::started) return;
  std::string& out = server_.scratch();
  out.clear();
  const http::WriteResult result = turn_->writer.finish(out);
  send();
  if (result == http::WriteResult::too_little) {
    tell(response_error("a response with fewer octets than its Content-Length", socket_.ref()));
    abort();  // the client must not take the next answer for the rest of this one
    return;
  }
  answered();
}

void conversation::send_100_continue() {
  if (receiving_ < receiving::whole && answering_ == answering::waiting && turn_->plan.invite())
    write_out(http::ResponseWriter::continue_100);
}

/// `understood`: it answers a request, of which the head was whole.
void conversation::tell_answer(bool understood) {
  http::AccessEntry entry{
      .peer = turn_->request.peer(), .status = turn_->writer.status(), .octets = turn_->writer.body_octets()};
  if (understood) {
    entry.method = turn_->request.method();
    entry.target = turn_->request.target();
    entry.version_minor = turn_->request.version_minor();
    entry.took = clock::now() - turn_->began;
  }
  server_.telemetry().answered(entry);
}

void conversation::tell_sent(std::size_t octets) {
  if (const auto& metrics = server_.telemetry().metrics) metrics->sent(octets);
}

void conversation::answered() {
  if (server_.watched()) tell_answer(true);
  set(answering::finished);
  turn_->plan.answered();
  ++exchanges_;
  drop_callbacks();
  body_paused_ = false;
  if (std::exchange(holding_, false) && receiving_ >= receiving::whole) set(receiving::complete);
  turn_->parser.resume();
  if (!turn_->writer.keep_alive() || server_.draining()) linger();
  settle();  // what is left of the body is read and dropped
}

}  // namespace antiphon::cl_async_style
