// Octets out.

#include <array>
#include <utility>

#include "conversation.hpp"
#include "wookie_server.hpp"

namespace antiphon::cl_async_style {

void conversation::send() {
  std::string& out = server_.scratch();
  if (!out.empty()) write_out(out);
  out.clear();
  if (out.capacity() > (1U << 20U)) std::string().swap(out);
}

void conversation::write_out(std::string_view octets) {
  written_ += octets.size();
  if (const auto& metrics = server_.telemetry().metrics) metrics->sent(octets.size());
  write_socket_data(socket_, octets);
}

std::span<const http::Field> conversation::all_fields(std::span<const http::Field> fields) {
  const bool server_field = !state_.config.hide_version;
  if (headers_.empty() && !server_field) return fields;
  fields_.clear();
  if (server_field) fields_.push_back({"Server", "Antiphon (" ANTIPHON_VERSION ")"});
  fields_.insert(fields_.end(), headers_.begin(), headers_.end());
  fields_.insert(fields_.end(), fields.begin(), fields.end());
  return fields_;
}

// The answer may have to wait for its hooks.

bool conversation::announced(unsigned status, std::span<const http::Field> fields, std::string_view body,
                             std::optional<std::uint64_t> length, bool whole) {
  if (no_hooks_ || !state_.has(hook::response_started)) return true;
  set(answering::held);  // from now on a second answer is one too many (unlike upstream, WK-093)
  std::exception_ptr error;
  try {
    const promise hooks = state_.run(hook::response_started, *this, request_, status, fields, body);
    if (!hooks.finished()) {
      held_ = std::make_unique<held_answer>(held_answer{status, {}, std::string(body), length, whole, false});
      for (const http::Field& field : fields) held_->fields.add(field.name, field.value);
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
  if (exchange != exchanges_ || !held_) return;
  const auto answer = std::exchange(held_, nullptr);
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
    else if (writable_ && on_writable_)
      call(on_writable_);  // it may have been told to wait
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

void conversation::send_whole(const http::ResponseView& view) {
  std::string& out = server_.scratch();
  out.clear();
  if (receiving_ < receiving::whole && plan_.must_close(true)) writer_.close_after();
  if (writer_.respond(view, out) != http::WriteResult::written) return refuse_fields();
  send();
  answered();
}

void conversation::send_head(unsigned status, std::span<const http::Field> fields,
                             std::optional<std::uint64_t> length) {
  std::string& out = server_.scratch();
  out.clear();
  if (receiving_ < receiving::whole && plan_.must_close(false)) writer_.close_after();
  if (writer_.head(status, fields, length, out) != http::WriteResult::written) return refuse_fields();
  set(answering::started);
  send();
}

/// The application wanted to send what would split its response (unlike upstream, WK-088).
void conversation::refuse_fields() {
  tell(response_error("a response with a header that has CR, LF or NUL in it", socket_.ref()));
  const std::array own{http::Field{"Content-Type", "text/plain; charset=utf-8"}};
  writer_.respond({500, own, "internal server error\n"}, server_.scratch());
  send();
  answered();
}

void conversation::default_answer(unsigned status, std::string_view text) {
  http::Exchange::respond(status, "text/plain; charset=utf-8", text);
}

void conversation::write(std::span<const std::byte> octets) {
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  if (held_ && !held_->whole && !held_->finished) held_->body.append(text);
  if (answering_ != answering::started) return;
  std::string& out = server_.scratch();
  out.clear();
  if (writer_.body(text, out) == http::WriteResult::too_much)
    tell(response_error("a response with more octets than its Content-Length", socket_.ref()));
  since_ = server_.now();
  send();
}

void conversation::finish() {
  if (held_) held_->finished = true;
  if (answering_ != answering::started) return;
  std::string& out = server_.scratch();
  out.clear();
  const http::WriteResult result = writer_.finish(out);
  send();
  if (result == http::WriteResult::too_little) {
    tell(response_error("a response with fewer octets than its Content-Length", socket_.ref()));
    abort();  // the client must not take the next answer for the rest of this one
    return;
  }
  answered();
}

void conversation::send_100_continue() {
  if (receiving_ < receiving::whole && answering_ == answering::waiting && plan_.invite())
    write_out(http::ResponseWriter::continue_100);
}

/// `understood`: it answers a request, of which the head was whole.
void conversation::tell_answer(bool understood) {
  if (!server_.telemetry()) return;
  http::AccessEntry entry{
      .peer = request_.peer(), .status = writer_.status(), .octets = writer_.body_octets()};
  if (understood) {
    entry.method = request_.method();
    entry.target = request_.target();
    entry.version_minor = request_.version_minor();
    entry.took = clock::now() - began_;
  }
  server_.telemetry().answered(entry);
}

void conversation::answered() {
  tell_answer(true);
  set(answering::finished);
  plan_.answered();
  ++exchanges_;
  drop_callbacks();
  body_paused_ = false;
  if (std::exchange(holding_, false) && receiving_ >= receiving::whole) set(receiving::complete);
  parser_.resume();
  if (!writer_.keep_alive() || server_.draining()) linger();
  settle();  // what is left of the body is read and dropped
}

}  // namespace antiphon::cl_async_style
