#include "antiphon/cl_async_style/http/response.hpp"

namespace antiphon::cl_async_style {

namespace {

void check_open(response& to, const char* who) {
  if (socket_closed_p(get_socket(to))) throw streamish_closed(0, std::string(who) + ": the client is gone");
  if (to.started())
    throw response_already_sent(std::string(who) + ": the answer was sent already", get_socket(to).ref());
}

}  // namespace

response& response_handle::get() const {
  const std::shared_ptr<response> one = who_.lock();
  if (!one || socket_closed_p(get_socket(*one)))
    throw streamish_closed(0, "the client that was to be answered is gone");
  if (one->exchange() != exchange_)
    throw response_already_sent("the answer was sent already", get_socket(*one).ref());
  return *one;  // kept by its connection, which is open
}

void send_response(response& to, const send_response_options& options) {
  check_open(to, "send_response");
  if (options.close.value_or(false)) to.close_after();
  to.respond(
      http::ResponseView{options.status, {options.headers.begin(), options.headers.size()}, options.body});
}

void start_response(response& to, unsigned status, std::initializer_list<http::Field> headers) {
  check_open(to, "start_response");
  to.start(status, {headers.begin(), headers.size()}, std::nullopt);
}

void write_response(response& to, std::string_view octets) {
  to.write(octets);
}

void finish_response(response& to, std::optional<bool> close) {
  if (close.value_or(false)) to.close_after();
  to.finish();
}

void send_100_continue(response& to) {
  to.send_100_continue();
}

void with_chunking(request& of, http::Exchange::BodyCallback fn, with_chunking_options options) {
  request_store_body(of) = options.store_body;
  request_response(of).on_body(std::move(fn));
}

void with_chunking(response& of, http::Exchange::BodyCallback fn, with_chunking_options options) {
  with_chunking(response_request(of), std::move(fn), options);
}

}  // namespace antiphon::cl_async_style
