#include "tls_objects.hpp"

#include "antiphon/tls/testing/certificates.hpp"
#include "json.hpp"

namespace antiphon::asyncio_replay {

namespace {

const tls::testing::CertificateAuthority& authority() {
  static const tls::testing::CertificateAuthority made;
  return made;
}

tls::Context server_context() {
  static const tls::testing::Issued issued = authority().issue();
  tls::Context context(tls::Role::server);
  context.use_certificate_chain(issued.certificate, issued.key);
  context.set_session_tickets(0);
  return context;
}

}  // namespace

const std::string& trusted_certificate() {
  return authority().certificate();
}

asio_style::SSLContext tls_context(const std::string& side) {
  if (side == "server") {
    asio_style::SSLContext context(server_context());
    context.ignore_unexpected_eof(true);  // as every context of Python's from the start
    return context;
  }
  if (side == "default") {
    asio_style::SSLContext context = asio_style::create_default_context();
    context.ignore_unexpected_eof(true);
    return context;
  }
  if (side != "client") throw HarnessError("unknown TLS context '" + side + "'");
  asio_style::SSLContext context(asio_style::PROTOCOL_TLS_CLIENT);
  context.load_verify_locations({}, {}, trusted_certificate());
  context.ignore_unexpected_eof(true);
  return context;
}

}  // namespace antiphon::asyncio_replay
