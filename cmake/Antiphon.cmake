# What every target of the house shares: the language, the warnings, the sanitizers, and how a test is made.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_package(Threads REQUIRED)

# Debian's python3 carries Debian's modules; another interpreter earlier in PATH may not.
find_program(ANTIPHON_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(ANTIPHON_PYTHON NAMES python3)

if(ANTIPHON_SANITIZE)
  add_compile_options(-fsanitize=${ANTIPHON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${ANTIPHON_SANITIZE})
  if(ANTIPHON_SANITIZE MATCHES undefined)
    # Looks at memory through a pipe, so it sees errors that are not there while a test has taken every descriptor.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
if(ANTIPHON_COVERAGE)
  add_compile_options(--coverage -O0 -g)
  add_link_options(--coverage)
endif()

# Call for every target whose sources are ours; third-party sources are built without.
function(antiphon_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
    -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough -Wextra-semi -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 sees overlaps, bounds and null pointers in std::string and Boost.Asio that are not there, once it has inlined
    # them (GCC bugs 105329, 105651, 105562, 104475).
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-null-dereference
                                             -Wno-maybe-uninitialized)
  endif()
endfunction()

# For code on which no figure depends, as tests and the kit. -O3 costs half as much compile time again. The checks of pointers
# by UndefinedBehaviorSanitizer cost as much as all the rest, and AddressSanitizer ends a program at such a pointer, too.
set(ANTIPHON_SELDOM_RUN $<$<CONFIG:Release>:-O1>)
if(ANTIPHON_SANITIZE MATCHES undefined AND ANTIPHON_SANITIZE MATCHES address)
  list(APPEND ANTIPHON_SELDOM_RUN -fno-sanitize=null,alignment,object-size)
endif()

# antiphon_test(name SOURCES a_test.cpp ... LINK antiphon::common ... [TIMEOUT seconds] [LABELS ...])
# Each TEST becomes a ctest case of its own, named room.Suite.case. The time limit is only against a hang.
function(antiphon_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINK;LABELS;DEFINITIONS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(ANTIPHON_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")  # slower ten times and more, on a machine that does other things, too
  endif()
  add_executable(${name} ${arg_SOURCES})
  antiphon_warnings(${name})
  target_compile_options(${name} PRIVATE ${ANTIPHON_SELDOM_RUN})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main Threads::Threads)
  target_compile_definitions(${name} PRIVATE ${arg_DEFINITIONS})
  string(REGEX REPLACE "_tests?$" "" prefix ${name})
  gtest_discover_tests(${name} TEST_PREFIX "${prefix}." DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

# antiphon_course_test(room example command...): a program of the course against the peer that a script plays; see
# common/tests/course.
function(antiphon_course_test room example)
  if(ANTIPHON_TESTS)
    add_test(NAME ${room}.course.${example}
      COMMAND ${ANTIPHON_PYTHON} ${PROJECT_SOURCE_DIR}/common/tests/course/course_test.py ${example} ${ARGN})
    set_tests_properties(${room}.course.${example} PROPERTIES TIMEOUT 300)
  endif()
endfunction()
