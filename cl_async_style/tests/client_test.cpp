#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

/// A client's life, written down; `script` plays the server's side.
struct call {
  std::vector<std::string> log;
  connect_options options;
  socket_callback on_connect;
  socket_callback on_read;
  event_loop_options loop_options;

  connect_options listening() {
    options.connect_cb = [this](socket& which) {
      log.emplace_back("connect");
      if (on_connect) on_connect(which);
    };
    options.event_cb = [this](const std::exception& event) {
      const auto* info = condition_cast<event_info>(event);
      log.push_back("event " + std::string(info != nullptr ? info->type_name() : event.what()));
      if (const auto which = event_socket(event)) log.back() += socket_closed_p(*which) ? " closed" : " open";
    };
    options.close_cb = [this](socket&, const event_error* cause) {
      log.push_back("close " + std::string(cause != nullptr ? cause->type_name() : "none"));
    };
    return options;
  }
  read_callback reading() {
    return [this](socket& which, std::span<const std::byte> octets) {
      log.push_back("read " + std::string(reinterpret_cast<const char*>(octets.data()), octets.size()));
      if (on_read) on_read(which);
    };
  }
  /// Runs until nothing is left.
  template <typename Script>
  void play(Script script, const socket_callback& then = {}, const std::string& host = "127.0.0.1") {
    const door server;
    const helper other_side([&] {
      peer accepted(peer::adopt_t(), server.accept());
      script(accepted);
    });
    start_event_loop(
        [&] {
          const auto made = tcp_connect(host, server.port(), reading(), listening());
          EXPECT_FALSE(socket_closed_p(*made)) << "CL-170: at once, before the connection exists";
          if (then) then(*made);
        },
        loop_options);
  }
};

TEST(client, connect_cb_then_what_was_written_until_then_then_read_cb_CL_171) {
  call play;
  play.options.data = "one ";
  play.on_connect = [](socket& which) { write_socket_data(which, "four"); };
  play.on_read = [](socket& which) { close_socket(which); };
  std::string got;
  play.play(
      [&](peer& server) {
        got = server.read(18);
        server.send("answer");
        server.read_all();
      },
      [](socket& which) {
        write_socket_data(which, "two ");
        write_socket_data(which, "three ", {.force = true});  // CL-104
        EXPECT_EQ(write_buffer_size(which), 14U);
      });
  EXPECT_EQ(got, "one two three four");
  EXPECT_THAT(play.log, ElementsAre("connect", "read answer", "close none"));
}

TEST(client, a_refusal_is_an_event_on_a_closed_socket_CL_172) {
  call play;
  play.options.data = "never";
  std::uint16_t port = 0;
  { port = door().port(); }
  start_event_loop([&] { tcp_connect("127.0.0.1", port, play.reading(), play.listening()); });
  EXPECT_THAT(play.log, ElementsAre("event socket-refused closed", "close socket-refused"));
}

TEST(client, what_the_kernel_refuses_at_once_is_told_like_any_other_failure_CL_176) {
  call play;
  start_event_loop([&] {
    tcp_connect("255.255.255.255", 9, play.reading(), play.listening());
    EXPECT_TRUE(play.log.empty());
  });
  ASSERT_EQ(play.log.size(), 2U);
  EXPECT_THAT(play.log[0], testing::StartsWith("event streamish-error closed"));
}

TEST(client, a_forced_close_before_the_connection_tells_nothing_but_the_close_CL_173) {
  call play;
  const door server;
  start_event_loop([&] {
    const auto made = tcp_connect("127.0.0.1", server.port(), play.reading(), play.listening());
    close_socket(*made, {.force = true});
    EXPECT_TRUE(socket_closed_p(*made));
  });
  EXPECT_THAT(play.log, ElementsAre("close none"));
}

TEST(client, a_graceful_close_before_the_connection_still_sends_and_ends_CL_133) {
  call play;
  std::string got;
  std::string end;
  play.play([&](peer& server) { got = server.read_all(&end); },
            [](socket& which) {
              write_socket_data(which, "last words");
              close_socket(which);
              write_socket_data(which, "too late");
            });
  EXPECT_EQ(got, "last words");
  EXPECT_EQ(end, "eof");
  EXPECT_THAT(play.log, ElementsAre("close none")) << "closed before connect_cb could be told";

  call silent;
  const door nobody;
  start_event_loop(
      [&] { close_socket(*tcp_connect("127.0.0.1", nobody.port(), silent.reading(), silent.listening())); });
  EXPECT_THAT(silent.log, ElementsAre("close none")) << "nothing to send: nothing to wait for";
}

TEST(client, write_cb_is_called_once_the_connection_is_made_CL_110) {
  for (const bool writes : {false, true}) {
    call play;
    int calls = 0;
    play.options.write_cb = [&](socket&) { ++calls; };
    play.on_connect = [&](socket& which) {
      EXPECT_EQ(calls, 0);
      if (writes) write_socket_data(which, "x");
      delay([kept = which.ref()] { close_socket(*kept); }, {.time = milliseconds(5)});
    };
    play.play([](peer& server) { server.read_all(); });
    EXPECT_EQ(calls, writes ? 2 : 1);
  }
}

