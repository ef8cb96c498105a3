#include "antiphon/cl_async_style/http/promise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace antiphon::cl_async_style {
namespace {

std::string text_of(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
    return "";
  } catch (const std::exception& what) {
    return what.what();
  }
}

TEST(promise, one_that_was_not_made_is_finished) {
  EXPECT_TRUE(promise().finished());
  EXPECT_EQ(promise().error(), nullptr);
  EXPECT_TRUE(all({}).finished());
}

TEST(promise, is_finished_by_the_first_call_only) {
  std::optional<resolver> end;
  const promise one = make_promise([&](const resolver& made) { end = made; });
  EXPECT_FALSE(one.finished());
  std::vector<std::string> told;
  attach(
      one, [&] { told.emplace_back("done"); }, [&](const auto&) { told.emplace_back("failed"); });
  end->resolve();
  end->reject(std::runtime_error("too late"));
  EXPECT_TRUE(one.finished());
  EXPECT_EQ(one.error(), nullptr);
  attach(one, [&] { told.emplace_back("done already"); });
  EXPECT_THAT(told, testing::ElementsAre("done", "done already"));
}

TEST(promise, an_error_of_its_maker_or_of_nobody_left_rejects_it) {
  EXPECT_EQ(text_of(make_promise([](const resolver&) { throw std::runtime_error("thrown"); }).error()),
            "thrown");
  EXPECT_THAT(text_of(make_promise([](const resolver&) {}).error()), testing::HasSubstr("nobody can finish"));
}

TEST(promise, errors_go_on_to_who_takes_them) {
  const promise bad = make_promise([](const resolver& end) { end.reject(std::runtime_error("why")); });
  EXPECT_EQ(text_of(attach(bad, [] {}).error()), "why");
  std::string taken;
  EXPECT_EQ(attach(
                bad, [] {}, [&](const auto& error) { taken = text_of(error); })
                .error(),
            nullptr);
  EXPECT_EQ(taken, "why");
  EXPECT_EQ(text_of(attach(promise(), [] { throw std::runtime_error("own"); }).error()), "own");
}

TEST(promise, all_waits_for_each_and_fails_with_the_first) {
  std::vector<resolver> ends;
  const auto make = [&] { return make_promise([&](const resolver& end) { ends.push_back(end); }); };
  const std::vector<promise> good{make(), promise(), make()};
  const promise both = all(good);
  ends[0].resolve();
  EXPECT_FALSE(both.finished());
  ends[1].resolve();
  EXPECT_TRUE(both.finished());
  ends.clear();
  const std::vector<promise> bad{make(), make()};
  const promise one_fails = all(bad);
  ends[1].reject(std::runtime_error("second"));
  EXPECT_EQ(text_of(one_fails.error()), "second");
  ends[0].reject(std::runtime_error("first"));
  EXPECT_EQ(text_of(one_fails.error()), "second");
}

TEST(promise, a_resolver_may_be_dropped_by_what_it_calls) {
  std::optional<resolver> end;
  const promise one = make_promise([&](const resolver& made) { end = made; });
  attach(one, [&] { end.reset(); });
  end->resolve();
  EXPECT_FALSE(end.has_value());
}

}  // namespace
}  // namespace antiphon::cl_async_style
