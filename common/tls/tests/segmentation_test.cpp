#include <algorithm>
#include <antiphon/tls/engine.hpp>
#include <deque>
#include <random>

#include <gtest/gtest.h>

#include "pair.hpp"

// However TCP cuts the octets, both sides see the same text and the same end.

namespace antiphon::tls::test {
namespace {

/// Sizes of the pieces that the octets are cut into.
using Cutter = std::function<std::size_t()>;

/// Carries everything in both directions, piece by piece; reads after each piece and collects the text.
struct Conversation {
  Engine client;
  Engine server;
  std::string client_text;
  std::string server_text;
  ReadStatus client_end = ReadStatus::need_more;
  ReadStatus server_end = ReadStatus::need_more;

  explicit Conversation(const Context& client_settings, const Context& server_settings)
      : client(client_settings, "localhost"), server(server_settings) {}

  static void step(Engine& engine, std::string& text, ReadStatus& end) {
    (void)engine.handshake();
    auto read = read_all(engine);
    text += read.text;
    end = read.end;
  }

  /// `in_place` lends the pieces, else they are copied.
  void run(const Cutter& cut, bool in_place) {
    step(client, client_text, client_end);
    while (transfer(client, server, server_text, server_end, cut, in_place) ||
           transfer(server, client, client_text, client_end, cut, in_place)) {
    }
  }

  static bool transfer(Engine& from, Engine& to, std::string& text, ReadStatus& end, const Cutter& cut,
                       bool in_place) {
    auto octets = from.take_output();
    if (octets.empty()) return false;
    std::span<const std::byte> rest = octets;
    while (!rest.empty()) {
      const auto piece = rest.first(std::min(rest.size(), cut()));
      rest = rest.subspan(piece.size());
      if (in_place) {
        const auto loan = to.lend(piece);
        step(to, text, end);
      } else {
        to.receive(piece);
        step(to, text, end);
      }
    }
    return true;
  }
};

class Segmentation : public ::testing::TestWithParam<std::tuple<Version, bool>> {
 protected:
  void same_for(const Cutter& cut) {
    auto settings = client_context();
    settings.set_versions(std::get<0>(GetParam()), std::get<0>(GetParam()));
    const bool in_place = std::get<1>(GetParam());
    Conversation talk(settings, server_settings_);
    talk.run(cut, in_place);
    ASSERT_TRUE(talk.client.handshake_done());
    ASSERT_TRUE(talk.server.handshake_done());
    talk.client.write(bytes("small"));
    talk.client.write(bytes(big_));
    talk.client.close();
    talk.server.write(bytes(big_));
    talk.server.write(bytes("small"));
    talk.run(cut, in_place);
    talk.server.close();
    talk.run(cut, in_place);
    EXPECT_EQ(talk.server_text, "small" + big_);
    EXPECT_EQ(talk.client_text, big_ + "small");
    EXPECT_EQ(talk.server_end, ReadStatus::closed);
    EXPECT_EQ(talk.client_end, ReadStatus::closed);
  }

  const Context server_settings_ = server_context();
  const std::string big_ = std::string(20'000, 'x') + std::string(20'000, 'y');
};

INSTANTIATE_TEST_SUITE_P(All, Segmentation,
                         ::testing::Combine(::testing::Values(Version::tls1_2, Version::tls1_3),
                                            ::testing::Bool()),
                         [](const auto& param) {
                           return std::string(std::get<0>(param.param) == Version::tls1_2 ? "tls1_2"
                                                                                          : "tls1_3") +
                                  (std::get<1>(param.param) ? "_in_place" : "_copied");
                         });

TEST_P(Segmentation, one_octet_at_a_time_gives_the_same) {
  same_for([] { return std::size_t{1}; });
}

TEST_P(Segmentation, all_octets_at_once_give_the_same) {
  same_for([] { return std::size_t{1} << 30; });
}

TEST_P(Segmentation, random_cuts_give_the_same) {
  std::mt19937 random(20260101);
  for (int run = 0; run < 50; ++run) {
    // Short pieces are as likely as long ones.
    same_for([&] { return std::size_t{1} << std::uniform_int_distribution<int>(0, 15)(random); });
  }
}

TEST_P(Segmentation, a_cut_at_every_place_of_the_clients_first_flight_gives_the_same) {
  auto settings = client_context();
  settings.set_versions(std::get<0>(GetParam()), std::get<0>(GetParam()));
  for (std::size_t cut = 1; cut < 300; cut += 7) {
    bool first = true;
    Conversation talk(settings, server_settings_);
    talk.run([&] { return std::exchange(first, false) ? cut : std::size_t{1} << 30; },
             std::get<1>(GetParam()));
    ASSERT_TRUE(talk.client.handshake_done()) << "cut after " << cut;
    ASSERT_TRUE(talk.server.handshake_done()) << "cut after " << cut;
  }
}

TEST(Garbage, random_octets_at_any_time_never_do_more_than_fail) {
  std::mt19937 random(7);
  const Context settings = server_context();
  for (int run = 0; run < 300; ++run) {
    Engine client(client_context(), "localhost");
    Engine server(settings);
    if (run % 2 == 0) shake_hands(client, server);
    std::vector<std::byte> junk(std::uniform_int_distribution<std::size_t>(1, 600)(random));
    for (auto& octet : junk) octet = static_cast<std::byte>(random());
    if (run % 3 == 0) junk[0] = std::byte{0x16};
    server.receive(junk);
    (void)server.handshake();
    (void)read_all(server);
    server.receive_eof();
    (void)server.handshake();
    (void)read_all(server);
    ASSERT_TRUE(server.error().has_value());
    EXPECT_FALSE(server.error()->message().empty());
  }
}

}  // namespace
}  // namespace antiphon::tls::test
