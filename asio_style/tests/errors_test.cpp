#include "antiphon/asio_style/errors.hpp"

#include <gmock/gmock.h>
#include <netdb.h>

#include <cerrno>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;

TEST(errors, the_class_follows_errno_as_in_python_AS_202_AS_204) {
  const auto name = [](int number) { return type_name(make_os_error(number)); };
  EXPECT_EQ(name(ECONNRESET), "ConnectionResetError");
  EXPECT_EQ(name(EPIPE), "BrokenPipeError");
  EXPECT_EQ(name(ESHUTDOWN), "BrokenPipeError");
  EXPECT_EQ(name(ECONNABORTED), "ConnectionAbortedError");
  EXPECT_EQ(name(ECONNREFUSED), "ConnectionRefusedError");
  EXPECT_EQ(name(ETIMEDOUT), "TimeoutError");
  EXPECT_EQ(name(EACCES), "PermissionError");
  EXPECT_EQ(name(EPERM), "PermissionError");
  EXPECT_EQ(name(ENOENT), "FileNotFoundError");
  EXPECT_EQ(name(EADDRINUSE), "OSError");
}

TEST(errors, the_text_is_pythons) {
  EXPECT_EQ(describe(make_os_error(ECONNRESET)),
            "ConnectionResetError: [Errno 104] Connection reset by peer");
  EXPECT_EQ(describe(make_os_error(EADDRINUSE, "taken")), "OSError: [Errno 98] taken");
  EXPECT_EQ(errno_of(make_os_error(EPIPE)), EPIPE);
}

TEST(errors, describe_knows_nothing_foreign_things_and_none) {
  EXPECT_EQ(describe(nullptr), "None");
  EXPECT_EQ(message_of(nullptr), "");
  EXPECT_EQ(errno_of(nullptr), 0);
  EXPECT_EQ(describe(std::make_exception_ptr(std::runtime_error("boom"))), "runtime_error: boom");
  EXPECT_EQ(describe(std::make_exception_ptr(42)), "int");
  EXPECT_EQ(describe(std::make_exception_ptr(CancelledError())), "CancelledError");
  EXPECT_EQ(errno_of(std::make_exception_ptr(ValueError("x"))), 0);
}

TEST(errors, a_resolvers_refusal_names_the_host) {
  const GaiError error(EAI_NONAME, "no.such.host");
  EXPECT_EQ(std::string(error.what()), "[Errno -2] Name or service not known: no.such.host");
  EXPECT_EQ(error.error_number(), EAI_NONAME);
}

// ---- exceptions that callbacks of a connection throw

class CallbackErrors : public testing::Test, protected Bench {};
using callback_errors = CallbackErrors;

TEST_F(callback_errors, of_connection_made_is_reported_and_the_connection_reads_on_AS_208) {
  hooks.connection_made = [](Scripted&) { throw ValueError("boom"); };
  listen();
  Peer peer(port());
  peer.send("x");
  peer.shutdown_write();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "handler Exception in callback connection_made: ValueError: boom",
                                    "DR", "ER", "CL None"));
}

TEST_F(callback_errors, of_data_received_is_reported_and_ends_the_connection_AS_205_AS_210) {
  hooks.data_received = [](Scripted&) { throw ValueError("boom"); };
  listen();
  Peer peer(port());
  peer.send("x");
  run_until("CL");
  EXPECT_THAT(
      events(),
      ElementsAre("CM", "DR", "handler Fatal error: protocol.data_received() call failed.: ValueError: boom",
                  "CL ValueError: boom"));
}

TEST_F(callback_errors, of_data_received_discards_what_is_buffered_AS_205) {
  hooks.data_received = [](Scripted& self) {
    self.transport->write(pattern(8 * 1024 * 1024));
    throw ValueError("boom");
  };
  listen();
  const Peer peer(port(), 16 * 1024);
  peer.send("x");
  run_until("CL");
  EXPECT_LT(peer.read_to_end().bytes.size(), 8U * 1024 * 1024);
  EXPECT_EQ(trace.count("RW"), 0U);
  EXPECT_EQ(events().back(), "CL ValueError: boom");
}

