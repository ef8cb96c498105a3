#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <uv.h>

#include <algorithm>
#include <array>
#include <thread>

#include "peer.hpp"
#include "tls_peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A scene whose server speaks TLS.
struct secure_scene : scene {
  secure_scene() { ssl = certificates::of_server(); }
};

TEST(ssl_server, the_same_sockets_with_the_octets_encrypted_beneath_CL_240) {
  secure_scene play;
  play.on_read = [](socket& which, std::string_view text) {
    EXPECT_EQ(ssl_engine(which)->version(), "TLSv1.3");
    EXPECT_EQ(ssl_engine(which)->server_name(), "localhost");
    write_socket_data(which, std::string(text) + "!");
  };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    client.send("ping");
    EXPECT_EQ(client.read(5), "ping!");
    client.say_close_notify();
    std::string end;
    client.read_all(&end);
    EXPECT_EQ(end, "close_notify") << "the peer's is answered (CL-246)";
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read ping", "event socket-eof closed", "close none"));
}

TEST(ssl_server, write_cb_is_told_of_the_applications_writes_only_CL_108) {
  secure_scene play;
  play.on_connect = [&](socket& which) {  // in the midst of the handshake
    write_socket_data(which, "welcome", {.write_cb = [&](socket&) { play.log.emplace_back("written"); }});
  };
  play.on_read = [](socket& which, std::string_view) {
    write_socket_data(which, "");
    close_socket(which);
  };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    EXPECT_EQ(client.read(7), "welcome");
    client.send("ping");
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "written", "read ping", "written", "close none"))
      << "of an empty one, too (CL-116)";
}

TEST(ssl_server, a_context_of_the_applications_is_used_as_it_is_CL_240) {
  scene play;
  tls::Context context = tls_peer::server_context();
  context.set_alpn_protocols({"antiphon/1"});
  play.ssl = ssl_parameters{.ssl_ctx = context, .certificate = "/nonexistent.pem"};
  play.on_read = [](socket& which, std::string_view) { close_socket(which); };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    client.send("x");
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read x", "close none"));
}

TEST(ssl_server, a_certificate_that_cannot_be_used_is_thrown_before_it_listens_CL_241) {
  start_event_loop([] {
    const auto attempt = [](const ssl_parameters& ssl) { tcp_ssl_server("127.0.0.1", 0, nullptr, {}, ssl); };
    try {
      attempt({.certificate = "/nonexistent.pem", .key = certificates::all().key});
      FAIL() << "no such file";
    } catch (const tcp_ssl_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("/nonexistent.pem"));
    }
    EXPECT_THROW(attempt({.certificate = certificates::all().certificate, .key = certificates::all().ca}),
                 tcp_ssl_error);
    EXPECT_THROW(attempt({}), tcp_ssl_error);
    EXPECT_THROW(attempt({.certificate = certificates::all().certificate,
                          .key = certificates::all().key,
                          .keytype = ssl_keytype::asn1}),
                 tcp_ssl_error)
        << "a PEM file is no DER";
  });
}

TEST(ssl_server, an_encrypted_key_is_opened_by_its_password) {
  const auto& made = certificates::all();
  const std::string locked =
      made.files.add("locked.pem", tls::testing::encrypt_key(made.issued.key, "open sesame"));
  scene play;
  play.ssl = ssl_parameters{.certificate = made.certificate, .key = locked, .password = "open sesame"};
  play.on_read = [](socket& which, std::string_view) { close_socket(which); };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    client.send("x");
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read x", "close none"));
}

TEST(ssl_server, connect_cb_comes_with_the_tcp_connection_and_one_that_never_speaks_tls_just_ends_CL_242) {
  secure_scene play;
  play.play([](peer& client) { client.shutdown_write(); });
  EXPECT_THAT(play.log, ElementsAre("connect", "event socket-eof closed", "close none"));
}

