#pragma once

#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "json.hpp"

/// Exceptions and messages as the traces have them: Python's class names, Python's texts, and placeholders
/// for what differs from run to run (ports, descriptors, addresses in memory, line numbers, seconds).
namespace antiphon::asyncio_replay {

/// null, or {type, message, errno?}.
[[nodiscard]] Json exception_json(const std::exception_ptr& exception);

/// Puts placeholders into a text. `scratch` is the folder of the run; it becomes TMP.
[[nodiscard]] std::string with_placeholders(std::string text);
void set_scratch_folder(const std::filesystem::path& folder);

/// Where Python's text names something that C++ has not (a class of CPython, a wake-up descriptor), ours says
/// the same in other words; one table holds the pairs, and a text that is in none of them is compared as it
/// is.
[[nodiscard]] std::string as_python_words(std::string text);

/// The first line, with placeholders: what a log record and a handler's message are compared by.
[[nodiscard]] std::string message_line(std::string_view text);

/// Throws the exception that ["raise", type] stands for. HarnessError for a type that it does not know.
[[noreturn]] void raise_by_name(const std::string& type);

/// Python's division by zero, which the traces use as an ordinary failure of a callback.
class ZeroDivisionError : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "division by zero"; }
};

/// What Python raises at run time and the compiler refuses at build time. The replay records it where a
/// `requires` expression says that the call would not compile, see static_types.hpp.
[[noreturn]] void refuse_type(const std::string& message);

}  // namespace antiphon::asyncio_replay
