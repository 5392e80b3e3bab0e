# Every flag hangs on the INTERFACE target gleaner_flags; nothing touches CMAKE_CXX_FLAGS.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "GCC 12 and older miscompile coroutine temporaries; use clang 16 or newer, or GCC 13 or newer")
endif()

set(GLEANER_VERSION 0.1.0)

option(GLEANER_STATIC "link the programs statically" OFF)
option(GLEANER_FUZZ "build the fuzz targets with libFuzzer" OFF)
set(GLEANER_SANITIZE "" CACHE STRING "value for -fsanitize=, empty for none")

find_program(GLEANER_CCACHE ccache)
if(GLEANER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${GLEANER_CCACHE})
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(gleaner_flags INTERFACE)
target_compile_features(gleaner_flags INTERFACE cxx_std_20)
target_include_directories(gleaner_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(gleaner_flags INTERFACE
  FMT_HEADER_ONLY=1
  BOOST_ASIO_NO_DEPRECATED=1
  BOOST_ERROR_CODE_HEADER_ONLY=1)
target_compile_options(gleaner_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror=return-type -Werror=unused-result
  -fno-omit-frame-pointer -ffunction-sections -fdata-sections -fPIE
  -fstack-protector-strong)
target_link_options(gleaner_flags INTERFACE -Wl,--gc-sections -Wl,-O2 -Wl,-z,relro -Wl,-z,now)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(gleaner_flags INTERFACE -Wno-missing-field-initializers -ftrivial-auto-var-init=zero)
  target_link_options(gleaner_flags INTERFACE -fuse-ld=lld)
endif()

if(GLEANER_SANITIZE)
  target_compile_options(gleaner_flags INTERFACE -fsanitize=${GLEANER_SANITIZE} -fno-sanitize-recover=undefined)
  target_link_options(gleaner_flags INTERFACE -fsanitize=${GLEANER_SANITIZE})
  target_compile_definitions(gleaner_flags INTERFACE _GLIBCXX_ASSERTIONS)  # empty optionals, indices out of range
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_definitions(gleaner_flags INTERFACE _FORTIFY_SOURCE=2)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_link_options(gleaner_flags INTERFACE -Wl,--icf=all)
  endif()
endif()
