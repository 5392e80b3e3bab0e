# Programs for other people's containers: static, against musl where it is installed (musl-dev), and without
# libstdc++'s code. glibc alone would bring 660 KiB along.
file(GLOB GLEANER_MUSL_INCLUDES /usr/include/${CMAKE_SYSTEM_PROCESSOR}-linux-musl /usr/local/musl/include)
list(GET GLEANER_MUSL_INCLUDES 0 GLEANER_MUSL_INCLUDE)
find_file(GLEANER_MUSL_LIBC libc.a NO_DEFAULT_PATH
          PATHS /usr/lib/${CMAKE_SYSTEM_PROCESSOR}-linux-musl /usr/local/musl/lib)

#   gleaner_small_program(gleaner-exec SRCS a.cc b.cc)
# Only headers of libstdc++ that need no library: no strings, no containers, nothing that throws.
function(gleaner_small_program name)
  cmake_parse_arguments(P "" "" "SRCS" ${ARGN})
  add_executable(${name} ${P_SRCS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_compile_definitions(${name} PRIVATE GLEANER_VERSION="${GLEANER_VERSION}" _GNU_SOURCE=1)
  target_compile_options(${name} PRIVATE
    -O2 -DNDEBUG -Wall -Wextra -Wpedantic -Wshadow -Werror=return-type -Werror=unused-result
    -fno-exceptions -fno-rtti -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
    -fstack-protector-strong)
  target_link_options(${name} PRIVATE -nostdlib++ -static -s -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${name} PRIVATE -ftrivial-auto-var-init=zero)
    target_link_options(${name} PRIVATE -fuse-ld=lld -Wl,--icf=all)
  endif()
  if(NOT GLEANER_MUSL_INCLUDE OR NOT GLEANER_MUSL_LIBC)
    message(WARNING "musl-dev is not installed: ${name} is linked with glibc and will be larger than it should be")
    return()
  endif()
  target_compile_options(${name} PRIVATE -nostdinc "-D__GLIBC_PREREQ(a,b)=0")
  foreach(folder ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})  # the compiler's and libstdc++'s; glibc's are left out
    if(folder MATCHES "c\\+\\+|/clang/|/gcc/")
      target_compile_options(${name} PRIVATE "SHELL:-isystem ${folder}")
    endif()
  endforeach()
  target_compile_options(${name} PRIVATE "SHELL:-isystem ${GLEANER_MUSL_INCLUDE}")
  cmake_path(GET GLEANER_MUSL_LIBC PARENT_PATH folder)
  target_link_options(${name} PRIVATE -nostartfiles -nostdlib ${folder}/crt1.o ${folder}/crti.o)
  target_link_libraries(${name} PRIVATE ${GLEANER_MUSL_LIBC} ${folder}/crtn.o)
endfunction()
