#include <antiphon/test_support/temporary_folder.hpp>

#include <gmock/gmock.h>
#include <sys/socket.h>

#include "tls_settings.hpp"
#include "tls_support.hpp"

namespace antiphon::asio_style::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class tls_arguments : public TlsBench {
 protected:
  std::string server_refusal(CreateServerOptions options, Hosts host = "127.0.0.1",
                             std::optional<std::uint16_t> on_port = 0) {
    return describe(thrown_by([&] {
      loop.run_until_complete(loop.create_server(factory(), std::move(host), on_port, std::move(options)));
    }));
  }
  std::string connection_refusal(CreateConnectionOptions options,
                                 std::optional<std::string> host = "127.0.0.1",
                                 std::optional<std::uint16_t> to_port = 1) {
    return describe(thrown_by([&] {
      loop.run_until_complete(
          loop.create_connection(factory(), std::move(host), to_port, std::move(options)));
    }));
  }
};

// AS-002: what Python rejects at run time, a boolean, does not compile here.
static_assert(!std::is_constructible_v<std::optional<SSLContext>, bool>);
static_assert(!std::is_convertible_v<bool, SSLContext>);

TEST_F(tls_arguments, AS_254_the_time_limits_are_60_and_30_seconds_unless_given) {
  const auto defaults = detail::make_tls_settings(server_context(), true, {}, std::nullopt, std::nullopt);
  EXPECT_EQ(defaults.handshake_timeout, 60s);
  EXPECT_EQ(defaults.shutdown_timeout, 30s);
  const auto given = detail::make_tls_settings(server_context(), true, {}, 1s, 2s);
  EXPECT_EQ(given.handshake_timeout, 1s);
  EXPECT_EQ(given.shutdown_timeout, 2s);
}

TEST_F(tls_arguments, AS_003_AS_004_time_limits_without_ssl_are_value_errors_that_name_them) {
  EXPECT_EQ(server_refusal({.ssl_handshake_timeout = 1s}),
            "ValueError: ssl_handshake_timeout is only meaningful with ssl");
  EXPECT_EQ(server_refusal({.ssl_shutdown_timeout = 1s}),
            "ValueError: ssl_shutdown_timeout is only meaningful with ssl");
  EXPECT_EQ(connection_refusal({.ssl_handshake_timeout = 1s}),
            "ValueError: ssl_handshake_timeout is only meaningful with ssl");
  EXPECT_EQ(connection_refusal({.ssl_shutdown_timeout = 1s}),
            "ValueError: ssl_shutdown_timeout is only meaningful with ssl");
  EXPECT_EQ(describe(thrown_by([&] {
              loop.run_until_complete(
                  loop.create_unix_server(factory(), "/tmp/never", {.ssl_handshake_timeout = 1s}));
            })),
            "ValueError: ssl_handshake_timeout is only meaningful with ssl");
  const detail::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(describe(thrown_by([&] {
              loop.run_until_complete(
                  loop.connect_accepted_socket(factory(), socket.get(), {.ssl_shutdown_timeout = 1s}));
            })),
            "ValueError: ssl_shutdown_timeout is only meaningful with ssl");
}

TEST_F(tls_arguments, AS_009_the_time_limits_come_before_host_and_sock) {
  EXPECT_THAT(server_refusal({.sock = 0, .ssl_handshake_timeout = 1s}), HasSubstr("ssl_handshake_timeout"));
  EXPECT_THAT(server_refusal({.ssl_handshake_timeout = 1s}, std::nullopt, std::nullopt),
              HasSubstr("ssl_handshake_timeout"));
  // A limit that can't be comes last of all.
  EXPECT_THAT(
      server_refusal({.ssl = server_context(), .ssl_handshake_timeout = 0s}, std::nullopt, std::nullopt),
      HasSubstr("Neither host/port nor sock"));
}

TEST_F(tls_arguments, AS_089_a_server_hostname_needs_ssl_and_ssl_needs_a_name) {
  EXPECT_EQ(connection_refusal({.server_hostname = "x"}),
            "ValueError: server_hostname is only meaningful with ssl");
  EXPECT_EQ(connection_refusal({.ssl = client_context(), .sock = 0}, std::nullopt, std::nullopt),
            "ValueError: You must set server_hostname when using ssl without a host");
  EXPECT_EQ(describe(thrown_by([&] {
              loop.run_until_complete(
                  loop.create_unix_connection(factory(), "/tmp/never", {.ssl = client_context()}));
            })),
            "ValueError: you have to pass server_hostname when using ssl");
}

TEST_F(tls_arguments, AS_226_a_server_finds_out_at_a_connection_that_a_time_limit_is_not_positive) {
  loop.set_debug(true);
  listen_tls({.ssl_handshake_timeout = 0s});
  Peer::Rest rest;
  beside([&] { rest = Peer(port()).read_to_end(); });
  EXPECT_EQ(rest.bytes, "");
  EXPECT_EQ(protocols.size(), 1U);  // AS-227
  EXPECT_THAT(events(),
              ElementsAre("handler Error on transport creation for incoming connection: ValueError: "
                          "ssl_handshake_timeout should be a positive number, got 0"));
}

