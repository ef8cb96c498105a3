#include "antiphon/tls/context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <new>
#include <system_error>
#include <utility>

#include "context_state.hpp"
#include "openssl_error.hpp"

namespace antiphon::tls {

namespace {

// Python's list: forward secrecy and authenticated encryption only (TLS 1.3 knows nothing else).
constexpr const char* default_ciphers =
    "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM";

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using OwnedBio = std::unique_ptr<BIO, FreeBio>;
using OwnedCertificate = std::unique_ptr<X509, FreeCertificate>;
using OwnedKey = std::unique_ptr<EVP_PKEY, FreeKey>;

[[noreturn]] void refuse(const std::string& what) {
  const Error error = take_openssl_error();
  throw ContextError(what + ": " + error.message(), {}, 0, error);
}

[[noreturn]] void refuse_file(const std::string& what, const std::string& file) {
  const Error error = take_openssl_error();
  const std::string named = file.empty() ? what : what + " '" + file + "'";
  throw ContextError(named + ": " + error.message(), file, 0, error);
}

std::string read_file(const char* what, const std::string& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rbe"), std::fclose);
  std::string text;
  std::array<char, 4096> block;
  while (in) {
    const std::size_t size = std::fread(block.data(), 1, block.size(), in.get());
    if (size == 0) break;
    text.append(block.data(), size);
  }
  if (!in || std::ferror(in.get()) != 0) {
    const int error = errno;
    const std::string reason = std::generic_category().message(error);
    throw ContextError(std::string(what) + " '" + file + "': " + reason, file, error,
                       {ErrorKind::protocol, {}, {}, reason});
  }
  return text;
}

OwnedBio view_of(std::string_view text) {
  OwnedBio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) throw std::bad_alloc();
  return bio;
}

/// OpenSSL asks for the password of a key here; without this function it would ask the terminal.
int give_password(char* room, int size, int /*writing*/, void* password) {
  const auto& text = *static_cast<const std::string_view*>(password);
  if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), room);
  return static_cast<int>(text.size());
}

/// True at the end of a PEM text, where OpenSSL's complaint about a missing start line is no failure.
bool only_the_end() {
  const unsigned long code = ERR_peek_last_error();
  const bool end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  if (end) ERR_clear_error();
  return end;
}

int native_version(Version version) {
  return version == Version::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

void use_chain(SSL_CTX* context, std::string_view certificate_pem, const std::string& certificate_file,
               std::string_view key_pem, const std::string& key_file, std::string_view password) {
  ERR_clear_error();
  const auto certificates = view_of(certificate_pem);
  const OwnedCertificate leaf(PEM_read_bio_X509_AUX(certificates.get(), nullptr, nullptr, nullptr));
  if (!leaf) refuse_file("no certificate in", certificate_file);
  std::vector<OwnedCertificate> chain;
  while (X509* next = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr))
    chain.emplace_back(next);
  if (!only_the_end()) refuse_file("malformed certificate in", certificate_file);

  const auto keys = view_of(key_pem);
  const OwnedKey key(PEM_read_bio_PrivateKey(keys.get(), nullptr, give_password, &password));
  if (!key) {
    refuse_file(password.empty() ? "no private key that needs no password in"
                                 : "no private key that the password opens in",
                key_file);
  }
  // Before anything is changed.
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    refuse_file("the private key does not belong to the certificate, key in", key_file);
  }
  STACK_OF(X509)* others = sk_X509_new_null();
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> owned(
      others, [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (const auto& certificate : chain) sk_X509_push(others, certificate.get());
  if (SSL_CTX_use_cert_and_key(context, leaf.get(), key.get(), others, 1) != 1) {
    refuse_file("OpenSSL refuses the certificate in", certificate_file);
  }
}

}  // namespace

