// The plugin "multipart": forms with files, whatever way they are cut (WK-165).

#include "antiphon/cl_async_style/http/plugins/multipart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "antiphon/cl_async_style/http/plugins.hpp"
#include "plugins/multipart_parser.hpp"
#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

/// Writes down what a parser tells.
struct parts final : multipart_listener {
  void on_part(const part_head& head) override {
    text += "<" + head.name + (head.filename ? "|" + *head.filename : "") +
            (head.mime_type.empty() ? "" : "|" + head.mime_type) + ">";
  }
  void on_data(std::string_view octets) override { text += octets; }
  void on_part_end() override { text += "</>"; }
  std::string text;
};

std::string parsed(std::string_view body, std::size_t piece, std::string_view boundary = "B") {
  parts told;
  multipart_parser parser(boundary, told, 200);
  for (std::size_t at = 0; at < body.size(); at += piece)
    if (const auto error = parser.feed(body.substr(at, piece))) return std::to_string(error->status);
  if (const auto error = parser.finish()) return std::to_string(error->status);
  return told.text;
}

constexpr std::string_view form =
    "preamble --B\r\n--B \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nva\r\n--l\r\n--B\r\n"
    "content-disposition: Form-Data; filename=\"x \\\"y;\\\".txt\"; name=file\r\nContent-Type: "
    "text/plain\r\n\r\n"
    "\r\nline\r\n\r\n--B\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--B--\r\nepilogue";

TEST(multipart, a_form_is_the_same_however_it_is_cut_WK_165) {
  for (std::size_t piece = 1; piece <= form.size(); ++piece)
    ASSERT_EQ(parsed(form, piece), "<a>va\r\n--l</><file|x \"y;\".txt|text/plain>\r\nline\r\n</><empty></>")
        << piece;
}

TEST(multipart, what_is_no_form_is_refused) {
  EXPECT_EQ(parsed("", 1), "400");
  EXPECT_EQ(parsed("--B\r\nContent-Disposition: form-data; name=a\r\n\r\nvalue\r\n", 7), "400") << "no end";
  EXPECT_EQ(parsed("--Bx\r\n", 1), "400");
  EXPECT_EQ(parsed("--B\r\n\r\nno head\r\n--B--", 3), "400");
  EXPECT_EQ(parsed("--B\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--B--", 3), "400");
  EXPECT_EQ(parsed("--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--", 3), "400");
  EXPECT_EQ(parsed("--B\r\nX: " + std::string(300, 'x') + "\r\n\r\n", 10), "413");
  EXPECT_EQ(parsed("--B" + std::string(300, ' '), 10), "400");
}

TEST(multipart, the_boundary_is_as_the_standard_has_it) {
  const auto boundary = [](std::string_view type) { return multipart_parser::boundary(type); };
  EXPECT_EQ(boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b'c\""), "a b'c");
  EXPECT_EQ(boundary("multipart/form-data"), "");
  EXPECT_EQ(boundary("multipart/form-data; boundary="), "");
  EXPECT_EQ(boundary("multipart/form-data; boundary=\"a\r\n\""), "");
  EXPECT_EQ(boundary("multipart/form-data; boundary=" + std::string(71, 'x')), "");
  EXPECT_EQ(boundary("multipart/mixed; boundary=abc"), "");
}

/// A folder for uploads that should be empty in the end.
struct uploads {
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), {}));
  }
  test_support::TemporaryFolder folder;
};

std::string upload(std::string_view body, std::string_view boundary = "B") {
  return post("/", body, "Content-Type: multipart/form-data; boundary=" + std::string(boundary) + "\r\n");
}

std::string part(std::string_view disposition, std::string_view data) {
  return "--B\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n\r\n" +
         std::string(data) + "\r\n";
}