TEST_F(tls_arguments, AS_226_a_client_finds_out_when_it_has_connected) {
  listen_tls();
  EXPECT_EQ(
      connection_refusal({.ssl = client_context(), .ssl_shutdown_timeout = -1500ms}, "127.0.0.1", port()),
      "ValueError: ssl_shutdown_timeout should be a positive number, got -1.5");
  server->close();
  EXPECT_THAT(connection_refusal({.ssl = client_context(), .ssl_handshake_timeout = 0s}),
              StartsWith("ConnectionRefusedError"));
}

TEST_F(tls_arguments, a_context_for_the_other_side_is_an_ssl_error) {
  EXPECT_EQ(server_refusal({.ssl = client_context()}),
            "SSLError: Cannot create a server socket with a PROTOCOL_TLS_CLIENT context");
  EXPECT_EQ(connection_refusal({.ssl = server_context()}),
            "SSLError: Cannot create a client socket with a PROTOCOL_TLS_SERVER context");
}

TEST_F(tls_arguments, a_name_that_can_not_be_is_a_value_error) {
  listen_tls();
  const auto to = port();
  EXPECT_EQ(connection_refusal({.ssl = client_context(), .server_hostname = ".example"}, "127.0.0.1", to),
            "ValueError: server_name cannot start with a leading dot");
}

TEST(ssl_context, defaults_are_those_of_python) {
  const SSLContext client(PROTOCOL_TLS_CLIENT);
  EXPECT_EQ(client.protocol(), PROTOCOL_TLS_CLIENT);
  EXPECT_EQ(client.verify_mode(), CERT_REQUIRED);
  EXPECT_TRUE(client.check_hostname());
  const SSLContext server = create_default_context(Purpose::CLIENT_AUTH);
  EXPECT_EQ(server.protocol(), PROTOCOL_TLS_SERVER);
  EXPECT_EQ(server.verify_mode(), CERT_NONE);
  EXPECT_FALSE(server.check_hostname());
}

TEST(ssl_context, verification_and_names_depend_on_each_other_as_in_python) {
  SSLContext context(PROTOCOL_TLS_CLIENT);
  EXPECT_EQ(describe(thrown_by([&] { context.verify_mode(CERT_NONE); })),
            "ValueError: Cannot set verify_mode to CERT_NONE when check_hostname is enabled.");
  context.check_hostname(false);
  context.verify_mode(CERT_NONE);
  EXPECT_EQ(context.verify_mode(), CERT_NONE);
  context.check_hostname(true);
  EXPECT_EQ(context.verify_mode(), CERT_REQUIRED);
  context.verify_mode(CERT_OPTIONAL);
  EXPECT_EQ(context.verify_mode(), CERT_OPTIONAL);
}

TEST(ssl_context, what_can_not_be_loaded_is_named) {
  const test_support::TemporaryFolder files;
  const auto issued = authority().issue();
  const auto certificate = files.add("certificate.pem", issued.certificate);
  const auto key = files.add("key.pem", issued.key);
  SSLContext context(PROTOCOL_TLS_SERVER);
  EXPECT_EQ(describe(thrown_by([&] { context.load_cert_chain(files.path("none.pem"), key); })),
            "FileNotFoundError: [Errno 2] No such file or directory: '" + files.path("none.pem") + "'");
  EXPECT_THAT(describe(thrown_by([&] { context.load_cert_chain(key, key); })),
              AllOf(StartsWith("SSLError: no certificate in"), HasSubstr("key.pem")));
  const auto other = files.add("other.pem", authority().issue().key);
  EXPECT_THAT(describe(thrown_by([&] { context.load_cert_chain(certificate, other); })),
              AllOf(StartsWith("SSLError: "), HasSubstr("KEY_VALUES_MISMATCH"), HasSubstr("other.pem")));
  EXPECT_NO_THROW(context.load_cert_chain(certificate, key));
  EXPECT_EQ(describe(thrown_by([&] { context.load_verify_locations(""); })),
            "TypeError: cafile, capath and cadata cannot be all omitted");
  EXPECT_THAT(describe(thrown_by([&] { context.set_ciphers("NO-SUCH"); })), HasSubstr("NO-SUCH"));
  EXPECT_THAT(describe(thrown_by([&] { context.set_alpn_protocols({""}); })), StartsWith("SSLError: ALPN"));
  context.maximum_version(TLSVersion::TLSv1_2);
  EXPECT_THAT(describe(thrown_by([&] { context.minimum_version(TLSVersion::TLSv1_3); })),
              StartsWith("SSLError"));
}

}  // namespace
}  // namespace antiphon::asio_style::test
