#include "antiphon/http/exchange.hpp"

#include <array>
#include <vector>

namespace antiphon::http {

void Exchange::respond(const Response& response) {
  const std::vector<Field> fields(response.headers.begin(), response.headers.end());
  respond(ResponseView{response.status, fields, response.body});
}

void Exchange::respond(unsigned status, std::string_view content_type, std::string_view body) {
  const std::array fields{Field{"Content-Type", content_type}};
  respond(ResponseView{status, fields, body});
}

}  // namespace antiphon::http
