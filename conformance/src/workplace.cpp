#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <memory>

#include "run.hpp"

namespace antiphon::conformance {

namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// A key and a certificate that it signed itself, for localhost and one day.
void make_certificate(const std::filesystem::path& cert_file, const std::filesystem::path& key_file) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> cert(X509_new(), X509_free);
  if (!key || !cert) throw HarnessError("OpenSSL makes no key");
  X509_set_version(cert.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 86400);
  X509_set_pubkey(cert.get(), key.get());
  X509_NAME* name = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"),
                             -1, -1, 0);
  X509_set_issuer_name(cert.get(), name);
  X509_sign(cert.get(), key.get(), EVP_sha256());
  const File cert_out(std::fopen(cert_file.c_str(), "w"), std::fclose);
  const File key_out(std::fopen(key_file.c_str(), "w"), std::fclose);
  if (!cert_out || !key_out || PEM_write_X509(cert_out.get(), cert.get()) != 1 ||
      PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    throw HarnessError("cannot write a certificate to " + cert_file.string());
}

}  // namespace

Where Workplace::where(const std::string& transport) const {
  Where where{transport, "", "", ""};
  if (transport == "unix") where.path = folder_.path() / "socket";
  if (transport == "tls") {
    where.cert = folder_.path() / "cert.pem";
    where.key = folder_.path() / "key.pem";
    if (!std::filesystem::exists(where.cert)) make_certificate(where.cert, where.key);
  }
  return where;
}

}  // namespace antiphon::conformance
