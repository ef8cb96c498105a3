// The plugin "directory-router" and the ready-made servers on top of it.

#include "antiphon/cl_async_style/http/plugins/directory_router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "antiphon/cl_async_style/http/helper.hpp"
#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// root/ with some files, and beside it what must not be reached.
class files {
 public:
  files() {
    fs::create_directories(root / "sub");
    fs::create_directories(base / "root-beside");
    write(root / "hello.txt", "hello file\n");
    write(root / "page.HTML", "<p>");
    write(root / "blob.zzz", "zz");
    write(root / "empty.css", "");
    write(root / "sub" / "a&b <c>.txt", "odd name");
    write(root / "index.html", "the index");
    write(base / "secret.txt", "SECRET");
    write(base / "root-beside" / "secret.txt", "SECRET");
    fs::create_symlink("../hello.txt", root / "sub" / "inside");
    fs::create_symlink("../secret.txt", root / "outside");
    fs::create_directory_symlink(base, root / "up");
    ::mkfifo((root / "pipe").c_str(), 0600);
  }
  static void write(const fs::path& where, std::string_view text) {
    std::ofstream(where, std::ios::binary) << text;
  }

  test_support::TemporaryFolder folder;
  fs::path base = folder.path();
  fs::path root = base / "root";
};

std::string whole(const web& server, std::string_view target, std::string_view method = "GET") {
  client peer(server);
  peer.send(std::string(method) + " " + std::string(target) +
            " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  return peer.read_all();
}

TEST(directory_router, files_are_sent_with_their_type_and_length_WK_168) {
  const files disk;
  web server([&] { def_directory_route("/static/", disk.root); });
  for (const auto& [name, type, text] : {std::tuple("hello.txt", "text/plain", "hello file\n"),
                                         {"page.HTML", "text/html", "<p>"},
                                         {"blob.zzz", "application/octet-stream", "zz"},
                                         {"empty.css", "text/css", ""},
                                         {"sub/../hello.txt", "text/plain", "hello file\n"},
                                         {"sub/inside", "text/plain", "hello file\n"},
                                         {"sub/a%26b%20%3Cc%3E.txt", "text/plain", "odd name"}}) {
    const std::string all = whole(server, std::string("/static/") + name);
    EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK\r\n")) << name;
    EXPECT_THAT(all, HasSubstr(std::string("\r\nContent-Type: ") + type + "\r\n")) << name;
    EXPECT_THAT(all,
                HasSubstr("\r\nContent-Length: " + std::to_string(std::string_view(text).size()) + "\r\n"));
    EXPECT_THAT(all, EndsWith(std::string("\r\n\r\n") + text)) << name;
  }
  const std::string head = whole(server, "/static/hello.txt", "HEAD");
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 11\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_THAT(whole(server, "/static/hello.txt", "POST"), StartsWith("HTTP/1.1 404 "));
}

TEST(directory_router, nothing_outside_the_directory_is_reached_WK_170) {
  const files disk;
  web server([&] { def_directory_route("/static", disk.root); });
  for (const char* target :
       {"/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/sub/../../secret.txt",
        "/static/..%2fsecret.txt", "/static/outside", "/static/up/secret.txt", "/static//../secret.txt",
        "/static/../root-beside/secret.txt", "/static/hello.txt%00.png", "/static/pipe", "/static/none",
        "/static/hello.txt/more", "/staticx", "/static/.."}) {
    const std::string all = whole(server, target);
    EXPECT_THAT(all, StartsWith("HTTP/1.1 404 ")) << target;
    EXPECT_THAT(all, Not(HasSubstr("SECRET"))) << target;
  }
  std::string deep = "/static";
  for (int i = 0; i < 2000; ++i) deep += "/..";
  EXPECT_THAT(whole(server, deep), StartsWith("HTTP/1.1 404 "));
}

TEST(directory_router, a_directory_is_a_list_unless_that_is_disabled_WK_168) {
  const files disk;
  web server([&] {
    def_directory_route("/static", disk.root);
    def_directory_route("/nolist", disk.root, {.disable_directory_listing = true});
    def_directory_route("/a.b", disk.root);
  });
  for (const char* target : {"/static", "/static/"}) {
    const std::string all = whole(server, target);
    EXPECT_THAT(all, HasSubstr("\r\nContent-Type: text/html\r\n"));
    EXPECT_THAT(all, HasSubstr("<li><a href=\"/static/hello.txt\">hello.txt</a></li>\r\n"));
    EXPECT_THAT(all, HasSubstr("<li><a href=\"/static/sub/\">sub/</a></li>\r\n"));
    EXPECT_THAT(all, Not(HasSubstr("\"/static/..\"")));
  }
  EXPECT_THAT(
      whole(server, "/static/sub/"),
      HasSubstr("<h1>Index of /sub/</h1>\r\n<ul>\r\n<li><a href=\"/static/sub/..\">..</a></li>\r\n<li><a "
                "href=\"/static/sub/a%26b%20%3Cc%3E.txt\">a&amp;b &lt;c&gt;.txt</a></li>\r\n"));
  EXPECT_THAT(whole(server, "/nolist/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(whole(server, "/nolist/hello.txt"), EndsWith("hello file\n"));
  EXPECT_THAT(whole(server, "/axb/hello.txt"), StartsWith("HTTP/1.1 404 ")) << "the path is no regex";
}

TEST(directory_router, a_big_file_keeps_pace_with_its_reader_WK_168) {
  const files disk;
  std::string big(20'000'000, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i % 251);
  files::write(disk.root / "big", big);
  web server([&] { def_directory_route("/static", disk.root); });
  client peer(server, 4096);
  peer.send("GET /static/big HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  while (server.in_loop([](http_server& s) { return s.buffered(); }) == 0) std::this_thread::yield();
  for (int i = 0; i < 50; ++i)
    ASSERT_LE(server.in_loop([](http_server& s) { return s.buffered(); }), 65536U + 65536U + 1024U);
  peer.read_to("\r\n\r\n");
  EXPECT_TRUE(peer.read_all() == big);
}

TEST(directory_router, a_folder_that_is_none_is_refused_at_once) {
  EXPECT_THROW(def_directory_route("/x", "/nonexistent/folder"), std::invalid_argument);
  EXPECT_THROW(def_directory_route("/x", "/dev/null"), std::invalid_argument);
}

/// Runs a ready-made server in a thread until the test has what it wants; SIGINT ends it.
template <typename Run, typename Use>
void with_server(Run run, Use use) {
  std::promise<std::uint16_t> port;
  std::thread thread([&] {
    clear_routes();
    clear_hooks();
    run(static_server_options{
        .bind = "127.0.0.1", .port = 0, .on_listening = [&](std::uint16_t p) { port.set_value(p); }});
  });
  use(port.get_future().get());
  ::kill(::getpid(), SIGINT);
  thread.join();
}

TEST(helper, start_static_server_serves_until_SIGINT_WK_169) {
  const files disk;
  with_server([&](const static_server_options& options) { start_static_server(disk.root, options); },
              [&](std::uint16_t port) {
                client peer(port);
                EXPECT_EQ(peer.get("/hello.txt"), "hello file\n");
                unsigned status = 0;
                peer.get("/none", &status);
                EXPECT_EQ(status, 404U);
              });
}

TEST(helper, serve_html5_app_gives_the_index_for_what_is_not_there_WK_169) {
  const files disk;
  with_server(
      [&](const static_server_options& options) { serve_html5_app(disk.root, "index.html", options); },
      [&](std::uint16_t port) {
        client peer(port);
        EXPECT_EQ(peer.get("/"), "the index");
        EXPECT_EQ(peer.get("/some/view"), "the index");
        EXPECT_EQ(peer.get("/hello.txt"), "hello file\n");
      });
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