TEST_F(callback_errors, an_os_error_of_data_received_is_not_reported_but_told_AS_206) {
  hooks.data_received = [](Scripted&) { throw OSError(ENOSPC); };
  listen();
  Peer peer(port());
  peer.send("x");
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "CL OSError: [Errno 28] No space left on device"));
}

TEST_F(callback_errors, of_eof_received_ends_the_connection_AS_207) {
  hooks.eof_received = [](Scripted&) -> bool { throw ValueError("boom"); };
  listen();
  Peer peer(port());
  peer.shutdown_write();
  run_until("CL");
  EXPECT_THAT(
      events(),
      ElementsAre("CM", "ER", "handler Fatal error: protocol.eof_received() call failed.: ValueError: boom",
                  "CL ValueError: boom"));
}

TEST_F(callback_errors, of_connection_lost_is_reported_and_the_socket_closed_AS_209) {
  hooks.connection_lost = [](Scripted&) { throw ValueError("boom"); };
  listen();
  Peer peer(port());
  run_until("CM");
  const auto closed = loop.create_task(server->wait_closed());
  turn();
  server->close();
  transport().close();
  loop.run_until_complete(closed);  // the count went down all the same
  EXPECT_THAT(events(), ElementsAre("CM", "CL None",
                                    "handler Exception in callback connection_lost: ValueError: boom"));
  EXPECT_EQ(peer.read_to_end().bytes, "");
}

TEST_F(callback_errors, close_and_then_an_exception_gives_none_AS_213) {
  hooks.data_received = [](Scripted& self) {
    self.transport->close();
    throw ValueError("boom");
  };
  listen();
  Peer peer(port());
  peer.send("x");
  run_until("CL");
  EXPECT_THAT(
      events(),
      ElementsAre("CM", "DR", "handler Fatal error: protocol.data_received() call failed.: ValueError: boom",
                  "CL None"));
}

TEST_F(callback_errors, the_context_of_a_fatal_error_names_transport_and_protocol_AS_205_AS_287) {
  std::vector<std::string_view> keys;
  loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
    keys = context.keys();
    EXPECT_EQ(context.transport, protocols.at(0)->transport);
    EXPECT_EQ(context.protocol, protocols.at(0));
  });
  hooks.data_received = [](Scripted&) { throw ValueError("boom"); };
  listen();
  Peer peer(port());
  peer.send("x");
  run_until("CL");
  EXPECT_THAT(keys, ElementsAre("exception", "message", "protocol", "transport"));
}

TEST_F(callback_errors, a_peers_reset_reaches_the_protocol_only_AS_101_AS_162_AS_202) {
  listen();
  Peer peer(port());
  run_until("CM");
  peer.reset();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "CL ConnectionResetError: [Errno 104] Connection reset by peer"));
}

TEST_F(callback_errors, system_exit_leaves_the_loop_and_nobody_is_told_AS_212) {
  hooks.data_received = [](Scripted&) { throw SystemExit(3, "boom"); };
  listen();
  Peer peer(port());
  peer.send("x");
  int code = 0;
  try {
    loop.run_forever();
  } catch (const SystemExit& exit) {
    code = exit.code();
  }
  EXPECT_EQ(code, 3);
  EXPECT_THAT(events(), ElementsAre("CM", "DR"));
  EXPECT_FALSE(loop.is_running());
}

TEST_F(callback_errors, after_system_exit_the_rest_of_the_turn_is_still_queued_AS_212_AS_280) {
  loop.call_soon([] { throw SystemExit(); });
  loop.call_soon([this] { trace.add("rest of the turn"); });
  loop.call_later(std::chrono::seconds(0), [this] { trace.add("its timer"); });
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_forever(); })), "SystemExit");
  EXPECT_TRUE(events().empty());
  turn();
  EXPECT_THAT(events(), ElementsAre("rest of the turn", "its timer"));
}

