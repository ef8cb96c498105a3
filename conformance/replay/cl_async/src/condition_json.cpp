#include "condition_json.hpp"

#include <string>

namespace antiphon::conformance::cl_async {

namespace cl = cl_async_style;

Json describe(const std::exception& error, const std::function<int(cl::socket&)>& number) {
  Json described{{"cond", "simple-error"},
                 {"code", nullptr},
                 {"msg", error.what()},
                 {"sock", nullptr},
                 {"closed", nullptr}};
  if (const auto* info = cl::condition_cast<cl::event_info>(error)) {
    described["cond"] = std::string(info->type_name());
    described["msg"] = nullptr;
    if (const auto* event = cl::condition_cast<cl::event_error>(error)) {
      described["code"] = event->event_errcode();
      if (!event->event_errmsg().empty()) described["msg"] = std::string(event->event_errmsg());
    }
    if (const auto* of = cl::condition_cast<cl::streamish_info>(error)) {
      if (of->streamish()) {
        described["sock"] = number(*of->streamish());
        described["closed"] = cl::socket_closed_p(*of->streamish());
      } else if (of->server()) {
        described["sock"] = "server";
      }
    }
  }
  described["is_error"] = cl::condition_cast<cl::event_error>(error) != nullptr ||
                          cl::condition_cast<cl::event_info>(error) == nullptr;
  described["is_streamish_error"] = cl::condition_cast<cl::streamish_error>(error) != nullptr;
  described["is_tcp_eof"] = cl::condition_cast<cl::tcp_eof>(error) != nullptr;
  described["is_tcp_error"] = cl::condition_cast<cl::tcp_error>(error) != nullptr;
  return described;
}

}  // namespace antiphon::conformance::cl_async
