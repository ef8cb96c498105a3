#include "antiphon/cl_async_style/http/response.hpp"

namespace antiphon::cl_async_style {

void send_response(response& to, const send_response_options& options) {
  if (to.started()) throw response_already_sent(0, "send_response: the answer was sent already");
  if (options.close.value_or(false)) to.close_after();
  to.respond(
      http::ResponseView{options.status, {options.headers.begin(), options.headers.size()}, options.body});
}

void start_response(response& to, unsigned status, std::initializer_list<http::Field> headers) {
  if (to.started()) throw response_already_sent(0, "start_response: the answer was sent already");
  to.start(status, {headers.begin(), headers.size()}, std::nullopt);
}

void write_response(response& to, std::string_view octets) {
  to.write(octets);
}

void finish_response(response& to, std::optional<bool> close) {
  if (close.value_or(false)) to.close_after();
  to.finish();
}

void with_chunking(response& of, http::Exchange::BodyCallback callback) {
  of.on_body(std::move(callback));
}

}  // namespace antiphon::cl_async_style
