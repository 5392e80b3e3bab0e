find_package(GTest REQUIRED)
include(GoogleTest)

# A room: one static library and its tests.
#   gleaner_library(net SRCS a.cc DEPS gleaner::base nghttp2 TESTS a_test.cc)
# SMALL_SRCS are sources that no item of data passes through (set-up, checks, rare functions): a release build makes
# them small instead of fast. Half of the code is such, and the binary has a budget.
# Tests of a room share one program, so that a room links once; ctest still lists every test.
function(gleaner_library name)
  cmake_parse_arguments(L "" "" "SRCS;SMALL_SRCS;TESTS;DEPS;TEST_DEPS" ${ARGN})
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    set_source_files_properties(${L_SMALL_SRCS} PROPERTIES COMPILE_OPTIONS -Oz)
  endif()
  list(APPEND L_SRCS ${L_SMALL_SRCS})
  if(L_SRCS)
    add_library(gleaner_${name} STATIC ${L_SRCS})
    target_link_libraries(gleaner_${name} PUBLIC gleaner_flags ${L_DEPS})
  else()
    add_library(gleaner_${name} INTERFACE)
    target_link_libraries(gleaner_${name} INTERFACE gleaner_flags ${L_DEPS})
  endif()
  add_library(gleaner::${name} ALIAS gleaner_${name})
  if(L_TESTS AND NOT GLEANER_STATIC AND NOT GLEANER_FUZZ)
    add_executable(${name}_test ${L_TESTS})
    target_link_libraries(${name}_test PRIVATE gleaner::${name} ${L_TEST_DEPS} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE GLEANER_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                         PROPERTIES LABELS unit TIMEOUT 60)
  endif()
endfunction()

# A program built from one source file and rooms.
function(gleaner_program name)
  cmake_parse_arguments(P "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${P_SRCS})
  target_link_libraries(${name} PRIVATE gleaner_flags ${P_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  if(GLEANER_STATIC)
    target_link_options(${name} PRIVATE -static)
  endif()
endfunction()

# A component: a room's folder with its own library, collected for the service to link.
#   gleaner_component(exporters debug SRCS debug.cc DEPS gleaner::pipeline TESTS debug_test.cc)
function(gleaner_component kind name)
  gleaner_library(${kind}_${name} ${ARGN})
  set_property(GLOBAL APPEND PROPERTY GLEANER_COMPONENTS gleaner::${kind}_${name})
endfunction()

# Every folder below this one that has a CMakeLists.txt: adding a component touches its folder only.
function(gleaner_components)
  file(GLOB lists CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/CMakeLists.txt)
  foreach(list ${lists})
    cmake_path(GET list PARENT_PATH folder)
    add_subdirectory(${folder})
  endforeach()
endfunction()
