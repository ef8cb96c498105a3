# Makes the target llhttp::llhttp, compiled from C sources.
#
# By default from the sources that Debian's package node-llhttp installs (llhttp.h, api.c, http.c, llhttp.c).
# With ANTIPHON_FETCH_LLHTTP=ON a pinned release is fetched instead and its hash is checked.

include(FindPackageHandleStandardArgs)

if(ANTIPHON_FETCH_LLHTTP)
  include(FetchContent)
  FetchContent_Declare(llhttp_release
    URL https://github.com/nodejs/llhttp/archive/refs/tags/release/v9.2.1.tar.gz
    URL_HASH SHA256=3c163891446e529604b590f9ad097b2e98b5ef7e4d3ddcf1cf98b62ca668f23e)
  FetchContent_GetProperties(llhttp_release)
  if(NOT llhttp_release_POPULATED)
    FetchContent_Populate(llhttp_release)
  endif()
  set(llhttp_INCLUDE_DIR ${llhttp_release_SOURCE_DIR}/include)
  set(llhttp_SOURCE_DIR ${llhttp_release_SOURCE_DIR}/src)
else()
  find_path(llhttp_INCLUDE_DIR llhttp.h PATHS /usr/share/include /usr/include PATH_SUFFIXES llhttp)
  find_path(llhttp_SOURCE_DIR llhttp.c PATHS /usr/share /usr/src PATH_SUFFIXES llhttp)
endif()

if(llhttp_INCLUDE_DIR AND EXISTS ${llhttp_INCLUDE_DIR}/llhttp.h)
  file(STRINGS ${llhttp_INCLUDE_DIR}/llhttp.h _llhttp_version_lines REGEX "LLHTTP_VERSION_(MAJOR|MINOR|PATCH)")
  string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+).*" "\\1.\\2.\\3"
         llhttp_VERSION "${_llhttp_version_lines}")
endif()

find_package_handle_standard_args(llhttp
  REQUIRED_VARS llhttp_INCLUDE_DIR llhttp_SOURCE_DIR
  VERSION_VAR llhttp_VERSION
  REASON_FAILURE_MESSAGE "install Debian's package node-llhttp, or set ANTIPHON_FETCH_LLHTTP=ON where there is internet")

if(llhttp_FOUND AND NOT TARGET llhttp::llhttp)
  add_library(antiphon_llhttp STATIC
    ${llhttp_SOURCE_DIR}/api.c ${llhttp_SOURCE_DIR}/http.c ${llhttp_SOURCE_DIR}/llhttp.c)
  target_include_directories(antiphon_llhttp SYSTEM PUBLIC ${llhttp_INCLUDE_DIR})
  add_library(llhttp::llhttp ALIAS antiphon_llhttp)
endif()
