#include "wording.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <regex>
#include <stdexcept>
#include <utility>

#include "antiphon/asio_style.hpp"

namespace antiphon::asyncio_replay {

namespace {

std::string scratch_folder;  // NOLINT(cert-err58-cpp): set once per run, before its threads

using Substitution = std::pair<std::regex, const char*>;

/// Ours on the left, CPython's on the right.
const std::vector<Substitution>& words() {
  static const std::vector<Substitution> table{
      // CPython checks by setting the wake-up descriptor; there is none here, and the rule (AS-296) is the
      // same.
      {std::regex("^signal handlers belong to the main thread$"),
       "set_wakeup_fd only works in main thread of the main interpreter"},
      // The transport has no class name and no address to show.
      {std::regex("<Transport>$"), "<asyncio.sslproto._SSLProtocolTransport object at 0x..>"},
      // Python keeps the third argument of socket(), here 0; the kernel says which protocol that came to.
      {std::regex("type=2, proto=17"), "type=2, proto=0"},
      {std::regex("^(A UNIX Domain Stream Socket was expected, .*type=1, proto=)6"), "$010"},
      // Ours names the path that can't be bound.
      {std::regex(R"(^(\[Errno 2\] No such file or directory): '.*'$)"), "$1"},
      // Both of the same kind of error in other words; the second one has none in Python (AS-073, AS-224).
      {std::regex("^start_serving: server <Server sockets=\\(\\)> is closed$"),
       "'NoneType' object is not iterable"},
      {std::regex("^Connection closed by the peer during the SSL handshake$"), ""},
      // Ours names the host as well (AS-016).
      // The same order of the marks in other words.
      {std::regex(R"(^high-water mark (\d+) is below the low-water mark (\d+)$)"),
       "high ($1) must be >= low ($2) must be >= 0"},
      {std::regex(R"(^(\[Errno -\d+\] [^:]+): .*$)"), "$1"},
  };
  return table;
}

const std::vector<Substitution>& placeholders() {
  static const std::vector<Substitution> table{
      {std::regex(R"((\('[^']*'), \d+)"), "$1, PORT"},
      {std::regex(R"(\bfd=\d+)"), "fd=N"},
      {std::regex(R"(\b([lr]addr)=\([^)]*\))"), "$1=(..)"},
      {std::regex(R"(\b0x[0-9a-f]+)"), "0x.."},
      {std::regex(R"(\(_ssl\.c:\d+\))"), "(_ssl.c:N)"},
      {std::regex(R"(^Executing .* took [0-9.]+ seconds$)"), "Executing <..> took N seconds"},
      {std::regex(R"(^(Exception in callback) .*$)"), "$1 ..."},
  };
  return table;
}

/// Peers have threads of their own, and libstdc++'s regular expressions fill a cache of the locale's classes
/// of characters while they are made and while they match, without a lock.
std::string substitute(std::string text, const std::vector<Substitution>& (&table)()) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  for (const auto& [pattern, replacement] : table()) text = std::regex_replace(text, pattern, replacement);
  return text;
}

/// Python's name of an errno, or the number itself where Python has none (the resolver's codes).
Json errno_json(int number) {
  if (number == EOPNOTSUPP) return "ENOTSUP";  // of two names of one number Python knows the other
  const char* name = strerrorname_np(number);
  return name == nullptr ? Json(number) : Json(name);
}

std::string python_class(const std::exception_ptr& exception) {
  const std::string name = asio_style::type_name(exception);
  if (name == "GaiError") return "gaierror";  // socket.gaierror
  return name;
}

/// Python's exceptions that asio_style has no use for, or that carry no text there. The class is the name.
namespace raised {

template <class Base>
struct Boom : Base {
  [[nodiscard]] const char* what() const noexcept override { return "boom"; }
};
struct CancelledError : Boom<asio_style::CancelledError> {};
struct KeyboardInterrupt : Boom<asio_style::KeyboardInterrupt> {};
struct BaseException : Boom<std::exception> {};
struct Exception : Boom<std::exception> {};
struct ArithmeticError : Boom<std::exception> {};
struct AssertionError : Boom<std::exception> {};
struct AttributeError : Boom<std::exception> {};
struct BufferError : Boom<std::exception> {};
struct EOFError : Boom<std::exception> {};
struct IndexError : Boom<std::exception> {};
struct LookupError : Boom<std::exception> {};
struct MemoryError : Boom<std::exception> {};
struct NameError : Boom<std::exception> {};
struct OverflowError : Boom<std::exception> {};
struct ZeroDivisionError : Boom<std::exception> {};
struct KeyError : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "'boom'"; }  // Python quotes the key
};

