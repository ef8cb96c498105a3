// The same server over TLS: HttpServerOptions::ssl.

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <antiphon/app.hpp>
#include <antiphon/tls/testing/certificates.hpp>
#include <csignal>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

class https : public testing::Test {
 protected:
  https() {
    const auto issued = authority_.issue();
    tls::Context context(tls::Role::server);
    context.use_certificate_chain(issued.certificate, issued.key);
    server_.emplace(app(), HttpLimits{}, SSLContext(context));
    // OpenSSL's sockets write without MSG_NOSIGNAL; the server's own thread was made before.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  }

  /// Sends the octets over TLS and reads to the end; says whether that was a clean one.
  struct Heard {
    std::string text;
    bool close_notify = false;
  };
  Heard say(std::string_view octets) {
    tls::Context trusting(tls::Role::client);
    trusting.add_verify_certificates(authority_.certificate());
    const std::unique_ptr<BIO, void (*)(BIO*)> connection(BIO_new_ssl_connect(trusting.native()),
                                                          BIO_free_all);
    SSL* ssl = nullptr;
    BIO_get_ssl(connection.get(), &ssl);
    SSL_set1_host(ssl, "localhost");
    const std::string address = "127.0.0.1:" + std::to_string(server_->port());
    BIO_ctrl(connection.get(), BIO_C_SET_CONNECT, 0, const_cast<char*>(address.c_str()));
    if (BIO_write(connection.get(), octets.data(), static_cast<int>(octets.size())) <= 0) return {};
    Heard heard;
    std::string block(16384, '\0');
    for (int size = 0; (size = BIO_read(connection.get(), block.data(), static_cast<int>(block.size()))) > 0;)
      heard.text.append(block, 0, static_cast<std::size_t>(size));
    heard.close_notify = (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    return heard;
  }

  tls::testing::CertificateAuthority authority_;
  std::optional<RunningServer> server_;
};

TEST_F(https, requests_are_answered_in_order_and_the_end_is_a_clean_one) {
  const auto heard = say(request("GET", "/") + request("GET", "/stream/3") +
                         request("POST", "/echo", "Connection: close\r\n", "hello"));
  EXPECT_EQ(count(heard.text, "HTTP/1.1 200 OK\r\n"), 3U);
  EXPECT_NE(heard.text.find("hello, world\n"), std::string::npos);
  EXPECT_TRUE(heard.text.ends_with("hello"));
  EXPECT_TRUE(heard.close_notify);
  server_->stop();
  EXPECT_TRUE(server_->log().empty());
}

TEST_F(https, an_error_is_read_by_the_client_before_the_end) {
  const auto heard = say("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: nonsense\r\n\r\n");
  EXPECT_TRUE(heard.text.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(heard.close_notify);
}

TEST_F(https, plain_http_is_not_answered_and_the_server_goes_on) {
  Client plain(server_->port());
  plain.send(request("GET", "/"));
  const auto rest = plain.read_to_end();
  EXPECT_EQ(rest.value_or("").find("HTTP/1.1"), std::string::npos);
  EXPECT_EQ(count(say(request("GET", "/", "Connection: close\r\n")).text, "hello, world\n"), 1U);
}

TEST_F(https, an_idle_connection_is_closed_when_the_server_drains) {
  std::thread stopper([this] {
    server_->wait_until([](HttpServer& server) { return server.statistics().requests == 1; });
    server_->stop(std::chrono::seconds(30));
  });
  const auto heard = say(request("GET", "/"));
  stopper.join();
  EXPECT_TRUE(heard.text.ends_with("hello, world\n"));
  EXPECT_TRUE(heard.close_notify);
}

}  // namespace
}  // namespace antiphon::asio_style::test