TEST(multipart, fields_and_files_reach_the_handler_and_the_files_go_WK_165) {
  const uploads place;
  web server([&] {
    config().tmp_file_store = place.folder.path();
    load_plugins();
    defroute("POST", "/", [&](request& of, response& to, const auto&) {
      const uploaded_file* file = file_upload(of, "file");
      struct stat about {};
      EXPECT_EQ(::stat(file->tmp_file.c_str(), &about), 0);
      EXPECT_EQ(about.st_mode & 0777U, 0600U) << "nobody else's business";
      std::ifstream in(file->tmp_file, std::ios::binary);
      const std::string content(std::istreambuf_iterator<char>(in), {});
      EXPECT_EQ(request_body(of), "") << "not stored beside it";
      send_response(
          to, {.body = std::string(*form_var(of, "a")) + "," + std::string(*form_var(of, "user[name]")) +
                       "," + file->filename + "," + file->mime_type + "," + std::to_string(file->size) + "," +
                       (content == std::string(100'000, 'x') ? "same" : "other")});
    });
  });
  client peer(server);
  for (int i = 0; i < 2; ++i) {
    peer.send(upload(part("name=\"a\"", "first") + part("name=\"a\"", "last") +
                     part("name=\"user[name]\"", "ann") + part("name=\"none\"; filename=\"\"", "") +
                     part("name=\"file\"; filename=\"../../etc/passwd\"\r\nContent-Type: image/png",
                          std::string(100'000, 'x')) +
                     "--B--\r\n"));
    EXPECT_EQ(peer.answer(), "last,ann,../../etc/passwd,image/png,100000,same");
    EXPECT_EQ(place.count(), 0U) << "deleted when the answer began";
  }
}

TEST(multipart, a_client_that_goes_leaves_no_file_behind_WK_165) {
  const uploads place;
  web server([&] {
    config().tmp_file_store = place.folder.path();
    load_plugins();
    defroute("POST", "/", [&](request&, response& to, const auto&) { send_response(to, {}); });
  });
  {
    client peer(server);
    peer.send(
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: "
        "1000\r\n\r\n" +
        part("name=f; filename=x", "half a file"));
    while (place.count() == 0) std::this_thread::yield();
    peer.reset();
  }
  while (server.in_loop([](http_server& s) { return s.connections(); }) > 0) std::this_thread::yield();
  EXPECT_EQ(place.count(), 0U);
}

TEST(multipart, limits_and_nonsense_have_one_answer_each) {
  const uploads place;
  bool handled = false;
  web server([&] {
    config().tmp_file_store = place.folder.path();
    multipart_config() = {.parts = 3, .part_head = 300, .fields = 20, .file = 10};
    load_plugins();
    defroute("POST", "/", [&](request&, response& to, const auto&) {
      handled = true;
      send_response(to, {});
    });
  });
  server.in_loop([](http_server&) { EXPECT_EQ(multipart_config().parts, 3U); });
  const auto answer = [&](const std::string& request) {
    client peer(server);
    peer.send(request + "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    peer.shutdown();
    const std::string all = peer.read_all();
    EXPECT_EQ(all.rfind("HTTP/1.1 "), 0U) << "one answer";
    return all.substr(9, 3) + all.substr(all.find("\r\n\r\n") + 4);
  };
  EXPECT_EQ(answer(upload(part("name=a", "12345678901234567890") + "--B--")),
            "413the fields of the form are too large\n");
  EXPECT_EQ(answer(upload(part("name=a; filename=b", "12345678901") + "--B--")),
            "413a file of the form is too large\n");
  EXPECT_EQ(answer(upload(part("name=a", "") + part("name=a", "") + part("name=a", "") + part("name=a", "") +
                          "--B--")),
            "413the form has too many parts\n");
  EXPECT_EQ(answer(upload(part("name=" + std::string(400, 'n'), "") + "--B--")),
            "413the head of a part of the form is too large\n");
  EXPECT_EQ(answer(upload(part("name=a", "x"))), "400the form ends before it is complete\n");
  EXPECT_EQ(answer(upload("x", "")), "400multipart/form-data without a proper boundary\n");
  EXPECT_EQ(place.count(), 0U);
  server.stop(std::chrono::seconds(10));
  EXPECT_FALSE(handled);
}

TEST(multipart, a_place_that_cannot_be_written_is_a_500) {
  web server([] {
    config().tmp_file_store = "/nonexistent/folder";
    load_plugins();
    defroute("POST", "/", [](request&, response& to, const auto&) { send_response(to, {}); });
  });
  client peer(server);
  unsigned status = 0;
  peer.send(upload(part("name=a; filename=b", "x") + "--B--"));
  peer.answer(&status);
  EXPECT_EQ(status, 500U);
  EXPECT_THAT(server.log().at(0), HasSubstr("cannot create /nonexistent/folder"));
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
