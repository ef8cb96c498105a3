#include "antiphon/cl_async_style/http/plugins/multipart.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <vector>

#include "antiphon/cl_async_style/http/config.hpp"
#include "antiphon/cl_async_style/http/hooks.hpp"
#include "core_plugins.hpp"
#include "multipart_parser.hpp"
#include "urlencoded.hpp"

namespace antiphon::cl_async_style {

namespace {

constexpr std::string_view name = "multipart";

/// A temporary file that goes with its owner.
class temporary_file {
 public:
  temporary_file(const part_head& head, const std::filesystem::path& folder) {
    what.filename = *head.filename;
    what.mime_type = head.mime_type;
    std::string place = (folder / "antiphon-upload-XXXXXX").string();
    fd_ = ::mkostemp(place.data(), O_CLOEXEC);  // a new file of a name that cannot be guessed, mode 0600
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "cannot create " + place);
    what.tmp_file = place;
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    close();
    std::error_code ignored;  // the application may have moved it
    std::filesystem::remove(what.tmp_file, ignored);
  }
  void write(std::string_view octets) {
    what.size += octets.size();
    while (!octets.empty()) {
      const ssize_t count = ::write(fd_, octets.data(), octets.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0)
        throw std::system_error(errno, std::generic_category(), "cannot write " + what.tmp_file.string());
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  uploaded_file what;

 private:
  int fd_ = -1;
};

/// A form that is coming in.
class form final : private multipart_listener {
 public:
  explicit form(std::string_view boundary)
      : limits_(multipart_config()), parser_(boundary, *this, limits_.part_head) {}

  std::optional<multipart_error> feed(std::string_view octets) {
    const auto error = parser_.feed(octets);
    return error_ ? error_ : error;
  }
  [[nodiscard]] std::optional<multipart_error> finish() const { return parser_.finish(); }

  variables fields;
  std::vector<std::pair<std::string, std::unique_ptr<temporary_file>>> files;

 private:
  void on_part(const part_head& head) override {
    kind_ = part::dropped;
    if (error_) return;
    if (++parts_ > limits_.parts) {
      error_ = multipart_error{413, "the form has too many parts"};
    } else if (!head.filename) {
      kind_ = part::field;
      fields.emplace_back(head.name, std::string());
      field_octets_ += head.name.size();
    } else if (!head.filename->empty()) {  // else a field for a file in which none was chosen
      kind_ = part::file;
      const auto& folder = config().tmp_file_store;
      files.emplace_back(head.name,
                         std::make_unique<temporary_file>(
                             head, folder.empty() ? std::filesystem::temp_directory_path() : folder));
    }
  }
  void on_data(std::string_view octets) override {
    if (error_) return;
    if (kind_ == part::field) {
      field_octets_ += octets.size();
      if (field_octets_ > limits_.fields)
        error_ = multipart_error{413, "the fields of the form are too large"};
      else
        fields.back().second.append(octets);
    } else if (kind_ == part::file) {
      temporary_file& file = *files.back().second;
      if (octets.size() > limits_.file - file.what.size)
        error_ = multipart_error{413, "a file of the form is too large"};
      else
        file.write(octets);
    }
  }
  void on_part_end() override {
    if (kind_ == part::file) files.back().second->close();
  }

  enum class part { field, file, dropped };
  multipart_limits limits_;
  multipart_parser parser_;
  std::optional<multipart_error> error_;
  std::size_t parts_ = 0;
  std::size_t field_octets_ = 0;
  part kind_ = part::dropped;
};

using shared_form = std::shared_ptr<form>;

const form* form_of(const request& of) {
  const std::any* data = plugin_request_data(name, of);
  const auto* held = data == nullptr ? nullptr : std::any_cast<shared_form>(data);
  return held == nullptr ? nullptr : held->get();
}

void refuse(request& of, const multipart_error& why) {
  response& to = request_response(of);
  if (to.started()) return;
  const std::string text = std::string(why.reason) + "\n";
  send_response(to, {.status = why.status,
                     .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                     .body = text,
                     .close = true});
}

void set_up(request& of) {
  const std::string_view type = of.headers().get("Content-Type").value_or("");
  if (!multipart_parser::is_form_data(type)) return;
  const std::string boundary = multipart_parser::boundary(type);
  if (boundary.empty()) return refuse(of, {400, "multipart/form-data without a proper boundary"});
  request_store_body(of) = false;
  plugin_request_data(name, of) = std::make_shared<form>(boundary);
}

void take(request& of, std::span<const std::byte> chunk, bool finished) {
  const auto* held = std::any_cast<shared_form>(plugin_request_data(name, std::as_const(of)));
  if (held == nullptr) return;
  const shared_form kept = *held;
  const auto error =
      finished ? kept->finish() : kept->feed({reinterpret_cast<const char*>(chunk.data()), chunk.size()});
  if (error) refuse(of, *error);
}

void remove_files(response&, request& of, unsigned, std::span<const http::Field>, std::string_view) {
  if (const auto* held = std::any_cast<shared_form>(plugin_request_data(name, std::as_const(of))))
    (*held)->files.clear();
}

}  // namespace

std::optional<std::string_view> form_var(const request& of, std::string_view key) {
  const form* one = form_of(of);
  if (one == nullptr) return std::nullopt;
  for (auto field = one->fields.rbegin(); field != one->fields.rend(); ++field)
    if (field->first == key) return field->second;
  return std::nullopt;
}

const uploaded_file* file_upload(const request& of, std::string_view key) {
  const form* one = form_of(of);
  if (one == nullptr) return nullptr;
  for (auto file = one->files.rbegin(); file != one->files.rend(); ++file)
    if (file->first == key) return &file->second->what;
  return nullptr;
}

multipart_limits& multipart_config() {
  std::any& place = plugin_config(name);
  if (std::any_cast<multipart_limits>(&place) == nullptr) place = multipart_limits{};
  return *std::any_cast<multipart_limits>(&place);
}

plugin multipart_plugin() {
  return {std::string(name),
          [] {
            add_hook(hook::parsed_headers, set_up, "multipart-core-check-multipart");
            add_hook(hook::body_chunk, take, "multipart-core-parse-multipart");
            add_hook(hook::response_started, remove_files, "multipart-core-remove-tmp");
          },
          [] {
            remove_hook(hook::parsed_headers, "multipart-core-check-multipart");
            remove_hook(hook::body_chunk, "multipart-core-parse-multipart");
            remove_hook(hook::response_started, "multipart-core-remove-tmp");
          }};
}

}  // namespace antiphon::cl_async_style
