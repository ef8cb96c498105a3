#include "antiphon/tls/testing/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace antiphon::tls::testing {

namespace {

template <auto free_function>
struct Freer {
  template <class T>
  void operator()(T* pointer) const noexcept {
    free_function(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using X509Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using MemoryBio = std::unique_ptr<BIO, Freer<BIO_free_all>>;

constexpr long day = 24L * 60 * 60;

void check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("making a test certificate: ") + what);
}

std::string text_of(const MemoryBio& bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

MemoryBio memory() {
  return MemoryBio(BIO_new(BIO_s_mem()));
}

std::string pem_of(X509& certificate) {
  const auto bio = memory();
  check(PEM_write_bio_X509(bio.get(), &certificate) == 1, "PEM");
  return text_of(bio);
}

std::string pem_of(const EVP_PKEY& key) {
  const auto bio = memory();
  check(PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "PEM");
  return text_of(bio);
}

void add_extension(X509& certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, &certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  check(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, value.c_str());
}

/// Everything but the extensions, the issuer's name and the signature.
X509Certificate blank(const std::string& common_name, EVP_PKEY& key, bool expired) {
  X509Certificate certificate(X509_new());
  check(X509_set_version(certificate.get(), X509_VERSION_3) == 1, "version");
  unsigned char serial[8];
  check(RAND_bytes(serial, sizeof serial) == 1, "serial number");
  serial[0] &= 0x7F;
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number(BN_bin2bn(serial, sizeof serial, nullptr));
  check(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr,
        "serial number");
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -2 * day);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), expired ? -day : 10 * day);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  check(
      X509_NAME_add_entry_by_txt(name, "commonName", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0) == 1,
      "name");
  check(X509_set_pubkey(certificate.get(), &key) == 1, "key");
  return certificate;
}

}  // namespace

struct CertificateAuthority::Signer {
  Key key{EVP_EC_gen("P-256")};
  X509Certificate certificate;

  /// `issuer` null: signed by itself.
  Signer(const std::string& name, const Signer* issuer) {
    certificate = blank(name, *key, false);
    (issuer != nullptr ? *issuer : *this)
        .sign(*certificate, "critical,CA:TRUE", "critical,keyCertSign,cRLSign", "");
  }

  void sign(X509& target, const std::string& constraints, const std::string& usage,
            const std::string& names) const {
    check(X509_set_issuer_name(&target, X509_get_subject_name(certificate.get())) == 1, "issuer");
    add_extension(target, certificate.get(), NID_basic_constraints, constraints);
    add_extension(target, certificate.get(), NID_key_usage, usage);
    add_extension(target, certificate.get(), NID_subject_key_identifier, "hash");
    if (!names.empty()) add_extension(target, certificate.get(), NID_subject_alt_name, names);
    check(X509_sign(&target, key.get(), EVP_sha256()) > 0, "signature");
  }
};

CertificateAuthority::CertificateAuthority(const std::string& name)
    : CertificateAuthority(std::make_unique<Signer>(name, nullptr)) {}

CertificateAuthority::CertificateAuthority(std::unique_ptr<Signer> signer)
    : signer_(std::move(signer)), certificate_(pem_of(*signer_->certificate)) {}

CertificateAuthority::~CertificateAuthority() = default;

std::unique_ptr<CertificateAuthority> CertificateAuthority::issue_authority(const std::string& name) const {
  auto signer = std::make_unique<Signer>(name, signer_.get());
  return std::unique_ptr<CertificateAuthority>(new CertificateAuthority(std::move(signer)));
}

Issued CertificateAuthority::issue(const CertificateOptions& options) const {
  const Key key(EVP_EC_gen("P-256"));
  const auto certificate = blank(options.common_name, *key, options.expired);
  std::string names;
  for (const auto& name : options.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  for (const auto& address : options.addresses) names += (names.empty() ? "IP:" : ",IP:") + address;
  signer_->sign(*certificate, "critical,CA:FALSE", "critical,digitalSignature", names);
  return {pem_of(*certificate), pem_of(*key)};
}

std::string encrypt_key(const std::string& key_pem, std::string_view password) {
  const MemoryBio in(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  const auto out = memory();
  check(key && PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), password.data(),
                                             static_cast<int>(password.size()), nullptr, nullptr) == 1,
        "encryption");
  return text_of(out);
}

}  // namespace antiphon::tls::testing
