#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace antiphon::http_conformance {

/// The case file is wrong, not the server: names file and line.
class CaseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Which limits a case needs the server to have. All but `usual` are for servers of ours only.
enum class Limits {
  usual,
  stated,        ///< the usual ones, whose numbers the case knows
  short_ones,    ///< times of 300 ms: for the cases that wait for them
  patient_ones,  ///< the same, but a body may come as slowly as usual
  small_ones,    ///< a body of 100 octets
};

/// Octets that the client sends, in one call; escaped, since some are millions.
struct Send {
  std::string text;
  /// If not zero: each octet by itself, at least so long after the one before.
  std::chrono::milliseconds gap{0};
};
/// The client has no more to send: it half-closes.
struct HalfClose {};
/// What is demanded of a field of a response. Names and texts compare without case.
struct FieldCheck {
  enum class Kind { equals, contains, present, absent };
  Kind kind = Kind::present;
  std::string name;
  std::string text;
};
/// The next response.
struct Expect {
  std::vector<unsigned> statuses;  ///< any of these
  bool optional = false;           ///< it may also not come: an interim response
  bool or_end = false;             ///< the connection may also end instead
  bool to_head = false;            ///< it answers HEAD: its body does not follow
  std::vector<FieldCheck> fields;
  std::optional<std::string> body;
  std::optional<std::size_t> size;  ///< of the body
};
using Step = std::variant<Send, HalfClose, Expect>;

/// What must have become of the connection.
enum class End {
  as_told,  ///< closed if the last response said so; else it serves another request
  closed,
  open,
};

/// One case: a conversation, and what of it the RFC demands.
///
/// Text form (`cases/*.txt`): see conformance/http/README.md.
struct HttpCase {
  std::string section;  ///< of the suite: "Host"
  std::string name;     ///< a sentence with '_' between its words
  std::string rfc;      ///< "9112 3.2"
  std::vector<Step> steps;
  End end = End::as_told;
  Limits limits = Limits::usual;
  bool needs_app = false;  ///< needs the shared app's routes, not only "/"
  [[nodiscard]] bool half_closes() const;
};

/// Reads one file. `origin` is named in errors.
std::vector<HttpCase> parse_cases(std::string_view text, const std::string& origin);
/// All `*.txt` of a folder, in the order of their names.
std::vector<HttpCase> load_cases(const std::filesystem::path& folder);

/// The octets of a text with the escapes \r \n \t \0 \\ \xHH and \{text*count}; throws CaseError.
std::string unescape(std::string_view text);
/// The other way, for messages; a long run of one octet becomes \{x*count}.
std::string escape(std::string_view octets);
/// The case in its text form.
std::string to_text(const HttpCase& one);

}  // namespace antiphon::http_conformance
