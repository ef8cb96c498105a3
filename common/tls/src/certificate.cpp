#include "certificate.hpp"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <span>

namespace antiphon::tls {

namespace {

std::string text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, string);
  if (length < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length));
  OPENSSL_free(utf8);
  return text;
}

std::string octets_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

Certificate::Names names_of(const X509_NAME* name) {
  Certificate::Names names;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    std::array<char, 80> key{};
    OBJ_obj2txt(key.data(), static_cast<int>(key.size()), X509_NAME_ENTRY_get_object(entry), 0);
    names.emplace_back(key.data(), text_of(X509_NAME_ENTRY_get_data(entry)));
  }
  return names;
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
  return text.data();
}

Certificate::Names alternative_names(const X509& certificate) {
  Certificate::Names names;
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &type);
    switch (type) {
      case GEN_DNS:
        names.emplace_back("DNS", octets_of(static_cast<const ASN1_STRING*>(value)));
        break;
      case GEN_URI:
        names.emplace_back("URI", octets_of(static_cast<const ASN1_STRING*>(value)));
        break;
      case GEN_EMAIL:
        names.emplace_back("email", octets_of(static_cast<const ASN1_STRING*>(value)));
        break;
      case GEN_IPADD:
        names.emplace_back("IP Address", address_text(static_cast<const ASN1_OCTET_STRING*>(value)));
        break;
      default:
        break;  // directory names and the like are in the der octets
    }
  }
  return names;
}

std::string time_text(const ASN1_TIME* time) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  if (!bio || ASN1_TIME_print(bio.get(), time) != 1) return {};
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

std::string hexadecimal(const ASN1_INTEGER* number) {
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> big(ASN1_INTEGER_to_BN(number, nullptr), BN_free);
  char* digits = big ? BN_bn2hex(big.get()) : nullptr;
  if (digits == nullptr) return {};
  std::string text = digits;
  OPENSSL_free(digits);
  return text;
}

}  // namespace

Certificate describe_certificate(const X509& certificate) {
  Certificate result;
  result.subject = names_of(X509_get_subject_name(&certificate));
  result.issuer = names_of(X509_get_issuer_name(&certificate));
  result.subject_alt_names = alternative_names(certificate);
  result.serial_number = hexadecimal(X509_get0_serialNumber(&certificate));
  result.not_before = time_text(X509_get0_notBefore(&certificate));
  result.not_after = time_text(X509_get0_notAfter(&certificate));
  result.version = static_cast<int>(X509_get_version(&certificate)) + 1;
  unsigned char* der = nullptr;
  const int length = i2d_X509(&certificate, &der);
  if (length > 0) {
    const auto bytes = std::as_bytes(std::span(der, static_cast<std::size_t>(length)));
    result.der.assign(bytes.begin(), bytes.end());
    OPENSSL_free(der);
  }
  return result;
}

}  // namespace antiphon::tls