TEST(ssl_server, what_is_written_before_the_handshake_is_done_is_sent_after_it_CL_243) {
  secure_scene play;
  play.on_connect = [](socket& which) {
    write_socket_data(which, "wel");
    write_socket_data(which, "come", {.force = true});
    EXPECT_EQ(write_buffer_size(which), 7U);
  };
  play.ssl->handshake_cb = [&](socket& which) {
    play.log.emplace_back("handshake");
    EXPECT_TRUE(ssl_engine(which)->handshake_done());
  };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    EXPECT_EQ(client.read(7), "welcome");
  });
  EXPECT_EQ(play.log[0], "connect");
  EXPECT_EQ(play.log[1], "handshake");
}

TEST(ssl_server, a_close_before_the_handshake_is_done_still_sends_what_was_written_CL_121_CL_243) {
  secure_scene play;
  play.on_connect = [](socket& which) {
    write_socket_data(which, "bye");
    close_socket(which);
  };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    std::string end;
    EXPECT_EQ(client.read_all(&end), "bye");
    EXPECT_EQ(end, "close_notify");
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "close none"));
}

// What does not even look like TLS gets no alert; OpenSSL has none for it.
TEST(ssl_server, octets_that_are_no_tls_are_told_and_end_the_connection_CL_244) {
  secure_scene play;
  play.on_event = [](socket&, const std::exception& event) {
    const auto* error = condition_cast<tcp_ssl_error>(event);
    ASSERT_NE(error, nullptr);
    EXPECT_THAT(std::string(error->event_errmsg()), HasSubstr("SSL"));
  };
  play.play([](peer& client) {
    client.send("this is not a TLS record\r\n\r\n");
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "event tcp-ssl-error closed", "close tcp-ssl-error"));
}

TEST(ssl_server, a_handshake_that_fails_is_told_and_the_connection_ends_with_an_alert_CL_244) {
  secure_scene play;
  std::string seen;
  play.play([&](peer& client) {
    client.send(std::string("\x16\x03\x01\x00\x05hello", 10));
    seen = client.read_all();
  });
  EXPECT_EQ(seen.substr(0, 1), "\x15") << "an alert";
  EXPECT_THAT(play.log, ElementsAre("connect", "event tcp-ssl-error closed", "close tcp-ssl-error"));
}

TEST(ssl_server, a_broken_record_ends_the_connection_CL_244) {
  secure_scene play;
  play.on_read = [](socket& which, std::string_view) { write_socket_data(which, "got it"); };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    client.send("fine");
    EXPECT_EQ(client.read(6), "got it");
    client.send_raw(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
    std::string end;
    client.read_all(&end);
    EXPECT_THAT(end, HasSubstr("ALERT"));
  });
  EXPECT_THAT(play.log,
              ElementsAre("connect", "read fine", "event tcp-ssl-error closed", "close tcp-ssl-error"));
}

TEST(ssl_server, close_says_close_notify_after_what_was_written_and_force_does_not_CL_246) {
  for (const bool force : {false, true}) {
    secure_scene play;
    play.on_read = [&](socket& which, std::string_view) {
      if (!force) write_socket_data(which, "bye");
      close_socket(which, {.force = force});
    };
    std::string text;
    std::string end;
    play.play_at([&](std::uint16_t port) {
      tls_peer client(port);
      client.send("x");
      text = client.read_all(&end);
    });
    EXPECT_EQ(text, force ? "" : "bye");
    EXPECT_EQ(end, force ? "eof" : "close_notify");
    EXPECT_THAT(play.log, ElementsAre("connect", "read x", "close none"));
  }
}

TEST(ssl_server, an_end_without_close_notify_is_told_apart_as_truncated_CL_246) {
  secure_scene play;
  play.on_event = [](socket&, const std::exception& event) {
    const auto* error = condition_cast<tcp_ssl_error>(event);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->event_errcode(), UV_EOF);
  };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    client.send("half a messa");
    client.shutdown_write();
    client.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read half a messa", "event tcp-ssl-error closed",
                                    "close tcp-ssl-error"));
}