template <class Exception>
[[noreturn]] void raise() {
  throw Exception();
}

const std::map<std::string, void (*)()>& table() {
  static const std::map<std::string, void (*)()> makers{{"CancelledError", raise<CancelledError>},
                                                        {"KeyboardInterrupt", raise<KeyboardInterrupt>},
                                                        {"BaseException", raise<BaseException>},
                                                        {"Exception", raise<Exception>},
                                                        {"ArithmeticError", raise<ArithmeticError>},
                                                        {"AssertionError", raise<AssertionError>},
                                                        {"AttributeError", raise<AttributeError>},
                                                        {"BufferError", raise<BufferError>},
                                                        {"EOFError", raise<EOFError>},
                                                        {"IndexError", raise<IndexError>},
                                                        {"LookupError", raise<LookupError>},
                                                        {"MemoryError", raise<MemoryError>},
                                                        {"NameError", raise<NameError>},
                                                        {"OverflowError", raise<OverflowError>},
                                                        {"ZeroDivisionError", raise<ZeroDivisionError>},
                                                        {"KeyError", raise<KeyError>}};
  return makers;
}

}  // namespace raised

}  // namespace

void set_scratch_folder(const std::filesystem::path& folder) {
  scratch_folder = folder.string();
}

std::string with_placeholders(std::string text) {
  if (!scratch_folder.empty()) {
    for (auto at = text.find(scratch_folder); at != std::string::npos; at = text.find(scratch_folder, at)) {
      text.replace(at, scratch_folder.size(), "TMP");
    }
  }
  return substitute(std::move(text), placeholders);
}

std::string as_python_words(std::string text) {
  return substitute(std::move(text), words);
}

std::string message_line(std::string_view text) {
  return with_placeholders(std::string(text.substr(0, text.find('\n'))));
}

Json exception_json(const std::exception_ptr& exception) {
  if (!exception) return nullptr;
  const std::string type = python_class(exception);
  const bool tls = type.starts_with("SSL");
  std::string message = as_python_words(with_placeholders(asio_style::message_of(exception)));
  if (tls && message.starts_with('[')) message += " (_ssl.c:N)";  // the place in CPython's sources
  Json json{{"type", type}, {"message", message}};
  if (const int number = asio_style::errno_of(exception); number != 0 && !tls)
    json["errno"] = errno_json(number);
  return json;
}

void raise_by_name(const std::string& type) {
  using namespace asio_style;
  static const std::string boom = "boom";
  if (type == "ValueError") throw ValueError(boom);
  if (type == "TypeError") throw TypeError(boom);
  if (type == "RuntimeError") throw RuntimeError(boom);
  if (type == "NotImplementedError") throw NotImplementedError(boom);
  if (type == "OSError") throw OSError(EIO, boom);
  if (type == "ConnectionResetError") throw ConnectionResetError(ECONNRESET, boom);
  if (type == "BrokenPipeError") throw BrokenPipeError(EPIPE, boom);
  if (type == "ConnectionAbortedError") throw ConnectionAbortedError(ECONNABORTED, boom);
  if (type == "TimeoutError") throw TimeoutError(ETIMEDOUT, boom);
  if (type == "PermissionError") throw PermissionError(EACCES, boom);
  if (type == "FileNotFoundError") throw FileNotFoundError(ENOENT, boom);
  if (type == "ConnectionRefusedError") throw ConnectionRefusedError(ECONNREFUSED, boom);
  if (type == "SystemExit") throw SystemExit(1, boom);
  if (const auto found = raised::table().find(type); found != raised::table().end()) found->second();
  throw HarnessError("unknown type to raise: '" + type + "'");
}

void refuse_type(const std::string& message) {
  throw asio_style::TypeError(message);
}

}  // namespace antiphon::asyncio_replay
