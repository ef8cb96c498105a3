#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

/// The exceptions of asyncio's world under their Python names, so that a message or a table made for one
/// reads for the other. All are values: safe to copy, to keep and to move between threads.
namespace antiphon::asio_style {

/// An argument has the right type but a wrong value (AS-006 to AS-008, AS-117).
class ValueError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// An argument is of a kind that the operation does not take (AS-002, AS-297).
class TypeError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// The call makes no sense in the present state: a closed loop,
/// a write after write_eof, a second serve_forever.
class RuntimeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// This kind of transport does not offer the operation, for instance write_eof on TLS (AS-237).
class NotImplementedError : public RuntimeError {
 public:
  using RuntimeError::RuntimeError;
};

/// The result of a future was asked for before it is there, or set twice.
class InvalidStateError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// A future or a task was cancelled. Outside the Exception family
/// in Python, hence not a std::runtime_error here.
class CancelledError : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return ""; }
};

/// Thrown from any callback it leaves run_forever: no handler is asked and no transport is told (AS-212).
class SystemExit : public std::exception {
 public:
  explicit SystemExit(int code = 0, std::string message = {}) : code_(code), message_(std::move(message)) {}
  [[nodiscard]] int code() const noexcept { return code_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  int code_;
  std::string message_;
};

/// As SystemExit, for an interrupt from the keyboard (AS-212).
class KeyboardInterrupt : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return ""; }
};

/// The operating system refused. code() has the errno;
/// what() is Python's text, "[Errno 98] Address already in use".
class OSError : public std::system_error {
 public:
  /// `strerror` replaces the system's own text for `error_number`. Number 0: the text is all there is.
  explicit OSError(int error_number, const std::string& strerror = {});
  OSError(const std::error_code& code, const std::string& strerror);
  /// No number, only what is to be said; as OSError('text') in Python.
  explicit OSError(const std::string& message);

  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  /// errno, or EAI_... for a GaiError.
  [[nodiscard]] int error_number() const noexcept { return code().value(); }

 private:
  std::string message_;
};

/// A time limit passed, ours or the kernel's (ETIMEDOUT).
class TimeoutError : public OSError {
 public:
  using OSError::OSError;
};

/// The connection is of no more use; the classes below say why.
class ConnectionError : public OSError {
 public:
  using OSError::OSError;
};

/// ECONNRESET (AS-202).
class ConnectionResetError : public ConnectionError {
 public:
  using ConnectionError::ConnectionError;
};

/// EPIPE, ESHUTDOWN (AS-204).
class BrokenPipeError : public ConnectionError {
 public:
  using ConnectionError::ConnectionError;
};

/// ECONNABORTED.
class ConnectionAbortedError : public ConnectionError {
 public:
  using ConnectionError::ConnectionError;
};

/// ECONNREFUSED.
class ConnectionRefusedError : public ConnectionError {
 public:
  using ConnectionError::ConnectionError;
};

/// EACCES, EPERM.
class PermissionError : public OSError {
 public:
  using OSError::OSError;
};

/// ENOENT.
class FileNotFoundError : public OSError {
 public:
  using OSError::OSError;
};

/// The resolver's refusal (socket.gaierror); error_number() is one of EAI_... (AS-017).
class GaiError : public OSError {
 public:
  explicit GaiError(int eai_code, const std::string& host);
};

/// The exception that Python would choose for `error_number`:
/// ECONNRESET gives a ConnectionResetError, and so on.
[[nodiscard]] std::exception_ptr make_os_error(int error_number, const std::string& strerror = {});

/// Throws what make_os_error makes.
[[noreturn]] void throw_os_error(int error_number, const std::string& strerror = {});

/// "None" for a null pointer, else the class name without namespaces:
/// "ConnectionResetError", "runtime_error".
[[nodiscard]] std::string type_name(const std::exception_ptr& exception);

/// What the exception says of itself; empty for a null pointer
/// and for a thrown value that is no std::exception.
[[nodiscard]] std::string message_of(const std::exception_ptr& exception);

/// errno if the exception is an OSError (or another std::system_error), else 0.
[[nodiscard]] int errno_of(const std::exception_ptr& exception) noexcept;

/// One line for people: "None", "ValueError: boom", "ConnectionResetError:
/// [Errno 104] Connection reset by peer".
[[nodiscard]] std::string describe(const std::exception_ptr& exception);

}  // namespace antiphon::asio_style
