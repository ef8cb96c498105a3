// Messages in the traces' words.

#include "asyncio/wording.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "antiphon/asio_style.hpp"

namespace antiphon::asyncio_replay {
namespace {

template <class Error>
Json json_of(const Error& error) {
  return exception_json(std::make_exception_ptr(error));
}

TEST(wording, no_exception_is_null) {
  EXPECT_EQ(exception_json(nullptr), Json());
}

TEST(wording, a_system_error_has_class_text_and_errno_as_in_python) {
  EXPECT_EQ(json_of(asio_style::ConnectionResetError(ECONNRESET)),
            Json::parse(R"({"type": "ConnectionResetError", "message": "[Errno 104] Connection reset by peer",
                            "errno": "ECONNRESET"})"));
  EXPECT_EQ(
      json_of(asio_style::GaiError(-2, "nowhere.invalid")),
      Json::parse(R"({"type": "gaierror", "message": "[Errno -2] Name or service not known", "errno": -2})"));
}

TEST(wording, an_error_without_number_has_no_errno) {
  EXPECT_EQ(json_of(asio_style::TimeoutError(0, "SSL shutdown timed out")),
            Json::parse(R"({"type": "TimeoutError", "message": "SSL shutdown timed out"})"));
  EXPECT_EQ(json_of(asio_style::ValueError("boom")),
            Json::parse(R"({"type": "ValueError", "message": "boom"})"));
}

TEST(wording, what_differs_from_run_to_run_is_a_placeholder) {
  EXPECT_EQ(with_placeholders("bind on address ('127.0.0.1', 40123): no"),
            "bind on address ('127.0.0.1', PORT): no");
  EXPECT_EQ(with_placeholders("<socket.socket fd=23, type=1, laddr=('0.0.0.0', 0)>"),
            "<socket.socket fd=N, type=1, laddr=(..)>");
  EXPECT_EQ(with_placeholders("Executing call_soon took 1.003 seconds"), "Executing <..> took N seconds");
  set_scratch_folder("/somewhere/run");
  EXPECT_EQ(with_placeholders("Address '/somewhere/run/f1' is in use"), "Address 'TMP/f1' is in use");
  set_scratch_folder("");
}

TEST(wording, a_log_record_is_known_by_its_first_line) {
  EXPECT_EQ(message_line("Exception in callback reader\n  exception: ValueError: boom"),
            "Exception in callback ...");
}

TEST(wording, tls_errors_read_as_in_python) {
  EXPECT_EQ(json_of(asio_style::SSLError("[SSL: X] x")),
            Json::parse(R"j({"type": "SSLError", "message": "[SSL: X] x (_ssl.c:N)"})j"));
}

TEST(wording, raising_by_name_gives_the_type) {
  for (const char* type : {"ValueError", "OSError", "RuntimeError", "SystemExit", "KeyboardInterrupt",
                           "ZeroDivisionError", "ConnectionResetError"}) {
    try {
      raise_by_name(type);
    } catch (...) {
      EXPECT_EQ(exception_json(std::current_exception())["type"], type);
    }
  }
  EXPECT_THROW(raise_by_name("Boredom"), HarnessError);
}

}  // namespace
}  // namespace antiphon::asyncio_replay
