#include "antiphon/cl_async_style/http/plugins/directory_router.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "antiphon/cl_async_style/http/routes.hpp"
#include "mime_types.hpp"

namespace antiphon::cl_async_style {

namespace {

namespace fs = std::filesystem;

constexpr http::Field html{"Content-Type", "text/html"};

std::string_view without_slashes_behind(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string escaped_for_regex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string escaped_for_html(std::string_view text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  return out;
}

/// For a link: RFC 3986's unreserved characters and '/' as they are.
std::string escaped_for_url(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        std::string_view("-._~/").find(c) != std::string_view::npos)
      out += c;
    else
      ((out += '%') += hex[octet >> 4U]) += hex[octet & 0xfU];
  }
  return out;
}

/// What a path below the root stands for, links and ".." resolved; empty if it is not there or outside
/// (WK-170).
fs::path resolve(const fs::path& root, std::string_view below) {
  if (below.find('\0') != std::string_view::npos) return {};  // the system would see the part before it
  while (below.starts_with('/')) below.remove_prefix(1);
  std::error_code error;
  fs::path found = fs::canonical(root / fs::path(below), error);
  if (error) return {};
  const auto [left, other] = std::mismatch(root.begin(), root.end(), found.begin(), found.end());
  return left == root.end() ? found : fs::path();
}

/// A file on its way to a client, read as fast as he takes it. The reads are from a local disk and not waited
/// for elsewhere, as in upstream.
struct file_transfer {
  file_transfer(int file, std::uint64_t size) noexcept : fd(file), left(size) {}
  file_transfer(const file_transfer&) = delete;
  file_transfer& operator=(const file_transfer&) = delete;
  ~file_transfer() { ::close(fd); }
  int fd;
  std::uint64_t left;
};

void pump(response& to, const std::shared_ptr<file_transfer>& file) {
  std::array<char, 65536> piece;
  while (file->left > 0 && to.writable()) {
    const ssize_t count = ::read(file->fd, piece.data(),
                                 static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), file->left)));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return to.finish();  // it has become shorter: too few octets, which aborts the connection
    file->left -= static_cast<std::uint64_t>(count);
    to.write(std::string_view(piece.data(), static_cast<std::size_t>(count)));
  }
  if (file->left == 0)
    to.finish();
  else
    to.on_writable([&to, file] { pump(to, file); });
}

void send_file(const fs::path& path, const request& of, response& to) {
  // Not to be held up by a pipe that took the file's place, nor led astray by a link.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) next_route();
  struct stat about {};
  const bool good = ::fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
  const auto file = std::make_shared<file_transfer>(fd, good ? static_cast<std::uint64_t>(about.st_size) : 0);
  if (!good) next_route();
  const std::array fields{http::Field{"Content-Type", mime_type(path.filename().string())}};
  to.start(200, fields, file->left);
  if (of.method() == "HEAD") return to.finish();
  pump(to, file);
}

void send_listing(const fs::path& directory, std::string_view route_path, std::string_view below,
                  response& to) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator each(directory, error), end; !error && each != end; each.increment(error)) {
    std::error_code unknown;
    names.push_back(each->path().filename().string() + (each->is_directory(unknown) ? "/" : ""));
  }
  if (error) next_route();
  std::sort(names.begin(), names.end());
  const std::string title = "Index of " + escaped_for_html(below) + "/";
  const std::string base = escaped_for_url(std::string(route_path) + std::string(below));
  const auto link = [&base](const std::string& name) {
    return "<li><a href=\"" + base + "/" + escaped_for_url(name) + "\">" + escaped_for_html(name) +
           "</a></li>\r\n";
  };
  std::string page =
      "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<h1>" + title + "</h1>\r\n<ul>\r\n";
  if (!below.empty()) page += link("..");
  for (const std::string& name : names) page += link(name);
  page += "</ul>\r\n</body>\r\n</html>\r\n";
  send_response(to, {.headers = {html}, .body = page});
}

}  // namespace

void def_directory_route(std::string_view route_path, const fs::path& local_path,
                         directory_route_options options) {
  std::error_code error;
  const fs::path root = fs::canonical(local_path, error);
  if (error || !fs::is_directory(root, error))
    throw std::invalid_argument("def_directory_route: no such directory: " + local_path.string());
  const std::string prefix(without_slashes_behind(route_path));
  const std::string resource = escaped_for_regex(prefix) + "(/.*)?";
  clear_route("GET", resource);
  defroute("GET", resource, [root, prefix, options](request& of, response& to, const route_args& args) {
    const std::string_view below = without_slashes_behind(args.empty() ? std::string_view() : args[0]);
    const fs::path found = resolve(root, below);
    std::error_code unknown;
    const fs::file_status status = found.empty() ? fs::file_status() : fs::status(found, unknown);
    if (fs::is_directory(status) && !options.disable_directory_listing)
      send_listing(found, prefix, below, to);
    else if (fs::is_regular_file(status))
      send_file(found, of, to);
    else
      next_route();
  });
}

}  // namespace antiphon::cl_async_style