TEST(client, the_read_timeout_runs_from_the_start_CL_160) {
  call play;
  play.options.read_timeout = milliseconds(20);
  play.play([](peer& server) { server.read_all(); });
  EXPECT_THAT(play.log, ElementsAre("connect", "event socket-timeout closed", "close socket-timeout"));
}

TEST(client, a_name_is_looked_up_CL_174) {
  call play;
  play.options.data = "x";
  play.play([](peer& server) { EXPECT_EQ(server.read(1), "x"); }, {}, "localhost");
  EXPECT_THAT(play.log, ElementsAre("connect", "event socket-eof closed", "close none"));
}

TEST(client, a_name_that_does_not_resolve_is_a_dns_error_and_closes_CL_174) {
  call play;
  std::shared_ptr<socket> made;
  start_event_loop([&] { made = tcp_connect("no-such-host.invalid", 1, play.reading(), play.listening()); });
  ASSERT_EQ(play.log.size(), 2U);
  EXPECT_THAT(play.log[0], testing::AnyOf("event dns-error", "event event-error"));
  EXPECT_TRUE(socket_closed_p(*made)) << "upstream leaves it open";
  EXPECT_EQ(play.log[1], "close " + play.log[0].substr(6));
}

TEST(client, the_positional_event_cb_warns_once_a_loop_CL_081_CL_170) {
  int warnings = 0;
  std::uint16_t port = 0;
  { port = door().port(); }
  int refused = 0;
  const auto warned_loop = [&] {
    start_event_loop(
        [&] {
          for (int i = 0; i < 2; ++i)
            tcp_connect("127.0.0.1", port, {}, [&](const std::exception&) { ++refused; });
        },
        {.warning_cb = [&](std::string_view) { ++warnings; }});
  };
  warned_loop();
  EXPECT_EQ(warnings, 1);
  warned_loop();
  EXPECT_EQ(warnings, 2);
  EXPECT_EQ(refused, 4);
}

TEST(client, a_write_with_callbacks_before_the_connection_keeps_connect_cb_CL_105) {
  call play;
  play.play([](peer& server) { EXPECT_EQ(server.read(5), "hello"); },
            [&](socket& which) {
              write_socket_data(which, "hello",
                                {.write_cb = [&](socket&) { play.log.emplace_back("written"); }});
            });
  EXPECT_THAT(play.log, ElementsAre("connect", "written", "event socket-eof closed", "close none"));
}

TEST(client, the_positional_event_cb_works_in_stream_mode_CL_081_CL_170) {
  std::string log;
  int warnings = 0;
  const auto ended = [&](const char* who) {
    return [&log, who](const std::exception& event) {
      if (condition_cast<socket_eof>(event) != nullptr) log += who;
    };
  };
  start_event_loop(
      [&] {
        const auto server = tcp_server(
            "127.0.0.1", 0,
            [&](socket& which, async_io_stream& in) {
              while (const auto octet = in.read_byte()) log += static_cast<char>(*octet);
              close_socket(which);
            },
            ended(" server"));
        tcp_connect(
            "127.0.0.1", server_port(*server), [](socket&, async_io_stream&) {},
            [&, at_end = ended(" client")](const std::exception& event) {
              at_end(event);
              exit_event_loop();
            },
            {.data = "octets"});
      },
      {.warning_cb = [&](std::string_view) { ++warnings; }});
  EXPECT_EQ(log, "octets client");
  EXPECT_EQ(warnings, 1);
}

TEST(client, input_cannot_be_kept_without_a_stream_CL_149) {
  start_event_loop([] {
    EXPECT_THROW(tcp_connect("127.0.0.1", 1, {}, {.dont_drain_read_buffer = true}), std::invalid_argument);
  });
}

TEST(client, flow_control_waits_for_connect_cb) {
  call play;
  std::string big(1U << 20U, 'x');
  play.options.pause_write_cb = [&](socket&) { play.log.emplace_back("pause"); };
  play.options.resume_write_cb = [&](socket& which) {
    play.log.emplace_back("resume");
    close_socket(which);
  };
  std::size_t size = 0;
  play.play([&](peer& server) { size = server.read_all().size(); },
            [&](socket& which) { write_socket_data(which, std::string(8U << 20U, 'x')); });
  EXPECT_EQ(size, 8U << 20U);
  EXPECT_THAT(play.log, ElementsAre("connect", "pause", "resume", "close none"));
}

TEST(client, a_reset_by_the_server_is_told_CL_147) {
  call play;
  play.on_connect = [](socket& which) { write_socket_data(which, "hi"); };
  play.play([](peer& server) {
    EXPECT_EQ(server.read(2), "hi");
    server.reset();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "event socket-reset closed", "close socket-reset"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