int verify_flags(Verify verify) noexcept {
  switch (verify) {
    case Verify::none:
      return SSL_VERIFY_NONE;
    case Verify::optional:
      return SSL_VERIFY_PEER;
    case Verify::required:
      return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  return SSL_VERIFY_PEER;
}

Context::Context(Role role) : state_(std::make_shared<State>()) {
  ERR_clear_error();
  state_->role = role;
  state_->native.reset(SSL_CTX_new(role == Role::client ? TLS_client_method() : TLS_server_method()));
  SSL_CTX* context = state_->native.get();
  if (context == nullptr) refuse("OpenSSL makes no context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_dh_auto(context, 1);
  if (SSL_CTX_set_cipher_list(context, default_ciphers) != 1) refuse("the cipher list");
  // A server that verifies clients resumes sessions only under a name.
  constexpr unsigned char session_name[] = "antiphon";
  SSL_CTX_set_session_id_context(context, session_name, sizeof session_name - 1);
  // "*" stands for a whole label, as browsers and Python have it.
  X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(context), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (role == Role::client) set_check_hostname(true);
}

Context Context::with_defaults(Role role) {
  Context context(role);
  if (role == Role::client) context.set_default_verify_paths();
  return context;
}

Role Context::role() const noexcept {
  return state_->role;
}

SSL_CTX* Context::native() const noexcept {
  return state_->native.get();
}

void Context::load_certificate_chain(const std::string& certificate_file, const std::string& key_file,
                                     std::string_view password) {
  const std::string certificate = read_file("certificate file", certificate_file);
  if (key_file.empty()) {
    return use_chain(native(), certificate, certificate_file, certificate, certificate_file, password);
  }
  use_chain(native(), certificate, certificate_file, read_file("key file", key_file), key_file, password);
}

void Context::use_certificate_chain(std::string_view certificate_pem, std::string_view key_pem,
                                    std::string_view password) {
  use_chain(native(), certificate_pem, "", key_pem, "", password);
}

void Context::load_verify_locations(const std::string& file, const std::string& directory) {
  if (!file.empty()) {
    const std::string pem = read_file("authorities file", file);
    try {
      add_verify_certificates(pem);
    } catch (const ContextError& error) {
      throw ContextError("authorities file '" + file + "': " + error.detail().message(), file, 0,
                         error.detail());
    }
  }
  ERR_clear_error();
  if (!directory.empty() && SSL_CTX_load_verify_dir(native(), directory.c_str()) != 1) {
    refuse_file("authorities directory", directory);
  }
}

void Context::add_verify_certificates(std::string_view pem) {
  ERR_clear_error();
  const auto text = view_of(pem);
  std::vector<OwnedCertificate> all;
  while (X509* next = PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr)) all.emplace_back(next);
  if (all.empty() || !only_the_end()) refuse("no certificates of authorities");
  for (const auto& certificate : all) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(native()), certificate.get()) != 1) {
      refuse("the certificate of an authority");
    }
  }
}

void Context::set_default_verify_paths() {
  ERR_clear_error();
  if (SSL_CTX_set_default_verify_paths(native()) != 1) refuse("the system's authorities");
}

void Context::set_verify(Verify verify) {
  if (verify == Verify::none && state_->check_hostname) {
    throw ContextError("verify can't be none while check_hostname is on", {}, 0, {});
  }
  state_->verify = verify;
  SSL_CTX_set_verify(native(), verify_flags(verify), nullptr);
}

Verify Context::verify() const noexcept {
  return state_->verify;
}

void Context::set_check_hostname(bool enabled) {
  if (enabled && state_->verify == Verify::none) set_verify(Verify::required);
  state_->check_hostname = enabled;
}

bool Context::check_hostname() const noexcept {
  return state_->check_hostname;
}

void Context::set_alpn_protocols(const std::vector<std::string>& protocols) {
  std::vector<unsigned char> wire;
  for (const auto& name : protocols) {
    if (name.empty() || name.size() > 255) {
      throw ContextError("ALPN: a protocol's name has 1 to 255 octets, not " + std::to_string(name.size()),
                         {}, 0, {});
    }
    wire.push_back(static_cast<unsigned char>(name.size()));
    wire.insert(wire.end(), name.begin(), name.end());
  }
  ERR_clear_error();
  if (state_->role == Role::server) {
    SSL_CTX_set_alpn_select_cb(native(), wire.empty() ? nullptr : State::choose_alpn, state_.get());
  } else if (SSL_CTX_set_alpn_protos(native(), wire.data(), static_cast<unsigned>(wire.size())) != 0) {
    refuse("ALPN");
  }
  state_->alpn = std::move(wire);
}

int Context::State::choose_alpn(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* length,
                                const unsigned char* offered, unsigned int offered_length, void* state) {
  const auto& alpn = static_cast<State*>(state)->alpn;
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, length, alpn.data(), static_cast<unsigned>(alpn.size()),
                                           offered, offered_length);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

void Context::set_versions(Version minimum, Version maximum) {
  if (minimum > maximum) throw ContextError("the minimum version is above the maximum version", {}, 0, {});
  SSL_CTX_set_min_proto_version(native(), native_version(minimum));
  SSL_CTX_set_max_proto_version(native(), native_version(maximum));
}

void Context::set_ciphers(const std::string& ciphers) {
  ERR_clear_error();
  if (SSL_CTX_set_cipher_list(native(), ciphers.c_str()) != 1) refuse("ciphers '" + ciphers + "'");
}

void Context::set_session_tickets(unsigned count) {
  SSL_CTX_set_num_tickets(native(), count);
  if (count == 0) {
    SSL_CTX_set_options(native(), SSL_OP_NO_TICKET);
  } else {
    SSL_CTX_clear_options(native(), SSL_OP_NO_TICKET);
  }
}

void Context::set_server_name_callback(ServerNameCallback callback) {
  const bool wanted = static_cast<bool>(callback);
  state_->server_name_callback = std::move(callback);
  // What the macro SSL_CTX_set_tlsext_servername_callback does, without its C cast.
  SSL_CTX_callback_ctrl(native(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        wanted ? reinterpret_cast<void (*)()>(State::choose_context) : nullptr);
  SSL_CTX_set_tlsext_servername_arg(native(), state_.get());
}

}  // namespace antiphon::tls
