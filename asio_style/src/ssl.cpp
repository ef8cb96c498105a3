#include "antiphon/asio_style/ssl.hpp"

#include <utility>

#include "ssl_errors.hpp"

namespace antiphon::asio_style {

namespace {

/// Runs `set`; what the TLS engine says of a context becomes what Python says.
template <class Set>
void translated(Set set) {
  try {
    set();
  } catch (const tls::ContextError& error) {
    if (error.error_number() != 0) {
      throw_os_error(error.error_number(), error.detail().text + ": '" + error.file() + "'");
    }
    throw SSLError(error.what(), error.detail().library, error.detail().reason);
  }
}

tls::Version engine_version(TLSVersion version) {
  return version == TLSVersion::TLSv1_2 ? tls::Version::tls1_2 : tls::Version::tls1_3;
}

}  // namespace

std::exception_ptr detail::make_ssl_error(const tls::Error& error) {
  switch (error.kind) {
    case tls::ErrorKind::certificate:
      return std::make_exception_ptr(SSLCertVerificationError(error.message(), error.library, error.reason));
    case tls::ErrorKind::truncated:
      return std::make_exception_ptr(SSLEOFError(error.message(), error.library, error.reason));
    case tls::ErrorKind::protocol:
      break;
  }
  return std::make_exception_ptr(SSLError(error.message(), error.library, error.reason));
}

SSLMethod SSLContext::protocol() const noexcept {
  return context_.role() == tls::Role::client ? PROTOCOL_TLS_CLIENT : PROTOCOL_TLS_SERVER;
}

void SSLContext::load_cert_chain(const std::string& certfile, const std::string& keyfile,
                                 std::string_view password) {
  translated([&] { context_.load_certificate_chain(certfile, keyfile, password); });
}

void SSLContext::load_verify_locations(const std::string& cafile, const std::string& capath,
                                       std::string_view cadata) {
  if (cafile.empty() && capath.empty() && cadata.empty()) {
    throw TypeError("cafile, capath and cadata cannot be all omitted");
  }
  translated([&] {
    if (!cafile.empty() || !capath.empty()) context_.load_verify_locations(cafile, capath);
    if (!cadata.empty()) context_.add_verify_certificates(cadata);
  });
}

void SSLContext::load_default_certs() {
  translated([&] { context_.set_default_verify_paths(); });
}

VerifyMode SSLContext::verify_mode() const noexcept {
  switch (context_.verify()) {
    case tls::Verify::none:
      return CERT_NONE;
    case tls::Verify::optional:
      return CERT_OPTIONAL;
    case tls::Verify::required:
      break;
  }
  return CERT_REQUIRED;
}

void SSLContext::verify_mode(VerifyMode mode) {
  if (mode == CERT_NONE && check_hostname()) {
    throw ValueError("Cannot set verify_mode to CERT_NONE when check_hostname is enabled.");
  }
  context_.set_verify(mode == CERT_NONE       ? tls::Verify::none
                      : mode == CERT_OPTIONAL ? tls::Verify::optional
                                              : tls::Verify::required);
}

void SSLContext::check_hostname(bool enabled) {
  context_.set_check_hostname(enabled);
}

void SSLContext::set_alpn_protocols(const std::vector<std::string>& protocols) {
  translated([&] { context_.set_alpn_protocols(protocols); });
}

void SSLContext::set_ciphers(const std::string& ciphers) {
  translated([&] { context_.set_ciphers(ciphers); });
}

void SSLContext::minimum_version(TLSVersion version) {
  translated([&] { context_.set_versions(engine_version(version), engine_version(maximum_)); });
  minimum_ = version;
}

void SSLContext::maximum_version(TLSVersion version) {
  translated([&] { context_.set_versions(engine_version(minimum_), engine_version(version)); });
  maximum_ = version;
}

void SSLContext::num_tickets(unsigned count) {
  context_.set_session_tickets(count);
}

void SSLContext::sni_callback(std::function<SNIAnswer(std::string_view)> callback) {
  if (!callback) return context_.set_server_name_callback(nullptr);
  context_.set_server_name_callback(
      [callback = std::move(callback)](std::string_view name) -> tls::ServerNameAnswer {
        auto answer = callback(name);
        if (auto* other = std::get_if<SSLContext>(&answer)) return other->native();
        if (std::holds_alternative<tls::RefuseName>(answer)) return tls::RefuseName{};
        return tls::KeepContext{};
      });
}

SSLContext create_default_context(Purpose purpose, const std::string& cafile, const std::string& capath,
                                  std::string_view cadata) {
  SSLContext context(purpose == Purpose::SERVER_AUTH ? PROTOCOL_TLS_CLIENT : PROTOCOL_TLS_SERVER);
  if (!cafile.empty() || !capath.empty() || !cadata.empty()) {
    context.load_verify_locations(cafile, capath, cadata);
  } else if (purpose == Purpose::SERVER_AUTH) {
    context.load_default_certs();
  }
  return context;
}

std::optional<SSLObject::Cipher> SSLObject::cipher() const {
  const auto cipher = engine_->cipher();
  if (!cipher) return std::nullopt;
  return Cipher{cipher->name, cipher->protocol, cipher->secret_bits};
}

std::optional<std::string> SSLObject::selected_alpn_protocol() const {
  const auto protocol = engine_->alpn_protocol();
  return protocol.empty() ? std::nullopt : std::optional<std::string>(protocol);
}

std::optional<tls::Certificate> SSLObject::getpeercert() const {
  const auto certificate = engine_->peer_certificate();
  if (certificate && engine_->context().verify() == tls::Verify::none) return tls::Certificate{};
  return certificate;
}

std::optional<std::string> SSLObject::server_hostname() const {
  const auto name = engine_->server_name();
  return name.empty() ? std::nullopt : std::optional<std::string>(name);
}

}  // namespace antiphon::asio_style
