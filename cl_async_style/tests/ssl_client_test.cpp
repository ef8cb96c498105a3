#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"
#include "tls_peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A client that writes down what it sees, and a TLS server in a thread of its own.
struct client_scene {
  std::vector<std::string> log;
  std::string host = "localhost";
  ssl_parameters ssl = certificates::of_client();
  connect_options options;
  socket_callback on_read;
  std::string message;  // of the last event

  template <typename Script>
  void play(Script script) {
    door listening;
    helper server([&] {
      try {
        tls_peer peer(listening.accept(), tls_peer::server_context());
        script(peer);
      } catch (const std::runtime_error&) {
        // the client refused
      }
    });
    options.connect_cb = [this](socket&) { log.emplace_back("connect"); };
    options.event_cb = [this](const std::exception& event) {
      const auto* error = condition_cast<event_error>(event);
      log.push_back("event " + std::string(error != nullptr ? error->type_name() : event.what()));
      if (error != nullptr) message = std::string(error->event_errmsg());
    };
    options.close_cb = [this](socket&, const event_error* cause) {
      log.push_back("close " + std::string(cause != nullptr ? cause->type_name() : "none"));
    };
    ssl.handshake_cb = [this](socket&) { log.emplace_back("handshake"); };
    start_event_loop([&] {
      tcp_ssl_connect(
          host, listening.port(),
          [this](socket& which, std::span<const std::byte> octets) {
            log.push_back("read " + std::string(reinterpret_cast<const char*>(octets.data()), octets.size()));
            if (on_read) on_read(which);
          },
          options, ssl);
    });
  }
};

TEST(ssl_client, the_certificate_is_verified_and_the_name_sent_CL_245) {
  client_scene play;
  play.options.data = "question";
  play.on_read = [](socket& which) { close_socket(which); };
  play.play([](tls_peer& server) {
    EXPECT_EQ(server.engine().server_name(), "localhost");
    EXPECT_EQ(server.read(8), "question");
    server.send("answer");
    std::string end;
    server.read_all(&end);
    EXPECT_EQ(end, "close_notify");
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "handshake", "read answer", "close none"));
}

TEST(ssl_client, a_certificate_that_nobody_vouches_for_is_refused_by_default_CL_245) {
  client_scene play;
  play.ssl = {};  // the system's authorities
  play.options.data = "secret";
  play.play([](tls_peer& server) { EXPECT_EQ(server.read(6), ""); });
  EXPECT_THAT(play.log, ElementsAre("connect", "event tcp-ssl-error", "close tcp-ssl-error"));
  EXPECT_THAT(play.message, HasSubstr("certificate"));
}

TEST(ssl_client, a_certificate_for_another_name_is_refused_CL_245) {
  client_scene play;
  play.ssl.server_name = "example.org";
  play.play([](tls_peer& server) { server.read(1); });
  EXPECT_THAT(play.log, ElementsAre("connect", "event tcp-ssl-error", "close tcp-ssl-error"));
}

TEST(ssl_client, verification_can_be_turned_off_as_upstreams_is_CL_245) {
  client_scene play;
  play.ssl = {.verify = false, .server_name = "example.org"};
  play.play([](tls_peer& server) {
    EXPECT_EQ(server.engine().server_name(), "example.org");
    server.say_close_notify();
    server.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "handshake", "event socket-eof", "close none"));
}

TEST(ssl_client, an_address_fits_a_certificate_that_names_it_CL_245) {
  client_scene play;
  play.host = "127.0.0.1";
  play.play([](tls_peer& server) {
    EXPECT_EQ(server.engine().server_name(), "") << "an address is no server name";
    server.say_close_notify();
    server.read_all();
  });
  EXPECT_THAT(play.log, ElementsAre("connect", "handshake", "event socket-eof", "close none"));
}

TEST(ssl_client, a_close_before_the_connection_still_sends_what_was_written_CL_133) {
  std::string text;
  door listening;
  {
    const helper server([&] {
      tls_peer peer(listening.accept(), tls_peer::server_context());
      text = peer.read_all();
    });
    start_event_loop([&] {
      const auto made = tcp_ssl_connect("localhost", listening.port(), nullptr, {.data = "last words"},
                                        certificates::of_client());
      close_socket(*made);
    });
  }
  EXPECT_EQ(text, "last words");
}

TEST(ssl_client, a_server_that_speaks_no_tls_is_told_CL_244) {
  door listening;
  std::vector<std::string> log;
  helper server([&] {
    const int fd = listening.accept();
    ::send(fd, "220 mail ready\r\n", 16, MSG_NOSIGNAL);
    std::array<char, 1024> room{};
    while (::recv(fd, room.data(), room.size(), 0) > 0) continue;
    ::close(fd);
  });
  start_event_loop([&] {
    tcp_ssl_connect(
        "localhost", listening.port(), nullptr,
        {.event_cb =
             [&](const std::exception& event) {
               log.emplace_back(condition_cast<tcp_ssl_error>(event) != nullptr ? "tcp-ssl-error" : "other");
             }},
        certificates::of_client());
  });
  EXPECT_THAT(log, ElementsAre("tcp-ssl-error"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
