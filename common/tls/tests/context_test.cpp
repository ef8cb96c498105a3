#include <antiphon/test_support/temporary_folder.hpp>
#include <antiphon/tls/context.hpp>
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pair.hpp"

namespace antiphon::tls::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ContextFiles : public ::testing::Test {
 protected:
  test_support::TemporaryFolder files_;
  testing::Issued issued_ = authority().issue();

  /// What loading throws; fails the test if it throws nothing.
  static ContextError refusal(const std::string& certificate, const std::string& key,
                              std::string_view password = {}) {
    Context context(Role::server);
    try {
      context.load_certificate_chain(certificate, key, password);
    } catch (const ContextError& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return {"", "", 0, {}};
  }
};

TEST_F(ContextFiles, a_chain_and_its_key_are_loaded_from_one_or_two_files) {
  const auto certificate = files_.add("certificate.pem", issued_.certificate);
  const auto key = files_.add("key.pem", issued_.key);
  const auto both = files_.add("both.pem", issued_.key + issued_.certificate);
  Context context(Role::server);
  EXPECT_NO_THROW(context.load_certificate_chain(certificate, key));
  EXPECT_NO_THROW(context.load_certificate_chain(both));
}

TEST_F(ContextFiles, a_missing_file_is_named_with_its_errno) {
  const auto key = files_.add("key.pem", issued_.key);
  const auto error = refusal(files_.path("nowhere.pem"), key);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("certificate file"), HasSubstr("nowhere.pem"),
                                  HasSubstr("No such file or directory")));
  EXPECT_EQ(error.error_number(), ENOENT);
  EXPECT_EQ(error.file(), files_.path("nowhere.pem"));
  const auto certificate = files_.add("certificate.pem", issued_.certificate);
  EXPECT_THAT(refusal(certificate, files_.path("no-key.pem")).what(),
              AllOf(HasSubstr("key file"), HasSubstr("no-key.pem")));
}

TEST_F(ContextFiles, a_directory_instead_of_a_file_is_named) {
  const auto error = refusal(files_.path(""), "");
  EXPECT_EQ(error.error_number(), EISDIR);
}

TEST_F(ContextFiles, a_file_without_certificate_is_named) {
  const auto key = files_.add("key.pem", issued_.key);
  const auto error = refusal(files_.add("text.pem", "just text\n"), key);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("no certificate in"), HasSubstr("text.pem")));
  EXPECT_EQ(error.detail().message(), "[PEM: NO_START_LINE] no start line");
}

TEST_F(ContextFiles, a_broken_second_certificate_of_a_chain_is_an_error) {
  const auto key = files_.add("key.pem", issued_.key);
  const auto chain = issued_.certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(refusal(files_.add("chain.pem", chain), key).what(), HasSubstr("malformed certificate in"));
}

TEST_F(ContextFiles, a_key_of_another_certificate_is_refused_and_nothing_is_changed) {
  const auto certificate = files_.add("certificate.pem", issued_.certificate);
  const auto other = files_.add("other.pem", authority().issue().key);
  const auto error = refusal(certificate, other);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("does not belong to the certificate"), HasSubstr("other.pem"),
                                  HasSubstr("key values mismatch")));
  EXPECT_EQ(error.detail().message(), "[X509: KEY_VALUES_MISMATCH] key values mismatch");
}

TEST_F(ContextFiles, an_encrypted_key_needs_its_password_and_never_asks_the_terminal) {
  const auto certificate = files_.add("certificate.pem", issued_.certificate);
  const auto key = files_.add("key.pem", testing::encrypt_key(issued_.key, "secret"));
  EXPECT_THAT(refusal(certificate, key).what(), AllOf(HasSubstr("needs no password"), HasSubstr("key.pem")));
  EXPECT_THAT(refusal(certificate, key, "wrong").what(), HasSubstr("that the password opens"));
  Context context(Role::server);
  EXPECT_NO_THROW(context.load_certificate_chain(certificate, key, "secret"));
}

TEST_F(ContextFiles, authorities_come_from_a_file_a_directory_or_memory) {
  Context context(Role::client);
  EXPECT_NO_THROW(context.load_verify_locations(files_.add("authority.pem", authority().certificate())));
  EXPECT_NO_THROW(context.load_verify_locations("", files_.path("")));
  EXPECT_NO_THROW(context.add_verify_certificates(authority().certificate()));
  EXPECT_NO_THROW(context.set_default_verify_paths());
  try {
    context.load_verify_locations(files_.add("empty.pem", "nothing"));
    ADD_FAILURE();
  } catch (const ContextError& error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith("authorities file"), HasSubstr("empty.pem")));
  }
  EXPECT_THROW(context.load_verify_locations(files_.path("nowhere")), ContextError);
}

TEST(Context, a_client_verifies_and_checks_the_name_and_a_server_asks_for_nothing) {
  const Context client(Role::client);
  EXPECT_EQ(client.verify(), Verify::required);
  EXPECT_TRUE(client.check_hostname());
  const Context server(Role::server);
  EXPECT_EQ(server.verify(), Verify::none);
  EXPECT_FALSE(server.check_hostname());
}

TEST(Context, verification_can_not_be_dropped_while_the_name_is_checked) {
  Context context(Role::client);
  EXPECT_THROW(context.set_verify(Verify::none), ContextError);
  context.set_check_hostname(false);
  context.set_verify(Verify::none);
  context.set_check_hostname(true);  // as in Python, this asks for verification again
  EXPECT_EQ(context.verify(), Verify::required);
}

TEST(Context, bad_settings_are_refused_with_their_name) {
  Context context(Role::server);
  EXPECT_THROW(context.set_alpn_protocols({""}), ContextError);
  EXPECT_THROW(context.set_alpn_protocols({std::string(256, 'x')}), ContextError);
  EXPECT_THROW(context.set_versions(Version::tls1_3, Version::tls1_2), ContextError);
  try {
    context.set_ciphers("NO-SUCH-CIPHER");
    ADD_FAILURE();
  } catch (const ContextError& error) {
    EXPECT_THAT(error.what(), HasSubstr("NO-SUCH-CIPHER"));
  }
}

TEST(Context, a_copy_means_the_same_settings) {
  const Context context(Role::server);
  const Context copy = context;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy, context);
  EXPECT_NE(Context(Role::server), context);
}

}  // namespace
}  // namespace antiphon::tls::test