TEST(ssl_server, the_truth_about_close_notify_can_be_given_up_for_upstreams_CL_246) {
  secure_scene play;
  play.loop_options.upstream_quirks = true;
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    client.send("x");
    client.say_close_notify();
    client.shutdown_write();
    std::string end;
    client.read_all(&end);
    EXPECT_EQ(end, "eof");
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read x", "event socket-eof closed", "close none"));
}

TEST(ssl_server, stream_mode_works_CL_247) {
  std::string taken;
  std::jthread client;
  start_event_loop([&] {
    const auto server = tcp_ssl_server(
        "127.0.0.1", 0,
        [&](socket&, async_io_stream& stream) {
          std::array<std::byte, 64> room{};
          const std::size_t count = stream.read_sequence(room);
          taken.append(reinterpret_cast<const char*>(room.data()), count);
          stream.write_sequence("ok");
          stream.close();
        },
        {.close_cb = [](socket&, const event_error*) { exit_event_loop(); }}, certificates::of_server());
    client = std::jthread([port = server_port(*server)] {
      tls_peer peer(port);
      peer.send("abc");
      std::string end;
      EXPECT_EQ(peer.read_all(&end), "ok");
      EXPECT_EQ(end, "close_notify");
    });
  });
  EXPECT_EQ(taken, "abc");
}

TEST(ssl_server, writes_with_callbacks_keep_reading_and_writing_CL_248) {
  secure_scene play;
  play.on_read = [&](socket& which, std::string_view text) {
    if (text == "c") return close_socket(which);
    write_socket_data(which, "r", {.write_cb = [&](socket&) { play.log.emplace_back("written"); }});
  };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    for (const char* each : {"a", "b"}) {
      client.send(each);
      EXPECT_EQ(client.read(1), "r");
    }
    client.send("c");
    client.read_all();
  });
  EXPECT_THAT(play.log,
              ElementsAre("connect", "read a", "written", "read b", "written", "read c", "close none"));
}

TEST(ssl_server, big_data_goes_both_ways_and_read_cb_gets_a_record_at_most_CL_249) {
  const std::string big(300'000, 'x');
  secure_scene play;
  std::size_t size = 0;
  std::size_t longest = 0;
  play.on_read = [&](socket& which, std::string_view text) {
    size += text.size();
    longest = std::max(longest, text.size());
    if (size == big.size()) write_socket_data(which, big);
  };
  play.play_at([&](std::uint16_t port) {
    tls_peer client(port);
    client.send(big);
    EXPECT_EQ(client.read(big.size()), big);
    client.say_close_notify();
  });
  EXPECT_EQ(size, big.size());
  EXPECT_EQ(longest, 16384U);
}

TEST(ssl_server, disable_socket_holds_back_what_the_engine_has_and_the_handshake_goes_on) {
  secure_scene play;
  play.on_connect = [](socket& which) {
    disable_socket(which);
    write_socket_data(which, "hello");
  };
  play.on_read = [&](socket& which, std::string_view) {
    if (play.log.size() > 3) return close_socket(which);
    disable_socket(which);
    delay([&, which = which.ref()] {
      play.log.emplace_back("enabled");
      enable_socket(*which);
    });
  };
  play.ssl->handshake_cb = [&](socket& which) {
    play.log.emplace_back("handshake");
    enable_socket(which);
  };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    EXPECT_EQ(client.read(5), "hello");
    client.send(std::string(16384, 'a') + std::string(16384, 'b'));  // two records in one go
    client.read_all();
  });
  EXPECT_THAT(play.log,
              ElementsAre("connect", "handshake", "read 16384", "enabled", "read 16384", "close none"));
}

TEST(ssl_server, half_open_sends_on_after_the_peers_close_notify) {
  secure_scene play;
  play.options.allow_half_open = true;
  play.on_event = [](socket& which, const std::exception&) {
    write_socket_data(which, "still here");
    close_socket(which);
  };
  play.play_at([](std::uint16_t port) {
    tls_peer client(port);
    client.send("x");
    client.say_close_notify();
    std::string end;
    EXPECT_EQ(client.read_all(&end), "still here");
    EXPECT_EQ(end, "close_notify");
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "read x", "event socket-eof open", "close none"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
