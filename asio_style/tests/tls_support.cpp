#include "tls_support.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <thread>

namespace antiphon::asio_style::test {

const tls::testing::CertificateAuthority& authority() {
  static const tls::testing::CertificateAuthority made;
  return made;
}

SSLContext server_context(const tls::testing::CertificateOptions& options) {
  const auto issued = authority().issue(options);
  tls::Context context(tls::Role::server);
  context.use_certificate_chain(issued.certificate, issued.key);
  context.set_session_tickets(0);
  return SSLContext(context);
}

SSLContext client_context() {
  return create_default_context(Purpose::SERVER_AUTH, {}, {}, authority().certificate());
}

// ---- peer

namespace {

[[noreturn]] void fail(const char* what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  throw std::runtime_error(std::string("TLS peer: ") + what + ": " +
                           (reason != nullptr ? reason : std::generic_category().message(errno)));
}

}  // namespace

TlsPeer::TlsPeer(Peer tcp, const SSLContext& context, std::string_view name)
    : tcp_(std::move(tcp)), ssl_(SSL_new(context.native().native())) {
  // OpenSSL writes without MSG_NOSIGNAL. Only for this thread: ours must need no such help.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  SSL_set_fd(ssl_, tcp_.fd());
  if (context.protocol() == PROTOCOL_TLS_SERVER) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  std::string text(name);
  SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, text.data());
  if (context.check_hostname()) SSL_set1_host(ssl_, text.c_str());
}

TlsPeer::~TlsPeer() {
  SSL_free(ssl_);
}

void TlsPeer::handshake() {
  ERR_clear_error();
  if (SSL_do_handshake(ssl_) != 1) fail("handshake");
}

std::string TlsPeer::failed_handshake() {
  try {
    handshake();
    return {};
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

void TlsPeer::send(std::string_view text) {
  ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_ex(ssl_, text.data(), text.size(), &written) != 1) fail("write");
}

std::string TlsPeer::read(std::size_t count) {
  std::string text(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    ERR_clear_error();
    std::size_t size = 0;
    if (SSL_read_ex(ssl_, text.data() + have, count - have, &size) != 1) fail("read");
    have += size;
  }
  return text;
}

TlsPeer::Rest TlsPeer::read_to_end() {
  Rest rest;
  std::string block(16 * 1024, '\0');
  for (;;) {
    ERR_clear_error();
    errno = 0;
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_, block.data(), block.size(), &size);
    if (result == 1) {
      rest.bytes.append(block, 0, size);
      continue;
    }
    const int error = errno;
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_ZERO_RETURN:
        rest.end = End::close_notify;
        return rest;
      case SSL_ERROR_SYSCALL:
        if (error != ECONNRESET) fail("read");
        rest.end = End::reset;
        return rest;
      default:
        if (ERR_GET_REASON(ERR_peek_error()) != SSL_R_UNEXPECTED_EOF_WHILE_READING) fail("read");
        rest.end = End::eof;
        return rest;
    }
  }
}

void TlsPeer::close_notify() {
  ERR_clear_error();
  if (SSL_shutdown(ssl_) < 0) fail("shutdown");
}

// ---- bench

void TlsBench::listen_tls(CreateServerOptions options) {
  if (!options.ssl) options.ssl = server_context();
  listen(std::move(options));
}

void TlsBench::beside(const std::function<void()>& script) {
  std::atomic<bool> ended = false;
  std::exception_ptr failed;
  std::jthread thread([&] {
    try {
      script();
    } catch (...) {
      failed = std::current_exception();
    }
    ended = true;
  });
  look_until([&] { return ended.load(); });
  thread.join();
  if (failed) ADD_FAILURE() << describe(failed) << "; so far: " << testing::PrintToString(events());
}

TlsPeer TlsBench::make_peer(int receive_buffer) {
  return {Peer(port(), receive_buffer), client_context()};
}

void TlsBench::with_peer(const std::function<void(TlsPeer&)>& script) {
  beside([&] {
    auto peer = make_peer();
    peer.handshake();
    script(peer);
  });
  run_until("CL");
}

}  // namespace antiphon::asio_style::test
