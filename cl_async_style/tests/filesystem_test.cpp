#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <filesystem>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

TEST(filesystem, mkdtemp_makes_a_folder_and_tells_its_name_CL_230) {
  const test_support::TemporaryFolder in;
  std::string made;
  start_event_loop([&] {
    mkdtemp(in.path("made-XXXXXX"), [&](const std::string& path) { made = path; });
    EXPECT_EQ(made, "");
  });
  EXPECT_TRUE(std::filesystem::is_directory(made));
}

TEST(filesystem, mkdtemp_that_fails_is_an_event_or_an_error_of_the_loop_CL_230) {
  std::string told;
  start_event_loop([&] {
    mkdtemp("/no/such/folder/XXXXXX", [](const std::string&) { ADD_FAILURE(); },
            {.event_cb = [&](const std::exception& event) {
              told = condition_cast<filesystem_error>(event)->type_name();
            }});
  });
  EXPECT_EQ(told, "filesystem-enoent");
  EXPECT_THROW(start_event_loop([] { mkdtemp("/no/such/folder/XXXXXX", [](const std::string&) {}); }),
               filesystem_enoent);
}

TEST(filesystem, fs_watch_tells_each_change_until_it_is_closed_CL_230) {
  const test_support::TemporaryFolder folder;
  std::vector<std::string> names;
  bool renamed_seen = false;
  bool changed_seen = false;
  start_event_loop([&] {
    fs_watch(folder.path().string(),
             [&](fs_monitor& which, const std::string& path, bool renamed, bool changed) {
               names.push_back(path);
               renamed_seen = renamed_seen || renamed;
               changed_seen = changed_seen || changed;
               if (!renamed_seen || !changed_seen) return;
               fs_unwatch(which);
               fs_monitor_close(which);
             });
    folder.add("file", "text");
  });
  EXPECT_THAT(names, testing::Each("file"));
}

TEST(filesystem, watching_what_is_not_there_is_thrown_CL_072) {
  start_event_loop([] {
    EXPECT_THROW(fs_watch("/no/such/file", [](fs_monitor&, const std::string&, bool, bool) {}),
                 filesystem_enoent);
  });
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
