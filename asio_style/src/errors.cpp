#include "antiphon/asio_style/errors.hpp"

#include <cxxabi.h>
#include <netdb.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <typeinfo>

#include "short_name.hpp"

namespace antiphon::asio_style {

namespace {

std::string python_text(int error_number, const std::string& text) {
  if (error_number == 0) return text;
  return "[Errno " + std::to_string(error_number) + "] " + text;
}

class GaiCategory : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "getaddrinfo"; }
  [[nodiscard]] std::string message(int code) const override { return gai_strerror(code); }
};

const std::error_category& gai_category() {
  static const GaiCategory category;
  return category;
}

/// Calls `use` with the std::exception inside, if it is one.
template <class Use>
void inspect(const std::exception_ptr& exception, Use use) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& known) {
    use(known);
  } catch (...) {
    return;  // a thrown value of another kind says nothing that could be printed
  }
}

}  // namespace

OSError::OSError(int error_number, const std::string& strerror)
    : OSError(std::error_code(error_number, std::generic_category()), strerror) {}

OSError::OSError(const std::error_code& code, const std::string& strerror)
    : std::system_error(code),
      message_(python_text(code.value(), strerror.empty() ? code.message() : strerror)) {}

OSError::OSError(const std::string& message) : std::system_error(std::error_code()), message_(message) {}

GaiError::GaiError(int eai_code, const std::string& host)
    : OSError(std::error_code(eai_code, gai_category()), gai_strerror(eai_code) + (": " + host)) {}

std::exception_ptr make_os_error(int error_number, const std::string& strerror) {
  switch (error_number) {
    case ECONNRESET:
      return std::make_exception_ptr(ConnectionResetError(error_number, strerror));
    case EPIPE:
    case ESHUTDOWN:
      return std::make_exception_ptr(BrokenPipeError(error_number, strerror));
    case ECONNABORTED:
      return std::make_exception_ptr(ConnectionAbortedError(error_number, strerror));
    case ECONNREFUSED:
      return std::make_exception_ptr(ConnectionRefusedError(error_number, strerror));
    case ETIMEDOUT:
      return std::make_exception_ptr(TimeoutError(error_number, strerror));
    case EACCES:
    case EPERM:
      return std::make_exception_ptr(PermissionError(error_number, strerror));
    case ENOENT:
      return std::make_exception_ptr(FileNotFoundError(error_number, strerror));
    default:
      return std::make_exception_ptr(OSError(error_number, strerror));
  }
}

void throw_os_error(int error_number, const std::string& strerror) {
  std::rethrow_exception(make_os_error(error_number, strerror));
}

std::string detail::short_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> demangled(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  std::string name = status == 0 ? demangled.get() : type.name();
  // Without namespaces, but not cutting into template arguments.
  const auto arguments = name.find('<');
  const auto colons = name.rfind("::", arguments);
  return colons == std::string::npos ? name : name.substr(colons + 2);
}

std::string type_name(const std::exception_ptr& exception) {
  return exception ? detail::short_name(*exception.__cxa_exception_type()) : "None";
}

std::string message_of(const std::exception_ptr& exception) {
  std::string message;
  if (exception) inspect(exception, [&](const std::exception& known) { message = known.what(); });
  return message;
}

int errno_of(const std::exception_ptr& exception) noexcept {
  int number = 0;
  if (exception) {
    inspect(exception, [&](const std::exception& known) {
      if (const auto* error = dynamic_cast<const std::system_error*>(&known)) number = error->code().value();
    });
  }
  return number;
}

std::string describe(const std::exception_ptr& exception) {
  const std::string message = message_of(exception);
  return message.empty() ? type_name(exception) : type_name(exception) + ": " + message;
}

}  // namespace antiphon::asio_style