TEST_F(callback_errors, keyboard_interrupt_and_system_exit_leave_from_tasks_and_handlers_too_AS_212) {
  const auto interrupted = []() -> Task<void> {
    throw KeyboardInterrupt();
    co_return;
  };
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(interrupted()); })), "KeyboardInterrupt");
  loop.set_exception_handler([](EventLoop&, const ExceptionContext&) { throw SystemExit(1); });
  loop.call_soon([] { throw ValueError("boom"); });
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_forever(); })), "SystemExit");
}

// ---- the exception handler

TEST_F(callback_errors, of_a_plain_callback_is_reported_and_the_loop_goes_on_AS_274) {
  std::vector<std::string_view> keys;
  loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
    keys = context.keys();
    EXPECT_TRUE(context.handle.value());
  });
  loop.call_soon([] { throw ValueError("boom"); });
  loop.call_soon([this] { trace.add("goes on"); });
  turn();
  EXPECT_THAT(keys, ElementsAre("exception", "handle", "message"));
  EXPECT_THAT(events(), ElementsAre("goes on"));
}

TEST_F(callback_errors, without_a_handler_an_error_record_is_logged_AS_286_AS_288) {
  loop.set_exception_handler(nullptr);
  loop.call_soon([] { throw ValueError("boom"); });
  turn();
  EXPECT_THAT(events(), ElementsAre("log Exception in callback call_soon\n  exception: ValueError: boom"));
}

TEST_F(callback_errors, the_record_names_the_other_entries_too_AS_286) {
  struct Echo : Protocol {};
  ExceptionContext context;
  context.message = "direct";
  context.protocol = std::make_shared<Echo>();
  context.future = "task of main";
  loop.default_exception_handler(context);
  EXPECT_THAT(events(), ElementsAre("log direct\n  future: task of main\n  protocol: Echo"));
}

TEST_F(callback_errors, a_handler_that_throws_is_logged_with_what_it_was_asked_AS_289) {
  loop.set_exception_handler(
      [](EventLoop&, const ExceptionContext&) { throw RuntimeError("handler failed"); });
  loop.call_soon([] { throw ValueError("boom"); });
  loop.call_soon([this] { trace.add("goes on"); });
  turn();
  EXPECT_THAT(events(), ElementsAre("log Unhandled error in exception handler\n"
                                    "  exception: RuntimeError: handler failed\n"
                                    "  context: Exception in callback call_soon (ValueError: boom)",
                                    "goes on"));
}

TEST_F(callback_errors, the_handler_may_be_called_directly_AS_287) {
  ExceptionContext context;
  context.message = "direct";
  EXPECT_THAT(context.keys(), ElementsAre("message"));
  loop.call_exception_handler(context);
  EXPECT_THAT(events(), ElementsAre("handler direct: None"));
}

// ---- debug mode

TEST_F(callback_errors, debug_mode_can_be_switched_at_run_time_AS_291) {
  EXPECT_FALSE(loop.get_debug());
  loop.set_debug(true);
  EXPECT_TRUE(loop.get_debug());
}

TEST_F(callback_errors, debug_mode_reports_slow_callbacks_AS_290) {
  loop.set_debug(true);
  loop.slow_callback_duration = std::chrono::milliseconds(2);
  loop.call_soon([] { std::this_thread::sleep_for(std::chrono::milliseconds(3)); });
  turn();
  EXPECT_GE(trace.count("log Executing call_soon took 0.0"), 1U);
}

TEST_F(callback_errors, debug_mode_notices_a_call_from_another_thread_AS_273) {
  loop.set_debug(true);
  std::string soon;
  std::string at;
  loop.call_soon([&] {
    std::thread([&] {
      soon = describe(thrown_by([&] { loop.call_soon([] {}); }));
      at = describe(thrown_by([&] { loop.call_at(Clock::now(), [] {}); }));
    }).join();
    loop.stop();
  });
  loop.run_forever();
  EXPECT_EQ(soon,
            "RuntimeError: Non-thread-safe operation invoked on an event loop other than the current one");
  EXPECT_EQ(at, soon);
}

}  // namespace
}  // namespace antiphon::asio_style::test
